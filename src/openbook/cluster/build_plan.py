"""What a build over several machines is to make, recorded before it begins in `build.json`.

mybook/
  build.json              settings, sources and shards: the same command resumes, another one is refused
  building/               tokenizer, and the shards that are being built; gone at the end
  shard-00000/ …          a database each, complete or absent
  book.json               the book, when all shards are there
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbook.cluster.remote_encoder import EncoderDescription
from openbook.cluster.source_plan import PlannedSources, ShardPlan
from openbook.database.shards.fetched_book import PLAN
from openbook.database.storage.database_folder import require_outside_databases
from openbook.database.storage.sealed import BOOK, naming_errors, read_sealed, write_sealed
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError, FormatError
from openbook.phrases import command, counted
from openbook.text import Tokenizer, load_tokenizer

BUILDING = "building"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """All that decides what a build makes; how many machines build it is no part of it."""

    settings: DatabaseSettings
    tokenizer: str
    """As the user named it, such as `train:16000`."""
    encoder: EncoderDescription | None
    """None: words only."""
    sources: PlannedSources
    shards: tuple[ShardPlan, ...]
    asked_shards: int
    """How many there were to be; where documents are few or long there are fewer."""

    @property
    def names(self) -> list[str]:
        """The folders of the shards, in order."""
        return [shard_name(number) for number in range(len(self.shards))]

    @property
    def characters(self) -> int:
        """Of all texts."""
        return sum(shard.characters for shard in self.shards)

    def values(self) -> dict[str, Any]:
        """As JSON."""
        encoder = self.encoder
        names = () if encoder is None else EncoderDescription.__dataclass_fields__
        return {
            "format": _FORMAT,
            "settings": self.settings.to_dict(),
            "tokenizer": self.tokenizer,
            "encoder": None if encoder is None else {name: getattr(encoder, name) for name in names},
            "sources": self.sources.values(),
            "asked_shards": self.asked_shards,
            "shards": [shard.values() for shard in self.shards],
        }

    @classmethod
    def read(cls, book: Path) -> "BuildPlan":
        """Read the plan of the book in a folder.

        Raises:
            DatabaseError: there is none, or it is damaged.
            FormatError: another version of openbook wrote it.
        """
        path = book / PLAN
        values = read_sealed(path)
        if values.get("format") != _FORMAT:
            raise FormatError(
                f"{path}: its format is {values.get('format')!r}, this openbook reads {_FORMAT}; go on with "
                "the openbook that began it, or build in another folder"
            )
        encoder = values["encoder"]
        return cls(
            settings=DatabaseSettings.from_dict(values["settings"], where=str(path)),
            tokenizer=values["tokenizer"],
            encoder=None if encoder is None else EncoderDescription(**encoder),
            sources=PlannedSources.from_values(values["sources"]),
            shards=tuple(ShardPlan.from_values(shard) for shard in values["shards"]),
            asked_shards=values.get("asked_shards", len(values["shards"])),  # once it was not recorded
        )

    def begin(self, book: Path, tokenizer: Tokenizer) -> None:
        """Make the folder ready; the plan is written last."""
        with naming_errors(book):
            shutil.rmtree(book / BUILDING, ignore_errors=True)
            (book / BUILDING).mkdir(parents=True)
            tokenizer.save(book / BUILDING / "tokenizer")
        write_sealed(book / PLAN, self.values())

    def require_same(
        self, book: Path, *, settings: Mapping[str, object], sources: PlannedSources, shards: int | None
    ) -> None:
        """Refuse a command that would make something else.

        Args:
            book: the folder.
            settings: those of `DatabaseSettings`, or `tokenizer` as the user named it, that the command says.
            sources: that it says.
            shards: that it asks for; None: as many as there are.

        Raises:
            DatabaseError: naming what differs, with both values.
        """
        asked = dict(settings)
        tokenizer = asked.pop("tokenizer", None)
        differences = self.settings.differences(**asked)
        if tokenizer not in {None, self.tokenizer}:
            differences.append(f"tokenizer is {self.tokenizer!r}, asked for {tokenizer!r}")
        for name, value in sources.values().items():
            if value != self.sources.values()[name]:
                differences.append(f"{name} is {self.sources.values()[name]!r}, asked for {value!r}")
        if differences:
            raise DatabaseError(
                f"{book}: was planned with other settings: {'; '.join(differences)}; leave them as they were "
                "to resume, or choose another folder"
            )
        if shards not in {None, self.asked_shards, len(self.shards)}:
            fewer = "" if self.asked_shards == len(self.shards) else f" instead of {self.asked_shards}"
            raise DatabaseError(
                f"{book}: was planned with {counted(len(self.shards), 'shard')}{fewer}, asked for {shards}; "
                "leave --shards out to resume, or choose another folder"
            )


def shard_name(number: int) -> str:
    """The folder of a shard in the book's.

    >>> shard_name(7)
    'shard-00007'
    """
    return f"shard-{number:05}"


def is_planned(book: Path) -> bool:
    """Whether a build over several machines has begun in a folder."""
    return (book / PLAN).is_file()


def require_free_for_book(book: Path) -> None:
    """Refuse a folder in which no book can be made.

    Raises:
        DatabaseError: it holds anything but what a build left that was killed before it had a plan.
    """
    with naming_errors(book):
        names = {path.name for path in book.iterdir()} if book.is_dir() else set()
    if "catalog.sqlite" in names:
        raise DatabaseError(
            f"{book}: is a database of one machine already; --ray builds a book of shards: choose another "
            f"folder, or add to it: {command('add', book, 'SOURCE')}"
        )
    if BOOK in names:
        raise DatabaseError(
            f"{book}: is a book already, which no build with --ray has planned; add to it: "
            f"{command('add', book, 'SOURCE')}"
        )
    if names - {BUILDING} or (book.exists() and not book.is_dir()):
        raise DatabaseError(f"{book}: exists and is not a book; choose another folder")
    require_outside_databases(book, DatabaseError)


def book_tokenizer(book: Path) -> Tokenizer:
    """Load the tokenizer of a book that is being built."""
    return load_tokenizer(str(book / BUILDING / "tokenizer"))
