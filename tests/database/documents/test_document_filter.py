"""A search restricted to some documents: which these are, what is said where there are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openbook.database import Database, DocumentFilter
from openbook.database.storage.catalog import Catalog
from openbook.errors import DatabaseError, SettingsError
from openbook.text import Document, Tokenizer

DOCUMENTS = {
    "notes/gate.md": ("The Gate", "/n/gate.md"),
    "notes/mill.md": ("The Mill", "/n/mill.md"),
    "notes/mill.md.old": ("", "/n/mill.md.old"),
    "a[1].md": ("Odd [1]", ""),
    "held": ("The Held", "/n/held.md"),
}


@pytest.fixture
def database(tmp_path: Path, tokenizer: Tokenizer) -> Database:
    """Documents that share a word; one is held out."""
    made = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=8, holdout=["held"]
    )
    made.add(
        Document(id=name, text=f"copper {name}", title=title, source=source)
        for name, (title, source) in DOCUMENTS.items()
    )
    return made


def found(database: Database, **patterns: Any) -> set[str]:
    hits = database.search("copper", k=10, documents=DocumentFilter(**patterns))[0]
    return {hit.document_id for hit in hits}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ({"ids": ["notes/mill.md"]}, {"notes/mill.md"}),
        ({"ids": ["notes/*.md"]}, {"notes/gate.md", "notes/mill.md"}),
        ({"ids": ["a[1].md"]}, {"a[1].md"}),
        ({"sources": ["mill"]}, {"notes/mill.md", "notes/mill.md.old"}),
        ({"sources": ["*mill.md"]}, {"notes/mill.md"}),
        ({"sources": ["a[1].md"]}, {"a[1].md"}),
        ({"titles": ["The"]}, {"notes/gate.md", "notes/mill.md"}),
        ({"titles": ["*Mill", "Gate"]}, {"notes/gate.md", "notes/mill.md"}),
        ({"titles": ["notes/mill.md.old"]}, {"notes/mill.md.old"}),
        ({"titles": ["The*"], "sources": ["mill"]}, {"notes/mill.md"}),
    ],
)
def test_what_matches_is_found_alone(
    database: Database, patterns: dict[str, list[str]], expected: set[str]
) -> None:
    assert found(database, **patterns) == expected


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"ids": ["notes/mil.md"]}, r"the id 'notes/mil.md' \(nearest: 'notes/mill.md'"),
        ({"ids": ["mill"]}, r"the id 'mill' \(nearest: 'notes/mill.md'"),
        ({"sources": ["gate", "/n/Gate.md"]}, r"the source '/n/Gate.md' \(nearest: '/n/gate.md'"),
        ({"titles": ["the mill"]}, r"the title 'the mill' \(nearest: 'The Mill'"),
        ({"titles": ["The Gate"], "sources": ["mill"]}, "both"),
        ({"titles": ["The Held"]}, "held out"),
    ],
)
def test_a_filter_that_leaves_nothing_is_an_error(
    database: Database, patterns: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(DatabaseError, match=message) as raised:
        found(database, **patterns)
    assert f"openbook list {database.path}" in str(raised.value)


@pytest.mark.parametrize("patterns", [{"ids": [""]}, {"titles": ["a", " "]}, {}])
def test_a_filter_without_a_pattern_is_refused(patterns: dict[str, list[str]]) -> None:
    with pytest.raises(SettingsError, match="search everything"):
        DocumentFilter(**patterns)


def test_a_text_is_no_list_of_patterns() -> None:
    with pytest.raises(TypeError, match=r'sources=\["\.\.\."\]'):
        DocumentFilter(sources="gate")


def test_letters_in_parts_equal_those_in_one_piece(database: Database) -> None:
    """As macOS writes names of files; an id that is exactly so comes first."""
    parts, whole = "n/e\u0301.md", "n/\u00e9.md"
    database.add([Document(id=parts, text="copper one", title="E\u0301tude", source="/n/e\u0301.md")])
    for name in (whole, "n/\u00e9*"):
        assert found(database, ids=[name]) == {parts}
    assert found(database, sources=["\u00e9"]) == found(database, titles=["\u00c9tude"]) == {parts}
    database.add([Document(id=whole, text="copper two")])
    for name in (parts, whole):
        assert found(database, ids=[name]) == {name}


def test_a_version_remembers_and_the_next_one_looks_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = []
    describe = Catalog.describe

    def counted(self: Catalog, numbers: Any) -> Any:
        described.append(len(numbers))
        return describe(self, numbers)

    monkeypatch.setattr(Catalog, "describe", counted)
    before = database.opened
    first = before.allowed_chunks(DocumentFilter(sources=["mill"]))
    assert before.allowed_chunks(DocumentFilter(sources=("mill",))) is first
    assert before.allowed_chunks(DocumentFilter(sources=["gate"])) is not first
    assert described == [len(DOCUMENTS)]
    database.add([Document(id="new mill", text="copper castle")])
    assert "new mill" in found(database, sources=["mill"])
    database.remove(["notes/mill.md"])
    assert found(database, sources=["mill"]) == {"notes/mill.md.old", "new mill"}
    hits = before.search("copper", k=10, documents=DocumentFilter(sources=["mill"]))[0]
    assert {hit.document_id for hit in hits} == {"notes/mill.md", "notes/mill.md.old"}


def test_no_more_filters_are_remembered_than_some(
    make: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openbook.database.documents.document_filter._KEPT", 3)
    version = make({f"d{number}": "copper" for number in range(6)}).opened
    first = [version.allowed_chunks(DocumentFilter(ids=[f"d{number}"])) for number in range(6)]
    again = [version.allowed_chunks(DocumentFilter(ids=[f"d{number}"])) for number in (5, 4, 3, 0)]
    are_kept = [old is new for old, new in zip((*first[5:2:-1], first[0]), again, strict=True)]
    assert are_kept == [True, True, True, False]
