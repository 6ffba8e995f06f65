"""A second database of the same documents in the tokens of another model."""
