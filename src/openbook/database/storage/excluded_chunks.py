"""Chunks that are excluded while the rest of their document is not, as a column of the catalog holds them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.catalog_columns import DocumentRecord, Exclusion

EXCLUDED_PARTS = (
    "SELECT first_chunk, num_chunks, excluded_chunks FROM documents"
    " WHERE excluded_chunks IS NOT NULL AND removed IS NULL AND num_chunks > 0"
)
"""Selects what `rows_excluded` takes."""


@dataclass(frozen=True, slots=True, order=True)
class ExcludedChunks:
    """Chunks `first` … `end - 1` of a document, counted from its first, that share a run with another."""

    first: int
    end: int
    original: int
    """The number of the held-out document."""


def chunks_to_text(parts: Iterable[ExcludedChunks]) -> str | None:
    """Write parts of a document for the catalog: None if there is none.

    >>> chunks_to_text([ExcludedChunks(4, 6, 17), ExcludedChunks(9, 10, 17)])
    '4-6 17,9-10 17'
    """
    return ",".join(f"{part.first}-{part.end} {part.original}" for part in sorted(set(parts))) or None


def chunks_from_text(text: str | None) -> list[ExcludedChunks]:
    """Read what `chunks_to_text` wrote.

    Raises:
        ValueError: it is something else.
    """
    parts = [] if text is None else [re.split("[- ]", part) for part in text.split(",")]
    return [ExcludedChunks(int(first), int(end), int(original)) for first, end, original in parts]


def rows_excluded(documents: Iterable[tuple[int, int, str]]) -> NDArray[np.int64]:
    """Find the rows of the arrays that hold excluded parts: [parts, 2], the first of each and its end.

    Args:
        documents: first chunk, number of chunks and parts of each.

    Raises:
        ValueError: a part does not lie within its document, or cannot be read.
    """
    found = []
    for start, count, text in documents:
        for part in chunks_from_text(str(text)):
            if not 0 <= part.first < part.end <= count:
                raise ValueError(text)
            found.append((start + part.first, start + part.end))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def exclusions_in_part(
    parts: Mapping[int, Sequence[ExcludedChunks]], records: Mapping[int, DocumentRecord]
) -> list[Exclusion]:
    """Name the documents of which parts are excluded, one for each document and original.

    Args:
        parts: by the document's number.
        records: of these documents and of their originals, by number.
    """
    return [
        Exclusion(
            document_id=records[number].id,
            title=records[number].title,
            reason="common run",
            original_id=records[original].id,
            chunks=_joined(part for part in parts[number] if part.original == original),
        )
        for number in sorted(parts)
        for original in dict.fromkeys(part.original for part in parts[number])
        if original in records  # else a document of another shard
    ]


def _joined(parts: Iterable[ExcludedChunks]) -> tuple[tuple[int, int], ...]:
    """First and last chunk of each part, those that overlap or touch joined: 4-6 6-7 9-10 is 4 … 6 and 9."""
    joined: list[tuple[int, int]] = []
    for part in sorted(parts):
        if joined and part.first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], part.end - 1))
        else:
            joined.append((part.first, part.end - 1))
    return tuple(joined)
