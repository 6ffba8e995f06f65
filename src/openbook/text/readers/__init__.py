"""A reader for each kind of source: bytes in, documents out; `registry` says which kind has which."""
