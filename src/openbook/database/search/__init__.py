"""Finding chunks: the frozen encoder, dense search, BM25, both together, and how much they find."""
