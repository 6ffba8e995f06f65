"""What others, who ask over a network, are told of where a document came from: no path of this machine."""

import re

_PATH_HERE = re.compile(r"(?:\A|::)\s*(?:/|\\\\|~/|[A-Za-z]:[\\/]|(?:file|local):)", re.IGNORECASE)
"""How what names a file of this machine begins; after `::` stands the archive that a file is in."""


def told_source(source: str, document_id: str) -> str:
    r"""A document's source; in place of a path on this machine its id.

    The id of a file is its path below the folder that was added.

    >>> told_source("/kim/notes/gate.md", "notes/gate.md"), told_source("C:\\notes\\gate.md", "gate.md")
    ('notes/gate.md', 'gate.md')
    >>> told_source("https://example.org/gate", "gate"), told_source("notes/gate.md", "gate")
    ('https://example.org/gate', 'notes/gate.md')
    """
    return document_id if _PATH_HERE.search(source) else source
