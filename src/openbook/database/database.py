"""The database as its users see it: one folder to create, open, add to, remove from and search.

A `Database` object reads one version, the newest when it was opened, and moves to the newest with `refresh`,
which its own `add`, `remove` and `compact` do. Several threads may search it while one of them changes it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openbook.database.arrays import Rows
from openbook.database.catalog import Catalog
from openbook.database.compact import compact
from openbook.database.creation import create_folder, open_folder
from openbook.database.dense import Found
from openbook.database.embedder import DEFAULT_EMBEDDER, Embedder, load_embedder
from openbook.database.files import Files
from openbook.database.info import DatabaseInfo, describe
from openbook.database.layout import ChunkLayout
from openbook.database.records import Commit, Exclusion
from openbook.database.search import Hit, Queries, check_mode
from openbook.database.settings import DatabaseSettings
from openbook.database.verify import VerifyReport, verify
from openbook.database.version import Version, open_version
from openbook.database.writer import AddReport, Writer
from openbook.errors import MismatchError, SourceError
from openbook.progress import Progress, silent
from openbook.text import AnyDocument, Tokenizer


def same_embedder(settings: DatabaseSettings, path: Path) -> Embedder:
    """The encoder that made the vectors of the database at `path`.

    Raises:
        MismatchError: its weights are not the same any more.
    """
    assert settings.embedder is not None
    embedder = load_embedder(settings.embedder)
    if embedder.fingerprint != settings.embedder_fingerprint:
        raise MismatchError(
            f"{path}: its vectors were made with {settings.embedder} {settings.embedder_fingerprint} "
            f"from {settings.embedder_source}, but {embedder.source} gives {embedder.fingerprint}; "
            "use the same weights"
        )
    return embedder


class Database:
    """A retrieval database in a folder. Make one with `create`, open one with `open`."""

    def __init__(
        self, path: Path, catalog: Catalog, settings: DatabaseSettings, tokenizer: Tokenizer
    ) -> None:
        self.path = path
        self.settings = settings
        self.tokenizer = tokenizer
        self.catalog = catalog
        self.refresh()

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
        """
        loaded = None if embedder is None else load_embedder(embedder)
        listed = isinstance(holdout, Iterable)
        catalog, settings, tokenizer = create_folder(
            Path(path),
            tokenizer,
            loaded,
            chunk_size=chunk_size,
            holdout=0.0 if isinstance(holdout, Iterable) else holdout,
            holdout_ids=tuple(dict.fromkeys(holdout)) if listed else (),  # type: ignore[arg-type]
            decontaminate=decontaminate,
            deduplicate=deduplicate,
        )
        database = cls(Path(path), catalog, settings, tokenizer)
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
        return cls(Path(path), *open_folder(Path(path)))

    def refresh(self) -> None:
        """Move to the newest version."""
        before: Version | None = getattr(self, "_opened", None)
        self._opened = open_version(
            self.catalog, self.settings, self.tokenizer, self._files, self._mend_indexes, before
        )

    def _files(self, generation: int) -> Files:
        return Files.of(self.path, self.settings, vocab_size=self.tokenizer.vocab_size, generation=generation)

    def _writer(self) -> Writer:
        return Writer(self.catalog, self._files, self.settings, self.tokenizer, lambda: self.embedder)

    def _mend_indexes(self) -> None:
        with self._writer() as writer:
            writer.finish()

    def __reduce__(self) -> tuple[Callable[[Path], "Database"], tuple[Path]]:
        """A copy for another process (a data loader's) opens the folder itself."""
        return Database.open, (self.path,)

    @property
    def opened(self) -> Version:
        """The version that this object reads: hold on to it to read the same one throughout."""
        return self._opened

    @property
    def version(self) -> int:
        """Of what this object reads; grows by one with each commit."""
        return self.layout.version

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

    @cached_property
    def embedder(self) -> Embedder:
        """The frozen encoder, loaded when first needed.

        Raises:
            MismatchError: its weights are not those that the vectors were made with.
        """
        return same_embedder(self.settings, self.path)

    def add(
        self,
        documents: Iterable[AnyDocument],
        *,
        sync: bool = False,
        on_error: Callable[[SourceError], None] | None = None,
        progress: Progress = silent,
    ) -> AddReport:
        """Add documents. Unchanged text is skipped; changed text under a known id replaces the old one.

        Committed batch by batch: after an interruption, adding the same documents again goes on where it was.

        Args:
            documents: any number; they are read as they are written.
            sync: remove all other documents, so that the database holds just these.
            on_error: told of a document whose id came before in this call with another text, or whose tokens
                are not the tokenizer's; None: raise.
            progress: told how many documents are done.

        Raises:
            DatabaseError: another process is writing.
            SourceError: two different texts with one id; foreign tokens; nothing to sync with.
        """
        with self._writer() as writer:
            report = writer.add(documents, sync=sync, on_error=on_error, progress=progress)
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

    def compact(self, *, progress: Progress = silent) -> int:
        """Write all files anew without what was removed. Returns the new version; chunks get new numbers.

        A database that was opened before goes on reading the files that it opened.

        Raises:
            DatabaseError: another process is writing, or the disk has no room for a second copy.
        """
        with self._writer() as writer:
            version = compact(writer, progress=progress)
        self.refresh()
        return version

    def verify(self, *, progress: Progress = silent) -> VerifyReport:
        """Compare every file with its checksums and the catalogue; see also `repair`."""
        return verify(self.path, progress=progress)

    def mend(self, *, bulk: bool = False, progress: Progress = silent) -> None:
        """Make again what is missing from the indexes, and let them catch up with the arrays.

        Args:
            bulk: catch up with nearly every chunk, because many queries are to follow.
            progress: told in stages.

        Raises:
            DatabaseError: another process is writing.
        """
        with self._writer() as writer:
            writer.finish(bulk=bulk, progress=progress)
        self.refresh()

    def search(self, texts: Sequence[str], *, k: int = 5, mode: str | None = None) -> list[list[Hit]]:
        """Find the chunks nearest to each text.

        Args:
            texts: the queries.
            k: hits a query, fewer if the database has fewer.
            mode: dense, bm25 or hybrid; None: dense where there are vectors, else bm25.

        Returns:
            For each text its hits, best first.
        """
        opened = self._opened
        checked = check_mode(mode, has_dense=opened.vectors is not None)
        k = min(k, max(1, opened.layout.num_chunks))
        ids, scores = opened.searcher.search(self.text_queries(texts), k=k, mode=checked)
        return [opened.hits(*row) for row in zip(ids, scores, strict=True)]

    def text_queries(self, texts: Sequence[str]) -> Queries:
        """Queries from texts; they are encoded only if a mode asks for vectors, and once."""
        return Queries(lambda: texts, cache(lambda: self.embedder.encode(texts)), len(texts))

    def search_chunks(
        self, queries: Queries, *, k: int, mode: str | None = None, exclude: NDArray[np.int64] | None = None
    ) -> Found:
        """As `search`, in chunk numbers; see `Searcher.search`."""
        opened = self._opened
        checked = check_mode(mode, has_dense=opened.vectors is not None)
        return opened.searcher.search(queries, k=k, mode=checked, exclude=exclude)

    def hits(self, chunk_ids: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Hit]:
        """What people see of these chunks [k]; -1 is left out."""
        return self._opened.hits(chunk_ids, scores)

    def chunk_texts(self, chunk_ids: NDArray[np.int64] | Sequence[int]) -> list[str]:
        """The text of each chunk, without filling; empty for -1."""
        return self._opened.chunk_texts(chunk_ids)

    def info(self) -> DatabaseInfo:
        """Counts, sizes and settings."""
        return describe(self.settings, self._opened)

    def commits(self) -> list[Commit]:
        """All versions, the oldest first."""
        return self.catalog.commits()

    def excluded(self) -> list[Exclusion]:
        """The documents kept out of retrieval and training because they nearly equal another."""
        return self.catalog.excluded()
