"""The manifest of a sharded book: `book.json`, which says what the book is made of.

It is the only thing that a commit of the book changes, and is replaced as a whole: so a reader sees all
shards as one commit left them. A shard is a database in a folder of its own, which nothing writes to any more
once the manifest names it; the next commit names another folder for what it changed.

    {"format": 1, "commit": 2, "generation": 0, "settings": {…},
     "shards": [{"folder": "shard-00000-000002", "version": 3, "history": "5f1c…", "num_documents": 5,
                 "num_chunks": 41}, {"folder": "shard-00001", …}],
     "extents": [[0, 40], [1, 38], [0, 1]],
     "commits": [{"version": 0, "time": "…", "action": "create", "generation": 0, "num_chunks": 0,
                  "totals": {…}, "shards": {"0": 0, "1": 0}, "history": "9d3e…"}, …]}
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.shards.chunk_numbers import ChunkNumbers, Extent
from openbook.database.shards.sharded_dense import BookEffort
from openbook.database.storage.catalog_columns import Commit, Totals
from openbook.database.storage.sealed import BOOK, read_sealed, write_sealed
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError, FormatError
from openbook.phrases import command, counted

BOOK_FORMAT = 1
"""Of the manifest; another number is another manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardEntry:
    """What the manifest says of one shard. Its place in the list never changes."""

    folder: str
    """Of its database: relative to the book's, or absolute."""
    version: int
    """Of that database."""
    history: str
    """Fingerprint of its commits up to that version."""
    num_documents: int
    """Live ones."""
    num_chunks: int
    """Rows of its arrays, of removed documents too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCommit:
    """One version of the book."""

    commit: Commit
    shards: Mapping[int, int]
    """The versions of the shards that it changed, by their places."""
    history: str
    """Fingerprint of the book up to this version: of it and its copies alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookManifest:
    """All that `book.json` says.

    Raises:
        DatabaseError: its parts contradict each other.
    """

    settings: DatabaseSettings
    shards: tuple[ShardEntry, ...]
    extents: tuple[Extent, ...]
    """The shards' chunks in the order of the book's numbers; see chunk_numbers.py."""
    commits: tuple[BookCommit, ...]
    """The oldest first, at least one."""
    effort: BookEffort | None = None
    """With which the dense indexes of its shards are searched as one; None: with the most that any of them
    wants."""

    def __post_init__(self) -> None:
        if problem := self._contradiction():
            raise DatabaseError(problem)

    def _contradiction(self) -> str:
        """What cannot be, in words; empty if all agrees."""
        if not self.shards or not self.commits:
            return f"has no {'commits' if self.shards else 'shards'}"
        known = range(len(self.shards))
        if unknown := [shard for shard, _ in self.extents if shard not in known]:
            return f"an extent of the shard {unknown[0]}, of {counted(len(known), 'shard')}"
        numbers = self.numbers
        for place, shard in enumerate(self.shards):
            if numbers.size(place) != shard.num_chunks:
                return (
                    f"{numbers.size(place)} chunks of {shard.folder} in the extents, {shard.num_chunks} in "
                    "the list of shards"
                )
            if self.shard_versions()[place] != shard.version:
                return f"{shard.folder} at version {shard.version}, and in the commits at another"
        if self.head.num_chunks != numbers.total:
            return f"{numbers.total} chunks in the extents, {self.head.num_chunks} in the last commit"
        return ""

    @property
    def head(self) -> Commit:
        """The newest version."""
        return self.commits[-1].commit

    @property
    def history(self) -> str:
        """Fingerprint of the newest version."""
        return self.commits[-1].history

    @property
    def numbers(self) -> ChunkNumbers:
        """What translates between the book's chunks and rows of the shards."""
        return ChunkNumbers(self.extents)

    def shard_versions(self, version: int | None = None) -> list[int]:
        """The version that each shard had at a version of the book; None: now."""
        found = [0] * len(self.shards)
        for commit in self.commits:
            if version is None or commit.commit.version <= version:
                for place, number in commit.shards.items():
                    found[place] = number
        return found

    def commits_of(self, place: int, shard_versions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the commits of the book that brought these versions [n] of a shard to its readers."""
        made = [
            (commit.shards[place], commit.commit.version) for commit in self.commits if place in commit.shards
        ]
        theirs, ours = np.array(made, dtype=np.int64).reshape(-1, 2).T
        after = np.minimum(np.searchsorted(theirs, shard_versions, side="left"), len(ours) - 1)
        commits: NDArray[np.int64] = ours[after]
        return commits

    def values(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "format": BOOK_FORMAT,
            "commit": self.head.version,
            "generation": self.head.generation,
            "settings": self.settings.to_dict(),
            "shards": [asdict(shard) for shard in self.shards],
            "extents": [list(extent) for extent in self.extents],
            "commits": [
                asdict(made.commit)
                | {"shards": {str(place): number for place, number in made.shards.items()}}
                | {"history": made.history}
                for made in self.commits
            ],
        } | ({} if self.effort is None else {"effort": asdict(self.effort)})

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, where: str) -> "BookManifest":
        """Read what `values` gives.

        Raises:
            FormatError: another version of openbook wrote it.
            DatabaseError: its parts contradict each other.
        """
        if values.get("format") != BOOK_FORMAT:
            raise FormatError(
                f"{where}: its format is {values.get('format')!r}, this openbook reads {BOOK_FORMAT}; "
                "read it with the openbook that wrote it, or build the book again"
            )
        settings = DatabaseSettings.from_dict(values["settings"], where=where)
        try:
            return cls(
                settings=settings,
                shards=tuple(ShardEntry(**shard) for shard in values["shards"]),
                extents=tuple((int(shard), int(count)) for shard, count in values["extents"]),
                commits=tuple(_commit(made) for made in values["commits"]),
                effort=BookEffort(**values["effort"]) if "effort" in values else None,
            )
        except (KeyError, TypeError, ValueError, DatabaseError) as error:
            raise DatabaseError(f"{where}: contradicts itself: {error}; restore it from a copy") from error

    @classmethod
    def read(cls, book: Path) -> "BookManifest":
        """Read the manifest of the book in a folder.

        Raises:
            DatabaseError: there is none, or it is damaged.
            FormatError: another version of openbook wrote it.
        """
        path = book / BOOK
        if not path.is_file():
            raise DatabaseError(
                f"{book}: no sharded book here, for it has no {BOOK}; build one: "
                f"{command('build', book, 'SOURCE', '--ray', 'local')}"
            )
        return cls.from_values(read_sealed(path), where=str(path))

    def write(self, book: Path) -> None:
        """Put it in the place of the book's manifest, whole and on the disk when this returns.

        Raises:
            DatabaseError: it cannot be written.
        """
        write_sealed(book / BOOK, self.values())


def next_history(before: str, commit: Commit, shards: Mapping[int, str]) -> str:
    """Fingerprint a version of a book.

    Args:
        before: the fingerprint of the version before; empty for the first.
        commit: of the version.
        shards: fingerprints of the shards that it changed, by their places.
    """
    told = repr((before, commit.row(), sorted(shards.items())))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def is_sharded(folder: Path) -> bool:
    """Whether a folder holds a sharded book."""
    return (folder / BOOK).is_file()


def sum_of(totals: Sequence[Totals]) -> Totals:
    """Add up what shards hold."""
    return sum(totals, start=Totals())


def _commit(values: Mapping[str, Any]) -> BookCommit:
    own = {name: value for name, value in values.items() if name not in ("shards", "totals", "history")}
    commit = Commit(**own, totals=Totals(**values["totals"]))
    shards = {int(place): int(number) for place, number in values["shards"].items()}
    return BookCommit(commit=commit, shards=shards, history=str(values["history"]))
