"""What the catalog's tables hold. The fields of each record are the columns of its table, in their order.

A new column of documents is a field at the end of `DocumentRecord`, of a type that may be None, made by
`later_column`: catalogs that were made without it read None, and the next writer adds it to them. What a
`Document` has under the same name is stored in it, and a `Hit` that has it shows it.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from types import NoneType
from typing import Any, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

_SQL_TYPES = {str: "TEXT", int: "INTEGER", bool: "INTEGER"}
_LATER = {"later": True}
_REVISION = 16
"""Hexadecimal digits."""


def later_column() -> Any:
    """A column that catalogs of the same format may lack."""
    return field(default=None, metadata=_LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """A document. Its chunks are rows `first_chunk` … `first_chunk + num_chunks - 1` of the arrays."""

    id: str
    title: str
    source: str
    sha256: str
    holdout: bool
    first_chunk: int
    num_chunks: int
    """0 when `compact` has reclaimed them; the next `compact` forgets the document."""
    num_tokens: int
    num_bytes: int
    added: int = 0
    """The version that added it; `Catalog.commit` writes it."""
    removed: int | None = None
    """The version that removed it."""
    judged: bool = False
    """Was compared with others for near-copies."""
    excluded: str | None = None
    """Why no search may find it."""
    original: int | None = None
    """The number of the document that it nearly equals."""
    language: str | None = later_column()
    excluded_chunks: str | None = later_column()
    """Chunks that share a run with a held-out document, as `excluded_chunks.chunks_to_text` writes them."""
    origin: str | None = later_column()
    """The file, URL or data set that brought it (see `text/origins.py`); empty: none that has a name."""

    @property
    def revision(self) -> str:
        """Names what a reader sees of it: with another text, title, source or language it is another one."""
        said = (self.sha256, self.title, self.source, self.language or "")
        return hashlib.sha256("\0".join(said).encode()).hexdigest()[:_REVISION]

    def row(self, version: int) -> dict[str, Any]:
        """As the table has it when `version` adds it, with its checksum."""
        values = {name: getattr(self, name) for name in DOCUMENT_COLUMNS} | {"added": version}
        values |= {name: int(value) for name, value in values.items() if isinstance(value, bool)}
        return values | {"seal": seal_of_document(*values.values())}


DOCUMENT_COLUMNS = tuple(column.name for column in fields(DocumentRecord))
FIRST_COLUMNS = tuple(column.name for column in fields(DocumentRecord) if column.metadata != _LATER)
LATER_COLUMNS = DOCUMENT_COLUMNS[len(FIRST_COLUMNS) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a version holds in live documents, and what a commit adds or takes away."""

    documents: int = 0
    chunks: int = 0
    tokens: int = 0
    bytes: int = 0
    holdout: int = 0
    excluded: int = 0

    @classmethod
    def of(cls, added: Sequence[DocumentRecord]) -> "Totals":
        """Count documents that were not compared yet."""
        return cls(
            documents=len(added),
            chunks=sum(record.num_chunks for record in added),
            tokens=sum(record.num_tokens for record in added),
            bytes=sum(record.num_bytes for record in added),
            holdout=sum(record.holdout for record in added),
        )

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(**{name: getattr(self, name) + getattr(other, name) for name in TOTALS})

    def __sub__(self, other: "Totals") -> "Totals":
        return Totals(**{name: getattr(self, name) - getattr(other, name) for name in TOTALS})


