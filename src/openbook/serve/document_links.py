"""Addresses of documents: links that lead nowhere unwanted, whatever their sources hold."""

from urllib.parse import quote, urlsplit


def document_url(source: str, document_id: str, book: str) -> str:
    """The address of a document: its source, where that is on the web, else `openbook://BOOK/DOCUMENT`.

    >>> document_url("notes/a b.md", "a b.md", "notes"), document_url("https://example.org/ü", "x", "notes")
    ('openbook://notes/a%20b.md', 'https://example.org/%C3%BC')
    """
    source = source.strip()
    try:
        is_web = urlsplit(source).scheme in ("http", "https") and bool(urlsplit(source).netloc)
    except ValueError:
        is_web = False
    if is_web:
        return quote(source, safe=":/?#@!$&*+,;=%~-._")
    return f"openbook://{quote(book, safe='')}/{quote(document_id, safe='')}"
