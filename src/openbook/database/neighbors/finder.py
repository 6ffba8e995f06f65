"""Asking a book for the neighbors of a corpus' chunks: the book is the corpus itself, or another database."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from openbook.database.database import Database
from openbook.database.near_copies.exclusions import documents_to_compare
from openbook.database.neighbors.same_documents import SameDocuments, same_documents
from openbook.database.neighbors.table import BookStamp
from openbook.database.search.dense import Found
from openbook.database.search.dense_store import TAIL_FOR_BULK, is_large, needs_care
from openbook.database.search.searcher import Queries, Searcher, SearchMode, check_mode
from openbook.database.version import Version
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.progress import Progress, silent, stage

SearcherOf = Callable[[Version], Searcher]
"""What is asked of a version of the book: its own searcher, or another over some of the same chunks."""

_AT_ONCE = 512
"""Chunks searched between two reports of progress."""


@dataclass(frozen=True)
class Asking:
    """One version of a corpus and one of its book.

    Args:
        corpus: whose chunks ask.
        book: whose chunks are found; it may be the corpus.
        searcher_of: finds them.
    """

    corpus: Database
    book: Database
    searcher_of: SearcherOf = attrgetter("searcher")

    def __post_init__(self) -> None:
        # Held, so that a table is of one version of each, whatever other threads do.
        object.__setattr__(self, "asks", self.corpus.opened)
        object.__setattr__(self, "answers", self.asks if self.is_itself else self.book.opened)

    asks: Version = None  # type: ignore[assignment]
    answers: Version = None  # type: ignore[assignment]

    @property
    def is_itself(self) -> bool:
        """Whether the corpus is its own book."""
        return self.corpus is self.book

    def stamp(self) -> BookStamp | None:
        """What the table says of the book."""
        return None if self.is_itself else BookStamp.of(self.book, corpus=self.corpus.path)

    def nearest(self, chunks: NDArray[np.int64], *, k: int, mode: SearchMode) -> Found:
        """Ids and scores [n, k] in the book, of other documents than those that these chunks [n] are of."""
        own = self._same.rows(self.asks.layout.document_of[chunks])
        return self._searcher.search(self._queries(chunks), k=k, mode=mode, exclude=own)

    @property
    def retrievable(self) -> NDArray[np.bool_]:
        """[chunks of the book]: may this chunk be anyone's neighbor?"""
        return self._searcher.layout.retrievable

    @cached_property
    def _searcher(self) -> Searcher:
        """What the corpus holds out is nobody's neighbor, also where the book has it."""
        searcher, layout = self.searcher_of(self.answers), self.asks.layout
        if self.is_itself:
            return searcher
        excluded = searcher.layout.excluded.copy()
        excluded[self._same.of(np.flatnonzero(layout.live & layout.holdout))] = True
        return replace(searcher, layout=replace(searcher.layout, excluded=excluded))

    @cached_property
    def _same(self) -> SameDocuments:
        return same_documents(self.asks, self.answers)

    def _queries(self, chunks: NDArray[np.int64]) -> Queries:
        """By their stored vectors where the book's encoder made them, else encoded by it."""
        stored = self.asks.chunk_queries(chunks)
        fingerprint = self.book.settings.embedder_fingerprint
        if self.asks.vectors is not None and self.corpus.settings.embedder_fingerprint == fingerprint:
            return stored
        texts = cache(stored.texts)
        return Queries(texts, cache(lambda: self.book.embedder.encode(texts())), len(chunks))


def nearest_neighbors(
    corpus: Database,
    chunks: NDArray[np.int64],
    *,
    book: Database | None = None,
    k: int,
    mode: str | None = None,
    searcher_of: SearcherOf = attrgetter("searcher"),
    progress: Progress = silent,
) -> NDArray[np.int64]:
    """Search for the neighbors of some chunks, as `build_neighbors` does for all; nothing is saved.

    Args:
        corpus: whose chunks ask.
        chunks: int64 [n].
        book: the database whose chunks are the neighbors; None: the same one.
        k: neighbors of each.
        mode: of search in the book; None: dense where it has vectors, else bm25.
        searcher_of: what of the book is asked; by default all of it.
        progress: told how many chunks are searched, and of how many.

    Returns:
        int64 [n, k] chunks of the book, best first, -1 where there are no more.

    Raises:
        MismatchError: tokenizer or chunk size of the book are others.
        DatabaseError: the book is empty.
        SettingsError: k below 1, or a mode that the book does not have.
    """
    if k < 1:
        raise SettingsError(f"k = {k}: at least 1 neighbor must be searched for")
    book = book_of(corpus, book)
    checked = check_mode(mode, has_dense=book.vectors is not None)
    make_ready(corpus, book, mode=checked, progress=progress)
    asking = Asking(corpus, book, searcher_of)
    ids = np.full((len(chunks), k), -1, dtype=np.int64)
    for start in range(0, len(chunks), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        ids[part] = asking.nearest(chunks[part], k=k, mode=checked)[0]
        progress(min(start + _AT_ONCE, len(chunks)), len(chunks))
    return ids


def book_of(corpus: Database, book: Database | None) -> Database:
    """The book to ask: `book` where it is given and another database than the corpus.

    Raises:
        MismatchError: its tokenizer or its chunks are not those of the corpus.
        DatabaseError: it is empty.
    """
    if book is None or book.path.resolve() == corpus.path.resolve():
        return corpus
    for what, ours, theirs in (
        ("tokenizer", _tokenizer(corpus), _tokenizer(book)),
        ("chunk size", corpus.settings.chunk_size, book.settings.chunk_size),
    ):
        if ours != theirs:
            raise MismatchError(
                f"{corpus.path} has the {what} {ours}, the book {book.path} has {theirs}: they must agree; "
                f"build {corpus.path} with --tokenizer {book.path / 'tokenizer'} "
                f"--chunk-size {book.settings.chunk_size}"
            )
    if not book.layout.live.any():
        raise DatabaseError(f"{book.path}: is empty; add documents first: openbook add {book.path} SOURCE")
    return book


def make_ready(corpus: Database, book: Database, *, mode: SearchMode, progress: Progress) -> None:
    """Complete what an interrupted `add` left, and let the book's dense index catch up.

    Raises:
        DatabaseError: an `add` is to be completed while another process is writing.
    """
    for database in {corpus, book}:
        if documents_to_compare(database.catalog, database.settings):
            database.mend(progress=stage(progress, "completing the last addition"))
    opened = book.opened
    if mode == "bm25" or not is_large(opened.layout):
        return
    # What the dense index does not hold yet is searched exactly: dear where every chunk asks.
    if needs_care(opened.files.dense, opened.layout.num_chunks, longest_tail=TAIL_FOR_BULK):
        with suppress(DatabaseError):  # while another process writes, it is done without
            book.mend(bulk=True, progress=progress)


def _tokenizer(database: Database) -> str:
    return f"{database.settings.tokenizer} ({database.settings.tokenizer_fingerprint})"
