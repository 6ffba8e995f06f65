"""What documents are called when they are removed: ids, sources, files and folders, patterns."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.database.documents.document_names import ids_of
from openbook.errors import DatabaseError
from openbook.text import Document, read_documents

Make = Callable[..., Database]


@pytest.fixture
def database(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Of a folder, of rows beside it, and of something that Python said."""
    for name in ("notes/a.md", "notes/sub/b.md", "notes/[x].md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"river {name}")
    (tmp_path / "rows.jsonl").write_text('{"id": "r1", "text": "stone"}\n{"id": "r2", "text": "copper"}\n')
    database = make()
    database.add(read_documents([str(tmp_path / "notes"), str(tmp_path / "rows.jsonl")]))
    database.add([Document(id="gate", text="orchard", source="https://example.org/gate")])
    monkeypatch.chdir(tmp_path)
    return database


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("notes/a.md", ["notes/a.md"]),
        ("notes/[x].md", ["notes/[x].md"]),
        ("https://example.org/gate", ["gate"]),
        ("https://example.org/*", ["gate"]),
        ("rows.jsonl", ["r1", "r2"]),
        ("./rows.jsonl", ["r1", "r2"]),
        ("notes", ["notes/[x].md", "notes/a.md", "notes/sub/b.md"]),
        ("notes/sub/", ["notes/sub/b.md"]),
        ("notes/*.md", ["notes/[x].md", "notes/a.md"]),
        ("notes/**", ["notes/[x].md", "notes/a.md", "notes/sub/b.md"]),
        ("*.md", ["notes/[x].md", "notes/a.md", "notes/sub/b.md"]),
        ("r?", ["r1", "r2"]),
    ],
)
def test_a_name_stands_for_documents(database: Database, name: str, expected: list[str]) -> None:
    assert ids_of(database.catalog, [name]) == {name: expected}


def test_a_file_may_be_gone_and_be_named_absolutely(database: Database, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").unlink()
    for name in ("rows.jsonl", f"{tmp_path}/rows.jsonl", f"{tmp_path}/rows.*"):
        assert ids_of(database.catalog, [name])[name] == ["r1", "r2"]


def test_letters_in_parts_equal_those_in_one_piece(database: Database, tmp_path: Path) -> None:
    """As macOS writes names of files; a name that is exactly so comes first."""
    parts, whole = "U\u0308/e\u0301.md", "\u00dc/\u00e9.md"
    (tmp_path / "U\u0308").mkdir()
    (tmp_path / parts).write_text("violin")
    database.add(read_documents("U\u0308"))
    for name in (whole, f"{tmp_path}/{whole}", "\u00dc", "\u00dc/", "\u00dc/*.md", "*/\u00e9.md", parts):
        assert ids_of(database.catalog, [name]) == {name: [parts]}
    database.add([Document(id=whole, text="thunder")])
    assert ids_of(database.catalog, [whole, parts]) == {whole: [whole], parts: [parts]}


@pytest.mark.parametrize("name", ["", " ", "nobody", "notes/*.txt", "sub", "rows"])
def test_what_nothing_is_called_is_an_error(database: Database, name: str) -> None:
    with pytest.raises(DatabaseError, match=re.escape(repr(name))) as stopped:
        ids_of(database.catalog, ["r1", name])
    assert "nothing was removed" in str(stopped.value) and "openbook list" in str(stopped.value)


def test_what_was_meant_is_suggested(database: Database, make: Make) -> None:
    with pytest.raises(DatabaseError, match=r"'a\.md' \(nearest: 'notes/a\.md'"):
        ids_of(database.catalog, ["a.md"])
    with pytest.raises(DatabaseError, match="'x'"):
        ids_of(make().catalog, ["x"])
