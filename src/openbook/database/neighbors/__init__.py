"""The neighbors of a corpus' chunks in a book: finding them, the table of all, and sequences that read it."""
