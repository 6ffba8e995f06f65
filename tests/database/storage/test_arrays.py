"""Flat arrays on disk equal a plain list of rows, and say so when they are cut or changed."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openbook.database.storage.arrays import AppendOnlyArray
from openbook.errors import DatabaseError


def array(folder: Path) -> AppendOnlyArray:
    return AppendOnlyArray(folder / "rows.bin", dtype=np.uint16, width=2)


@given(st.lists(st.one_of(st.integers(0, 4), st.floats(0, 1)), max_size=8))
@settings(max_examples=25, deadline=None)
def test_appending_and_truncating_equal_a_list_of_rows(steps: list[int | float]) -> None:
    """A whole number appends so many rows; a share keeps that share of the rows."""
    with tempfile.TemporaryDirectory() as folder:
        rows = array(Path(folder))
        expected: list[list[int]] = []
        for step in steps:
            if isinstance(step, int):
                new = [[len(expected) + place, 65535 - place] for place in range(step)]
                rows.append(np.array(new, dtype=np.uint16).reshape(step, 2), first=len(expected))
                expected += new
            else:
                del expected[int(step * len(expected)) :]
                rows.truncate(len(expected))
            assert rows.rows(len(expected))[:].tolist() == expected
            assert rows.whole_rows() == len(expected)
            assert rows.rows(len(expected)).damaged().tolist() == []


def test_no_rows_need_no_file(tmp_path: Path) -> None:
    assert array(tmp_path).rows(0).shape == (0, 2)
    assert array(tmp_path).rows(0)[:].tolist() == []
    array(tmp_path).truncate(0)
    assert list(tmp_path.iterdir()) == []


INDEXES = [
    0,
    3,
    -1,
    slice(None),
    slice(1, 3),
    slice(-2, None),
    slice(2, 2),
    slice(3, 100),
    np.array([], dtype=np.int64),
    np.empty((2, 0), dtype=np.int64),
    np.array([3, 0, 0]),
    np.array([[1, -1], [2, 0]]),
]


@pytest.mark.parametrize("index", INDEXES, ids=str)
@pytest.mark.parametrize("columns", [1, 2, 5])
def test_rows_are_picked_as_numpy_picks_them(
    tmp_path: Path, index: int | slice | NDArray[np.int64], columns: int
) -> None:
    values = np.arange(8, dtype=np.uint16).reshape(4, 2)
    array(tmp_path).append(values, first=0)
    rows = array(tmp_path).rows(4)[:, :columns]
    expected = values[:, :columns]
    assert rows.shape == expected.shape
    assert rows[index].shape == expected[index].shape
    assert np.array_equal(rows[index], expected[index])
    assert np.array_equal(np.asarray(rows), expected)


@pytest.mark.parametrize("suffix", [".bin", ".sum"])
def test_a_row_that_was_changed_is_named_when_it_is_read(tmp_path: Path, suffix: str) -> None:
    rows = array(tmp_path)
    rows.append(np.array([[1, 2], [3, 4], [5, 6]], dtype=np.uint16), first=0)
    file = rows.path.with_suffix(suffix)
    content = bytearray(file.read_bytes())
    content[5] ^= 1  # both files have four bytes a row
    file.write_bytes(content)
    opened = rows.rows(3)
    assert opened[np.array([0, 2])].tolist() == [[1, 2], [5, 6]]
    for index in (1, slice(0, 2), slice(None), np.array([2, 1])):
        with pytest.raises(DatabaseError, match=r"rows\.bin: row 1 does not match.*see: openbook verify"):
            opened[index]
    with pytest.raises(DatabaseError, match="row 1"):
        opened[:, :1][1]
    assert opened.damaged().tolist() == [1]


def test_no_row_passes_for_another(tmp_path: Path) -> None:
    rows = array(tmp_path)
    rows.append(np.array([[1, 2], [3, 4]], dtype=np.uint16), first=0)
    for path in (rows.path, rows.sums_path):
        content = path.read_bytes()
        path.write_bytes(content[4:] + content[:4])
    assert rows.rows(2).damaged().tolist() == [0, 1]


def test_rows_that_no_commit_vouches_for_are_not_seen(tmp_path: Path) -> None:
    rows = array(tmp_path)
    rows.append(np.array([[1, 2], [3, 4]], dtype=np.uint16), first=0)
    for path in (rows.path, rows.sums_path):
        with path.open("ab") as file:
            file.write(b"garbage")
    assert rows.rows(1)[:].tolist() == [[1, 2]]
    rows.truncate(2)
    assert rows.path.stat().st_size == rows.sums_path.stat().st_size == 8
    assert rows.rows(2)[:].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("suffix", [".bin", ".sum"])
def test_a_file_that_was_cut_is_named_and_left_alone(tmp_path: Path, suffix: str) -> None:
    rows = array(tmp_path)
    rows.append(np.array([[1, 2], [3, 4]], dtype=np.uint16), first=0)
    file = rows.path.with_suffix(suffix)
    os.truncate(file, 7)
    for act in (rows.rows, rows.truncate):
        with pytest.raises(DatabaseError, match=rf"rows\{suffix}: 7 .* 8\b.*openbook verify .* --repair"):
            act(2)
    assert file.stat().st_size == 7
    assert rows.whole_rows() == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"rows\.bin: 0 bytes"):
        array(tmp_path).rows(1)


def test_a_full_disk_is_reported_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatabaseError, match=r"rows\.bin.*No space left"):
        array(tmp_path).append(np.zeros((1, 2), dtype=np.uint16), first=0)


def test_elements_are_little_endian_on_disk(tmp_path: Path) -> None:
    array(tmp_path).append(np.array([[1, 256]], dtype=">u2"), first=0)
    assert array(tmp_path).path.read_bytes() == b"\x01\x00\x00\x01"
    assert array(tmp_path).rows(1)[:].tolist() == [[1, 256]]
