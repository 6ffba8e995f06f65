"""Megatron's PREFIX.bin and PREFIX.idx: read back as written, and each kind of damage reported."""

import struct
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openbook.errors import SourceError
from openbook.text import TokenizedDocument, read_documents

CODES = {1: np.uint8, 2: np.int8, 3: np.int16, 4: np.int32, 5: np.int64, 8: np.uint16}
CORPUS = [[[1, 2, 3], [4]], [[5, 6]], [[7]]]


def index(
    lengths: Sequence[int],
    offsets: Sequence[int],
    boundaries: Sequence[int],
    *,
    code: int = 8,
    magic: bytes = b"MMIDIDX\x00\x00",
    version: int = 1,
    num_sequences: int | None = None,
    num_boundaries: int | None = None,
) -> bytes:
    """An index, right or wrong."""
    counts = (
        len(lengths) if num_sequences is None else num_sequences,
        len(boundaries) if num_boundaries is None else num_boundaries,
    )
    header = magic + struct.pack("<QBQQ", version, code, *counts)
    arrays = ((lengths, "<i4"), (offsets, "<i8"), (boundaries, "<i8"))
    return header + b"".join(np.array(values, dtype).tobytes() for values, dtype in arrays)


def write_megatron(prefix: Path, documents: Sequence[Sequence[Sequence[int]]], code: int = 8) -> Path:
    """As Megatron writes them: documents of sequences of tokens."""
    dtype = np.dtype(CODES[code])
    sequences = [sequence for document in documents for sequence in document]
    lengths = [len(sequence) for sequence in sequences]
    offsets = np.cumsum([0, *lengths])[:-1] * dtype.itemsize
    boundaries = np.cumsum([0, *map(len, documents)])
    Path(f"{prefix}.bin").write_bytes(b"".join(np.array(ids, dtype).tobytes() for ids in sequences))
    Path(f"{prefix}.idx").write_bytes(index(lengths, offsets.tolist(), boundaries.tolist(), code=code))
    return prefix


def tokens(document: object) -> list[int]:
    assert isinstance(document, TokenizedDocument)
    ids: list[int] = document.token_ids.tolist()
    return ids


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return write_megatron(tmp_path / "wiki_text_document", CORPUS)


@pytest.mark.parametrize("end", ["", ".bin", ".idx"])
def test_documents_are_their_sequences_joined(prefix: Path, read_all: Any, end: str) -> None:
    documents, errors = read_all(f"{prefix}{end}")
    assert [tokens(document) for document in documents] == [[1, 2, 3, 4], [5, 6], [7]]
    assert [document.id for document in documents] == [f"wiki_text_document:{n}" for n in range(3)]
    assert [document.source for document in documents] == [f"{prefix}:{n}" for n in range(3)]
    assert {document.title for document in documents} == {"wiki_text_document"}
    assert errors == []


def test_pairs_in_folders_are_read_among_the_other_files(tmp_path: Path, read_all: Any) -> None:
    (tmp_path / "corpus" / "sub").mkdir(parents=True)
    write_megatron(tmp_path / "corpus" / "sub" / "v1.2", [[[9]]])
    (tmp_path / "corpus" / "a.txt").write_text("text")
    (tmp_path / "corpus" / "weights.bin").write_bytes(b"of something else")
    documents, errors = read_all(tmp_path / "corpus")
    assert [document.id for document in documents] == ["corpus/a.txt", "corpus/sub/v1.2:0"]
    assert (documents[1].title, errors) == ("v1.2", [])


def test_folder_goes_before_a_prefix_of_its_name(prefix: Path, read_all: Any) -> None:
    prefix.mkdir()
    (prefix / "a.txt").write_text("text")
    (document,), _ = read_all(prefix)
    assert document.id == "wiki_text_document/a.txt"


