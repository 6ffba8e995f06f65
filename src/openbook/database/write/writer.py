"""The write path: one writer at a time, batch after batch, each committed before the next begins.

Order of a batch: arrays, lexical index, then the catalog's transaction. A crash in between leaves rows and
entries that no commit vouches for; the next writer cuts them off before it writes. What a commit removes is
taken out of the lexical index after it, so that a commit that fails has removed nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.exclusions import (
    MUCH_TEXT,
    NearCopies,
    SharedRun,
    documents_to_compare,
    find_near_copies,
    most_frequent_shared_run,
    share_of_text_excluded,
)
from openbook.database.search.dense_store import LONGEST_TAIL, TAIL_FOR_BULK, maintain_dense, needs_care
from openbook.database.search.embedder import Embedder
from openbook.database.search.lexical import LexicalIndex, remove_replaced, replacement
from openbook.database.search.tantivy_files import remove_uncommitted_deletes
from openbook.database.search.whole_words import texts_of_documents
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.database_folder import DatabaseFolder, require_no_shard
from openbook.database.storage.documents_by_origin import live_origins, origin_of
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.manifest import forget_catalog, write_manifest
from openbook.database.storage.settings import DatabaseSettings
from openbook.database.write.batches import first_of_each_id, in_batches
from openbook.database.write.document_rows import FOLLOWED, cut_batch, lengths_of, said_of
from openbook.database.write.identities import Identities
from openbook.database.write.sync_scope import Given, SyncScope
from openbook.database.write.text_progress import TextProgress
from openbook.database.write.unknown_tokens import UnknownTokens
from openbook.errors import DatabaseError, SourceError
from openbook.lock import take_lock
from openbook.phrases import command
from openbook.progress import Progress, silent, stage
from openbook.text import AnyDocument, Tokenizer
from openbook.text.document_ids import suggestion

_NAMED_IDS = 5
_ENCODED_AT_ONCE = 256
"""Chunks: some seconds on two cores."""

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
class Writer:
    """Holds the database's lock inside its `with` block.

    Raises:
        DatabaseError: another writer holds the lock.
    """

    folder: DatabaseFolder
    embedder: Callable[[], Embedder]
    progress: Progress = silent
    """Told when the lexical index has to be made again."""
    of_book: bool = False
    """Whether it writes a shard, or what is to be one: its book compares the documents of all shards."""
    shards: int = 1
    """Of that book, for `openbook.database.search.dense_store.is_large`."""
    dense: bool = True
    """Whether the dense index keeps up; False: whoever made this sees to that."""
    files: Files = field(init=False)
    """Of the newest generation."""
    _held: ExitStack = field(init=False)
    """Lets go of the locks: ours, and that of the lexical index."""
    _lexical: LexicalIndex = field(init=False)
    _mark: int = field(init=False)
    _dead: list[range] = field(init=False, default_factory=list)
    _held_out_ids: frozenset[str] = field(init=False)
    _unknown: UnknownTokens = field(init=False, default_factory=UnknownTokens)
    _text: TextProgress = field(init=False, default_factory=TextProgress)

    @property
    def catalog(self) -> Catalog:
        return self.folder.catalog

    @property
    def settings(self) -> DatabaseSettings:
        return self.folder.settings

    @property
    def tokenizer(self) -> Tokenizer:
        return self.folder.tokenizer

    def __enter__(self) -> "Writer":
        self._held_out_ids = frozenset(self.settings.holdout_ids)
        if not self.of_book:
            require_no_shard(self.folder.path)
        with ExitStack() as held:
            held.callback(take_lock(self.folder.path / "write.lock").release)
            if self.catalog.lacks_columns:
                forget_catalog(self.catalog)
                self.catalog.add_missing_columns()
            head = self.catalog.head()
            self._mark = head.num_chunks
            self.files = self.folder.files(head.generation)
            self.files.clear_other_generations()
            self._agree_with_catalog(held)
            self._held = held.pop_all()
        return self

    def _agree_with_catalog(self, held: ExitStack) -> None:
        """Arrays and index hold what the catalog vouches for: no more after a crash, no less if deleted.

        An index that an earlier analyzer made is made again.
        """
        for array in self.files.arrays:
            array.truncate(self._mark)
        remove_replaced(self.files.lexical)
        remove_uncommitted_deletes(self.files.lexical)
        self._lexical = LexicalIndex(self.files.lexical)
        held.callback(lambda: self._lexical.close())  # noqa: PLW0108 - `move_to` opens another
        self._lexical.check_files()
        tokens = self.files.tokens.rows(self._mark)
        if self._lexical.is_current:
            self.index_words(self._lexical, tokens, start=self._lexical.cut(self._mark))
        else:
            with replacement(self.files.lexical) as index:
                self.index_words(index, tokens, start=0)
            self._lexical = LexicalIndex(self.files.lexical)

    def index_words(self, index: LexicalIndex, tokens: Rows, *, start: int) -> None:
        """Add all chunks numbered `start` or higher that belong into the lexical index, and commit it."""
        documents = self.catalog.indexed_chunks(start=start)
        progress = stage(self.progress, "indexing words") if documents else silent
        for chunks in documents:
            try:
                texts = texts_of_documents(tokens, self.tokenizer, [chunks])
            except DatabaseError:  # damage, which `verify` names: the other documents are to be found
                continue
            index.add(chunks, texts)
            progress(chunks.stop, len(tokens))
        index.commit()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._held:
            if self._dead:
                for chunks in self._dead:
                    self._lexical.delete_chunks(chunks)
                self._lexical.commit()
            if kind is None:
                self._lexical.close()
                write_manifest(self.catalog)

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
        self._text = TextProgress(progress)
        batches = in_batches(checked, stored=self.catalog.live, characters=batch_characters)
        for batch in batches:
            if batch.changed:
                self._text.begin(batch.changed)
                chunks += self._write(self._described(batch.changed, batch.replaced), batch.replaced)
            described += self._redescribe(batch.unchanged)
            added += len(batch.changed) - len(batch.replaced)
            replaced += len(batch.replaced)
            unchanged += len(batch.unchanged)
            done += len(batch.changed) + len(batch.unchanged)
            self._text.end(batch.changed, batch.unchanged)
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
            unknown_tokens=self._unknown.tokens,
            unknown_share=self._unknown.share,
            unknown_examples=tuple(self._unknown.examples),
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
            self.catalog.redescribe(news)
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
                f"{self.files.folder}: nothing was given to sync with, so nothing was removed; give the "
                "documents that are to stay, or remove all by their ids"
            )
        else:
            gone = [document_id for document_id, _ in absent]
        if gone:
            self._commit("sync", [], gone, self._mark)
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
                f"{self.files.folder}: no document {unknown}; nothing was removed "
                f"(all documents: {command('list', self.folder.path)})"
            )
        self._commit("remove", [], wanted, self._mark)
        self.finish()
        return self.catalog.head().version

    def finish(self, *, bulk: bool = False, progress: Progress = silent) -> Exclusions:
        """After the last commit: keep near-copies out, let the dense index keep up.

        Args:
            bulk: let it catch up with nearly everything, for the sake of many queries.
            progress: called in stages.
        """
        excluded = Exclusions()
        if not self.of_book and (waiting := documents_to_compare(self.catalog, self.settings)):
            stage_progress = stage(progress, "looking for near-copies")
            tokens = self.files.tokens.rows(self._mark)
            found = find_near_copies(
                self.layout(), tokens, self.settings, waiting=waiting, progress=stage_progress
            )
            self.catalog.exclude(waiting, found.documents, found.chunks)
            excluded = self._count(found, tokens)
        if self.dense and self.files.vectors is not None:
            self._maintain_dense(TAIL_FOR_BULK if bulk else LONGEST_TAIL, progress)
        return excluded

    def _maintain_dense(self, longest_tail: float, progress: Progress) -> None:
        """Build the dense index, let it catch up, or delete it, as the number of chunks asks for."""
        folder, layout, shards = self.files.dense, self.layout(), self.shards
        assert self.files.vectors is not None
        if needs_care(folder, layout, shards=shards, longest_tail=longest_tail):
            rows = self.files.vectors.rows(self._mark)
            maintain_dense(folder, layout, rows, shards=shards, progress=progress)

    def _count(self, copies: NearCopies, tokens: Rows) -> Exclusions:
        """Count what is newly excluded, and name what it shares if it is much."""
        if not copies.pieces:
            return Exclusions()
        layout = self.layout()
        share, shared_run = share_of_text_excluded(layout), None
        if share > MUCH_TEXT:
            shared_run = most_frequent_shared_run(copies, layout, tokens, self.tokenizer)
        return Exclusions(len(copies.documents), len(copies.chunks), share, shared_run)

    def move_to(self, files: Files, mark: int) -> None:
        """Go on with the files of a new generation, whose lexical index is complete."""
        self._lexical.close()
        self._lexical = LexicalIndex(files.lexical)
        self.files, self._mark, self._dead = files, mark, []
        files.clear_other_generations()

    def layout(self) -> ChunkLayout:
        """Of the newest version."""
        return self.files.layout(self.catalog.snapshot())

    def _write(self, documents: Sequence[AnyDocument], replaced: Iterable[str]) -> int:
        """Write one batch and commit it; returns the number of its chunks."""
        held_out = self._held_out_ids
        tokens, records = cut_batch(
            documents, self.tokenizer, self.settings, first_chunk=self._mark, held_out_ids=held_out
        )
        self._unknown.count(documents, tokens, records, self.tokenizer)
        self._write_rows(tokens, records)
        mark = self._mark + len(tokens)
        self._commit("add", records, replaced, mark)
        self._mark = mark
        return len(tokens)

    def _write_rows(self, tokens: NDArray[np.uint16 | np.uint32], records: list[DocumentRecord]) -> None:
        vectors = None
        if self.files.vectors is not None:
            vectors = self._encode(self.tokenizer.decode(tokens.tolist()))
        self.files.tokens.append(tokens, first=self._mark)
        if self.files.lengths is not None:
            self.files.lengths.append(lengths_of(records, tokens.shape[1]), first=self._mark)
        if self.files.vectors is not None and vectors is not None:
            self.files.vectors.append(vectors.astype(np.float16), first=self._mark)
        self._index_words_of(tokens, [record for record in records if not record.holdout])
        self._lexical.commit()

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode the batch's chunks [n, E], some at a time, for all of them may take many seconds."""
        vectors = [np.empty((0, self.settings.embedding_size), dtype=np.float32)]
        for start in range(0, len(texts), _ENCODED_AT_ONCE):
            vectors.append(self.embedder().encode(texts[start : start + _ENCODED_AT_ONCE]))
            self._text.part(min(start + _ENCODED_AT_ONCE, len(texts)), len(texts))
        return np.concatenate(vectors)

    def _index_words_of(self, tokens: NDArray[np.uint16 | np.uint32], records: list[DocumentRecord]) -> None:
        """Add documents whose chunks are among the rows [n, M] that are being written."""
        firsts = [record.first_chunk - self._mark for record in records]
        documents = [
            range(first, first + record.num_chunks) for first, record in zip(firsts, records, strict=True)
        ]
        if documents:
            rows = chain.from_iterable(documents)
            texts = texts_of_documents(tokens, self.tokenizer, documents)
            told = texts if self.files.vectors is not None else self._text.telling(texts)
            self._lexical.add((self._mark + row for row in rows), told)

    def _commit(self, action: str, add: list[DocumentRecord], remove: Iterable[str], num_chunks: int) -> None:
        """Make a new version, and only then remember what is to leave the lexical index."""
        ids = list(remove)
        dead = self.catalog.chunks_of(ids)
        self.catalog.commit(action=action, add=add, remove=ids, num_chunks=num_chunks)
        self._dead += dead


def _stored(record: DocumentRecord, name: str) -> object:
    """What is stored of a document; of an old database's the origin by its source."""
    return origin_of(record) if name == "origin" else getattr(record, name)
