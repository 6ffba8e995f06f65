"""The documents of a database: lists, pages and names of them, and filters that a search is restricted to."""
