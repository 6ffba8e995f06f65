"""--dry-run: what would be done is what is then done, and nothing is changed by saying it."""

from pathlib import Path

import pytest

from command_line import Contents, OpenBook


@pytest.fixture
def changed(texts: Path) -> Path:
    """The folder of texts after some changes."""
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    (texts / "note4.txt").unlink()
    (texts / "new.txt").write_text("A yak eats grass.")
    return texts


def test_add_says_what_it_would_do_and_does_it(
    openbook: OpenBook, database: Path, changed: Path, contents: Contents
) -> None:
    before = contents(database)
    lines = openbook("add", database, changed, "--sync", "--dry-run")
    assert lines.out.splitlines() == [
        "add     texts/new.txt",
        "replace texts/note3.txt",
        "remove  texts/note4.txt",
    ]
    assert "nothing was changed" in lines.err
    dry = openbook("add", database, changed, "--sync", "--dry-run", "--json").json
    assert dry["dry_run"] is True
    assert dry["documents"] == {
        "added": ["texts/new.txt"],
        "replaced": ["texts/note3.txt"],
        "removed": ["texts/note4.txt"],
    }
    assert contents(database) == before
    done = openbook("add", database, changed, "--sync", "--json").json["done"]
    assert {name: done[name] for name in dry["would"]} == dry["would"]
    assert openbook("add", database, changed, "--sync", "--dry-run").out == ""


def test_remove_and_compact_say_what_they_would_do(
    openbook: OpenBook, database: Path, contents: Contents
) -> None:
    before = contents(database)
    result = openbook("remove", database, "row1", "texts/note1*", "--dry-run")
    assert result.out.splitlines() == [
        f"remove  {name}" for name in ("row1", "texts/note1.txt", "texts/note10.txt", "texts/note11.txt")
    ]
    assert contents(database) == before
    removed = openbook("remove", database, "row1", "texts/note1*", "--json").json["done"]["removed"]
    assert openbook("remove", database, "guide.md", "--dry-run").code == 2
    before = contents(database)
    would = openbook("compact", database, "--dry-run", "--json").json["would"]
    assert (removed, contents(database)) == (4, before)
    assert would["chunks_reclaimed"] == openbook("info", database, "--json").json["removed_chunks"] > 0
    assert f"{would['chunks_reclaimed']} of " in openbook("compact", database, "--dry-run").out
    assert (
        openbook("compact", database, "--json").json["done"]["chunks_reclaimed"] == would["chunks_reclaimed"]
    )
