"""The document: what sources yield and databases store, as text or as tokens."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.errors import SourceError

_MOST_TOKENS = 2**32


def source_error(
    where: str, problem: object, *, option: str = "", kind: type[SourceError] = SourceError
) -> SourceError:
    """Make the error `where: problem`, on one line and printable whatever stands in a file's name.

    Args:
        where: the file, or the row of it.
        problem: what is wrong, and what helps wherever the source comes from.
        option: goes on with what helps on the command line only.
        kind: of error.

    >>> source_error("line\\nend.txt", "cannot be read")
    SourceError('line\\\\nend.txt: cannot be read')
    """
    message = f"{where}: {problem}".strip()
    return kind(_printable(f"{message}{option}"), where=_printable(where.lstrip()), option=option)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text with its name.

    Raises:
        TypeError: a field is not a str.
        SourceError: the text is empty or cannot be written as UTF-8 (a lone surrogate), or a name cannot.
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
    language: str | None = None
    """Of the text, such as `en`, as its source names it."""
    origin: str = field(default="", compare=False)
    """What brought it: a file, URL or data set, see `openbook.text.origins`; empty: nothing with a name."""
    named_by_path: bool = field(default=False, compare=False)
    """Whether the id was made from the path of its file: then the database goes by the origin, and keeps the
    id that it has for this file."""
    fills_file: bool = field(default=False, compare=False)
    """Whether it is all of its file, which may say an id: then it keeps the one under which it is stored."""
    cleared: tuple[str, ...] = field(default=(), compare=False)
    """Of `title` and `language` what is empty on purpose: what is stored of that goes. What is empty
    otherwise is not said, and keeps what is stored."""

    def __post_init__(self) -> None:
        _require_str(self, but=_not_str(self))
        where = self.source or self.id or "document"
        if not self.text.strip():
            raise source_error(where, "the text is empty")
        _refuse_surrogates(where, self)
        if not self.id:
            object.__setattr__(self, "id", f"sha256:{self.sha256[:16]}")

    @property
    def sha256(self) -> str:
        """Fingerprint of the text alone, in hexadecimal: equal means unchanged."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenizedDocument:
    """One document that is tokens already. They mean something only with the tokenizer that made them.

    Two are equal if their tokens and names are.

    Raises:
        TypeError: a name is not a str.
        SourceError: there is no token, one is negative or above 32 bits, or a name holds a lone surrogate.
    """

    token_ids: NDArray[Any]
    """[T], of any integer type; read-only here."""
    id: str = ""
    """As a `Document`'s; empty: made from the tokens' SHA-256."""
    title: str = ""
    """For people: shown in citations."""
    source: str = ""
    """Where it came from: a path or URL."""
    language: str | None = None
    """Of the text, such as `en`, as its source names it."""
    origin: str = field(default="", compare=False)
    """As a `Document`'s."""
    named_by_path: bool = field(default=False, compare=False)
    """As a `Document`'s."""

    def __post_init__(self) -> None:
        _require_str(self, but=_not_str(self) | {"token_ids"})
        where = self.source or self.id or "document"
        token_ids = np.asarray(self.token_ids).view()
        token_ids.flags.writeable = False
        object.__setattr__(self, "token_ids", token_ids)
        if token_ids.size == 0:
            raise source_error(where, "holds no token")
        if token_ids.ndim != 1 or token_ids.dtype.kind not in "iu":
            problem = f"tokens of shape {list(token_ids.shape)} and type {token_ids.dtype}"
            raise source_error(where, f"{problem} where one row of whole numbers is expected")
        for outermost in (int(token_ids.min()), int(token_ids.max())):
            if not 0 <= outermost < _MOST_TOKENS:
                raise source_error(where, f"{outermost} is not a token: they are from 0 to 2^32 - 1")
        _refuse_surrogates(where, self)
        if not self.id:
            object.__setattr__(self, "id", f"sha256:{self.sha256[:16]}")

    @property
    def sha256(self) -> str:
        """Fingerprint of the tokens alone, in hexadecimal: equal means unchanged, whatever their type."""
        return hashlib.sha256(b"tokens:" + self.token_ids.astype("<u4").tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenizedDocument):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str | None, ...]:
        return (self.sha256, self.id, *(getattr(self, name) for name in SAID_OF_DOCUMENTS))


AnyDocument = Document | TokenizedDocument
"""What sources yield and databases take."""

_NOT_SAID = ("text", "id", "origin", "named_by_path", "fills_file", "cleared")
SAID_OF_DOCUMENTS = tuple(each.name for each in fields(Document) if each.name not in _NOT_SAID)
"""The fields beside text and id that rows of sources may have under the same names."""


def require_documents(given: Iterable[AnyDocument]) -> Iterator[AnyDocument]:
    """Refuse what people give in place of documents: a text or one document at once, items as they come.

    Raises:
        TypeError: saying how a document is made.
    """
    if isinstance(given, str | bytes | Document | TokenizedDocument) or not isinstance(given, Iterable):
        raise TypeError(f"documents: {_made_of(given)} where a list of documents is expected; {_REMEDY}")
    return _checked(given)


_REMEDY = "give a list of documents: [Document(text=..., id=...)]"


def _checked(given: Iterable[AnyDocument]) -> Iterator[AnyDocument]:
    for document in given:
        if not isinstance(document, Document | TokenizedDocument):
            raise TypeError(f"documents: {_made_of(document)} is not a Document; {_REMEDY}")
        yield document


def _made_of(value: object) -> str:
    return f"the {type(value).__name__} {value!r:.40}"


_FIELDS_OF_TEXT, _FIELDS_OF_TOKENS = (
    tuple(each.name for each in fields(kind)) for kind in (Document, TokenizedDocument)
)


def _fields_of(document: AnyDocument) -> tuple[str, ...]:
    return _FIELDS_OF_TEXT if isinstance(document, Document) else _FIELDS_OF_TOKENS


def _not_str(document: AnyDocument) -> set[str]:
    """The fields that need not be a str."""
    is_unsaid = document.language is None
    return {"named_by_path", "fills_file", "cleared"} | ({"language"} if is_unsaid else set())


def _require_str(document: AnyDocument, *, but: set[str]) -> None:
    for name in _fields_of(document):
        value = getattr(document, name)
        if name not in but and not isinstance(value, str):
            advice = "leave it out" if value is None and name != "text" else f"{name}=str(...)"
            raise TypeError(f"document: {name}={value!r:.40} is not a str; {advice}")


def _refuse_surrogates(where: str, document: AnyDocument) -> None:
    for name in _fields_of(document):
        value = getattr(document, name)
        if not isinstance(value, str):
            continue
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            problem = f"the {name} holds a lone surrogate at character {error.start}, which is not text"
            is_file_name = name == "id" and isinstance(document, Document) and document.named_by_path
            remedy = "rename the file" if is_file_name else "repair the source"
            raise source_error(where, f"{problem}; {remedy}") from error
