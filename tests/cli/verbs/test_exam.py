"""The verb `exam`: a world written to a folder."""

from pathlib import Path

from command_line import OpenBook


def test_a_world_is_written(openbook: OpenBook, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    command = ("exam", "--write", folder, "--documents", 5, "--seed", 3, "--part", "train")
    result = openbook(*command, "--questions", 8, "--json")
    assert result.code == 0
    assert result.json == {"folder": str(folder), "documents": 5, "questions": 8}
    assert len((folder / "documents.jsonl").read_text("utf-8").splitlines()) == 5
    again = openbook(*command)
    assert again.code == 2
    assert "another" in again.error


def test_nothing_to_do(openbook: OpenBook) -> None:
    result = openbook("exam")
    assert result.code == 2
    assert "--write" in result.error