TOTALS = tuple(column.name for column in fields(Totals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One version in the history."""

    version: int
    time: str
    action: str
    generation: int
    """Grows when `compact` writes the files again."""
    num_chunks: int
    """Rows of the arrays that this version vouches for."""
    totals: Totals

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> "Commit":
        """From the table's columns without the seal."""
        own = len(COMMIT_COLUMNS) - len(TOTALS)
        totals = Totals(**dict(zip(TOTALS, row[own:], strict=True)))
        return cls(**dict(zip(COMMIT_COLUMNS[:own], row[:own], strict=True)), totals=totals)

    def row(self) -> tuple[Any, ...]:
        """As the table has it, without the seal."""
        return tuple(getattr(self.totals if name in TOTALS else self, name) for name in COMMIT_COLUMNS)


COMMIT_COLUMNS = (*(column.name for column in fields(Commit) if column.name != "totals"), *TOTALS)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A document, or part of one, that is kept out of retrieval and training as a near-copy of another."""

    document_id: str
    title: str
    reason: str
    original_id: str
    """The held-out or earlier document that it nearly equals."""
    chunks: tuple[tuple[int, int], ...] | None = None
    """First and last of the chunks that are kept out, counted from the document's first; None: all."""


SNAPSHOT = {
    "number": "number",
    "first_chunk": "first_chunk",
    "num_chunks": "num_chunks",
    "num_tokens": "num_tokens",
    "num_bytes": "num_bytes",
    "holdout": "holdout",
    "live": "removed IS NULL",
    "excluded": "excluded IS NOT NULL",
    "judged": "judged",
    "added": "added",
}
"""What a snapshot has of each document, in SQL."""
SNAPSHOT_TYPE = np.dtype([(name, np.int64) for name in SNAPSHOT])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version's documents in the order of their chunks.

    head: the version.
    documents: [documents] of `SNAPSHOT_TYPE`.
    excluded_parts: [parts, 2], first chunk and end of each part of a live document that is excluded alone.
    """

    head: Commit
    documents: NDArray[np.void]
    excluded_parts: NDArray[np.int64] | None = None

    def partly_excluded(self) -> NDArray[np.bool_] | None:
        """[num_chunks]: is it excluded while its document is not? None: no chunk is."""
        # 6 chunks, of which 1 … 2 and 4 are excluded:
        #   parts     1-3 4-5
        #   steps     0 1 0 -1 1 -1 0      one up at each first, one down at each end
        #   sums      0 1 1  0 1  0        of the parts that hold each chunk, which may overlap
        if self.excluded_parts is None or not len(self.excluded_parts):
            return None
        steps = np.zeros(self.head.num_chunks + 1, dtype=np.int64)
        np.add.at(steps, self.excluded_parts[:, 0], 1)
        np.add.at(steps, self.excluded_parts[:, 1], -1)
        partly: NDArray[np.bool_] = np.cumsum(steps)[:-1] > 0
        return partly

    def contradiction(self) -> str:
        """What in the documents cannot be, in words; empty if all agrees."""
        table, head = self.documents, self.head
        ends = np.concatenate([[0], table["first_chunk"] + table["num_chunks"]])
        follow = (ends[:-1] == table["first_chunk"]).all() and (np.diff(table["number"]) > 0).all()
        if not follow or ends[-1] != head.num_chunks:
            return "the table of documents"
        live = table[table["live"] > 0]
        found = Totals(
            documents=len(live),
            chunks=int(live["num_chunks"].sum()),
            tokens=int(live["num_tokens"].sum()),
            bytes=int(live["num_bytes"].sum()),
            holdout=int(live["holdout"].sum()),
            excluded=int(live["excluded"].sum()),
        )
        wrong = [name for name in TOTALS if getattr(found, name) != getattr(head.totals, name)]
        return f"the number of {wrong[0]} of version {head.version}" if wrong else ""


def declaration(record: type, name: str) -> str:
    """Declare the column of a record's field, in SQL."""
    kind = get_type_hints(record)[name]
    kinds = get_args(kind) or (kind,)  # of `str | None` both
    (sql,) = {_SQL_TYPES[part] for part in kinds if part is not NoneType}
    return f"{name} {sql}" if NoneType in kinds else f"{name} {sql} NOT NULL"


INDEX_OF_ORIGINS = (
    "CREATE INDEX IF NOT EXISTS origins ON documents (coalesce(origin, source)) WHERE removed IS NULL"
)
"""For `documents_by_origin.py`."""
SCHEMA = f"""
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    {", ".join(declaration(DocumentRecord, name) for name in FIRST_COLUMNS)},
    seal INTEGER,
    {", ".join(declaration(DocumentRecord, name) for name in LATER_COLUMNS)}
);
CREATE UNIQUE INDEX live_documents ON documents (id) WHERE removed IS NULL;
CREATE INDEX removed_documents ON documents (removed) WHERE removed IS NOT NULL;
CREATE INDEX copies ON documents (original) WHERE original IS NOT NULL;
CREATE INDEX unjudged ON documents (number) WHERE NOT judged;
{INDEX_OF_ORIGINS};
CREATE TABLE commits (
    version INTEGER PRIMARY KEY,
    {", ".join(declaration(Commit, name) for name in COMMIT_COLUMNS[1 : -len(TOTALS)])},
    {", ".join(declaration(Totals, name) for name in TOTALS)},
    seal INTEGER NOT NULL
);
"""


def seal_of(*values: object) -> int:
    """Checksum of a row's values."""
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))


def seal_of_document(*values: object) -> int:
    """Checksum of a document's columns; later ones count where they are given, so old seals stay right."""
    first = len(FIRST_COLUMNS)
    later = zip(LATER_COLUMNS, values[first:], strict=True)
    return seal_of(*values[:first], *(pair for pair in later if pair[1] is not None))
