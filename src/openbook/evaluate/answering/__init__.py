"""Questions with known answers: their file, the neighbors that they find, and what a model answers."""
