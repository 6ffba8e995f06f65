"""The catalogs of all shards as one: documents by the book's numbers, commits as the manifest has them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, TypeVar

import numpy as np

from openbook.database.shards.book_layout import book_number, book_original, shard_number
from openbook.database.shards.book_manifest import BookManifest
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import Commit, DocumentRecord, Exclusion
from openbook.database.storage.excluded_chunks import ExcludedChunks, exclusions_in_part
from openbook.database.storage.excluded_documents import excluded_documents
from openbook.database.storage.sealed import BOOK
from openbook.errors import DatabaseError

_T = TypeVar("_T")


class BookCatalog:
    """A `DocumentCatalog`: what `Catalog` is to one database, to be read.

    Documents are those of the shards' versions that the manifest names; `head`, `commits` and `history` are
    of the manifest that is there when they are called.

    Args:
        book: the folder.
        manifest: says which version of each shard is read.
        catalogs: of the shards, by their places; without those that are missing.
    """

    def __init__(self, book: Path, manifest: BookManifest, catalogs: Mapping[int, Catalog]) -> None:
        self.path = book / BOOK
        self._manifest = manifest
        self._given = dict(catalogs)
        self._numbers = manifest.numbers

    @property
    def _catalogs(self) -> Mapping[int, Catalog]:
        return self._given

    def parts(self, version: int) -> list[tuple[Catalog, int, int]]:
        """See `Catalog.parts`."""
        versions = self._manifest.shard_versions(version)
        return [(catalog, versions[place], book_number(place, 0)) for place, catalog in self._each()]

    def _each(self) -> list[tuple[int, Catalog]]:
        return sorted(self._catalogs.items())

    # --- The book ---

    def head(self) -> Commit:
        return BookManifest.read(self.path.parent).head

    def commits(self) -> list[Commit]:
        return [made.commit for made in BookManifest.read(self.path.parent).commits]

    def history(self, version: int) -> str:
        made = BookManifest.read(self.path.parent).commits
        return made[min(version, len(made) - 1)].history

    # --- Its documents ---

    def describe(self, numbers: Sequence[int]) -> list[DocumentRecord]:
        return self._in_order(
            numbers,
            lambda place, own: [
                self._of_book(place, record) for record in self._catalogs[place].describe(own)
            ],
        )

    def ids(self, numbers: Sequence[int]) -> list[str]:
        return self._in_order(numbers, lambda place, own: self._catalogs[place].ids(own))

    def _in_order(self, numbers: Sequence[int], read: Callable[[int, list[int]], list[_T]]) -> list[_T]:
        """What shards say of documents, in the order of their numbers in the book."""
        wanted: dict[int, list[int]] = {}
        for number in dict.fromkeys(numbers):
            place, own = shard_number(number)
            wanted.setdefault(place, []).append(own)
        if absent := wanted.keys() - self._catalogs.keys():
            self._refuse_missing(min(absent))
        found = {
            book_number(place, own): said
            for place, its in wanted.items()
            for own, said in zip(its, read(place, its), strict=True)
        }
        return [found[number] for number in numbers]

    def _refuse_missing(self, place: int) -> NoReturn:
        name = self._manifest.shards[place].folder if place >= 0 else "of a document"
        raise DatabaseError(f"{self.path.parent}: the shard {name} is missing; restore it from a copy")

    def _of_book(self, place: int, record: DocumentRecord) -> DocumentRecord:
        first = record.first_chunk
        if record.num_chunks:
            first = int(self._numbers.in_book(place, np.array(first)))
        original = None if record.original is None else book_original(place, record.original)
        return replace(record, first_chunk=first, original=original)

    def live_records(self, ids: Sequence[str]) -> dict[str, DocumentRecord]:
        return {
            name: self._of_book(place, record)
            for place, catalog in self._each()
            for name, record in catalog.live_records(ids).items()
        }

    def live(self, ids: Sequence[str]) -> dict[str, str]:
        return {name: sha256 for _, catalog in self._each() for name, sha256 in catalog.live(ids).items()}

    def places(self, ids: Sequence[str]) -> dict[str, int]:
        """The place of the shard that has each of these documents; without those that none has."""
        return {name: place for place, catalog in self._each() for name in catalog.live(ids)}

    def live_ids(self) -> list[str]:
        return [name for _, catalog in self._each() for name in catalog.live_ids()]

    def uncompared(self) -> set[int]:
        return {
            book_number(place, number) for place, catalog in self._each() for number in catalog.uncompared()
        }

    def excluded(self) -> list[Exclusion]:
        rows = [
            (name, title, reason, book_original(place, original))
            for place, catalog in self._each()
            for name, title, reason, original in excluded_documents(catalog)
        ]
        ids = self._ids_of_originals([original for *_, original in rows])
        whole = [Exclusion(name, title, reason, ids[original]) for name, title, reason, original in rows]
        parts = self.excluded_chunks()
        numbers = parts.keys() | {part.original for found in parts.values() for part in found}
        there = sorted(number for number in numbers if shard_number(number)[0] in self._catalogs)
        records = dict(zip(there, self.describe(there), strict=True))
        return whole + exclusions_in_part(parts, records)

    def _ids_of_originals(self, numbers: Sequence[int]) -> dict[int, str]:
        """By number."""
        there = [number for number in numbers if shard_number(number)[0] in self._catalogs]
        found = dict(zip(there, self.ids(there), strict=True))
        return {number: found.get(number, "a document of a missing shard") for number in numbers}

    def excluded_chunks(self) -> dict[int, list[ExcludedChunks]]:
        return {
            book_number(place, number): [
                replace(part, original=book_original(place, part.original)) for part in parts
            ]
            for place, catalog in self._each()
            for number, parts in catalog.excluded_chunks().items()
        }
