"""The write path: one writer at a time, batch after batch.

What is written, described anew and removed is decided here, the same for every database. How a batch is
written is not: there is a writer of one database (database_writer.py), and one of a sharded book, which has
such a writer for each shard that changes (`openbook.database.shards.book_writer`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from openbook.database.near_copies.exclusions import (
    MUCH_TEXT,
    NearCopies,
    SharedRun,
    most_frequent_shared_run,
    share_of_text_excluded,
)
from openbook.database.search.embedder import Embedder
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.database_folder import OpenedFolder
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.documents_by_origin import live_origins, origin_of
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.settings import DatabaseSettings
from openbook.database.write.batches import first_of_each_id, in_batches
from openbook.database.write.document_rows import FOLLOWED, said_of
from openbook.database.write.identities import Identities
from openbook.database.write.sync_scope import Given, SyncScope
from openbook.database.write.text_progress import TextProgress
from openbook.database.write.unknown_tokens import UnknownTokens
from openbook.errors import DatabaseError, SourceError
from openbook.phrases import command
from openbook.progress import Progress, silent
from openbook.text import AnyDocument, Tokenizer
from openbook.text.document_ids import suggestion

_NAMED_IDS = 5

Sync = bool | Callable[[], bool] | SyncScope
"""What an `add` removes that it was not given; see `Database.add`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReport:
    """What an `add` did, in documents."""

    added: int
    replaced: int
    unchanged: int
    removed: int
    """By `sync`: they were no longer among what was given, or gone from where they came from."""
    excluded: int
    """Kept out of retrieval because they nearly equal a held-out document, or an earlier one."""
    excluded_in_part: int = 0
    """Of which some chunks are kept out of retrieval, for they share a run with a held-out document."""
    excluded_share: float = 0.0
    """Of the tokens of the database afterwards that are not held out."""
    shared_run: SharedRun | None = None
    """What most of the newly excluded documents share, if more than 5 % of the text is excluded."""
    described: int = 0
    """Of the unchanged: they have a new title, source, language or origin."""
    moved: int = 0
    """Of those that were stored: their files are elsewhere now."""
    chunks: int
    """Written by this call."""
    version: int
    """Of the database afterwards."""
    unknown_tokens: int = 0
    """Written by this call for what the tokenizer cannot spell, or parts of texts that it gave no token at
    all: that text is lost."""
    unknown_share: float = 0.0
    """Of all tokens that this call wrote."""
    unknown_examples: tuple[str, ...] = ()
    """Some of what it cannot spell."""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What one comparison excluded; see `AddReport`."""

    documents: int = 0
    in_part: int = 0
    share: float = 0.0
    shared_run: SharedRun | None = None


@dataclass
class Writer(ABC):
    """Holds the database's lock inside its `with` block.

    Raises:
        DatabaseError: another writer holds the lock.
    """

    folder: OpenedFolder
    embedder: Callable[[], Embedder]
    progress: Progress = silent
    """Told when the lexical index has to be made again."""
    unknown: UnknownTokens = field(default_factory=UnknownTokens, kw_only=True)
    """What the tokenizer could not spell of what was written."""
    text_progress: TextProgress = field(default_factory=TextProgress, kw_only=True)
    """Told how far a batch is."""
    _held: ExitStack = field(init=False)
    """Lets go of the locks."""

    @property
    @abstractmethod
    def catalog(self) -> DocumentCatalog:
        """The documents as they are now, also what is not committed yet."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Take the locks, and put right what an interrupted writer left."""

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of them."""

    @abstractmethod
    def write(self, documents: Sequence[AnyDocument], replaced: Iterable[str]) -> int:
        """Write one batch; returns the number of its chunks.

        Args:
            documents: at least one, each id once; none of them is stored with this text.
            replaced: ids of those that are stored with another text.
        """

    @abstractmethod
    def remove_stored(self, ids: Iterable[str], *, action: str) -> None:
        """Remove live documents.

        Args:
            ids: of documents that are known to be live.
            action: what the commit is called.
        """

    @abstractmethod
    def redescribe(self, described: dict[str, dict[str, Any]]) -> None:
        """Describe live documents of the same text otherwise; see `Catalog.redescribe`."""

    @abstractmethod
    def finish(self, *, bulk: bool = False, progress: Progress = silent) -> Exclusions:
        """After the last batch: keep near-copies out, let the indexes keep up.

        Args:
            bulk: let the dense index catch up with nearly everything, for the sake of many queries.
            progress: called in stages.
        """

    @abstractmethod
    def compact(self, *, progress: Progress = silent) -> int:
        """Reclaim the space of removed documents; see `Database.compact`.

        Returns:
            The new version; the old one if nothing was removed.
        """

    @abstractmethod
    def layout(self) -> ChunkLayout:
        """Of the documents as they are now."""

    @property
    def settings(self) -> DatabaseSettings:
        return self.folder.settings

    @property
    def tokenizer(self) -> Tokenizer:
        return self.folder.tokenizer

    def add(
        self,
        documents: Iterable[AnyDocument],
        *,
        sync: Sync = False,
        on_error: Callable[[SourceError], None] | None = None,
        batch_characters: int | None = None,
        progress: Progress = silent,
    ) -> AddReport:
        """Add documents; see `Database.add`."""
        added = replaced = unchanged = described = chunks = done = 0
        identities, given = Identities(self.catalog, on_error), Given()
        identified = identities.identified(documents)
        noted = given.noting(identified) if sync else identified
        checked = first_of_each_id(noted, vocab_size=self.tokenizer.vocab_size, on_error=on_error)
        self.text_progress = TextProgress(progress)
        batches = in_batches(checked, stored=self.catalog.live, characters=batch_characters)
        for batch in batches:
            if batch.changed:
                self.text_progress.begin(batch.changed)
                chunks += self.write(self._described(batch.changed, batch.replaced), batch.replaced)
            described += self._redescribe(batch.unchanged)
            added += len(batch.changed) - len(batch.replaced)
            replaced += len(batch.replaced)
            unchanged += len(batch.unchanged)
            done += len(batch.changed) + len(batch.unchanged)
            self.text_progress.end(batch.changed, batch.unchanged)
            progress(done, None)
        removed = self._remove_gone(sync, given, identities) if sync else 0
        exclusions = self.finish(progress=progress)
        return AddReport(
            added=added,
            replaced=replaced,
            unchanged=unchanged,
            described=described,
            moved=len(identities.moves),
            removed=removed,
            excluded=exclusions.documents,
            excluded_in_part=exclusions.in_part,
            excluded_share=exclusions.share,
            shared_run=exclusions.shared_run,
            chunks=chunks,
            version=self.catalog.head().version,
            unknown_tokens=self.unknown.tokens,
            unknown_share=self.unknown.share,
            unknown_examples=tuple(self.unknown.examples),
        )

    def _described(self, documents: Sequence[AnyDocument], replaced: Iterable[str]) -> list[AnyDocument]:
        """The same documents; what one that replaces another does not say of itself is what was stored."""
        records = self.catalog.live_records(list(replaced))
        described = []
        for document in documents:
            before = records.get(document.id)
            stored: dict[str, Any] = {}
            if before is not None:
                unsaid = set(FOLLOWED) - said_of(document).keys()
                stored = {name: value for name in unsaid if (value := _stored(before, name))}
            described.append(replace(document, **stored) if stored else document)
        return described

    def _redescribe(self, documents: Sequence[AnyDocument]) -> int:
        """Follow what is newly said of documents whose text stays as it is; returns how many there are.

        What is empty is not said: with the title "A" stored, "B" replaces it and "" does not, unless it is
        among what is `cleared`.
        """
        said = {document.id: said_of(document) for document in documents}
        said = {document_id: values for document_id, values in said.items() if values}
        records = self.catalog.live_records(list(said))
        news = {
            document_id: values
            for document_id, values in said.items()
            if any(_stored(records[document_id], name) != value for name, value in values.items())
        }
        if news:
            self.redescribe(news)
        return len(news)

    def _remove_gone(self, sync: Sync, given: Given, identities: Identities) -> int:
        """Remove what was not given, as far as `sync` says so."""
        kept = given.ids | identities.refused
        absent = [row for row in live_origins(self.catalog) if row[0] not in kept]
        if isinstance(sync, SyncScope):
            gone = sync.gone(absent, given, identities.all_moves)
        elif sync is not True and not (sync and sync()):
            return 0
        elif not kept:
            raise SourceError(
                f"{self.folder.path}: nothing was given to sync with, so nothing was removed; give the "
                "documents that are to stay, or remove all by their ids"
            )
        else:
            gone = [document_id for document_id, _ in absent]
        if gone:
            self.remove_stored(gone, action="sync")
        return len(gone)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove live documents; see `Database.remove`."""
        wanted = list(dict.fromkeys(ids))
        known = self.catalog.live(wanted)
        missing = [document_id for document_id in wanted if document_id not in known]
        if missing:
            live_ids = self.catalog.live_ids()
            unknown = ", ".join(suggestion(name, live_ids) for name in missing[:_NAMED_IDS])
            raise DatabaseError(
                f"{self.folder.path}: no document {unknown}; nothing was removed "
                f"(all documents: {command('list', self.folder.path)})"
            )
        self.remove_stored(wanted, action="remove")
        self.finish()
        return self.catalog.head().version

    def count_exclusions(self, copies: NearCopies, tokens: Rows) -> Exclusions:
        """Count what is newly excluded, and name what it shares if it is much."""
        if not copies.pieces:
            return Exclusions()
        layout = self.layout()
        share, shared_run = share_of_text_excluded(layout), None
        if share > MUCH_TEXT:
            shared_run = most_frequent_shared_run(copies, layout, tokens, self.tokenizer)
        return Exclusions(len(copies.documents), len(copies.chunks), share, shared_run)


def _stored(record: DocumentRecord, name: str) -> object:
    """What is stored of a document; of an old database's the origin by its source."""
    return origin_of(record) if name == "origin" else getattr(record, name)
