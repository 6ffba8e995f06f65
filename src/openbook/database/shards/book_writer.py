"""Writing a sharded book: each document goes to one shard, and all that a call changes becomes one version.

A shard is changed in a copy (shard_copies.py), by the writer that any database has. When a call has come to
its end, or half a minute of work is done, the copies are closed and the manifest names them in the place of
what they were copied from: that is the commit, and until then no reader sees anything of it. A document that
is new goes to the shard that its id alone decides; a known one stays where it is.
"""

import hashlib
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from openbook.database.near_copies.exclusions import documents_to_compare, find_near_copies
from openbook.database.search.dense_store import TrainedIndex, judged_as
from openbook.database.search.lexical import is_current
from openbook.database.shards.book_catalog import BookCatalog
from openbook.database.shards.book_folder import BookFolder, open_book
from openbook.database.shards.book_indexes import OpenedShard, needs_index
from openbook.database.shards.book_layout import (
    book_number,
    by_place,
    by_shard,
    shard_number,
    stored_original,
    stored_parts,
)
from openbook.database.shards.book_manifest import (
    BookCommit,
    BookManifest,
    ShardEntry,
    next_history,
    sum_of,
)
from openbook.database.shards.chunk_numbers import Extent, joined
from openbook.database.shards.shard_copies import (
    ShardCopy,
    copy_name,
    remove_other_shards,
    require_free_shard,
)
from openbook.database.shards.shard_part import ShardPart
from openbook.database.shards.sharded_dense import BookEffort
from openbook.database.shards.shared_training import shared_training, tuned_effort
from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import Commit
from openbook.database.storage.database_folder import DatabaseFolder
from openbook.database.storage.excluded_documents import bring_back, has_copies_of, live_numbers
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.remote_folder import require_no_copy
from openbook.database.write.compact import renumber_table
from openbook.database.write.database_writer import DatabaseWriter
from openbook.database.write.writer import Exclusions, Writer
from openbook.durable import sync_tree
from openbook.lock import take_lock
from openbook.progress import Progress, silent, stage
from openbook.text import AnyDocument

_SECONDS_A_COMMIT = 30.0
"""Of work, between two commits of one call: what an interruption costs at most."""


def place_of(document_id: str, shards: int) -> int:
    """The place of the shard that a new document goes to: decided by its id alone."""
    digest = hashlib.sha256(document_id.encode("utf-8")).digest()
    return int.from_bytes(digest[8:16], "big") % shards


class _WrittenCatalog(BookCatalog):
    """The catalogs as they are while a call is writing, with what is not committed yet."""

    def __init__(self, writer: "BookWriter") -> None:
        self._writer = writer
        opened = writer.opened
        super().__init__(opened.path, opened.manifest, {})

    @property
    def _catalogs(self) -> Mapping[int, Catalog]:
        return {place: self._writer.catalog_of(place) for place in self._writer.opened.shards}


