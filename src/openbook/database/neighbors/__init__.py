"""The neighbors of a corpus' chunks in a book: finding them, their table, sequences that read it; their worth."""
