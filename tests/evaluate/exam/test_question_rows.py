"""Question rows and the two files of a world."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from openbook.errors import OutputError, SettingsError
from openbook.evaluate.exam import Part, documents_of, make_world, questions_of, write_world
from openbook.evaluate.exam.prose import Naming
from openbook.evaluate.exam.question_rows import has_world


def rows_of(path: Path) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("part", "naming", "expected"),
    [("train", "once", "e522adacc93cd37c"), ("test", "title", "ded6b03c3eb7a2fb")],
)
def test_the_same_bytes_on_every_machine(tmp_path: Path, part: Part, naming: Naming, expected: str) -> None:
    # A new wording, name or word changes these.
    write_world(make_world(documents=3, seed=0, part=part, naming=naming), tmp_path)
    written = b"".join((tmp_path / f"{name}.jsonl").read_bytes() for name in ("documents", "questions"))
    assert hashlib.sha256(written).hexdigest()[:16] == expected


def test_the_files_of_a_world(tmp_path: Path) -> None:
    world = make_world(documents=20, seed=4, part="train")
    written = write_world(world, tmp_path / "new" / "world")
    documents = rows_of(tmp_path / "new" / "world" / "documents.jsonl")
    questions = rows_of(tmp_path / "new" / "world" / "questions.jsonl")
    assert [set(row) for row in documents] == [{"id", "title", "text"}] * 20
    assert (
        len(questions)
        == written
        == sum(len(made.facts) for made in world.documents) + len(world.unanswerable)
    )
    texts = {row["id"]: row["text"] for row in documents}
    assert [document.text for document in documents_of(world)] == list(texts.values())
    for row in questions:
        assert set(row) == {"question", "answers", "document", "swaps"}
        if row["answers"]:
            assert all(answer in texts[row["document"]] for answer in row["answers"])
            assert len(row["swaps"]) == 3
        else:
            assert row["swaps"] == []
    assert {row["document"] for row in questions} <= {None, *texts}


def test_questions_come_in_an_order_that_follows_from_the_world(tmp_path: Path) -> None:
    world = make_world(documents=20, seed=4)
    assert write_world(world, tmp_path / "one", questions=7) == 7
    assert rows_of(tmp_path / "one" / "questions.jsonl") == [row.to_json() for row in questions_of(world)[:7]]
    assert len({row.document for row in questions_of(world)[:7]}) > 2


def test_a_world_that_a_kill_left_half_is_completed_and_another_is_not(tmp_path: Path) -> None:
    world, other = make_world(documents=2, seed=4), make_world(documents=2, seed=5)
    assert not has_world(world, tmp_path)
    written = write_world(world, tmp_path)
    assert has_world(world, tmp_path)
    assert not has_world(other, tmp_path)
    assert not has_world(world, tmp_path, questions=1)
    before = (tmp_path / "questions.jsonl").read_bytes()
    (tmp_path / "questions.jsonl").unlink()
    assert not has_world(world, tmp_path)
    assert write_world(world, tmp_path) == written
    assert (tmp_path / "questions.jsonl").read_bytes() == before
    with pytest.raises(OutputError, match="another"):
        write_world(other, tmp_path)
    assert has_world(world, tmp_path)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    world = make_world(documents=1, seed=1)
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="another"):
        write_world(world, tmp_path)
    with pytest.raises(OutputError, match="another"):
        write_world(world, tmp_path / "mine.txt")
    with pytest.raises(SettingsError, match="0 questions"):
        write_world(world, tmp_path / "new", questions=0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
