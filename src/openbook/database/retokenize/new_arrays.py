"""The arrays of a database in another tokenizer's tokens: tokens, lengths, vectors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openbook.database.retokenize.rechunk import (
    chunked_text,
    come_back,
    fill_rows,
    parts_of,
    tokens_of_chunks,
)
from openbook.database.search.embedder import Embedder
from openbook.database.storage.excluded_chunks import ExcludedChunks
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.segments import segment_starts, segment_sums
from openbook.database.version import Version
from openbook.progress import Progress, stage
from openbook.text import Tokenizer

_CHUNKS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class NewRows:
    """What the new rows are made of.

    Old chunks 0 to 3, of which 2 is of a removed document; 5 new tokens are too many for one row of M = 4:

        old chunk      0   1   3
        counts         3   5   4
        parts          1   2   1          rows that each takes
        chunks         0   1 1   3        of each row, the old chunk
        cut            F   T T   F

    counts: int64 [live chunks of the old database], new tokens of each.
    chunks: int64 [rows], the number of the old chunk that a row holds, or a part of which.
    cut: bool [rows], whether it is a part.
    lost: bool [live chunks of the old database], whether its tokens give another text.
    document_chunks, document_tokens: int64 [live documents], rows and new tokens of each.
    """

    counts: NDArray[np.int64]
    chunks: NDArray[np.int64]
    cut: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    document_chunks: NDArray[np.int64]
    document_tokens: NDArray[np.int64]

    @classmethod
    def of(
        cls, layout: ChunkLayout, counts: NDArray[np.int64], lost: NDArray[np.bool_], *, chunk_size: int
    ) -> "NewRows":
        """Work out the rows from the old layout and the counts."""
        parts = parts_of(counts, chunk_size)
        live_chunks = np.flatnonzero(layout.live[layout.document_of])
        sizes = layout.document_chunks[layout.live]
        return cls(
            counts=counts,
            chunks=np.repeat(live_chunks, parts),
            cut=np.repeat(parts > 1, parts),
            lost=lost,
            document_chunks=segment_sums(parts, sizes),
            document_tokens=segment_sums(counts, sizes),
        )


@dataclass(frozen=True, eq=False)
class NewArrays:
    """Writes one version of a database into files that no catalog names yet.

    old: the version.
    tokenizer: the other one.
    files: of the new database.
    embedder: that made the old vectors.
    """

    old: Version
    tokenizer: Tokenizer
    files: Files
    embedder: Callable[[], Embedder]

    def write_tokens(self, progress: Progress) -> NewRows:
        """Write tokens and lengths."""
        assert self.files.lengths is not None
        layout = self.old.layout
        M = self.files.tokens.width
        total = int(layout.document_chunks[layout.live].sum())
        counts: list[NDArray[np.int64]] = []
        kept: list[NDArray[np.bool_]] = []
        written = done = 0
        for documents in _batches(layout):
            tokens, new, same = self._retokenized(documents)
            rows, lengths = fill_rows(tokens, new, chunk_size=M, padding=self.tokenizer.eos_id)
            self.files.tokens.append(rows, first=written)
            self.files.lengths.append(lengths[:, None], first=written)
            counts.append(new)
            kept.append(same)
            written += len(rows)
            done += len(new)
            progress(done, total)
        return NewRows.of(layout, np.concatenate(counts), ~np.concatenate(kept), chunk_size=M)

    def _retokenized(
        self, documents: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """New tokens [T] of some documents with their ends; how many of each old chunk; which come back."""
        layout = self.old.layout
        texts = []
        for place in documents.tolist():
            chunks = layout.chunks_of(place)
            rows = self.old.tokens[chunks.start : chunks.stop].tolist()
            lengths = layout.lengths[chunks.start : chunks.stop].tolist()
            pieces = [row[:length] for row, length in zip(rows, lengths, strict=True)]
            texts.append(chunked_text(self.old.tokenizer, pieces))
        encoded = self.tokenizer.encode_with_starts([chunked.text for chunked in texts])
        counts, kept = [], []
        for chunked, (new, starts) in zip(texts, encoded, strict=True):
            counts.append(tokens_of_chunks(chunked, starts))
            kept.append(come_back(self.tokenizer, chunked, (new, starts), counts[-1]))
            counts[-1][-1] += 1  # the end-of-text token
        ids = [token for tokens, _ in encoded for token in (*tokens, self.tokenizer.eos_id)]
        return np.array(ids, dtype=np.int64), np.concatenate(counts), np.concatenate(kept)

    def layout(self, rows: NewRows) -> ChunkLayout:
        """Lay out the new database."""
        chunks = rows.document_chunks
        count = len(rows.chunks)
        partly = self.old.layout.partly_excluded
        return replace(
            self.old.layout.without_removed(),
            num_chunks=count,
            chunk_size=self.files.tokens.width,
            first_chunk=segment_starts(chunks),
            document_chunks=chunks,
            document_tokens=rows.document_tokens,
            partly_excluded=None if partly is None else partly[rows.chunks],
            stored_lengths=None if self.files.lengths is None else self.files.lengths.rows(count),
        )

    def excluded_chunks(self, rows: NewRows) -> dict[int, list[ExcludedChunks]]:
        """Find the rows of chunks that are excluded alone, by the number of their document."""
        # Old chunks 0 1 of one document, 2 3 4 of the next, of which its chunk 1 is excluded:
        #   rows.chunks     0 1 1   2 3 3 4      the old chunk of each row
        #   borders         2 3 4                its document's first chunk, the part's first and end
        #   found at        3 4 6                the first row of each
        #   new part        1 … 3                4 - 3 and 6 - 3
        layout, found = self.old.layout, {}
        firsts = dict(zip(layout.number.tolist(), layout.first_chunk.tolist(), strict=True))
        for number, parts in self.old.catalog.excluded_chunks().items():
            borders = [(0, part.first, part.end) for part in parts]
            at = np.searchsorted(rows.chunks, firsts[number] + np.array(borders))
            places = (at[:, 1:] - at[:, :1]).tolist()
            found[number] = [
                ExcludedChunks(first, end, part.original)
                for (first, end), part in zip(places, parts, strict=True)
                if first < end
            ]
        return found

    def write_vectors(self, rows: NewRows, progress: Progress) -> None:
        """Copy vectors; those of parts are encoded."""
        if self.old.vectors is None or self.files.vectors is None:
            return
        tokens = self.files.tokens.rows(len(rows.chunks))
        tell = stage(progress, "copying vectors")
        embedder = self.embedder() if rows.cut.any() else None
        for start in range(0, len(rows.chunks), _CHUNKS_AT_ONCE):
            part = slice(start, start + _CHUNKS_AT_ONCE)
            vectors = self.old.vectors[rows.chunks[part]]
            cut = rows.cut[part]
            if embedder is not None and cut.any():
                texts = self.tokenizer.decode(tokens[part][cut].tolist())
                vectors[cut] = embedder.encode(texts).astype(np.float16)
            self.files.vectors.append(vectors, first=start)
            tell(start + len(vectors), len(rows.chunks))


def _batches(layout: ChunkLayout) -> Iterator[NDArray[np.int64]]:
    """Live documents in order, some thousand chunks at a time.

    With 4 chunks at once, not thousands, and the live documents A to D:

        chunks         2  1  3  2
        last chunk     1  2  5  7      counted from 0
        // 4           0  0  1  1      the batch that it falls into: A B, then C D
    """
    live = np.flatnonzero(layout.live)
    last_chunk = np.cumsum(layout.document_chunks[live]) - 1
    batch = last_chunk // _CHUNKS_AT_ONCE
    yield from np.split(live, np.flatnonzero(np.diff(batch)) + 1)
