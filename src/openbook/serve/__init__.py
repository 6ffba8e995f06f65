"""What others reach over HTTP and the Model Context Protocol: books, and text with its sources."""