@dataclass
class BookWriter(Writer):
    """Holds the book's lock inside its `with` block.

    Raises:
        DatabaseError: another writer holds the lock; a shard is missing; it is the copy of a book at a URL.
    """

    folder: BookFolder
    opened: BookFolder = field(init=False)
    """At the newest version."""
    files: Files = field(init=False)
    """Of the book itself."""
    _shards: dict[int, ShardCopy] = field(init=False, default_factory=dict)
    """The copies that are written to."""
    _indexed: set[int] = field(init=False, default_factory=set)
    """Those of which an index was made again, though no document changed."""
    _action: str = field(init=False, default="")
    """What the next commit is called."""
    _extents: tuple[Extent, ...] | None = field(init=False, default=None)
    """After a compact; else new rows are appended."""
    _began: float = field(init=False, default=0.0)
    _effort: BookEffort | None = field(init=False, default=None)
    """With which the shards are searched as one."""

    @property
    def catalog(self) -> BookCatalog:
        return _WrittenCatalog(self)

    def __enter__(self) -> Self:
        require_no_copy(self.folder.path)
        with ExitStack() as held:
            held.callback(take_lock(self.folder.path / "write.lock").release)
            self._open()
            self._clear_what_was_withdrawn()
            held.callback(self._drop)
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._held:
            if kind is None:
                self.publish()

    def _open(self) -> None:
        """Open the newest version, in which nothing is changed yet."""
        before = getattr(self, "opened", self.folder)
        self.opened = open_book(self.folder.path, to_change=True, before=before)
        self.files = self.opened.book_files()
        self._indexed = set()
        self._extents, self._began, self._action = None, time.monotonic(), ""
        self._effort = self.opened.manifest.effort

    def _drop(self) -> None:
        """Let go of the copies that no commit names, and delete them."""
        for copy in self._shards.values():
            copy.delete()
        self._shards = {}

    def _clear_what_was_withdrawn(self) -> None:
        """Delete what no commit names any more, nor will."""
        remove_other_shards(self.opened.path, {shard.folder for shard in self.opened.manifest.shards})
        shutil.rmtree(self._training_folder, ignore_errors=True)
        self.files.clear_other_generations()

    # --- Shards ---

    def shard(self, place: int) -> DatabaseWriter:
        """The writer of a shard's copy."""
        return self.copy(place).writer()

    def copy(self, place: int) -> ShardCopy:
        """A shard's copy, which is made when it is first asked for."""
        if place not in self._shards:
            folder, manifest = self.opened.shards[place].folder, self.opened.manifest
            name = copy_name(place, manifest.head.version + 1, after=manifest.shards[place].folder)
            require_free_shard(self.opened.path, place)
            self._shards[place] = ShardCopy(folder, self.opened.path / name, self._begin)
        return self._shards[place]

    def _begin(self, folder: DatabaseFolder) -> DatabaseWriter:
        """The writer of one copy, which counts what is unknown together with the others."""
        return DatabaseWriter(folder, self.embedder, self.progress, of_book=True, unknown=self.unknown)

    def catalog_of(self, place: int) -> Catalog:
        """The catalog of a shard, as it is now."""
        shard = self._shards[place] if place in self._shards else self.opened.shards[place]
        return shard.folder.catalog

    def note(self, action: str) -> None:
        """Remember what the next commit is to be called."""
        self._action = action

    # --- What `Writer` does, shard by shard ---

    def write(self, documents: Sequence[AnyDocument], replaced: Iterable[str]) -> int:
        known = set(replaced)
        stored = _WrittenCatalog(self).places(sorted(known))
        self._bring_back(stored)
        shards = len(self.opened.manifest.shards)
        places = {one.id: stored.get(one.id, place_of(one.id, shards)) for one in documents}
        parts = {}
        for place, names in by_place(places).items():
            wanted = set(names)
            of_shard = tuple(one for one in documents if one.id in wanted)
            parts[place] = ShardPart(of_shard, frozenset(known & wanted))
        chunks = self.write_parts(parts)
        self.note("add")
        if self.is_due():
            self.publish()
        return chunks

    def is_due(self) -> bool:
        """Whether enough is written for a commit."""
        return time.monotonic() - self._began > _SECONDS_A_COMMIT

    def write_parts(self, parts: Mapping[int, ShardPart]) -> int:
        """Write a batch, each shard's part to its copy; returns the number of chunks."""
        chunks = 0
        for place, part in parts.items():
            writer = self.shard(place)
            writer.text_progress = self.text_progress
            chunks += writer.write(part.documents, part.replaced)
        return chunks

    def remove_stored(self, ids: Iterable[str], *, action: str) -> None:
        places = _WrittenCatalog(self).places(list(ids))
        self._bring_back(places)
        for place, names in by_place(places).items():
            self.shard(place).remove_stored(names, action=action)
        self.note(action)

    def redescribe(self, described: dict[str, dict[str, Any]]) -> None:
        for place, names in by_place(_WrittenCatalog(self).places(list(described))).items():
            self.shard(place).redescribe({name: described[name] for name in names})
        self.note("describe")

    def _bring_back(self, removed: Mapping[str, int]) -> None:
        """Undo what is excluded in other shards for the sake of documents that are about to be removed."""
        for place, names in by_place(removed).items():
            own = live_numbers(self.catalog_of(place), names)
            numbers = [int(book_number(place, number)) for number in own]
            for other in self.opened.shards:
                if other != place and has_copies_of(self.catalog_of(other), numbers):
                    bring_back(self.shard(other).catalog, numbers)

    def layout(self) -> ChunkLayout:
        return self._view().layout()

    def finish(self, *, bulk: bool = False, progress: Progress = silent) -> Exclusions:
        """Keep near-copies out, across all shards; let the dense indexes keep up; and commit."""
        excluded = self._compare(progress)
        shards, parts = self.opened.shards, self._parts()
        self._indexed |= {
            place for place, shard in shards.items() if needs_index(shard, shards=parts, bulk=bulk)
        }
        trained = self._train_together(parts)
        places = sorted(self._indexed.union(self._shards))
        self.finish_shards(places, shards=parts, trained=trained, bulk=bulk, progress=progress)
        self._tune()
        self.publish()
        shutil.rmtree(self._training_folder, ignore_errors=True)
        return excluded

    @property
    def _training_folder(self) -> Path:
        """Where what is trained stands while shards are filled from it, which all nodes see."""
        return self.opened.path / "training"

    def _train_together(self, shards: int) -> TrainedIndex | None:
        """What shards without a dense index are filled from; those of an earlier training are deleted."""
        training = shared_training(self._view().shards, parts=shards, folder=self._training_folder)
        for place in training.again:
            shutil.rmtree(self.copy(place).opened().files.dense)
            self._indexed.add(place)
        return training.trained

    def _tune(self) -> None:
        """Measure how much must be searched, where indexes have changed."""
        view = self._view()
        before = self.opened.manifest.effort
        self._effort = tuned_effort(view.path, view.shards, view.manifest.numbers, before)

    def _parts(self) -> int:
        """Of how many shards each is judged as one, when it is asked whether it needs a dense index."""
        layouts = [shard.layout for shard in self._view().shards.values()]
        return judged_as(len(layouts), layouts)

    def finish_shards(
        self,
        places: Sequence[int],
        *,
        shards: int,
        trained: TrainedIndex | None = None,
        bulk: bool,
        progress: Progress,
    ) -> None:
        """Let the indexes of these shards keep up, each judged as one of `shards`; new ones are filled."""
        for place in places:
            writer = self.shard(place)
            writer.shards, writer.trained = shards, trained
            writer.finish(bulk=bulk, progress=progress)

    def _compare(self, progress: Progress) -> Exclusions:
        view, settings = self._view(), self.settings
        layout = view.layout()
        has_holdout = bool((layout.live & layout.holdout).any())
        waiting = documents_to_compare(_WrittenCatalog(self), settings, has_holdout=has_holdout)
        if not waiting:
            return Exclusions()
        tokens = view.tokens()
        stage_progress = stage(progress, "looking for near-copies")
        found = find_near_copies(layout, tokens, settings, waiting=waiting, progress=stage_progress)
        compared = by_shard(waiting)
        for place, numbers in compared.items():
            documents = [
                (reason, stored_original(place, original), shard_number(number)[1])
                for reason, original, number in found.documents
                if shard_number(number)[0] == place
            ]
            chunks = {
                shard_number(number)[1]: stored_parts(place, parts)
                for number, parts in found.chunks.items()
                if shard_number(number)[0] == place
            }
            self.shard(place).catalog.exclude(numbers, documents, chunks)
        if not self._action:
            self.note("judge")
        return self.count_exclusions(found, tokens)

    # --- Commits ---

    def _new_extents(self, shards: Mapping[int, OpenedShard]) -> tuple[Extent, ...]:
        """The rows that the copies have more than what they were copied from, after all others."""
        if self._extents is not None:
            return self._extents
        old = self.opened.shards
        more = [
            (place, shard.layout.num_chunks - old[place].layout.num_chunks)
            for place, shard in sorted(shards.items())
        ]
        return joined([*self.opened.manifest.extents, *more])

    def _view(self) -> BookFolder:
        """The book as it will be when all is committed."""
        shards = dict(self.opened.shards)
        for place, copy in self._shards.items():
            shards[place] = copy.opened()
        return replace(self.opened, manifest=self._manifest("", shards), shards=shards)

    def _manifest(self, action: str, shards: Mapping[int, OpenedShard]) -> BookManifest:
        """What `book.json` is to say; the same version, where no shard has a new one."""
        before, old = self.opened.manifest, self.opened.shards
        changed = [place for place, shard in shards.items() if shard is not old[place]]
        entries = list(before.shards)
        heads = {place: shard.folder.catalog.head() for place, shard in shards.items()}
        for place in changed:
            entries[place] = _entry(self.opened.path, shards[place].folder, heads[place])
        extents = self._new_extents(shards)
        if all(entries[place].version == before.shards[place].version for place in changed):
            return replace(before, shards=tuple(entries), effort=self._effort)  # nothing but indexes
        commit = Commit(
            version=before.head.version + 1,
            time=catalog_sql.now(),
            action=action,
            generation=before.head.generation + (self._extents is not None),
            num_chunks=sum(count for _, count in extents),
            totals=sum_of([head.totals for head in heads.values()]),
        )
        histories = {place: entries[place].history for place in changed}
        made = BookCommit(
            commit=commit,
            shards={place: entries[place].version for place in changed},
            history=next_history(before.history, commit, histories),
        )
        commits = (*before.commits, made)
        return replace(before, shards=tuple(entries), extents=extents, commits=commits, effort=self._effort)

    def publish(self) -> None:
        """Commit: close the copies that have changed, and let the manifest name them."""
        self.renew_words()
        shards = dict(self.opened.shards)
        for place, copy in self._shards.items():
            copy.close()
            path, version = copy.folder.path, copy.folder.catalog.head().version
            if version != self.opened.manifest.shards[place].version or place in self._indexed:
                sync_tree(path)
                shards[place] = copy.opened()
            else:
                copy.delete()
        self._shards = {}
        if shards != self.opened.shards or self._effort != self.opened.manifest.effort:
            self._manifest(self._action, shards).write(self.opened.path)
            self._open()

    def renew_words(self) -> None:
        """Have indexes of earlier words made again, of all shards: two kinds are not searched together."""
        shards = self.opened.shards
        old = {place for place, shard in shards.items() if not is_current(shard.files.lexical)}
        self._indexed |= old
        if untouched := sorted(old.difference(self._shards)):  # who writes to a copy makes its index again
            self.finish_shards(untouched, shards=self._parts(), bulk=False, progress=self.progress)

    def compact(self, *, progress: Progress = silent) -> int:
        """Reclaim the space of removed documents; see `Database.compact`.

        Returns:
            The new version; the old one if nothing was removed.
        """
        layout = self.opened.layout()
        if layout.live.all():
            return layout.version
        lock = take_lock(self.opened.path / "neighbors.lock")
        try:
            parts = self._parts()
            keep: dict[int, NDArray[np.bool_]] = {}
            for place, shard in self.opened.shards.items():
                if not shard.layout.live.all():
                    keep[place] = shard.layout.live[shard.layout.document_of]
                    self.shard(place).shards = parts
                    self.shard(place).compact(progress=progress)
            kept = np.flatnonzero(layout.live[layout.document_of])
            new = self._files_of_next_generation()
            renumber_table(self.files, new, layout, kept)
            self._extents = self.opened.manifest.numbers.kept(keep)
            self.note("compact")
            self._tune()
            self.publish()
            self._clear_what_was_withdrawn()
        finally:
            lock.release()
        return self.opened.manifest.head.version

    def _files_of_next_generation(self) -> Files:
        size, generation = self.tokenizer.vocab_size, self.files.generation + 1
        files = Files.of(self.opened.path, self.settings, vocab_size=size, generation=generation)
        shutil.rmtree(files.place, ignore_errors=True)
        files.place.mkdir()
        return files


def _entry(book: Path, folder: DatabaseFolder, head: Commit) -> ShardEntry:
    return ShardEntry(
        folder=folder.path.relative_to(book).as_posix(),
        version=head.version,
        history=folder.catalog.history(head.version),
        num_documents=head.totals.documents,
        num_chunks=head.num_chunks,
    )
