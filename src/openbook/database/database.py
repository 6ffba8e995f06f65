"""The database as its users see it: one folder to create, open, add to, remove from and search.

A `Database` is the handle of the folder. It reads one version, the newest when it was opened, and moves to
the newest with `refresh`, which its own `add`, `remove` and `compact` do. What is to read the same text
throughout holds on to `opened`. Several threads may search a database while one of them changes it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from openbook.database.documents.document_filter import DocumentFilter
from openbook.database.documents.document_list import ListedDocument
from openbook.database.info import DatabaseInfo
from openbook.database.search import embedder as embedders
from openbook.database.search.dense import Ranking
from openbook.database.search.embedder import DEFAULT_EMBEDDER, Embedder, EncodingPrecision
from openbook.database.search.searcher import Hit, Queries
from openbook.database.shards.book_folder import BookFolder, open_any
from openbook.database.shards.book_writer import BookWriter
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog_columns import Commit, Exclusion
from openbook.database.storage.database_folder import DatabaseFolder
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.settings import DatabaseSettings
from openbook.database.verify import VerifyReport, verify
from openbook.database.version import Version, open_version
from openbook.database.write.creation import create_folder
from openbook.database.write.database_writer import DatabaseWriter
from openbook.database.write.expected import require_revisions
from openbook.database.write.writer import AddReport, Sync, Writer
from openbook.errors import SettingsError, SourceError, list_of_texts, type_error
from openbook.progress import Progress, silent
from openbook.search_modes import SearchUnit
from openbook.text import AnyDocument, Tokenizer
from openbook.text.documents import require_documents


class Database:
    """A retrieval database in a folder. Make one with `create`, open one with `open`.

    Args:
        folder: of the database.
        embedder: its encoder, if it is loaded already.
    """

    def __init__(self, folder: DatabaseFolder | BookFolder, embedder: Embedder | None = None) -> None:
        if isinstance(folder, str | Path):
            remedy = "call Database.open(folder)"
            raise type_error(folder, "an opened folder", where="Database", remedy=remedy)
        self._folder = folder

        @cache
        def load() -> Embedder:
            return embedder or embedders.recorded_embedder(folder.settings, where=folder.path)

        def load_once() -> Embedder:
            with loading:  # else each of several threads that search first would load one
                loaded = load()
            return loaded if self._precision == "float32" else loaded.encoding_in(self._precision)

        loading = Lock()
        self._precision: EncodingPrecision = "float32"
        self._load_embedder = load_once
        self._refreshing = Lock()
        self._opened = open_version(folder, self._load_embedder)

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        tokenizer: Tokenizer | str,
        embedder: str | None = DEFAULT_EMBEDDER,
        chunk_size: int = 64,
        holdout: float | Iterable[str] = 0.0,
        decontaminate: bool = True,
        deduplicate: bool = False,
    ) -> "Database":
        """Make an empty database.

        Args:
            path: a folder that does not exist or is empty.
            tokenizer: its name or path, or one that is loaded.
            embedder: name or path of the frozen encoder; None: lexical only, no weights needed.
            chunk_size: M, tokens in a chunk.
            holdout: share of the documents to keep out of retrieval, for evaluation; or their ids.
            decontaminate: keep near-copies of held-out documents out of retrieval and training.
            deduplicate: keep near-copies of earlier documents out of retrieval and training.

        Raises:
            DatabaseError: the folder holds something.
            SettingsError: a setting out of range, a tokenizer or encoder that cannot be loaded.
            TypeError: `holdout` is neither a number nor a list of ids; or the tokenizer is another library's.
        """
        holdout_ids: list[str] = []
        if not isinstance(holdout, int | float):
            remedy = "give a share such as 0.05, or a list of ids"
            holdout_ids = list_of_texts(holdout, where="holdout", remedy=remedy)
            holdout = 0.0
        loaded = None if embedder is None else embedders.load_embedder(embedder)
        folder = create_folder(
            Path(path),
            tokenizer,
            loaded,
            chunk_size=chunk_size,
            holdout=holdout,
            holdout_ids=tuple(dict.fromkeys(holdout_ids)),
            decontaminate=decontaminate,
            deduplicate=deduplicate,
        )
        return cls(folder, loaded)

    @classmethod
    def open(cls, path: str | Path, *, allow_missing_shards: bool = False) -> "Database":
        """Open the newest version of a database.

        Args:
            path: the folder of a database, or of a sharded book; or such a book's URL, of which a copy is
                opened that cannot be changed.
            allow_missing_shards: go on without shards that are missing or damaged; see
                `Version.missing_shards`.

        Raises:
            DatabaseError: there is none, or it is damaged.
            MismatchError: its tokenizer's files are not those it was made with.
        """
        return cls(open_any(path, allow_missing_shards=allow_missing_shards))

    def __reduce__(self) -> tuple[Callable[[Path], "Database"], tuple[Path]]:
        if self._opened.missing_shards:
            return partial(Database.open, allow_missing_shards=True), (self.path,)
        return Database.open, (self.path,)

    def refresh(self) -> None:
        """Move to the newest version; of several threads none moves back to what it began to open before."""
        with self._refreshing:
            if isinstance(self._folder, BookFolder):
                self._folder = self._folder.newest()
            self._opened = open_version(self._folder, self._load_embedder, self._opened)

    def encode_in(self, precision: EncodingPrecision) -> None:
        """Choose how exactly the encoder computes for this object from now on: for texts and for queries.

        Args:
            precision: see `Embedder.encoding_in`; float32 where nobody chooses.

        Raises:
            SettingsError: there is no such precision, or the database has no vectors.
        """
        embedders.require_precision(precision)
        if self.settings.embedder is None:
            raise SettingsError(
                f"{self.path}: has no vectors, so nothing is encoded; leave the precision out"
            )
        self._precision = precision

    # --- Writing ---

    def _writer(self, progress: Progress = silent) -> Writer:
        if isinstance(self._folder, BookFolder):
            return BookWriter(self._folder, self._load_embedder, progress)
        return DatabaseWriter(self._folder, self._load_embedder, progress)

    def add(
        self,
        documents: Iterable[AnyDocument],
        *,
        sync: Sync = False,
        expected: Mapping[str, str] = MappingProxyType({}),
        on_error: Callable[[SourceError], None] | None = None,
        batch_characters: int | None = None,
        progress: Progress = silent,
    ) -> AddReport:
        """Add documents. Unchanged text is skipped; changed text under a known id replaces the old one.

        Documents that `read_documents` read from files keep the ids that the database knows their files by.

        Committed batch by batch: after an interruption, adding the same documents again resumes where it was.

        Args:
            documents: any number; they are read as they are written.
            sync: remove all other documents, so that the database holds just these. A function is asked at
                the end whether to, when it knows whether all documents could be read. A `SyncScope` removes
                only what came from some places and is gone from there.
            expected: revisions by id, as `ListedDocument` has them; empty: there is no such document. Where
                one is another, nothing is added.
            on_error: called with the error of a document whose id came before in this call with another text
                or is another file's, or whose tokens are not the tokenizer's; None: raise.
            batch_characters: so much text between two commits; None: as much as takes some seconds.
            progress: called with how many documents are done; see also `openbook.progress`.

        Raises:
            TypeError: something that is not a document.
            DatabaseError: another process is writing.
            ConflictError: a document is not as it is expected.
            SourceError: two different texts with one id; an id made from a path that another file has, which
                is still there; foreign tokens; nothing to sync with.
        """
        documents = require_documents(documents)
        with self._writer(progress) as writer:
            require_revisions(writer.catalog, expected)
            report = writer.add(
                documents,
                sync=sync,
                on_error=on_error,
                batch_characters=batch_characters,
                progress=progress,
            )
        self.refresh()
        return report

    def remove(self, ids: Iterable[str], *, expected: Mapping[str, str] = MappingProxyType({})) -> int:
        """Remove documents by id; no search finds them any more. Returns the new version.

        Args:
            ids: of documents.
            expected: see `add`.

        Raises:
            ConflictError: a document is not as it is expected.
            TypeError: an id alone in place of a list, or an id that is not a str.
            DatabaseError: another process is writing, or there is no such document (then none is removed).
        """
        ids = list_of_texts(ids, where="ids", remedy='call remove(["id", ...])')
        with self._writer() as writer:
            require_revisions(writer.catalog, expected)
            version = writer.remove(ids)
        self.refresh()
        return version

    def compact(self, *, progress: Progress = silent) -> int:
        """Write all files again without what was removed. Returns the new version; chunks get new numbers.

        Versions that were opened before are read from the files that they opened.

        Raises:
            DatabaseError: another process is writing, or the disk has no room for a second copy.
        """
        with self._writer(progress) as writer:
            version = writer.compact(progress=progress)
        self.refresh()
        return version

    def catch_up(self, *, bulk: bool = False, progress: Progress = silent) -> None:
        """Bring to an end what an interrupted call left: look for near-copies, make and complete the indexes.

        Args:
            bulk: complete the dense index to nearly every chunk, because many queries are to follow.
            progress: called in stages.

        Raises:
            DatabaseError: another process is writing.
        """
        with self._writer(progress) as writer:
            writer.finish(bulk=bulk, progress=progress)
        self.refresh()

    # --- Reading: all of it is `opened`'s ---

    @property
    def opened(self) -> Version:
        """The version that this object reads: hold on to it to read the same one throughout."""
        return self._opened

    @property
    def path(self) -> Path:
        """The folder."""
        return self._folder.path

    @property
    def settings(self) -> DatabaseSettings:
        """What the database was made with."""
        return self._folder.settings

    @property
    def tokenizer(self) -> Tokenizer:
        """Turns texts into tokens, and chunks into text."""
        return self._folder.tokenizer

    @property
    def catalog(self) -> DocumentCatalog:
        """The truth about settings, documents and commits."""
        return self._folder.catalog

    @property
    def version(self) -> int:
        """Of what this object reads; grows by one with each commit."""
        return self._opened.version

    @property
    def layout(self) -> ChunkLayout:
        """Which chunk is of which document."""
        return self._opened.layout

    @property
    def tokens(self) -> Rows:
        """[num_chunks, M], of the tokenizer's vocabulary."""
        return self._opened.tokens

    @property
    def vectors(self) -> Rows | None:
        """float16 [num_chunks, E]; None in a lexical-only database."""
        return self._opened.vectors

    @property
    def embedder(self) -> Embedder:
        """See `Version.embedder`."""
        return self._opened.embedder

    def search(
        self,
        texts: Sequence[str] | str,
        *,
        k: int = 5,
        mode: str | None = None,
        documents: DocumentFilter | None = None,
        by: SearchUnit = "chunk",
    ) -> list[list[Hit]]:
        """Find the chunks nearest to each text; see `Version.search`."""
        return self._opened.search(texts, k=k, mode=mode, documents=documents, by=by)

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
        return self._opened.search_chunks(queries, k=k, mode=mode, exclude=exclude, documents=documents)

    def text_queries(self, texts: Sequence[str]) -> Queries:
        """See `Version.text_queries`."""
        return self._opened.text_queries(texts)

    def hits(self, chunk_ids: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Hit]:
        """What people see of these chunks [k]; -1 is left out."""
        return self._opened.hits(chunk_ids, scores)

    def chunk_texts(self, chunk_ids: NDArray[np.int64] | Sequence[int]) -> list[str]:
        """The text of each chunk, without padding; empty for -1."""
        return self._opened.chunk_texts(chunk_ids)

    def info(self) -> DatabaseInfo:
        """Counts, sizes and settings."""
        return self._opened.info()

    def commits(self) -> list[Commit]:
        """All versions, the oldest first."""
        return self._opened.commits()

    def excluded(self) -> list[Exclusion]:
        """The documents kept out of retrieval and training because they nearly equal another."""
        return self._opened.excluded()

    def documents(self) -> list[ListedDocument]:
        """List the documents of the newest version, in the order of their chunks."""
        return self._opened.documents()

    def verify(self, *, progress: Progress = silent) -> VerifyReport:
        """Compare every file with its checksums and the catalog; see also `repair`."""
        return verify(self.path, progress=progress)