@settings(deadline=None, max_examples=60)
@given(data=st.data(), code=st.sampled_from(sorted(CODES)))
def test_what_a_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, code: int
) -> None:
    highest = min(int(np.iinfo(CODES[code]).max), 2**32 - 1)
    sequences = st.lists(st.integers(0, highest), max_size=5)
    documents = data.draw(st.lists(st.lists(sequences, max_size=4), max_size=6))
    prefix = write_megatron(tmp_path_factory.getbasetemp() / "any", documents, code)
    errors: list[SourceError] = []
    read = list(read_documents(str(prefix), on_error=errors.append))
    joined = {number: list(chain(*document)) for number, document in enumerate(documents)}
    assert {document.id: tokens(document) for document in read} == {
        f"any:{number}": ids for number, ids in joined.items() if ids
    }
    empty = [f"{prefix}:{number}: holds no token" for number, ids in joined.items() if not ids]
    assert [str(error) for error in errors] == empty or not documents


def test_sequences_may_stand_anywhere_in_the_file(tmp_path: Path, read_all: Any) -> None:
    """Out of order, overlapping, and at odd bytes."""
    (tmp_path / "x.bin").write_bytes(b"\xff" + np.array([1, 2, 3], "<u2").tobytes())
    (tmp_path / "x.idx").write_bytes(index([2, 1, 2], [3, 1, 1], [0, 2, 3]))
    documents, _ = read_all(tmp_path / "x")
    assert [tokens(document) for document in documents] == [[2, 3, 1], [1, 2]]


def test_documents_outlive_their_file(prefix: Path) -> None:
    document = next(iter(read_documents(str(prefix))))
    Path(f"{prefix}.bin").write_bytes(b"")
    assert tokens(document) == [1, 2, 3, 4]


def test_negative_and_empty_documents_are_reported_and_the_others_read(tmp_path: Path, read_all: Any) -> None:
    path = write_megatron(tmp_path / "x", [[[1]], [], [[-2, 3]], [[]], [[4]]], code=4)
    documents, errors = read_all(path)
    assert [tokens(document) for document in documents] == [[1], [4]]
    assert errors == [
        f"{path}:1: holds no token",
        f"{path}:2: -2 is not a token: they are from 0 to 2^32 - 1",
        f"{path}:3: holds no token",
    ]


