"""Small files are complete or as they were, and errors are of the class that the caller's users know."""

from pathlib import Path

import pytest

from openbook import durable
from openbook.database.storage import sealed
from openbook.errors import DatabaseError, OpenbookError, OutputError, TrainingError


def test_what_was_sealed_is_read_again(tmp_path: Path) -> None:
    values = {"b": [1, None], "a": "ä"}
    durable.write_sealed(tmp_path / "file.json", values, OutputError)
    assert durable.read_sealed(tmp_path / "file.json", OutputError) == values
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"crc32": 1, "values": {"a": 1}}', b"[" * 100_000])
@pytest.mark.parametrize("error", [OutputError, DatabaseError])
def test_damage_is_named(tmp_path: Path, content: bytes, error: type[OpenbookError]) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    for read in (durable.read_sealed, durable.read_sealed_if_there):
        with pytest.raises(error, match=r"file\.json: does not match its checksum"):
            read(path, error)


def test_a_missing_file_is_an_error_or_none(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no\.json: cannot be read or written: No such file"):
        durable.read_sealed(tmp_path / "no.json", OutputError)
    assert durable.read_sealed_if_there(tmp_path / "no.json", OutputError) is None
    with pytest.raises(DatabaseError, match=r"no\.json"):
        sealed.file_digest(tmp_path / "no.json")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    durable.replace_file(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with (
        pytest.raises(TrainingError, match="file: cannot be read or written: No space left on device"),
        durable.naming_errors(path, TrainingError),
    ):
        durable.replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_where_a_reader_holds_the_old_file_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows."""
    path, replace, refused = tmp_path / "file", Path.replace, iter([PermissionError(), PermissionError()])

    def replace_later(self: Path, target: Path) -> Path:
        for error in refused:
            raise error
        return replace(self, target)

    monkeypatch.setattr(durable, "_IS_WINDOWS", True)
    monkeypatch.setattr(Path, "replace", replace_later)
    durable.replace_file(path, b"new")
    assert path.read_bytes() == b"new"
