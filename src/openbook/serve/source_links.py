"""What is shown of sources outside: links that lead nowhere unwanted, and Markdown that no title breaks.

Titles and sources come from documents, and may hold anything.
"""

import re

from openbook.database.documents.told_source import told_source
from openbook.generation.citations import Citation, CitedNeighbor
from openbook.serve.document_links import document_url

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~^&$:@])")
_LONGEST = 120


def used_neighbors(citation: Citation) -> list[CitedNeighbor]:
    """The neighbors that a span was written from, one of each document; see `Citation.used`."""
    found: dict[str, CitedNeighbor] = {}
    for neighbor in citation.used:
        found.setdefault(neighbor.document_id, neighbor)
    return list(found.values())


def source_url(neighbor: CitedNeighbor, book: str) -> str:
    """The address of what was read; see `document_url`."""
    return document_url(neighbor.source, neighbor.document_id, book)


def source_title(neighbor: CitedNeighbor) -> str:
    """What a source is called: its title, else its id; on one line."""
    return " ".join((neighbor.title or neighbor.document_id).split())


def footnote(number: int, neighbor: CitedNeighbor, book: str) -> str:
    """A source as a Markdown footnote, on one line."""
    title = _escaped(source_title(neighbor))
    url = source_url(neighbor, book)
    if url.startswith("openbook:"):
        place = _escaped(" ".join(told_source(neighbor.source, neighbor.document_id).split()))
        return f"[^{number}]: {title}" + (f" ({place})" if place and place != title else "")
    return f"[^{number}]: [{title}](<{url}>)"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: each of its signs after a backslash, no control characters."""
    shown = "".join(letter for letter in text if letter.isprintable())
    short = shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"
    return _MARKDOWN.sub(r"\\\1", short)