def test_token_above_32_bits_is_reported(tmp_path: Path, read_all: Any) -> None:
    path = write_megatron(tmp_path / "x", [[[2**32]]], code=5)
    assert read_all(path) == ([], [f"{path}:0: 4294967296 is not a token: they are from 0 to 2^32 - 1"])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not a Megatron index: begins with b'' where b'MMIDIDX\\x00\\x00' is expected"),
        (b"MMIDIDX\x00\x00\x01", "ends after 10 bytes, in its head of 34 bytes; copy it again"),
        (b"MMID", "ends after 4 bytes, in its head of 34 bytes; copy it again"),
        (index([1], [0], [0, 1])[:33], "ends after 33 bytes"),
        (index([1], [0], [0, 1], magic=b"TNTIDX\x00\x00\x00"), "not a Megatron index: begins with b'TNTIDX"),
        (index([1], [0], [0, 1], version=2), "version 2 of Megatron's index; only version 1 is known"),
        (index([1], [0], [0, 1], code=0), "type code 0 is not a type of tokens; known: 1 uint8, 2 int8"),
        (index([1], [0], [0, 1], code=6), "type code 6 (float64) is not a type of tokens"),
        (index([1], [0], [0, 1], code=7), "type code 7 (float32) is not a type of tokens"),
        (index([1], [0], [0, 1], code=9), "type code 9 is not a type of tokens"),
        (index([1], [0], [0, 1])[:-1], "61 bytes long where 1 sequences and 2 document boundaries take 62"),
        (index([1], [0], [0, 1]) + b"\0", "63 bytes long where"),
        (index([1], [0], [0, 1], num_sequences=2**63), "62 bytes long where 9223372036854775808 sequences"),
        (index([1], [0], [0, 1], num_boundaries=2**64 - 1), "62 bytes long where"),
        (index([-1], [0], [0, 1]), "damaged: sequence 0 (-1 tokens at byte 0) has a negative length"),
        (index([1, 1], [0, -2], [0, 2]), "damaged: sequence 1 (1 tokens at byte -2) begins before the file"),
        (index([1, 7], [0, 2], [0, 2]), "damaged: sequence 1 (7 tokens at byte 2) ends beyond the 14 bytes"),
        (index([1], [2**63 - 1], [0, 1]), "damaged: sequence 0 (1 tokens at byte 9223372036854775807) ends"),
        (index([2**31 - 1], [0], [0, 1]), "damaged: sequence 0 (2147483647 tokens at byte 0) ends beyond"),
        (index([1], [0], []), "damaged: the documents span nothing where there are sequences 0 to 1"),
        (index([1], [0], [0, 2]), "damaged: the documents span 0 to 2 where there are sequences 0 to 1"),
        (index([1, 1], [0, 2], [1, 2]), "damaged: the documents span 1 to 2"),
        (index([1, 1], [0, 2], [0, 3, 1, 2]), "damaged: document 1 spans sequences 3 to 1, which"),
        (index([1], [0], [0, -5, 1]), "damaged: document 0 spans sequences 0 to -5, which is backwards"),
    ],
)  # fmt: skip
def test_damaged_index_is_reported_and_the_other_sources_are_read(
    prefix: Path, tmp_path: Path, read_all: Any, content: bytes, problem: str
) -> None:
    Path(f"{prefix}.idx").write_bytes(content)
    (tmp_path / "good.txt").write_text("good")
    documents, (error,) = read_all(prefix, tmp_path / "good.txt")
    assert [document.id for document in documents] == ["good.txt"]
    assert error.startswith(f"{prefix}.idx: {problem}")


@pytest.mark.parametrize(
    ("missing", "source"), [(".bin", ""), (".bin", ".idx"), (".idx", ".bin")], ids=["prefix", "idx", "bin"]
)
def test_missing_half_is_reported(prefix: Path, read_all: Any, missing: str, source: str) -> None:
    Path(f"{prefix}{missing}").unlink()
    _, (error,) = read_all(f"{prefix}{source}")
    assert error == f"{prefix}{missing}: is missing; Megatron's data are a PREFIX.bin and a PREFIX.idx"


def test_prefix_without_any_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        list(read_documents(str(tmp_path / "nothing")))


@pytest.mark.parametrize("documents", [[], [[]]])
def test_data_without_tokens_are_wrong(
    tmp_path: Path, read_all: Any, documents: list[list[list[int]]]
) -> None:
    path = write_megatron(tmp_path / "x", documents)
    _, (error,) = read_all(path)
    assert error.startswith(f"{path}")
    assert "holds no" in error


def test_any_bytes_are_documents_or_source_errors(tmp_path: Path, prefix: Path) -> None:
    """The index with bytes changed at random, 200 times."""
    content = Path(f"{prefix}.idx").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(200):
        changed: NDArray[np.uint8] = np.frombuffer(content, np.uint8).copy()
        changed[rng.integers(0, len(changed), 2)] = rng.integers(0, 256, 2)
        Path(f"{prefix}.idx").write_bytes(changed.tobytes())
        errors: list[SourceError] = []
        documents = list(read_documents(str(prefix), on_error=errors.append))
        assert documents or errors
        assert all(str(error).isprintable() for error in errors)


def test_other_file_systems_are_read_too(prefix: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({f"/m/x.{end}": Path(f"{prefix}.{end}").read_bytes() for end in ("bin", "idx")})
    try:
        for source in ("memory://m/x", "memory://m/x.idx", "memory://m"):
            documents = list(read_documents(source))
            assert [tokens(document) for document in documents] == [[1, 2, 3, 4], [5, 6], [7]]
    finally:
        memory.rm("/m", recursive=True)
