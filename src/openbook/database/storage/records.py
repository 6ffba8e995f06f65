"""What the catalogue's rows are in Python."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOTALS = ("documents", "chunks", "tokens", "bytes", "holdout", "excluded")
"""What each commit counts: live documents, their chunks, tokens and bytes; those held out and excluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """A row to add. Its chunks are rows `first_chunk` … `first_chunk + num_chunks - 1` of the arrays."""

    id: str
    title: str
    source: str
    sha256: str
    holdout: bool
    first_chunk: int
    num_chunks: int
    num_tokens: int
    num_bytes: int

    def row(self, version: int, seal: Callable[..., int]) -> dict[str, Any]:
        """As the catalogue stores it: live, not yet judged, with its checksum."""
        names = ("id", "title", "source", "sha256", "holdout", "first_chunk", "num_chunks", "num_tokens")
        values = {name: getattr(self, name) for name in (*names, "num_bytes")} | {"added": version}
        values["holdout"] = int(self.holdout)
        return values | {"seal": seal(*values.values(), None, 0, None, None)}


@dataclass(frozen=True, slots=True)
class Description:
    """What people see of a document."""

    id: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A document that is kept out of retrieval and training because it nearly equals another."""

    document_id: str
    title: str
    reason: str
    original_id: str
    """The held-out or earlier document that it nearly equals."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One version in the history."""

    version: int
    time: str
    action: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest version."""

    version: int
    generation: int
    """Grows when the files are written anew by `compact`."""
    num_chunks: int
    """Rows of the arrays that this version vouches for."""
    totals: tuple[int, ...]
    """As named by `TOTALS`."""

    @property
    def held_out_documents(self) -> int:
        """Live documents that are kept for evaluation."""
        return self.totals[TOTALS.index("holdout")]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version's documents in the order of their chunks.

    rows: int64 [documents, 10] of number, first chunk, chunks, tokens, bytes, holdout, live, excluded,
    judged, and the version that added it.
    """

    head: Head
    rows: NDArray[np.int64]

    def contradiction(self) -> str:
        """What in the rows cannot be, in words; empty if all agrees."""
        number, first, chunks, tokens, size, holdout, live, excluded, _, _ = self.rows.T
        ends = np.concatenate([[0], first + chunks])
        if (ends[:-1] != first).any() or ends[-1] != self.head.num_chunks or (np.diff(number) <= 0).any():
            return "the table of documents"
        columns = (live, live * chunks, live * tokens, live * size, live * holdout, live * excluded)
        found = tuple(int(column.sum()) for column in columns)
        wrong = [name for name, a, b in zip(TOTALS, found, self.head.totals, strict=True) if a != b]
        return f"the number of {wrong[0]} of version {self.head.version}" if wrong else ""
