"""The database as its users see it: one folder to create, open, add to, remove from and search.

A `Database` object reads one version, the newest when it was opened, and moves to the newest with `refresh`,
which its own `add`, `remove` and `compact` do. Several threads may search it while one of them changes it.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from openbook.database.reader import DatabaseReader
from openbook.database.search import embedder as embedders
from openbook.database.search.embedder import DEFAULT_EMBEDDER
from openbook.database.verify import VerifyReport, verify
from openbook.database.write.compact import compact
from openbook.database.write.creation import create_folder, open_folder
from openbook.database.write.writer import AddReport, Writer
from openbook.errors import SourceError
from openbook.progress import Progress, silent
from openbook.text import AnyDocument, Tokenizer


class Database(DatabaseReader):
    """A retrieval database in a folder. Make one with `create`, open one with `open`."""

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
        loaded = None if embedder is None else embedders.load_embedder(embedder)
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

    def _writer(self) -> Writer:
        return Writer(self.catalog, self._files, self.settings, self.tokenizer, lambda: self.embedder)

    def _mend_indexes(self) -> None:
        with self._writer() as writer:
            writer.finish()

    def __reduce__(self) -> tuple[Callable[[Path], "Database"], tuple[Path]]:
        """A copy for another process (a data loader's) opens the folder itself."""
        return Database.open, (self.path,)

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
