"""BM25 over all shards as one index: tantivy is shown the files of all of them, and counts over all.

An index of tantivy is a list of segments, files that are never changed, and BM25 takes how rare a word is and
how long texts are on average over the whole list. So an index whose list names the segments of all shards
scores as one index of all chunks does, to the last bit, and nothing is copied. (Removed texts count until
their segment is rewritten: where there are some, the scores are the same once both are compacted.)

    shard 0    meta.json: segment a, segment b
    shard 1    meta.json: segment a
    union      meta.json: segment 1, segment 2, segment 3     in a folder of links to the files of the shards
    owners     0 0 1                                          the shard of each

The folder is there while the index is opened: what is open stays.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np
import tantivy
from numpy.typing import NDArray

from openbook.database.search.lexical import LexicalIndex, version_of_words
from openbook.database.search.linked_index import link_file
from openbook.database.search.tantivy_files import ANALYZER, damaged_unless_deleted
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.storage.sealed import naming_errors
from openbook.errors import DatabaseError
from openbook.phrases import command

_MEMORY = Path("/dev/shm")
_LINKS_BYTES = 1 << 24
"""That links of any book take there at most."""


class UnionIndex(LexicalIndex):
    """The lexical indexes of shards as one, to be read.

    Args:
        book: its folder, for errors.
        folders: of the shards' indexes, by the shard's place; at least one.
        numbers: of the book's chunks.

    Raises:
        DatabaseError: one is missing or damaged, or another analyzer made it.
    """

    def __init__(self, book: Path, folders: Mapping[int, Path], numbers: ChunkNumbers) -> None:
        self._book = book
        self._folders = dict(folders)
        self._numbers = numbers
        with TemporaryDirectory(prefix="openbook-", dir=_in_memory(), ignore_cleanup_errors=True) as folder:
            self._owners = _link_all(Path(folder), self._folders)
            try:
                super().__init__(Path(folder), create=False)
            except DatabaseError:
                self._find_damage()
                raise
        self._require_one_analyzer()

    def _require_one_analyzer(self) -> None:
        """Words are found in all shards only if all have the same ones."""
        if len({version_of_words(folder) for folder in self._folders.values()}) > 1:
            raise DatabaseError(
                f"{self._book}: the words of its shards are of different versions; make them again: "
                f"{command('verify', self._book, '--repair')}"
            )

    def check_files(self) -> None:
        """Compare the files of all shards with their checksums, once.

        Raises:
            DatabaseError: one is damaged.
        """
        if not self._checked:
            self._find_damage()
            self._checked = True

    def _find_damage(self) -> None:
        for folder in self._folders.values():
            for path, problem in damaged_unless_deleted(folder):  # of what was deleted, what is open stays
                raise DatabaseError(
                    f"{path}: {problem}: the file is damaged; repair it: "
                    f"{command('verify', self._book, '--repair')}"
                )

    def _error(self, problem: str) -> DatabaseError:
        return DatabaseError(
            f"{self._book}: its words cannot be searched: {problem}; see which shard is damaged: "
            f"{command('verify', self._book)}"
        )

    def chunks(self) -> NDArray[np.int64]:
        """The numbers of all chunks in the index, ascending."""
        with self._reported():
            found = self._searcher.search(
                tantivy.Query.all_query(), limit=max(1, self._searcher.num_docs), count=False
            ).hits
            return np.sort(self._named([address for _, address in found]))

    def highest_chunk(self) -> int:
        """The highest number in the index, -1 if it is empty."""
        return int(self.chunks().max(initial=-1))

    def holds(self, place: int, row: int) -> bool:
        """Whether the index of the shard at this place has this row of it."""
        query = tantivy.Query.term_query(self._schema, "chunk", row)
        with self._reported():
            found = self._searcher.search(query, limit=len(self._folders), count=False).hits
        return any(self._owners[address.segment_ord] == place for _, address in found)

    def _named(self, addresses: Sequence[tantivy.DocAddress]) -> NDArray[np.int64]:
        """The book's numbers of what tantivy found."""
        rows = np.array(self._searcher.fast_field_values("chunk", list(addresses)), dtype=np.int64)
        if not len(rows):
            return rows
        return self._numbers.of_all(self._owners[[address.segment_ord for address in addresses]], rows)

    def _query(self, text: str, avoid: Sequence[range]) -> tantivy.Query:
        """Of all texts: a range of rows would be taken of every shard, and who searches filters anyway."""
        return super()._query(text, ())


def _in_memory() -> Path | None:
    """A folder in memory, if the system has one with room: links on disk take longer than all else."""
    has_room = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _LINKS_BYTES
    return _MEMORY if has_room else None


def _link_all(folder: Path, shards: Mapping[int, Path]) -> NDArray[np.int64]:
    """Fill a folder with the list of all segments and links to their files; returns the shard of each."""
    meta: dict[str, object] = {}
    segments: list[dict[str, object]] = []
    owners: list[int] = []
    for place, shard in shards.items():
        try:
            listed = json.loads((shard / "meta.json").read_bytes())
            named = [(str(segment["segment_id"]), segment) for segment in listed["segments"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatabaseError(
                f"{shard}: cannot be read: {error!s:.160}; repair it, or restore it from a copy"
            ) from error
        files = _files_by_segment(shard)
        meta = meta or listed
        for name, segment in named:
            new = uuid4()  # a shard may be the copy of another, less some documents
            with naming_errors(folder):
                for path in files.get(name.replace("-", ""), ()):
                    link_file(path, folder / f"{new.hex}{path.name[len(new.hex) :]}")
            segments.append(segment | {"segment_id": str(new)})
            owners.append(place)
    with naming_errors(folder):
        (folder / "meta.json").write_text(json.dumps(meta | {"segments": segments}), encoding="utf-8")
        some = next(iter(shards.values()))
        with suppress(FileNotFoundError):
            (folder / ANALYZER).write_bytes((some / ANALYZER).read_bytes())
    return np.array(owners, dtype=np.int64)


def _files_by_segment(shard: Path) -> dict[str, list[Path]]:
    """The files of an index by the segment they are of."""
    found: dict[str, list[Path]] = {}
    with naming_errors(shard), os.scandir(shard) as entries:
        for entry in entries:
            found.setdefault(entry.name.split(".")[0], []).append(Path(entry.path))
    return found
