"""JSON files: a list, an object, lines under this name; and what is wrong with some."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.text import Document

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

ROWS = [{"id": "a", "text": "one", "title": "T"}, {"text": "two", "source": "s"}]


@pytest.mark.parametrize("indent", [None, 2])
def test_the_objects_of_a_list_are_documents(write: Write, read_all: ReadAll, indent: int | None) -> None:
    path = write("a.json", json.dumps(ROWS, indent=indent))
    expected = [Document(id="a", text="one", title="T", source=f"{path}:1"), Document(text="two", source="s")]
    assert read_all(path) == (expected, [])


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_is_a_document(write: Write, read_all: ReadAll, indent: int | None) -> None:
    (document,), _ = read_all(write("a.json", json.dumps(ROWS[0], indent=indent)))
    assert (document.id, document.text) == ("a", "one")


@pytest.mark.parametrize("before", ["", "\n\n", "\ufeff"])
def test_lines_are_read_as_json_lines(write: Write, read_all: ReadAll, before: str) -> None:
    path = write("a.json", before + "\n".join([json.dumps(ROWS[0]), "nope", json.dumps(ROWS[1])]))
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["one", "two"]
    assert error.startswith(f"{path}:{2 + before.count(chr(10))}: not JSON")


@pytest.mark.parametrize("wrong", ["nope", '{"text": "one"', "", "[INFO] exported"])
def test_lines_are_read_if_the_first_is_wrong(write: Write, read_all: ReadAll, wrong: str) -> None:
    path = write("a.json", "\n".join([wrong, *map(json.dumps, [*ROWS, *ROWS[:1]])]))
    documents, errors = read_all(path)
    assert [document.text for document in documents] == ["one", "two", "one"]
    assert [error.startswith(f"{path}:1: not JSON: ") for error in errors] == [True] * bool(wrong)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_it_may_be_in_utf16(write: Write, read_all: ReadAll, encoding: str) -> None:
    for text in (json.dumps(ROWS), "\n".join(map(json.dumps, ROWS))):
        documents, _ = read_all(write("a.json", text.encode(encoding)))
        assert [document.text for document in documents] == ["one", "two"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[1, 2", ":1: not JSON: Expecting"),
        ('[{"text": "a"},\n{"text": b},\n{"text": "c"}]', ":2: not JSON: Expecting value"),
        ("// a comment\n{}", ":1: not JSON: Expecting value"),
        ("[" * 100_000, ": not JSON: maximum recursion depth"),
        ("3", ": a JSON int where an object with a 'text' is expected"),
        ('[{"text": ""}]', ":1: no text: 'text' is empty"),
        ("[[]]", ":1: a JSON list where"),
        ('{\n"name": "package"\n}', ": no text: 'text' is missing"),
        ("[]", ": holds no document"),
        (b"[\xff]", ": not UTF-8 at byte 1"),
    ],
)
def test_what_is_wrong_is_said(write: Write, read_all: ReadAll, content: str | bytes, problem: str) -> None:
    path = write("a.json", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}{problem}")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
@pytest.mark.parametrize(
    "content",
    [
        "\r".join(map(json.dumps, ROWS)) + "\r",
        json.dumps(ROWS),
        json.dumps(ROWS, indent=1).replace("\n", "\r"),
        "[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n",
        "\n".join(json.dumps(row, indent=2) for row in ROWS) + "\n",
    ],
)
def test_any_way_to_write_objects_is_read_under_any_name(
    write: Write, read_all: ReadAll, name: str, content: str
) -> None:
    for encoded in (content.encode(), content.encode("utf-8-sig"), content.encode("utf-16")):
        documents, errors = read_all(write(name, encoded))
        assert ([document.text for document in documents], errors) == (["one", "two"], [])


def test_objects_that_stand_side_by_side_are_documents(write: Write, read_all: ReadAll) -> None:
    path = write("a.json", "".join(map(json.dumps, ROWS)))
    documents, errors = read_all(path)
    assert [(document.text, document.source) for document in documents] == [
        ("one", f"{path}:1"),
        ("two", "s"),
    ]
    assert errors == []
    (error,) = read_all(write("b.json", json.dumps(ROWS[0]) + "{"))[1]
    assert "not JSON" in error


@pytest.mark.parametrize("first", ["[INFO] export started", "{", "[", "[1]\nbad", "[2024-05-01] started"])
def test_a_bad_line_at_the_beginning_is_all_that_is_lost_of_lines(
    write: Write, read_all: ReadAll, first: str
) -> None:
    path = write("a.jsonl", "\n".join([first, *map(json.dumps, ROWS)]))
    documents, errors = read_all(path)
    assert [document.text for document in documents] == ["one", "two"]
    assert [error.split(": ")[0] for error in errors] == [
        f"{path}:{number + 1}" for number in range(len(first.split("\n")))
    ]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_lists_one_after_the_other_are_read_row_by_row(write: Write, read_all: ReadAll, name: str) -> None:
    documents, errors = read_all(write(name, "\n".join(json.dumps([row]) for row in ROWS)))
    assert ([document.text for document in documents], errors) == (["one", "two"], [])
