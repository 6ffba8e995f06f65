"""Finding the neighbors of a corpus' chunks in a book: the corpus itself, or another database."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.exclusions import awaits_comparison
from openbook.database.neighbors.same_documents import SameDocuments, same_documents
from openbook.database.search.dense import Ranking
from openbook.database.search.searcher import Queries, Searcher, check_mode
from openbook.database.storage.neighbor_files import BookStamp, TableStamp
from openbook.database.storage.sealed import database_of
from openbook.database.version import Version
from openbook.errors import DatabaseError, MismatchError, SettingsError, empty_error
from openbook.given import require_whole
from openbook.phrases import command
from openbook.progress import Progress, silent
from openbook.search_modes import SearchMode

BlockSearch = Callable[["NeighborFinder", Sequence[NDArray[np.int64]], int, SearchMode], Iterator[Ranking]]
"""Searches blocks of chunks for a finder, with k and mode: gives the ranking of each block, in order."""

_AT_ONCE = 512
"""Chunks searched between two reports of progress."""


@dataclass(frozen=True, eq=False)
class NeighborFinder:
    """Searches one version of a book for the chunks of one version of a corpus.

    Args:
        corpus: whose chunks are the queries.
        book: whose chunks are found; it may be the corpus.
        searcher: finds them; None: the book's own. Another one searches some of the same chunks.
    """

    corpus: Version
    book: Version
    searcher: Searcher | None = None

    @property
    def is_own_book(self) -> bool:
        """Whether the corpus is its own book."""
        return self.corpus == self.book

    def table_stamp(self, *, k: int, mode: SearchMode) -> TableStamp:
        """What a table of all chunks' neighbors says of itself."""
        book = None
        if not self.is_own_book:
            book = BookStamp.of(
                self.book.path,
                corpus=self.corpus.path,
                history=self.book.history,
                version=self.book.version,
            )
        return TableStamp(
            version=self.corpus.version,
            mode=mode,
            k=k,
            num_chunks=self.corpus.layout.num_chunks,
            book=book,
            analyzer=1 if mode == "dense" else self._searcher.indexes.lexical.analyzer.version,
        )

    def nearest(self, chunks: NDArray[np.int64], *, k: int, mode: SearchMode) -> Ranking:
        """Ids and scores [n, k] in the book, of other documents than those that these chunks [n] are of."""
        own = self._same.rows(self.corpus.layout.document_of[chunks])
        return self._searcher.search(self._queries(chunks), k=k, mode=mode, exclude=own)

    @property
    def retrievable(self) -> NDArray[np.bool_]:
        """[chunks of the book]: may this chunk be anyone's neighbor?"""
        return self._searcher.layout.retrievable

    @cached_property
    def _searcher(self) -> Searcher:
        """What the corpus holds out is nobody's neighbor, also where the book has it."""
        searcher, layout = self.searcher or self.book.searcher, self.corpus.layout
        if self.is_own_book:
            return searcher
        excluded = searcher.layout.excluded.copy()
        excluded[self._same.of(np.flatnonzero(layout.live & layout.holdout))] = True
        return replace(searcher, layout=replace(searcher.layout, excluded=excluded))

    @cached_property
    def _same(self) -> SameDocuments:
        return same_documents(self.corpus, self.book)

    def _queries(self, chunks: NDArray[np.int64]) -> Queries:
        """By their stored vectors where the book's encoder made them, else encoded by it."""
        stored = self.corpus.chunk_queries(chunks)
        fingerprint = self.book.settings.embedder_fingerprint
        if self.corpus.vectors is not None and self.corpus.settings.embedder_fingerprint == fingerprint:
            return stored
        encoded = cache(lambda: self.book.embedder.encode(self.corpus.chunk_texts(chunks)))
        return Queries(stored.texts, encoded, len(chunks))


def search_blocks(
    finder: NeighborFinder, blocks: Sequence[NDArray[np.int64]], k: int, mode: SearchMode
) -> Iterator[Ranking]:
    """Search one block after the other, here: the usual `BlockSearch`."""
    for block in blocks:
        yield finder.nearest(block, k=k, mode=mode)


def nearest_neighbors(
    corpus: Version,
    chunks: NDArray[np.int64],
    *,
    book: Version | None = None,
    k: int,
    mode: str | None = None,
    searcher: Searcher | None = None,
    progress: Progress = silent,
) -> NDArray[np.int64]:
    """Search for the neighbors of some chunks, as `build_neighbors` does for all; nothing is written.

    Args:
        corpus: whose chunks are the queries.
        chunks: int64 [n].
        book: whose chunks are the neighbors; None: the corpus.
        k: neighbors of each.
        mode: of search in the book; None: hybrid where it has vectors, else bm25.
        searcher: of the book; None: its own, over all of it.
        progress: called with how many chunks are searched, and of how many.

    Returns:
        int64 [n, k] chunks of the book, best first, -1 where there are no more.

    Raises:
        MismatchError: tokenizer or chunk size of the book are others.
        DatabaseError: the book is empty, or an `add` has not come to its end.
        SettingsError: k below 1, or a mode that the book does not have.
    """
    require_whole(k, where="k")
    if k < 1:
        raise SettingsError(f"k = {k}: at least 1 neighbor must be searched for")
    book = book_of(corpus, book)
    checked = check_mode(mode, has_dense=book.vectors is not None)
    for version in {corpus, book}:
        require_compared(version)
    finder = NeighborFinder(corpus, book, searcher)
    ids = np.full((len(chunks), k), -1, dtype=np.int64)
    for start in range(0, len(chunks), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        ids[part] = finder.nearest(chunks[part], k=k, mode=checked)[0]
        progress(min(start + _AT_ONCE, len(chunks)), len(chunks))
    return ids


def book_of(corpus: Version, book: Version | None) -> Version:
    """The book to search: `book` where it is given and of another database than the corpus.

    Raises:
        MismatchError: its tokenizer or its chunks are not those of the corpus, or it is another version of
            the corpus.
        DatabaseError: it is empty.
    """
    if book is None or book == corpus:
        return corpus
    corpus.require_same(book)
    for what, ours, theirs in (
        ("tokenizer", _tokenizer(corpus), _tokenizer(book)),
        ("chunk size", corpus.settings.chunk_size, book.settings.chunk_size),
    ):
        if ours != theirs and (
            what != "tokenizer" or corpus.tokenizer.fingerprint != book.tokenizer.fingerprint
        ):
            raise MismatchError(
                f"{corpus.path} has the {what} {ours}, the book {book.path} has {theirs}: they must agree; "
                f"build {corpus.path} with --tokenizer {book.path / 'tokenizer'} "
                f"--chunk-size {book.settings.chunk_size}"
            )
    if not book.layout.live.any():
        raise empty_error(book.path)
    return book


def require_compared(version: Version) -> None:
    """Refuse a version in which near-copies of what is held out may still be found.

    Raises:
        DatabaseError: an `add` was interrupted, or is still at work; says what completes it.
    """
    if awaits_comparison(version.layout, version.settings):
        raise DatabaseError(
            f"{version.path}: holds documents that were not yet compared with others for near-copies: "
            "an addition was interrupted, or is still running; complete it: "
            f"{command('verify', database_of(version.path), '--repair')}"
        )


def _tokenizer(version: Version) -> str:
    return f"{version.settings.tokenizer} ({version.settings.tokenizer_fingerprint})"
