"""The neighbors of a corpus' chunks in a book: finding and ranking them, their table, sequences of both."""
