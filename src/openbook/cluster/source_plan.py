"""Which documents of the sources each shard holds: planned in one reading, read again by whoever builds it.

The plan follows from the sources and the number of shards alone, never from who builds: so one worker and
twenty make the same shards. A shard is a run of the documents in the order in which a single machine would
write them, found again by its files:

    files            a.md      rows.jsonl           b.md
    documents        0         1  2  3  4  5        6
    shards of 4      0 ─────────────── 3 │ 4 ────── 6
    parts            a.md 0…1, rows 0…3  │ rows 3…5, b.md 0…1
"""

import hashlib
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from openbook.database.write.batches import characters_of
from openbook.errors import SourceError
from openbook.phrases import counted
from openbook.text import AnyDocument
from openbook.text.omissions import Omissions
from openbook.text.origins import file_of
from openbook.text.sources import SourceOptions, read_sources

_DIGEST_BYTES = 16
_INDEX = ".idx"


class ChangedSourceError(SourceError):
    """A source whose text is not what it was when the build was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSources:
    """What to read and how, as every worker reads it."""

    names: tuple[str, ...]
    """Absolute paths, or URLs that every machine reaches."""
    options: SourceOptions
    skip: bool = False
    """Leave out what cannot be read, which the planning has counted and said."""

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "PlannedSources":
        """Read what `values` gives."""
        options = dict(values)
        names, skip = tuple(options.pop("names")), options.pop("skip")
        options["exclude"] = tuple(options["exclude"])
        return cls(names=names, options=SourceOptions(**options), skip=skip)

    def values(self) -> dict[str, Any]:
        """As JSON."""
        options = asdict(self.options) | {"exclude": list(self.options.exclude)}
        return {"names": list(self.names), **options, "skip": self.skip}

    def read(self, source: int, files: frozenset[str]) -> Iterator[AnyDocument]:
        """Read one source, of folders only these files."""
        return read_sources(
            [self.names[source]],
            self.options,
            only=lambda origin: _file(origin) in files,
            on_error=(lambda error: None) if self.skip else None,
            omissions=Omissions(),
        )


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Documents `first` … `end - 1` of a file, counted as they are read."""

    source: int
    """Place of what the user named among `PlannedSources.names`."""
    file: str
    """Its origin."""
    first: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """What one shard is to hold."""

    parts: tuple[SourcePart, ...]
    documents: int
    characters: int
    digest: str
    """Of the ids and texts of its documents, in order."""

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "ShardPlan":
        """Read what `values` gives."""
        return cls(**values | {"parts": tuple(SourcePart(*part) for part in values["parts"])})

    def values(self) -> dict[str, Any]:
        """As JSON."""
        parts = [[part.source, part.file, part.first, part.end] for part in self.parts]
        return {
            "parts": parts,
            "documents": self.documents,
            "characters": self.characters,
            "digest": self.digest,
        }

    def read(self, sources: PlannedSources) -> Iterator[AnyDocument]:
        """Read the shard's documents again, in order.

        Raises:
            ChangedSourceError: they are not those that were planned; the last one has passed by then.
        """
        digest = hashlib.sha256()
        for document in self._chosen(sources):
            digest.update(_digest_of(document))
            yield document
        if digest.hexdigest() != self.digest:
            files = sorted({part.file for part in self.parts})
            more = f" or {counted(len(files) - 1, 'other file')} of a shard" if len(files) > 1 else ""
            raise ChangedSourceError(
                f"{files[0]}{more}: changed since the build was planned; put back what was there, or build "
                "again in another folder"
            )

    def _chosen(self, sources: PlannedSources) -> Iterator[AnyDocument]:
        for source in sorted({part.source for part in self.parts}):
            wanted: dict[str, list[SourcePart]] = {}
            for part in self.parts:
                if part.source == source:
                    wanted.setdefault(part.file, []).append(part)
            ends = {file: max(part.end for part in parts) for file, parts in wanted.items()}
            passed: Counter[str] = Counter()
            for document in sources.read(source, frozenset(wanted)):
                file = _file(document.origin)
                if file in wanted:
                    row = passed[file]
                    if any(part.first <= row < part.end for part in wanted[file]):
                        yield document
                passed[file] += 1
                if passed[file] == ends.get(file) and _all_passed(ends, passed):
                    break


