"""The database as its users see it: one folder to create, open, add to, remove from and search.

A `Database` object reads one version, the newest when it was opened, and moves to the newest with `refresh`,
which its own `add` and `remove` do. The catalogue, the arrays and the indexes have files of their own here.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.catalog import FILE_NAME, UNFINISHED_NAME, Catalog
from openbook.database.embedder import DEFAULT_EMBEDDER, Embedder, load_embedder
from openbook.database.files import Files
from openbook.database.indexes import Indexes
from openbook.database.info import DatabaseInfo
from openbook.database.layout import ChunkLayout
from openbook.database.search import Found, Hit, Queries, Searcher, SearchMode, check_mode
from openbook.database.settings import DatabaseSettings
from openbook.database.writer import AddReport, Writer
from openbook.errors import DatabaseError, MismatchError, SourceError
from openbook.progress import Progress, silent
from openbook.text import Document, Tokenizer, load_tokenizer

_INTERRUPTED = {"tokenizer", UNFINISHED_NAME, f"{UNFINISHED_NAME}-journal"}
"""What a `create` that was killed may leave behind: the next one may write over it."""


class Database:
    """A retrieval database in a folder. Make one with `create`, open one with `open`."""

    def __init__(
        self, path: Path, catalog: Catalog, settings: DatabaseSettings, tokenizer: Tokenizer
    ) -> None:
        self.path = path
        self.settings = settings
        self.tokenizer = tokenizer
        self._catalog = catalog
        self._files = Files.of(path, settings, tokenizer.vocab_size)
        self.refresh()

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        tokenizer: Tokenizer | str,
        embedder: str | None = DEFAULT_EMBEDDER,
        chunk_size: int = 64,
        holdout: float = 0.0,
    ) -> "Database":
        """Make an empty database.

        Args:
            path: a folder that does not exist or is empty.
            tokenizer: its name or path, or one that is loaded.
            embedder: name or path of the frozen encoder; None: lexical only, no weights needed.
            chunk_size: M, tokens in a chunk.
            holdout: share of the documents to keep out of retrieval, for evaluation.

        Raises:
            DatabaseError: the folder holds something.
            SettingsError: a setting out of range, a tokenizer or encoder that cannot be loaded.
        """
        folder = Path(path)
        if (folder / FILE_NAME).exists():
            raise DatabaseError(f"{folder}: is a database already; open it, or choose another folder")
        if folder.exists() and not (folder.is_dir() and {p.name for p in folder.iterdir()} <= _INTERRUPTED):
            raise DatabaseError(f"{folder}: exists and is no database; choose another folder")
        if isinstance(tokenizer, str):
            tokenizer = load_tokenizer(tokenizer)
        loaded = None if embedder is None else load_embedder(embedder)
        settings = DatabaseSettings(
            tokenizer=tokenizer.name,
            tokenizer_fingerprint=tokenizer.fingerprint,
            chunk_size=chunk_size,
            holdout=holdout,
            embedder=loaded.name if loaded else None,
            embedder_source=loaded.source if loaded else None,
            embedder_fingerprint=loaded.fingerprint if loaded else None,
            embedding_size=loaded.size if loaded else 0,
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tokenizer.save(folder / "tokenizer")
            Catalog.create(folder, settings.to_dict())
        except OSError as error:
            raise DatabaseError(f"{folder}: cannot be written to: {error}") from error
        database = cls(folder, Catalog(folder), settings, tokenizer)
        if loaded is not None:
            database.__dict__["embedder"] = loaded  # already loaded: fills the cached property
        return database

    @classmethod
    def open(cls, path: str | Path) -> "Database":
        """Open the newest version of a database.

        Raises:
            DatabaseError: there is none, or it is damaged.
            MismatchError: its tokenizer's files are not those it was made with.
        """
        folder = Path(path)
        catalog = Catalog(folder)
        settings = DatabaseSettings.from_dict(catalog.settings(), where=str(folder))
        if not (folder / "tokenizer" / "tokenizer.json").is_file():
            raise DatabaseError(f"{folder}: its tokenizer/tokenizer.json is missing: restore it")
        tokenizer = load_tokenizer(str(folder / "tokenizer"))
        if tokenizer.fingerprint != settings.tokenizer_fingerprint:
            raise MismatchError(f"{folder / 'tokenizer'}: not the tokenizer that the database was made with")
        return cls(folder, catalog, settings, tokenizer)

    def refresh(self) -> None:
        """Move to the newest version."""
        version, num_chunks, rows = self._catalog.snapshot()
        self.layout = ChunkLayout.from_snapshot(
            version, num_chunks, rows, chunk_size=self.settings.chunk_size
        )
        self.tokens: NDArray[Any] = self._files.tokens.rows(num_chunks)
        self.vectors: NDArray[Any] | None = None
        if self._files.vectors is not None:
            self.vectors = self._files.vectors.rows(num_chunks)
        self._searcher = Searcher(
            self.layout, Indexes(self.layout, self.vectors, self._files.lexical, self._writer)
        )

    def __reduce__(self) -> tuple[Callable[[Path], "Database"], tuple[Path]]:
        """A copy for another process (a data loader's) opens the folder itself."""
        return Database.open, (self.path,)

    @property
    def version(self) -> int:
        """Of what this object reads; grows by one with each commit."""
        return self.layout.version

    @cached_property
    def embedder(self) -> Embedder:
        """The frozen encoder, loaded when first needed.

        Raises:
            MismatchError: its weights are not those that the vectors were made with.
        """
        assert self.settings.embedder is not None
        embedder = load_embedder(self.settings.embedder)
        if embedder.fingerprint != self.settings.embedder_fingerprint:
            raise MismatchError(
                f"{self.path}: its vectors were made with {self.settings.embedder} "
                f"{self.settings.embedder_fingerprint} from {self.settings.embedder_source}, but "
                f"{embedder.source} gives {embedder.fingerprint}; use the same weights"
            )
        return embedder

    def add(
        self,
        documents: Iterable[Document],
        *,
        on_error: Callable[[SourceError], None] | None = None,
        progress: Progress = silent,
    ) -> AddReport:
        """Add documents. Unchanged text is skipped; changed text under a known id replaces the old one.

        Committed batch by batch: after an interruption, adding the same documents again goes on where it was.

        Args:
            documents: any number; they are read as they are written.
            on_error: told of a document whose id came before in this call with another text; None: raise.
            progress: told how many documents are done.

        Raises:
            DatabaseError: another process is writing.
            SourceError: two different texts with one id.
        """
        with self._writer() as writer:
            report = writer.add(documents, on_error=on_error, progress=progress)
        self.refresh()
        return report

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents by id; no search finds them any more. Returns the new version.

        Raises:
            DatabaseError: another process is writing, or there is no such document (then none is removed).
        """
        with self._writer() as writer:
            version = writer.remove(ids)
        self.refresh()
        return version

    def _writer(self) -> Writer:
        return Writer(self._catalog, self._files, self.settings, self.tokenizer, lambda: self.embedder)

    def search(self, texts: Sequence[str], *, k: int = 5, mode: str | None = None) -> list[list[Hit]]:
        """Find the chunks nearest to each text.

        Args:
            texts: the queries.
            k: hits a query, fewer if the database has fewer.
            mode: dense, bm25 or hybrid; None: dense where there are vectors, else bm25.

        Returns:
            For each text its hits, best first.
        """
        k = min(k, max(1, self.layout.num_chunks))
        ids, scores = self.search_chunks(self.text_queries(texts), k=k, mode=mode)
        return [self.hits(*row) for row in zip(ids, scores, strict=True)]

    def text_queries(self, texts: Sequence[str]) -> Queries:
        """Queries from texts; they are encoded only if a mode asks for vectors, and once."""
        return Queries(lambda: texts, cache(lambda: self.embedder.encode(texts)), len(texts))

    def search_chunks(
        self, queries: Queries, *, k: int, mode: str | None = None, exclude: NDArray[np.int64] | None = None
    ) -> Found:
        """As `search`, in chunk numbers; see `Searcher.search`."""
        checked: SearchMode = check_mode(mode, has_dense=self.vectors is not None)
        return self._searcher.search(queries, k=k, mode=checked, exclude=exclude)

    def hits(self, chunk_ids: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Hit]:
        """What people see of these chunks [k]; -1 is left out."""
        found = chunk_ids >= 0
        ids, scores = chunk_ids[found], scores[found]
        after = np.where(self.layout.has_continuation[ids], ids + 1, -1)
        texts = self.chunk_texts(ids)
        continuations = self.chunk_texts(after)
        described = self._catalog.describe(self.layout.number[self.layout.document_of[ids]].tolist())
        return [
            Hit(d.id, int(chunk), float(score), text, continuation, d.title, d.source)
            for d, chunk, score, text, continuation in zip(
                described, ids, scores, texts, continuations, strict=True
            )
        ]

    def chunk_texts(self, chunk_ids: NDArray[np.int64]) -> list[str]:
        """The text of each chunk, without filling; empty for -1."""
        rows = [
            self.tokens[chunk, : self.layout.lengths[chunk]].tolist() if chunk >= 0 else []
            for chunk in chunk_ids
        ]
        return self.tokenizer.decode(rows)

    def info(self) -> DatabaseInfo:
        """Counts and settings."""
        return DatabaseInfo.of(self.layout, self.settings)
