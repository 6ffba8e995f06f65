"""One version of a database, opened: all that reading and searching need, and that never changes.

Whatever reads is given one of these: what others, or the `Database` itself, do to the folder meanwhile does
not reach it. Its arrays and indexes are open files, which outlive their names. Nothing here writes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.chunk_texts import texts_of_chunks
from openbook.database.documents.document_filter import DocumentFilter, FilteredDocuments
from openbook.database.documents.document_list import ListedDocument, list_documents
from openbook.database.info import DatabaseInfo, describe
from openbook.database.search.allowed_chunks import AllowedChunks
from openbook.database.search.dense import Ranking
from openbook.database.search.distinct_passages import search_passages
from openbook.database.search.embedder import Embedder, recorded_embedder
from openbook.database.search.indexes import Indexes
from openbook.database.search.searcher import Hit, Queries, Searcher, check_mode
from openbook.database.search.whole_words import texts_to_search_for
from openbook.database.shards.book_folder import BookFolder, open_any
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog_columns import DOCUMENT_COLUMNS, Commit, Exclusion
from openbook.database.storage.database_folder import DatabaseFolder
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.settings import DatabaseSettings
from openbook.database.units.unit_searches import UnitSearches
from openbook.errors import DatabaseError, MismatchError, list_of_texts
from openbook.given import require_whole
from openbook.search_modes import SearchUnit
from openbook.text import Tokenizer

_TRIES = 5
_SHOWN_BY_HITS = tuple(field.name for field in fields(Hit) if field.name in DOCUMENT_COLUMNS)
LoadEmbedder = Callable[[], Embedder]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Version:
    """What a version holds; equal to another opening of the same version of the same folder.

    It travels to another process as folder and number, and raises `MismatchError` there if the database is at
    another version by then.

    Args:
        folder: of the database.
        files: of the generation that the version belongs to.
        layout: which chunk is of which document.
        tokens: [num_chunks, M].
        vectors: float16 [num_chunks, E]; None in a lexical-only database.
        searcher: over them.
        load_embedder: loads the frozen encoder once, for all versions that share this.
    """

    folder: DatabaseFolder | BookFolder
    files: Files
    layout: ChunkLayout
    tokens: Rows
    vectors: Rows | None
    searcher: Searcher
    load_embedder: LoadEmbedder

    @classmethod
    def open(cls, path: str | Path, *, allow_missing_shards: bool = False) -> "Version":
        """Open the newest version of the database in a folder.

        Args:
            path: the folder of a database, or of a sharded book.
            allow_missing_shards: go on without shards that are missing or damaged; see `missing_shards`.

        Raises:
            DatabaseError: there is none, or it is damaged.
            MismatchError: its tokenizer's files are not those it was made with.
        """
        return open_version(open_any(path, allow_missing_shards=allow_missing_shards))

    def __reduce__(self) -> tuple[Callable[[Path, int, str, bool], "Version"], tuple[Path, int, str, bool]]:
        return _reopen, (self.path, self.version, self.history, bool(self.missing_shards))

    def __repr__(self) -> str:
        return f"Version({str(self.path)!r}, {self.version})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[Path, int]:
        return self.path.resolve(), self.version

    def require_same(self, other: "Version") -> None:
        """Refuse another version of the same database: its chunks may have other numbers.

        Raises:
            MismatchError: saying both.
        """
        if self._key[0] == other._key[0] and self.version != other.version:
            raise MismatchError(
                f"{self.path}: is given at version {self.version} and as its own book at version "
                f"{other.version}; take one version for both, and a neighbor table of it"
            )

    @property
    def missing_shards(self) -> tuple[str, ...]:
        """The shards of a book that is read without them, by their folders; what they hold is not found."""
        return tuple(self.folder.missing) if isinstance(self.folder, BookFolder) else ()

    @property
    def opened(self) -> "Version":
        """Itself, as a `Database` has it: where either may be given, `.opened` is what is read."""
        return self

    @property
    def path(self) -> Path:
        """The database's folder."""
        return self.folder.path

    @property
    def settings(self) -> DatabaseSettings:
        """What the database was made with."""
        return self.folder.settings

    @property
    def tokenizer(self) -> Tokenizer:
        """Turns chunks into text."""
        return self.folder.tokenizer

    @property
    def catalog(self) -> DocumentCatalog:
        """Describes documents, also those that later versions removed, until the second `compact` after."""
        return self.folder.catalog

    @property
    def version(self) -> int:
        """The number; each commit makes the next one."""
        return self.layout.version

    @cached_property
    def history(self) -> str:
        """Fingerprint of the database up to this version: of it and its copies alone."""
        return self.catalog.history(self.version)

    @property
    def embedder(self) -> Embedder:
        """The frozen encoder, loaded when first needed.

        Raises:
            MismatchError: its weights are not those that the vectors were made with.
        """
        return self.load_embedder()

    def search(
        self,
        texts: Sequence[str] | str,
        *,
        k: int = 5,
        mode: str | None = None,
        documents: DocumentFilter | None = None,
        by: SearchUnit = "chunk",
    ) -> list[list[Hit]]:
        """Find the chunks nearest to each text.

        Args:
            texts: the queries; a str is one query.
            k: hits a query, fewer if the database has fewer.
            mode: dense, bm25 or hybrid; None: hybrid where there are vectors, else bm25.
            documents: to find anything in; None: all.
            by: find documents or sections first, then chunks of these; see `UnitSearch`.

        Returns:
            For each text its hits, best first.

        Raises:
            DatabaseError: the index that the mode needs is missing or damaged, or no document is such.
            SettingsError: k below 1, or a mode that the database does not have.
            TypeError: a query that is not a str, or a k that is no int.
        """
        queries = [texts] if isinstance(texts, str) else texts
        queries = list_of_texts(queries, where="queries", remedy='call search(["text", ...])')
        require_whole(k, where="k")
        k = min(k, max(1, self.layout.num_chunks))
        asked = self.text_queries(queries)
        ids, scores = self.search_units(asked, k=k, by=by, mode=mode, documents=documents)
        return [self.hits(*row) for row in zip(ids, scores, strict=True)]

    def search_chunks(
        self,
        queries: Queries,
        *,
        k: int,
        mode: str | None = None,
        exclude: NDArray[np.int64] | None = None,
        documents: DocumentFilter | None = None,
    ) -> Ranking:
        """As `search`, in chunk numbers; see `Searcher.search`."""
        checked = check_mode(mode, has_dense=self.vectors is not None)
        among = None if documents is None else self.allowed_chunks(documents)
        return self.searcher.search(queries, k=k, mode=checked, exclude=exclude, among=among)

    def allowed_chunks(self, documents: DocumentFilter) -> AllowedChunks:
        """Find the chunks of the documents that a filter leaves; see `FilteredDocuments`."""
        return self._filtered.allowed(documents)

    @cached_property
    def _filtered(self) -> FilteredDocuments:
        return FilteredDocuments(self)

    def search_passages(
        self,
        texts: Sequence[str],
        *,
        k: int,
        mode: str | None = None,
        documents: DocumentFilter | None = None,
        by: SearchUnit | None = None,
    ) -> Ranking:
        """Find k passages to read for each of n questions: no two share a chunk or have equal text.

        Args:
            texts, k, mode, documents: as in `search`.
            by: as there; None: as `UnitSearches.default` says.

        Returns:
            Chunk ids and scores [n, k], best first, -1 where there are no more; read with continuations.

        Raises:
            DatabaseError, SettingsError: as `search`.
        """

        def search(asked: Sequence[str], deep: int) -> Ranking:
            unit, queries = by or self._units.default, self.text_queries(asked)
            return self.search_units(queries, k=deep, by=unit, mode=mode, documents=documents)

        return search_passages(search, texts, self.layout, self.chunk_texts, k=k)

    def search_units(
        self,
        queries: Queries,
        *,
        k: int,
        by: SearchUnit,
        mode: str | None = None,
        documents: DocumentFilter | None = None,
    ) -> Ranking:
        """Find chunks of the units that queries are about; see `UnitSearch`.

        Raises:
            SettingsError: an unknown unit, or a mode that the database does not have.
        """
        if by == "chunk":
            return self.search_chunks(queries, k=k, mode=mode, documents=documents)
        checked = check_mode(mode, has_dense=self.vectors is not None)
        among = None if documents is None else self.allowed_chunks(documents)
        return self._units.by(by).chunks(queries, k=k, mode=checked, among=among)

    @cached_property
    def _units(self) -> UnitSearches:
        return UnitSearches(self)

    def text_queries(self, texts: Sequence[str]) -> Queries:
        """Queries from texts; they are encoded only if a mode asks for vectors, and once."""
        return Queries(lambda: texts, cache(lambda: self.embedder.encode(texts)), len(texts))

    def chunk_queries(self, chunk_ids: NDArray[np.int64]) -> Queries:
        """Stored chunks as queries: their vectors are in the database, nothing is encoded again.

        A word that the chunk's beginning cuts is whole; what follows the chunk is not known.
        """

        @cache
        def texts() -> list[str]:
            return texts_to_search_for(self.tokens, self.tokenizer, self.layout, chunk_ids)

        def vectors() -> NDArray[np.float32]:
            assert self.vectors is not None
            return self.vectors[chunk_ids].astype(np.float32)

        return Queries(texts, vectors, len(chunk_ids))

    def hits(self, chunk_ids: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Hit]:
        """What people see of these chunks [k]; -1 is left out."""
        exists = chunk_ids >= 0
        ids, scores = chunk_ids[exists], scores[exists]
        after = np.where(self.layout.has_continuation[ids], ids + 1, -1)
        decoded = self.chunk_texts(np.concatenate([ids, after]))  # at once: many small calls are slow
        texts, continuations = decoded[: len(ids)], decoded[len(ids) :]
        described = self.catalog.describe(self.layout.number[self.layout.document_of[ids]].tolist())
        said = [{name: getattr(document, name) for name in _SHOWN_BY_HITS} for document in described]
        names = [document.id for document in described]
        found = zip(names, ids.tolist(), scores.tolist(), texts, continuations, said, strict=True)
        return [Hit(*chunk, **about) for *chunk, about in found]

    def chunk_texts(self, chunk_ids: NDArray[np.int64] | Sequence[int]) -> list[str]:
        """The text of each chunk, without padding, with the space that it begins with; empty for -1.

        Of a character that a border cuts, the chunk has all in which it begins.
        """
        numbers = np.asarray(chunk_ids, dtype=np.int64)
        return texts_of_chunks(self.tokens, self.tokenizer, self.layout, numbers)

    def retrieved_tokens(self, chunk_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Fetch neighbors with their continuations: the retrieved value of the paper (section 2.3: [N, F]).

        Where padding stands inside documents, what follows it moves up, here for M = 4:

            chunk      a b c .        following  d e . .
            retrieved  a b c d e . . .
            mask       1 1 1 1 1 0 0 0

        Args:
            chunk_ids: [..., K]; -1 for a neighbor that does not exist.

        Returns:
            token ids int64 [..., K, 2M] and their mask [..., K, 2M]: False for padding, which stands at the
            end, for the continuation of a document's last chunk, and for all of a missing neighbor.
        """
        layout, M = self.layout, self.layout.chunk_size
        exists = chunk_ids >= 0
        rows = np.where(exists, chunk_ids, 0)
        continued = exists & layout.has_continuation[rows]
        following = np.where(continued, rows + 1, rows)
        ids = np.empty((*chunk_ids.shape, 2 * M), dtype=np.int64)
        ids[..., :M] = self.tokens[rows]
        ids[..., M:] = self.tokens[following]
        first = layout.token_mask(rows) & exists[..., None]
        mask = np.concatenate([first, layout.token_mask(following) & continued[..., None]], axis=-1)
        if layout.stored_lengths is not None:  # else what has a continuation is full
            order = np.argsort(~mask, axis=-1, kind="stable")
            ids = np.take_along_axis(ids, order, axis=-1)
            mask = np.take_along_axis(mask, order, axis=-1)
        return ids, mask

    def info(self) -> DatabaseInfo:
        """Counts, sizes and settings."""
        vocabulary = self.tokenizer.vocab_size
        words = self.searcher.indexes.words_version
        info = describe(self.settings, self.layout, self.files, vocabulary=vocabulary, words_version=words)
        if isinstance(self.folder, BookFolder):
            return replace(info, shards=len(self.folder.manifest.shards), missing_shards=self.missing_shards)
        return info

    def commits(self) -> list[Commit]:
        """All versions up to this one, the oldest first."""
        return [commit for commit in self.catalog.commits() if commit.version <= self.version]

    def excluded(self) -> list[Exclusion]:
        """The documents kept out of retrieval and training because they nearly equal another.

        Those of the newest version; `layout.excluded` is of this one.
        """
        return self.catalog.excluded()

    def documents(self) -> list[ListedDocument]:
        """List the documents of the newest version, in the order of their chunks."""
        return list_documents(self.catalog)


def _reopen(path: Path, number: int, history: str, allow_missing_shards: bool = False) -> Version:
    """Open a version that another process has handed on.

    Raises:
        DatabaseError: there is no database any more.
        MismatchError: it is at another version now, or it is another database.
    """
    found = Version.open(path, allow_missing_shards=allow_missing_shards)
    remedy = "open the database again, and make datasets and neighbor tables from what it holds now"
    if found.version != number:
        raise MismatchError(
            f"{path}: version {number} was handed to this process, but the database is at version "
            f"{found.version} now; {remedy}"
        )
    if found.history != history:
        raise MismatchError(f"{path}: another database stands in the place of version {number}; {remedy}")
    return found


def open_version(
    folder: DatabaseFolder | BookFolder,
    load_embedder: LoadEmbedder | None = None,
    before: Version | None = None,
) -> Version:
    """Open the newest version.

    Args:
        folder: of the database.
        load_embedder: see `Version`; None: loads what the settings name.
        before: the version opened before, whose open files may still be the right ones.

    Raises:
        DatabaseError: something is damaged.
    """
    load = load_embedder or cache(lambda: recorded_embedder(folder.settings, where=folder.path))
    held = None if before is None else before.searcher.indexes
    if isinstance(folder, BookFolder):
        return book_version(*folder.with_indexes(held), load)
    for tries_left in reversed(range(_TRIES)):
        snapshot = folder.catalog.snapshot()
        files = folder.files(snapshot.head.generation)
        try:
            layout = files.layout(snapshot)
            tokens = files.tokens.rows(layout.num_chunks)
            vectors = None if files.vectors is None else files.vectors.rows(layout.num_chunks)
            searcher = Searcher(layout, Indexes(layout, vectors, files, held))
        except DatabaseError:
            if folder.catalog.head().generation == files.generation:
                raise
            continue  # compacted meanwhile: the files are gone
        now = folder.catalog.head()
        # What a commit meanwhile removed may be gone from the lexical index already.
        if now.version == layout.version or (not tries_left and now.generation == files.generation):
            return Version(
                folder=folder,
                files=files,
                layout=layout,
                tokens=tokens,
                vectors=vectors,
                searcher=searcher,
                load_embedder=load,
            )
    raise DatabaseError(f"{folder.path}: changes faster than it can be opened; try again")


def book_version(folder: BookFolder, indexes: Indexes, load_embedder: LoadEmbedder | None = None) -> Version:
    """Make the version of a sharded book that its folder was opened at.

    Args:
        folder: of the book.
        indexes: of its shards.
        load_embedder: see `Version`; None: loads what the settings name.
    """
    layout = folder.layout()
    load = load_embedder or cache(lambda: recorded_embedder(folder.settings, where=folder.path))
    return Version(
        folder=folder,
        files=folder.book_files(),
        layout=layout,
        tokens=folder.tokens(),
        vectors=folder.vectors(),
        searcher=Searcher(layout, indexes),
        load_embedder=load,
    )
