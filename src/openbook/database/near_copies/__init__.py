"""Which documents nearly equal a held-out one, or an earlier one: hashes, MinHash, and what is excluded."""
