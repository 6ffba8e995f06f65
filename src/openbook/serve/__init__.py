"""What others reach over HTTP and the Model Context Protocol: books, and text with its sources.

`app.make_app` makes the application that `openbook serve` runs (the extra `serve`).
"""
