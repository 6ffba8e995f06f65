"""Questions from JSON lines."""

import json
from pathlib import Path

import pytest

from openbook.errors import SettingsError
from openbook.evaluate.answering.questions import Question, read_questions, split_questions


def test_all_fields_of_a_row(tmp_path: Path) -> None:
    rows = [
        {"question": "Who?", "answers": ["Orl"], "document": "d", "swaps": ["Vane"], "id": 7},
        {"question": "What?", "answers": [], "passages": ["a"], "found": ["b", "c"]},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    assert read_questions(path) == [
        Question("Who?", ("Orl",), "d", swaps=("Vane",)),
        Question("What?", (), None, passages=("a",), found=("b", "c")),
    ]
    assert [row.is_answerable for row in read_questions(path)] == [True, False]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1, }", "line 2: not JSON: Expecting value (column 5)"),
        ("[1]", "not an object"),
        ('{"answers": []}', "question is None"),
        ('{"question": " ", "answers": []}', "must be some text"),
        ('{"question": "a"}', "has no answers"),
        ('{"question": "a", "answers": "b"}', "must be a list of texts"),
        ('{"question": "a", "answers": [""]}', "must be a list of texts"),
        ('{"question": "a", "answers": [], "document": 3}', "must be a document's id"),
        ('{"question": "a", "answers": [], "swap": []}', "swaps"),
        ('{"question": "a \\ud800", "answers": []}', "lone surrogate"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_row_that_is_not_a_question_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "a", "answers": []}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 2") as raised:
        read_questions(path)
    assert said in str(raised.value)


def test_a_file_that_is_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_questions(tmp_path / "nothing")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="holds none"):
        read_questions(tmp_path / "empty")


def test_questions_of_one_document_stay_on_one_side() -> None:
    rows = [Question(f"{number}?", ("a",), f"doc{number // 3}") for number in range(60)]
    kept, held_out = split_questions(rows, held_out=10, seed=3)
    assert 10 <= len(held_out) <= 12
    assert not {row.document for row in kept} & {row.document for row in held_out}
    assert sorted([*kept, *held_out], key=rows.index) == rows
    assert split_questions(rows, held_out=10, seed=3) == (kept, held_out)
    assert split_questions(rows, held_out=10, seed=4) != (kept, held_out)
    assert split_questions(rows, held_out=0, seed=3) == (rows, [])


def test_at_most_half_is_held_out() -> None:
    rows = [Question(f"{number}?", ("a",)) for number in range(5)]
    assert len(split_questions(rows, held_out=9, seed=0)[1]) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_end_where_json_lines_do(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "questions.jsonl"
    rows = [{"question": f"Wer\u2028baute\x85 {n} Brücken?", "answers": ["Karstädt"]} for n in range(2)]
    text = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_bytes(text.encode(encoding))
    assert read_questions(path) == [Question(row["question"], ("Karstädt",)) for row in rows]  # type: ignore[arg-type]


def test_questions_of_a_single_document_are_all_learned() -> None:
    rows = [Question(f"{number}?", ("a",), "notes.md") for number in range(6)]
    assert split_questions(rows, held_out=32, seed=0) == (rows, [])
    more = [*rows, Question("b?", ("b",), "other.md")]
    assert split_questions(more, held_out=32, seed=0) == (rows, more[6:])
