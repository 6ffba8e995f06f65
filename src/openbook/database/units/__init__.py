"""What a search finds as a whole before its chunks: a document, or a section of one."""
