"""Flat arrays on disk equal a plain list of rows, and say so when they are cut."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.database.arrays import AppendOnlyArray
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
                rows.append(np.array(new, dtype=np.uint16).reshape(step, 2))
                expected += new
            else:
                del expected[int(step * len(expected)) :]
                rows.truncate(len(expected))
            assert rows.rows(len(expected)).tolist() == expected


def test_no_rows_need_no_file(tmp_path: Path) -> None:
    assert array(tmp_path).rows(0).shape == (0, 2)
    array(tmp_path).truncate(0)
    assert not array(tmp_path).path.exists()


def test_rows_that_no_commit_vouches_for_are_not_seen(tmp_path: Path) -> None:
    rows = array(tmp_path)
    rows.append(np.array([[1, 2], [3, 4]], dtype=np.uint16))
    with rows.path.open("ab") as file:
        file.write(b"garbage")
    assert rows.rows(1).tolist() == [[1, 2]]
    rows.truncate(2)
    assert rows.path.stat().st_size == 8


def test_a_file_that_was_cut_is_named_and_left_alone(tmp_path: Path) -> None:
    rows = array(tmp_path)
    rows.append(np.array([[1, 2], [3, 4]], dtype=np.uint16))
    os.truncate(rows.path, 7)
    for act in (rows.rows, rows.truncate):
        with pytest.raises(DatabaseError, match=r"rows\.bin: 7 bytes where the catalogue expects 8"):
            act(2)
    assert rows.path.stat().st_size == 7


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"rows\.bin: 0 bytes"):
        array(tmp_path).rows(1)


def test_a_full_disk_is_reported_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatabaseError, match=r"rows\.bin.*No space left"):
        array(tmp_path).append(np.zeros((1, 2), dtype=np.uint16))


def test_elements_are_little_endian_on_disk(tmp_path: Path) -> None:
    array(tmp_path).append(np.array([[1, 256]], dtype=">u2"))
    assert array(tmp_path).path.read_bytes() == b"\x01\x00\x00\x01"
