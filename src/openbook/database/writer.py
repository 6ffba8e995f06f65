"""The write path: one writer at a time, batch after batch, each committed before the next begins.

Order of a batch: arrays, lexical index, then the catalogue's transaction. A crash in between leaves rows and
entries that no commit vouches for; the next writer cuts them off before it writes. What a commit removes is
taken out of the lexical index after it, so that a commit that fails has removed nothing.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np
from filelock import BaseFileLock

from openbook.database.catalog import Catalog, DocumentRecord
from openbook.database.embedder import Embedder
from openbook.database.files import Files
from openbook.database.lexical import LexicalIndex
from openbook.database.lock import take_lock
from openbook.database.settings import DatabaseSettings
from openbook.errors import DatabaseError, SourceError
from openbook.progress import Progress, silent
from openbook.text import Document, Tokenizer, cut_chunks

_BATCH_CHARACTERS = 6_000_000
"""In a lexical-only database: some seconds of work between commits."""
_BATCH_CHARACTERS_ENCODED = 200_000
"""Where an encoder runs: ten seconds or so at its speed on a small machine."""
_HASH_RANGE = 2.0**64


@dataclass(frozen=True, slots=True)
class AddReport:
    """What an `add` did, in documents."""

    added: int
    replaced: int
    unchanged: int
    chunks: int
    """Written by this call."""
    version: int
    """Of the database afterwards."""


@dataclass
class Writer:
    """Holds the database's lock inside its `with` block.

    Raises:
        DatabaseError: another writer holds the lock.
    """

    catalog: Catalog
    files: Files
    settings: DatabaseSettings
    tokenizer: Tokenizer
    embedder: Callable[[], Embedder]
    _lock: BaseFileLock = field(init=False)
    _lexical: LexicalIndex = field(init=False)
    _mark: int = field(init=False)
    _dead: list[range] = field(init=False, default_factory=list)

    def __enter__(self) -> "Writer":
        self._lock = take_lock(self.files.folder / "write.lock")
        try:
            self._agree_with_catalog()
        except BaseException:
            self._lock.release()
            raise
        return self

    def _agree_with_catalog(self) -> None:
        """Arrays and index hold what the catalogue vouches for: no more after a crash, no less if deleted."""
        _, self._mark = self.catalog.head()
        self.files.tokens.truncate(self._mark)
        if self.files.vectors is not None:
            self.files.vectors.truncate(self._mark)
        self._lexical = LexicalIndex(self.files.lexical)
        beyond = self._lexical.highest_chunk() + 1
        self._lexical.delete_chunks(range(self._mark, beyond))
        tokens = self.files.tokens.rows(self._mark)
        for chunks in self.catalog.retrievable_chunks(start=beyond):
            texts = self.tokenizer.decode(tokens[chunks.start : chunks.stop].tolist())
            self._lexical.add(chunks, texts)
        self._lexical.commit()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._dead:
                for chunks in self._dead:
                    self._lexical.delete_chunks(chunks)
                self._lexical.commit()
            self._lexical.close()
        finally:
            self._lock.release()

    def add(
        self,
        documents: Iterable[Document],
        *,
        on_error: Callable[[SourceError], None] | None = None,
        progress: Progress = silent,
    ) -> AddReport:
        """Add documents; see `Database.add`."""
        added = replaced = unchanged = chunks = done = 0
        for batch in self._batches(self._first_of_each_id(documents, on_error)):
            known = self.catalog.live([document.id for document in batch])
            changed = [document for document in batch if known.get(document.id) != document.sha256]
            if changed:
                chunks += self._write(changed, {document.id for document in changed} & known.keys())
            new = sum(document.id not in known for document in changed)
            added, replaced = added + new, replaced + len(changed) - new
            unchanged += len(batch) - len(changed)
            done += len(batch)
            progress(done, None)
        return AddReport(added, replaced, unchanged, chunks, self.catalog.head()[0])

    def remove(self, ids: Iterable[str]) -> int:
        """Remove live documents; see `Database.remove`."""
        wanted = list(dict.fromkeys(ids))
        known = self.catalog.live(wanted)
        missing = [document_id for document_id in wanted if document_id not in known]
        if missing:
            raise DatabaseError(f"{self.files.folder}: no document {missing[0]!r}; nothing was removed")
        return self._commit("remove", [], wanted, self._mark)

    @staticmethod
    def _first_of_each_id(
        documents: Iterable[Document], on_error: Callable[[SourceError], None] | None
    ) -> Iterator[Document]:
        """Two different texts under one id in the same call would silently replace each other: refuse."""
        seen: dict[str, str] = {}
        for document in documents:
            sha256 = document.sha256
            if document.id not in seen:
                seen[document.id] = sha256
                yield document
            elif seen[document.id] != sha256:
                error = SourceError(
                    f"{document.source}: a second, different text with the id {document.id!r}"
                )
                if on_error is None:
                    raise error
                on_error(error)

    def _batches(self, documents: Iterable[Document]) -> Iterator[list[Document]]:
        limit = _BATCH_CHARACTERS if self.files.vectors is None else _BATCH_CHARACTERS_ENCODED
        batch: list[Document] = []
        characters = 0
        for document in documents:
            batch.append(document)
            characters += len(document.text)
            if characters >= limit:
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch

    def _write(self, documents: list[Document], replaced: set[str]) -> int:
        """Write one batch and commit it; returns the number of its chunks."""
        M = self.settings.chunk_size
        dtype = np.uint16 if self.files.tokens.dtype.itemsize == 2 else np.uint32
        records: list[DocumentRecord] = []
        rows = []
        mark = self._mark
        for document, ids in zip(documents, self.tokenizer.encode([d.text for d in documents]), strict=True):
            ids.append(self.tokenizer.eos_id)
            chunks = cut_chunks(ids, chunk_size=M, fill=self.tokenizer.eos_id, dtype=dtype)
            records.append(self._record(document, mark, len(chunks), len(ids)))
            rows.append(chunks)
            mark += len(chunks)
        tokens = np.concatenate(rows)
        self._write_rows(tokens, records)
        self._commit("add", records, replaced, mark)
        self._mark = mark
        return len(tokens)

    def _record(
        self, document: Document, first_chunk: int, num_chunks: int, num_tokens: int
    ) -> DocumentRecord:
        return DocumentRecord(
            id=document.id,
            title=document.title,
            source=document.source,
            sha256=document.sha256,
            holdout=is_held_out(document.id, self.settings.holdout),
            first_chunk=first_chunk,
            num_chunks=num_chunks,
            num_tokens=num_tokens,
            num_bytes=len(document.text.encode("utf-8")),
        )

    def _write_rows(self, tokens: np.ndarray, records: list[DocumentRecord]) -> None:
        texts = self.tokenizer.decode(tokens.tolist())
        vectors = None if self.files.vectors is None else self.embedder().encode(texts)
        self.files.tokens.append(tokens)
        if self.files.vectors is not None and vectors is not None:
            self.files.vectors.append(vectors.astype(np.float16))
        for record in records:
            if not record.holdout:
                chunks = range(record.first_chunk, record.first_chunk + record.num_chunks)
                first = record.first_chunk - self._mark
                self._lexical.add(chunks, texts[first : first + record.num_chunks])
        self._lexical.commit()

    def _commit(self, action: str, add: list[DocumentRecord], remove: Iterable[str], num_chunks: int) -> int:
        """Make a new version, and only then remember what is to leave the lexical index."""
        ids = list(remove)
        dead = self.catalog.chunks_of(ids)
        version = self.catalog.commit(action=action, add=add, remove=ids, num_chunks=num_chunks)
        self._dead += dead
        return version


def is_held_out(document_id: str, share: float) -> bool:
    """Whether a document is kept for evaluation: decided by its id alone, so every build decides alike."""
    digest = hashlib.sha256(document_id.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") / _HASH_RANGE < share
