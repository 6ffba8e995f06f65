"""What tantivy's files say of themselves, which its Python side does not look at: checksums and leftovers.

A file is its body, a JSON footer with the body's CRC-32, the footer's length and a magic number (uint32):

    bytes of the segment…  {"version":{…},"crc":3878983991}  56 00 00 00  39 05 00 00
    body                   footer                            its length   1337

Which files count is what meta.json says: segments, and for each the file of its deleted documents, if any.
What no checksum of tantivy's covers, meta.json above all, is under a seal of ours while nobody writes.

None of this is promised by tantivy; so pyproject.toml allows only versions whose files are like this, and a
new one is allowed once the tests of this file pass with it. Sealing whole files of ours instead would read
all of a large index again at each commit.
"""

import json
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from openbook.database.storage.sealed import read_sealed, write_sealed
from openbook.errors import DatabaseError

_TAIL = struct.Struct("<II")
_MAGIC = 1337
_BLOCK = 1 << 24
_SEAL = "sealed.json"
ANALYZER = "analyzer.json"
"""A file of ours: which analyzer made the index."""
LISTS = ("meta.json", ".managed.json", ANALYZER)
"""Of files, and what we say of them."""
MISSING = "is missing"
"""What is said of a file that is not there."""
_FOOTER_BYTES = 512
_SUFFIXES = (".idx", ".pos", ".term", ".store", ".fast", ".fieldnorm")


@dataclass(frozen=True, slots=True)
class _Commit:
    """The committed state of an index."""

    opstamp: int
    deletes: dict[str, str]
    """For each segment's id the name of the file of its deleted documents; empty if it has none."""

    @classmethod
    def read(cls, folder: Path) -> "_Commit":
        meta = json.loads((folder / "meta.json").read_bytes())
        deletes = {}
        for segment in meta["segments"]:
            name = str(segment["segment_id"]).replace("-", "")
            deletes[name] = f"{name}.{segment['deletes']['opstamp']}.del" if segment["deletes"] else ""
        return cls(int(meta["opstamp"]), deletes)

    def counts(self, path: Path) -> bool:
        """Say whether the committed state includes this file."""
        segment = path.name.split(".")[0]
        return segment in self.deletes and (path.suffix != ".del" or path.name == self.deletes[segment])


def remove_uncommitted_deletes(folder: Path) -> None:
    """Delete what a killed writer left that would come in the way of every later commit.

    tantivy names the file of deleted documents after a counter that starts again where the last commit was,
    and refuses to write a file that exists. Only the holder of the database's lock may do this.
    """
    # There may be no index yet, or a damaged one, which others will report.
    with suppress(OSError, ValueError, KeyError, TypeError):
        commit = _Commit.read(folder)
        for path in folder.glob("*.*.del"):
            if int(path.name.split(".")[1]) > commit.opstamp:
                path.unlink()


def deleted_documents(folder: Path) -> int:
    """Count the documents that are deleted but still in a file with others: BM25 counts their words."""
    segments = json.loads((folder / "meta.json").read_bytes())["segments"]
    return sum(segment["deletes"]["num_deleted_docs"] for segment in segments if segment["deletes"])


def seal(folder: Path) -> None:
    """Record checksums of the lists of files and of all footers, when a writer is done."""
    commit = _Commit.read(folder)
    files = [folder / name for name in LISTS] + [path for path in folder.iterdir() if commit.counts(path)]
    write_sealed(folder / _SEAL, {path.name: zlib.crc32(_uncovered(path)) for path in files})


def share_lists(folder: Path) -> None:
    """Let everybody read the lists of files who may read the rest: tantivy keeps them for their owner."""
    with suppress(OSError):
        allowed = (folder / ANALYZER).stat().st_mode
        for name in LISTS:
            (folder / name).chmod(allowed & 0o777)


def break_seal(folder: Path) -> None:
    """Remove the seal, before a writer changes anything."""
    (folder / _SEAL).unlink(missing_ok=True)


def damaged_segments(folder: Path) -> list[tuple[Path, str]]:
    """Find the files of an index that are missing or do not match their checksums, with what is wrong."""
    while True:
        before = [_uncovered(folder / name) for name in (*LISTS, _SEAL)]
        problems = dict(_against_seal(folder)) | dict(_against_footers(folder))
        if not problems or before == [_uncovered(folder / name) for name in (*LISTS, _SEAL)]:
            return list(problems.items())  # else somebody is writing, or has deleted the folder


def damaged_unless_deleted(folder: Path) -> list[tuple[Path, str]]:
    """Find the same; nothing in a folder that was deleted, or is going: its list of segments goes first."""
    listed = folder / "meta.json"
    problems = damaged_segments(folder) if listed.exists() else []
    return problems if listed.exists() else []


def _uncovered(path: Path) -> bytes:
    """Of a file, what no checksum of tantivy's covers: all of a list, the footer of others; or nothing."""
    try:
        with path.open("rb") as file:
            if path.suffix != ".json":
                file.seek(max(0, path.stat().st_size - _FOOTER_BYTES))
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return b""


def _against_seal(folder: Path) -> list[tuple[Path, str]]:
    if not (folder / _SEAL).is_file():  # the last writer was killed, or is still at work
        return []
    try:
        sealed = read_sealed(folder / _SEAL)
    except DatabaseError:
        return [(folder / _SEAL, "does not match its checksum")]
    return [
        (folder / name, "does not match its checksum" if (folder / name).exists() else MISSING)
        for name, expected in sealed.items()
        if zlib.crc32(_uncovered(folder / name)) != expected
    ]


def _against_footers(folder: Path) -> list[tuple[Path, str]]:
    try:
        commit = _Commit.read(folder)
        found = [path for path in sorted(folder.iterdir()) if commit.counts(path)]
    except FileNotFoundError:
        return [(folder / "meta.json", MISSING)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [(folder / "meta.json", f"cannot be read: {error}")]
    problems = []
    for path in found:
        try:
            if not _matches(path):
                problems.append((path, "does not match its checksum"))
        except FileNotFoundError:  # merged into another segment in the meantime
            continue
        except OSError as error:
            problems.append((path, f"cannot be read: {error}"))
    expected = {f"{name}{suffix}" for name in commit.deletes for suffix in _SUFFIXES}
    expected |= set(commit.deletes.values()) - {""}
    missing = expected - {path.name for path in found}
    return problems + [(folder / name, MISSING) for name in sorted(missing)]


def _matches(path: Path) -> bool:
    """Whether the body of a file has the checksum that its footer says."""
    with path.open("rb") as file:
        try:
            size, expected = _footer(file, path.stat().st_size)
        except (ValueError, KeyError, TypeError):
            return False
        return bool(_crc(file, size) == expected)


def _footer(file: BinaryIO, file_size: int) -> tuple[int, Any]:
    """The length of the body, and the checksum that the footer says.

    Raises:
        ValueError, KeyError, TypeError: there is no such footer.
    """
    if file_size < _TAIL.size:
        raise ValueError("too short")
    file.seek(file_size - _TAIL.size)
    length, magic = _TAIL.unpack(file.read(_TAIL.size))
    body_size = file_size - _TAIL.size - length
    if magic != _MAGIC or body_size < 0:
        raise ValueError("no footer")
    file.seek(body_size)
    return body_size, json.loads(file.read(length))["crc"]


def _crc(file: BinaryIO, size: int) -> int:
    """The CRC-32 of the first bytes of a file, or of all there are."""
    file.seek(0)
    crc = 0
    while size and (block := file.read(min(size, _BLOCK))):
        crc = zlib.crc32(block, crc)
        size -= len(block)
    return crc
