"""What is on the disk: catalog, arrays, the files of a generation and their checksums. Knows no index."""
