"""Megatron's data files, whose tokens are taken as they are: PREFIX.bin holds them back to back, PREFIX.idx
where each sequence begins and which sequences make a document.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.errors import SourceError
from openbook.text.documents import TokenizedDocument, source_error
from openbook.text.readers.source_file import Item, Keys, SourceFile

_MAGIC = b"MMIDIDX\x00\x00"
_HEADER = struct.Struct("<9sQBQQ")  # magic, version, type of tokens, sequences, document boundaries
_TYPES = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 8: "<u2"}
_FLOATS = {6: "float64", 7: "float32"}

_ReadTokens = Callable[[int, int], NDArray[Any]]
"""From a byte offset and a number of tokens to the tokens."""


@dataclass(frozen=True, slots=True)
class _Index:
    """What a PREFIX.idx says, checked."""

    dtype: np.dtype[Any]
    lengths: NDArray[np.int32]
    """[sequences], in tokens."""
    offsets: NDArray[np.int64]
    """[sequences], in bytes of PREFIX.bin."""
    boundaries: NDArray[np.int64]
    """[documents + 1]: document n is the sequences from boundary n up to boundary n + 1."""


def read_megatron(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read the documents of a PREFIX.idx and its PREFIX.bin, counted from 0 as Megatron counts them."""
    path = file.path[: -len(".idx")]
    data = f"{path}.bin"
    try:
        for half in (file.path, data):
            if not file.filesystem.isfile(half):
                raise source_error(half, "is missing; Megatron's data are a PREFIX.bin and a PREFIX.idx")
        with file.filesystem.open(file.path, "rb") as stream:
            index = _parse(stream.read(), file.filesystem.size(data), file.path)
        with _tokens(file.filesystem, data, index.dtype) as read:
            for number in range(len(index.boundaries) - 1):
                yield _document(index, number, read, file)
    except SourceError as error:
        yield error
    except OSError as error:
        yield source_error(path, f"cannot be read: {error}")


def is_megatron(filesystem: Any, index: str) -> bool:
    """Say whether a .idx is Megatron's: its .bin lies beside it, and it begins as theirs do.

    Git's packs have a .idx too, and so have tantivy's indexes.
    """
    if not filesystem.isfile(f"{index.removesuffix('.idx')}.bin"):
        return False
    try:
        with filesystem.open(index, "rb") as stream:
            return _MAGIC.startswith(stream.read(len(_MAGIC)))
    except OSError:  # its reader reports that
        return True


def _parse(raw: bytes, data_size: int, where: str) -> _Index:
    """Read an index, believing nothing."""
    begins = raw[: len(_MAGIC)]
    if not begins or not _MAGIC.startswith(begins):
        problem = f"not a Megatron index: begins with {begins!r} where {_MAGIC!r} is expected"
        raise source_error(where, problem)
    if len(raw) < _HEADER.size:
        raise source_error(
            where, f"ends after {len(raw)} bytes, in its head of {_HEADER.size} bytes; copy it again"
        )
    _, version, code, num_sequences, num_boundaries = _HEADER.unpack_from(raw)
    if version != 1:
        raise source_error(where, f"version {version} of Megatron's index; only version 1 is known")
    if code not in _TYPES:
        known = ", ".join(f"{code} {np.dtype(name).name}" for code, name in _TYPES.items())
        found = f"{code} ({_FLOATS[code]})" if code in _FLOATS else str(code)
        raise source_error(where, f"type code {found} is not a type of tokens; known: {known}")
    size = _HEADER.size + 12 * num_sequences + 8 * num_boundaries
    if len(raw) != size:
        counts = f"{num_sequences} sequences and {num_boundaries} document boundaries"
        raise source_error(where, f"{len(raw)} bytes long where {counts} take {size}; copy it again")
    offsets_at = _HEADER.size + 4 * num_sequences
    boundaries_at = offsets_at + 8 * num_sequences
    index = _Index(
        np.dtype(_TYPES[code]),
        np.frombuffer(raw, "<i4", num_sequences, _HEADER.size),
        np.frombuffer(raw, "<i8", num_sequences, offsets_at),
        np.frombuffer(raw, "<i8", num_boundaries, boundaries_at),
    )
    _check_sequences(index, data_size, where)
    _check_boundaries(index, where)
    return index


def _check_sequences(index: _Index, data_size: int, where: str) -> None:
    sizes = index.lengths.astype(np.int64) * index.dtype.itemsize
    for wrong, problem in (
        (index.lengths < 0, "has a negative length"),
        (index.offsets < 0, "begins before the file"),
        (
            index.offsets > data_size - sizes,
            f"ends beyond the {data_size} bytes of its .bin: copy both again",
        ),
    ):
        if wrong.any():
            number = int(wrong.argmax())
            numbers = f"{index.lengths[number]} tokens at byte {index.offsets[number]}"
            raise source_error(where, f"damaged: sequence {number} ({numbers}) {problem}")


def _check_boundaries(index: _Index, where: str) -> None:
    boundaries, num_sequences = index.boundaries, len(index.lengths)
    if len(boundaries) == 0 and num_sequences == 0:
        return
    if len(boundaries) == 0 or boundaries[0] != 0 or boundaries[-1] != num_sequences:
        ends = f"{boundaries[0]} to {boundaries[-1]}" if len(boundaries) else "nothing"
        problem = f"the documents span {ends} where there are sequences 0 to {num_sequences}"
        raise source_error(where, f"damaged: {problem}")
    wrong = boundaries[1:] < boundaries[:-1]
    if wrong.any():
        number = int(wrong.argmax())
        spans = f"{boundaries[number]} to {boundaries[number + 1]}"
        raise source_error(where, f"damaged: document {number} spans sequences {spans}, which is backwards")


@contextmanager
def _tokens(filesystem: Any, path: str, dtype: np.dtype[Any]) -> Iterator[_ReadTokens]:
    """Tokens of a file: mapped into memory where it is on a local disk."""
    from fsspec.implementations.local import LocalFileSystem

    if isinstance(filesystem, LocalFileSystem) and filesystem.size(path):
        mapped = np.memmap(path, dtype=np.uint8, mode="r")
        yield lambda offset, count: mapped[offset : offset + count * dtype.itemsize].view(dtype)
        return
    with filesystem.open(path, "rb") as stream:

        def read(offset: int, count: int) -> NDArray[Any]:
            stream.seek(offset)
            return np.frombuffer(stream.read(count * dtype.itemsize), dtype)

        yield read


def _document(index: _Index, number: int, read: _ReadTokens, file: SourceFile) -> Item:
    sequences = range(int(index.boundaries[number]), int(index.boundaries[number + 1]))
    parts = [read(int(index.offsets[at]), int(index.lengths[at])) for at in sequences]
    token_ids = np.concatenate([np.empty(0, index.dtype), *parts])  # a copy: the file may be closed
    path, name, origin = (text.removesuffix(".idx") for text in (file.path, file.name, file.origin))
    try:
        return TokenizedDocument(
            token_ids=token_ids,
            id=f"{file.prefix}{name}:{number}",
            title=PurePosixPath(name).name,
            source=f"{path}:{number}",
            origin=origin and f"{origin}:{number}",
            named_by_path=True,
        )
    except SourceError as error:
        return error
