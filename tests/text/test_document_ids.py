"""What was meant by an id that no document has."""

import pytest

from openbook.text.document_ids import nearest_ids, suggestion

KNOWN = ["doc-1", "doc-2", "doc-3", "notes/a.md", "notes/sub/b.md", "Café.txt", "https://x.example/p"]


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("DOC-3", "doc-3"),
        ("doc-22", "doc-2"),
        ("a.md", "notes/a.md"),
        ("/me/notes/a.md", "notes/a.md"),
        ("./notes/a.md", "notes/a.md"),
        ("notes\\a.md", "notes/a.md"),
        ("notes/b.md", "notes/sub/b.md"),
        ("notes/a", "notes/a.md"),
        ("cafe\u0301.txt", "Café.txt"),
        ("https://x.example/p/", "https://x.example/p"),
    ],
)
def test_the_id_that_was_meant_comes_first(wanted: str, meant: str) -> None:
    assert nearest_ids(wanted, KNOWN)[0] == meant


def test_what_resembles_nothing_has_no_suggestion() -> None:
    assert nearest_ids("zebra", KNOWN) == []
    assert suggestion("zebra", KNOWN) == "'zebra'"


def test_suggestions_are_few_and_printable() -> None:
    assert len(nearest_ids("doc-0", [f"doc-{number}" for number in range(1, 50)])) == 3
    assert suggestion("a\x1b[1m", ["a\x1b[2m"]).isprintable()


def test_a_file_is_meant_without_its_ending_too() -> None:
    known = ["notes/sub/gate.md", "gates.txt", "ga.te/x", "row"]
    assert nearest_ids("gate", known)[0] == "notes/sub/gate.md"
    assert nearest_ids("sub/gate", known)[0] == "notes/sub/gate.md"
    assert nearest_ids("", known) == []


def test_an_id_as_long_as_a_book_is_neither_compared_nor_shown() -> None:
    said = suggestion("x" * 2_000_000, [*KNOWN, "x" * 2_000_001])
    assert len(said) < 200
    assert "2,000,000 characters" in said


def test_an_id_that_looks_the_same_is_shown_by_its_characters() -> None:
    assert suggestion("\u00fc.md", ["u\u0308.md"]) == "'\u00fc.md' (nearest: 'u\\u0308.md')"
