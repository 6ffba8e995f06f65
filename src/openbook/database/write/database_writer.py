"""Writing to one database: each batch is committed before the next one begins.

Order of a batch: arrays, lexical index, then the catalog's transaction. A crash in between leaves rows and
entries that no commit vouches for; the next writer cuts them off before it writes. What a commit removes is
taken out of the lexical index after it, so that a commit that fails has removed nothing.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.exclusions import documents_to_compare, find_near_copies
from openbook.database.search.dense_store import (
    LONGEST_TAIL,
    TAIL_FOR_BULK,
    TrainedIndex,
    maintain_dense,
    needs_care,
    trained_index_of,
)
from openbook.database.search.lexical import LexicalIndex, remove_replaced, replacement
from openbook.database.search.tantivy_files import remove_uncommitted_deletes
from openbook.database.search.whole_words import texts_of_documents
from openbook.database.storage.arrays import Rows
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.database_folder import DatabaseFolder, require_no_shard
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.manifest import forget_catalog, write_manifest
from openbook.database.write.compact import write_compacted
from openbook.database.write.document_rows import cut_batch, lengths_of
from openbook.database.write.writer import Exclusions, Writer
from openbook.errors import DatabaseError
from openbook.lock import take_lock
from openbook.progress import Progress, silent, stage
from openbook.text import AnyDocument

_ENCODED_AT_ONCE = 256
"""Chunks: some seconds on two cores."""


@dataclass
class DatabaseWriter(Writer):
    """Writes to a database that stands alone, or to a shard of a book."""

    folder: DatabaseFolder
    of_book: bool = False
    """Whether it writes a shard, or what is to be one: its book compares the documents of all shards."""
    shards: int = 1
    """Of that book, for `openbook.database.search.dense_store.is_large`."""
    trained: TrainedIndex | None = None
    """What a new dense index is filled from; None: it is trained on the database's own vectors."""
    dense: bool = True
    """Whether the dense index keeps up; False: whoever made this sees to that."""
    files: Files = field(init=False)
    """Of the newest generation."""
    _lexical: LexicalIndex = field(init=False)
    _mark: int = field(init=False)
    _dead: list[range] = field(init=False, default_factory=list)
    _held_out_ids: frozenset[str] = field(init=False)

    @property
    def catalog(self) -> Catalog:
        return self.folder.catalog

    def __enter__(self) -> Self:
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
        held.callback(lambda: self._lexical.close())  # noqa: PLW0108 - `_move_to` opens another
        self._lexical.check_files()
        tokens = self.files.tokens.rows(self._mark)
        if self._lexical.is_current:
            self._index_words(self._lexical, tokens, start=self._lexical.cut(self._mark))
        else:
            with replacement(self.files.lexical) as index:
                self._index_words(index, tokens, start=0)
            self._lexical = LexicalIndex(self.files.lexical)

    def _index_words(self, index: LexicalIndex, tokens: Rows, *, start: int) -> None:
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

    def finish(self, *, bulk: bool = False, progress: Progress = silent) -> Exclusions:
        """After the last commit: keep near-copies out, let the dense index keep up; see `Writer.finish`."""
        excluded = Exclusions()
        waiting = set() if self.of_book else self._waiting()
        if waiting:
            stage_progress = stage(progress, "looking for near-copies")
            tokens = self.files.tokens.rows(self._mark)
            found = find_near_copies(
                self.layout(), tokens, self.settings, waiting=waiting, progress=stage_progress
            )
            self.catalog.exclude(waiting, found.documents, found.chunks)
            excluded = self.count_exclusions(found, tokens)
        if self.dense and self.files.vectors is not None:
            self._maintain_dense(TAIL_FOR_BULK if bulk else LONGEST_TAIL, progress)
        return excluded

    def _waiting(self) -> set[int]:
        """The numbers of the documents that are to be compared with others."""
        has_holdout = self.catalog.head().totals.holdout > 0
        return documents_to_compare(self.catalog, self.settings, has_holdout=has_holdout)

    def _maintain_dense(self, longest_tail: float, progress: Progress) -> None:
        """Build the dense index, let it catch up, or delete it, as the number of chunks asks for."""
        folder, layout, shards = self.files.dense, self.layout(), self.shards
        assert self.files.vectors is not None
        if needs_care(folder, layout, shards=shards, longest_tail=longest_tail):
            rows = self.files.vectors.rows(self._mark)
            maintain_dense(folder, layout, rows, shards=shards, trained=self.trained, progress=progress)

    def compact(self, *, progress: Progress = silent) -> int:
        layout = self.layout()
        if layout.live.all():
            return layout.version
        lock = take_lock(self.files.folder / "neighbors.lock")
        try:
            new = self.folder.files(self.files.generation + 1)
            kept = trained_index_of(self.files.dense) if self.of_book else None
            write_compacted(
                self.files, new, layout, self.tokenizer, shards=self.shards, trained=kept, progress=progress
            )
            return self._move_to(new, layout)
        finally:
            lock.release()

    def _move_to(self, new: Files, layout: ChunkLayout) -> int:
        """Commit a new generation of files, and go on with them; returns the version."""
        compacted = layout.without_removed()
        places = zip(compacted.first_chunk.tolist(), compacted.number.tolist(), strict=True)
        mark = compacted.num_chunks
        version = self.catalog.compact(places, generation=new.generation, num_chunks=mark)
        assert version == layout.version + 1  # our lock is held; the neighbor table says so
        self._lexical.close()
        self._lexical = LexicalIndex(new.lexical)
        self.files, self._mark, self._dead = new, mark, []
        new.clear_other_generations()
        return version

    def layout(self) -> ChunkLayout:
        return self.files.layout(self.catalog.snapshot())

    def write(self, documents: Sequence[AnyDocument], replaced: Iterable[str]) -> int:
        """Write one batch and commit it; see `Writer.write`."""
        held_out = self._held_out_ids
        tokens, records = cut_batch(
            documents, self.tokenizer, self.settings, first_chunk=self._mark, held_out_ids=held_out
        )
        self.unknown.count(documents, tokens, records, self.tokenizer)
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
            self.text_progress.part(min(start + _ENCODED_AT_ONCE, len(texts)), len(texts))
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
            told = texts if self.files.vectors is not None else self.text_progress.telling(texts)
            self._lexical.add((self._mark + row for row in rows), told)

    def remove_stored(self, ids: Iterable[str], *, action: str) -> None:
        self._commit(action, [], ids, self._mark)

    def redescribe(self, described: dict[str, dict[str, Any]]) -> None:
        self.catalog.redescribe(described)

    def _commit(self, action: str, add: list[DocumentRecord], remove: Iterable[str], num_chunks: int) -> None:
        """Make a new version, and only then remember what is to leave the lexical index."""
        ids = list(remove)
        dead = self.catalog.chunks_of(ids)
        self.catalog.commit(action=action, add=add, remove=ids, num_chunks=num_chunks)
        self._dead += dead