def _all_passed(ends: dict[str, int], passed: Counter[str]) -> bool:
    return all(passed[file] >= end for file, end in ends.items())


class SourcePlanner:
    """Notes documents as they are read for the first time, and cuts them into shards."""

    def __init__(self) -> None:
        self._source = 0
        """Place of the source that is being read."""
        self._rows: Counter[tuple[int, str]] = Counter()
        self._waiting: deque[tuple[AnyDocument, int, str, int]] = deque()
        self._characters = array("q")
        self._digests = bytearray()
        self._parts: list[SourcePart] = []
        """Of all documents kept, those that follow each other in a file joined."""

    def naming(self, names: Iterable[str]) -> Iterator[str]:
        """The same sources; which one is being read is noted as they are taken."""
        for self._source, name in enumerate(names):
            yield name

    def reading(self, documents: Iterable[AnyDocument]) -> Iterator[AnyDocument]:
        """The same documents, which are all that the sources hold."""
        for document in documents:
            source, file = self._source, _file(document.origin)
            self._waiting.append((document, source, file, self._rows[source, file]))
            self._rows[source, file] += 1
            yield document

    def keep(self, document: AnyDocument) -> None:
        """Note that a document that was read is one to write; others before it are not."""
        while True:
            read, source, file, row = self._waiting.popleft()
            if read is document or (read.origin == document.origin and read.sha256 == document.sha256):
                break
        self._characters.append(characters_of(document))
        self._digests += _digest_of(document)
        last = self._parts[-1] if self._parts else None
        if last is not None and (last.source, last.file, last.end) == (source, file, row):
            self._parts[-1] = SourcePart(source, file, last.first, row + 1)
        else:
            self._parts.append(SourcePart(source, file, row, row + 1))

    @property
    def characters(self) -> int:
        """Of all documents kept."""
        return sum(self._characters)

    def shards(self, count: int) -> list[ShardPlan]:
        """Cut the documents into so many shards of about as much text, or fewer where documents are long.

        With texts of 4 4 4 6 6 characters, 24 in all, and three shards:

            characters before each       0 4 8 12 18
            times 3 // 24                0 0 1  1  2       the shard of each document
        """
        lengths = np.frombuffer(self._characters, dtype=np.int64)
        before = np.cumsum(lengths) - lengths
        places = before * min(count, len(lengths)) // max(1, int(lengths.sum()))
        _, firsts = np.unique(places, return_index=True)
        bounds = [*firsts.tolist(), len(lengths)]
        pieces = self._cut(bounds)
        return [
            ShardPlan(
                parts=tuple(pieces[number]),
                documents=end - first,
                characters=int(lengths[first:end].sum()),
                digest=self._digest(first, end),
            )
            for number, (first, end) in enumerate(pairwise(bounds))
        ]

    def _digest(self, first: int, end: int) -> str:
        return hashlib.sha256(self._digests[first * _DIGEST_BYTES : end * _DIGEST_BYTES]).hexdigest()

    def _cut(self, bounds: list[int]) -> list[list[SourcePart]]:
        """Cut the parts where shards begin: at these numbers of documents."""
        pieces: list[list[SourcePart]] = [[]]
        number = 0
        for part in self._parts:
            first = part.first
            while first < part.end:
                if number == bounds[len(pieces)]:
                    pieces.append([])
                end = min(part.end, first + bounds[len(pieces)] - number)
                pieces[-1].append(SourcePart(part.source, part.file, first, end))
                number += end - first
                first = end
        return pieces


def _file(origin: str) -> str:
    """The file of a document, without the number of a row, and of Megatron's data without its ending."""
    return file_of(origin).removesuffix(_INDEX)


def _digest_of(document: AnyDocument) -> bytes:
    said = f"{document.id}\n{document.sha256}".encode()
    return hashlib.sha256(said).digest()[:_DIGEST_BYTES]
