"""The document: what sources yield and databases store."""

import hashlib
from dataclasses import dataclass

from openbook.errors import SourceError


def source_error(where: str, problem: object) -> SourceError:
    """The error `where: problem`, on one line and printable whatever stands in a file's name.

    >>> source_error("line\\nend.txt", "cannot be read")
    SourceError('line\\\\nend.txt: cannot be read')
    """
    message = f"{where}: {problem}".strip()
    return SourceError("".join(char if char.isprintable() else ascii(char)[1:-1] for char in message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text with its name.

    Raises:
        SourceError: the text is empty or cannot be written as UTF-8 (a lone surrogate), or the id is empty.
    """

    text: str
    """The whole text; never only white space."""
    id: str = ""
    """Names the document in the database: adding another text under the same id replaces it.
    Empty: made from the text's SHA-256, so that the same text is the same document."""
    title: str = ""
    """For people: shown in citations."""
    source: str = ""
    """Where it came from: a path or URL."""

    def __post_init__(self) -> None:
        where = self.source or self.id or "document"
        if not self.text.strip():
            raise source_error(where, "the text is empty")
        for name in ("text", "id", "title", "source"):
            try:
                getattr(self, name).encode("utf-8")
            except UnicodeEncodeError as error:
                problem = f"the {name} holds a lone surrogate at character {error.start}, which is no text"
                raise source_error(where, f"{problem}; repair the source") from error
        if not self.id:
            object.__setattr__(self, "id", f"sha256:{self.sha256[:16]}")

    @property
    def sha256(self) -> str:
        """Fingerprint of the text alone, in hexadecimal: equal means unchanged."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()
