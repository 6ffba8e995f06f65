"""The reader that is the base itself."""
