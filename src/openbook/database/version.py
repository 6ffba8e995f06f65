"""One version of a database, opened: all that reading and searching need, and that never changes.

A `Database` holds one of these and replaces it as a whole, so that a search in another thread sees one
version or the next, never a mixture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.indexes import Indexes
from openbook.database.search.searcher import Hit, Queries, Searcher
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.errors import DatabaseError
from openbook.text import Tokenizer

_TRIES = 5


@dataclass(frozen=True)
class Version:
    """What a version holds.

    Args:
        catalog: describes documents.
        tokenizer: turns chunks into text.
        files: of the generation that the version belongs to.
        layout: which chunk is of which document.
        tokens: [num_chunks, M].
        vectors: float16 [num_chunks, E]; None in a lexical-only database.
        searcher: over them.
    """

    catalog: Catalog
    tokenizer: Tokenizer
    files: Files
    layout: ChunkLayout
    tokens: Rows
    vectors: Rows | None
    searcher: Searcher

    def hits(self, chunk_ids: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Hit]:
        """What people see of these chunks [k]; -1 is left out."""
        found = chunk_ids >= 0
        ids, scores = chunk_ids[found], scores[found]
        after = np.where(self.layout.has_continuation[ids], ids + 1, -1)
        texts = self.chunk_texts(ids)
        continuations = self.chunk_texts(after)
        described = self.catalog.describe(self.layout.number[self.layout.document_of[ids]].tolist())
        return [
            Hit(d.id, int(chunk), float(score), text, continuation, d.title, d.source)
            for d, chunk, score, text, continuation in zip(
                described, ids, scores, texts, continuations, strict=True
            )
        ]

    def chunk_texts(self, chunk_ids: NDArray[np.int64] | Sequence[int]) -> list[str]:
        """The text of each chunk, without filling; empty for -1."""
        numbers = np.asarray(chunk_ids, dtype=np.int64)
        exists = numbers >= 0
        rows = self.tokens[numbers[exists]].tolist()
        lengths = self.layout.lengths[numbers[exists]].tolist()
        filled = iter(row[:length] for row, length in zip(rows, lengths, strict=True))
        return self.tokenizer.decode([next(filled) if there else [] for there in exists.tolist()])

    def chunk_queries(self, chunk_ids: NDArray[np.int64]) -> Queries:
        """Stored chunks as queries: their vectors are in the database, nothing is encoded again."""

        def vectors() -> NDArray[np.float32]:
            assert self.vectors is not None
            return self.vectors[chunk_ids].astype(np.float32)

        return Queries(lambda: self.chunk_texts(chunk_ids), vectors, len(chunk_ids))


def open_version(
    catalog: Catalog,
    tokenizer: Tokenizer,
    files_of: Callable[[int], Files],
    repair: Callable[[], None],
    before: Version | None = None,
) -> Version:
    """Open the newest version.

    Args:
        catalog: of the database.
        tokenizer: of the database.
        files_of: the files of a generation.
        repair: makes indexes again that are missing.
        before: the version opened before, whose open files may still be the right ones.

    Raises:
        DatabaseError: something is damaged.
    """
    for tries_left in reversed(range(_TRIES)):
        snapshot = catalog.snapshot()
        files = files_of(snapshot.head.generation)
        held = None if before is None else before.searcher.indexes
        try:
            layout = files.layout(snapshot)
            tokens = files.tokens.rows(layout.num_chunks)
            vectors = None if files.vectors is None else files.vectors.rows(layout.num_chunks)
            searcher = Searcher(layout, Indexes(layout, vectors, files, repair, held))
        except DatabaseError:
            if catalog.head().generation == files.generation:
                raise
            continue  # compacted meanwhile: the files are gone
        now = catalog.head()  # what a commit meanwhile removed may be gone from the lexical index already
        if now.version == layout.version or (not tries_left and now.generation == files.generation):
            return Version(catalog, tokenizer, files, layout, tokens, vectors, searcher)
    raise DatabaseError(f"{catalog.path.parent}: changes faster than it can be opened; try again")
