"""What sources are called: a part, a pattern, a path as it was given to `add`, in this order or the other."""

from pathlib import Path

import pytest

from openbook.database import DocumentFilter
from openbook.database.documents.source_patterns import SourcePattern, no_source

URL = "https://example.org/a./notes"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, beside another that is called alike."""
    folder = tmp_path.resolve() / "kim"
    (folder / "notes").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def matched(here: Path, pattern: str) -> list[str]:
    """Which of some sources are meant, without the folder that they lie in."""
    above = here.parent
    rows = {
        f"{above}/kim/notes/a.md": "",
        f"{above}/kim/notes/sub/b[1].txt": "",
        f"{above}/kim/notes2/c.md": "",
        f"{above}/jo/notes/d.md": "",
        "https://example.org/row": f"{above}/kim/rows.jsonl",
        f"{above}/kim/mail.mbox": f"{above}/kim/mail.mbox:17",
        URL: "",
    }
    found = SourcePattern.of(pattern).matches(list(rows), list(rows.values()))
    return [name.removeprefix(f"{above}/") for name, is_found in zip(rows, found, strict=True) if is_found]


BELOW_NOTES = ["kim/notes/a.md", "kim/notes/sub/b[1].txt"]
EVERYWHERE = [*BELOW_NOTES, "kim/notes2/c.md", "jo/notes/d.md", URL]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("notes", EVERYWHERE),
        ("notes/", [*BELOW_NOTES, "jo/notes/d.md"]),
        ("*/notes/*.md", ["kim/notes/a.md", "jo/notes/d.md"]),
        ("d.md", ["jo/notes/d.md"]),
        ("b[1].txt", []),
        ("./notes", BELOW_NOTES),
        ("./notes/", BELOW_NOTES),
        ("../jo", ["jo/notes/d.md"]),
        ("notes/*.md", ["kim/notes/a.md"]),
        ("notes/*", BELOW_NOTES),
        ("./notes/sub/b[1].txt", ["kim/notes/sub/b[1].txt"]),
        ("notes/sub/b[1].txt", ["kim/notes/sub/b[1].txt"]),
        ("./rows.jsonl", ["https://example.org/row"]),
        ("rows.jsonl", ["https://example.org/row"]),
        ("./mail.mbox", ["kim/mail.mbox"]),
        (".", [*BELOW_NOTES, "kim/notes2/c.md", "https://example.org/row", "kim/mail.mbox"]),
        ("./a", []),
        ("./nothing", []),
        ("a./notes", [URL]),
    ],
)
def test_what_is_meant(here: Path, pattern: str, expected: list[str]) -> None:
    assert matched(here, pattern) == expected


def test_a_folder_with_brackets_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path.resolve() / "a[1]"
    folder.mkdir()
    monkeypatch.chdir(folder)
    names = [f"{folder}/x.md", f"{tmp_path}/a1/x.md"]
    assert SourcePattern.of("./*.md").matches(names, ["", ""]) == [True, False]


def test_links_to_folders_are_followed_and_links_to_files_are_files(here: Path) -> None:
    (here / "link").symlink_to("notes")
    (here / "notes" / "b.md").symlink_to("a.md")
    names = [f"{here}/notes/a.md", f"{here}/notes/b.md"]
    for typed in ("./link", "link", "link/*.md", f"{here}/link"):
        assert SourcePattern.of(typed).matches(names, ["", ""]) == [True, True]
    assert SourcePattern.of("./link/b.md").matches(names, ["", ""]) == [False, True]


def test_home_is_known_where_a_pattern_in_quotes_hides_it_from_the_shell(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(here))
    assert matched(here, "~/notes/*.md") == ["kim/notes/a.md"]


def test_letters_in_parts_equal_those_in_one_piece(here: Path) -> None:
    names = [f"{here}/U\u0308/a.md", f"{here}/other"]
    for typed in ("./\u00dc", "./U\u0308", "\u00dc/*.md"):
        assert SourcePattern.of(typed).matches(names, ["", ""]) == [True, False]


def test_where_one_stands_when_a_filter_is_made_counts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = DocumentFilter(sources=["./notes"])
    monkeypatch.chdir(here.parent)
    assert DocumentFilter(sources=["./notes"]) != first
    assert DocumentFilter(sources=["a"]) == DocumentFilter(sources=["a"])


def test_others_cannot_name_paths_of_this_machine(here: Path) -> None:
    pattern = SourcePattern.of("./notes", is_for_others=True)
    assert pattern.matches([f"{here}/notes/a.md"], [f"{here}/notes/a.md"]) == [False]
    said = no_source(pattern, ["notes/a.md"])
    assert str(here) not in said and "nearest: 'notes'" in said


def test_the_nearest_is_named_with_folders(here: Path) -> None:
    names = [f"{here}/notes/sub/a.md", f"{here.parent}/jo/b.md"]
    assert "nearest: 'notes'" in no_source(SourcePattern.of("nots"), names)
    assert "nearest: 'notes/sub'" in no_source(SourcePattern.of("./notes/sup"), names)
    assert "nearest: '../jo'" in no_source(SourcePattern.of("../jon"), names)
    assert f"as a path it is {here.parent}/jon" in no_source(SourcePattern.of("../jon"), names)
    assert "nearest" not in no_source(SourcePattern.of("./quite-another"), names)
