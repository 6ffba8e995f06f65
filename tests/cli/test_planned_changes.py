"""--dry-run: what would be done is what is then done, and nothing is changed by saying it."""

from pathlib import Path

import pytest

from command_line import LEXICAL, Contents, OpenBook


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


def _with_much_left_out(texts: Path) -> None:
    """Twelve files that cannot be read, twelve kinds that are not, a hidden folder and a link to a folder."""
    for number in range(10, 22):
        (texts / f"bad{number}.txt").write_bytes(b"\xff")
        (texts / f"x.kind{number}").touch()
    (texts / "LICENSE").touch()
    (texts / ".git").mkdir()
    (texts / "linked").symlink_to("..")


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_json_holds_all_that_is_skipped_and_left_out(
    openbook: OpenBook, database: Path, texts: Path, tmp_path: Path, dry: list[str]
) -> None:
    _with_much_left_out(texts)
    (texts / "rows.jsonl").write_text('{"text": "A gnu."}\nnope\n')
    options = ["--on-error", "skip", "--json", *dry]
    for result in (
        openbook("build", tmp_path / "book", texts, *LEXICAL, *options),
        openbook("add", database, texts, *options),
    ):
        said = result.json
        assert said["skipped_files"][:-1] == [
            {
                "file": f"{texts}/bad{number}.txt",
                "problem": "not UTF-8 at byte 0; convert it, or leave it out: --on-error skip",
            }
            for number in range(10, 22)
        ]
        assert said["skipped_files"][-1]["file"] == f"{texts}/rows.jsonl:2"
        assert said["skipped_files"][-1]["problem"].startswith("not JSON: ")
        kinds = {f".kind{number}": 1 for number in range(10, 22)}
        assert said["left_out"] == kinds | {"": 1, "hidden folder": 1, "link to a folder": 1}
        assert result.err.count("skipped: ") == 11, "ten, and that there are more"


def test_json_of_all_that_was_read_holds_none(openbook: OpenBook, database: Path, texts: Path) -> None:
    said = openbook("add", database, texts, "--json").json
    assert (said["skipped_files"], said["left_out"]) == ([], {})


def test_a_dry_run_says_all_that_is_skipped_and_left_out(
    openbook: OpenBook, database: Path, texts: Path
) -> None:
    _with_much_left_out(texts)
    command = ("add", database, texts, "--on-error", "skip")
    dry = openbook(*command, "--dry-run")
    assert [f"bad{number}.txt: not UTF-8" in dry.err for number in range(10, 22)] == [True] * 12
    assert [f"1 .kind{number}" in dry.err for number in range(10, 22)] == [True] * 12
    assert "more" not in dry.err
    done = openbook(*command)
    assert done.err.count("not UTF-8") == 10
    assert "skipped: more; they are counted at the end (all: --dry-run, or --json)" in done.err


def test_build_says_what_it_would_read_and_does_it(
    openbook: OpenBook, texts: Path, tmp_path: Path, contents: Contents
) -> None:
    (texts / "broken.jsonl").write_text('{"text": ""}\n')
    (texts / "photo.png").write_bytes(b"PNG")
    book = tmp_path / "book"
    command = ("build", book, texts, *LEXICAL, "--holdout", "0.1", "--on-error", "skip")
    lines = openbook(*command, "--dry-run")
    assert lines.code == 0
    assert not book.exists()
    assert "add     texts/note8.txt  (held out)" in lines.out.splitlines()
    assert len(lines.out.splitlines()) == 14
    assert "broken.jsonl" in lines.err and ".png" in lines.err and "1 skipped" in lines.err
    dry = openbook(*command, "--dry-run", "--json").json
    assert dry["documents"]["held_out"] == ["texts/note8.txt"]
    built = openbook(*command, "--json").json
    assert {name: built["done"][name] for name in dry["would"] if name != "held_out"} == {
        name: count for name, count in dry["would"].items() if name != "held_out"
    }
    assert (built["holdout_documents"], built["documents"]) == (1, len(dry["documents"]["added"]))
    assert dry["characters"] == built["bytes"], "of this text, which is ASCII"
    before = contents(book)
    again = openbook("build", book, texts, "--on-error", "skip", "--dry-run", "--json").json
    assert again["would"] == {**dry["would"], "added": 0, "held_out": 0, "unchanged": 14}
    refused = openbook("build", book, texts, "--chunk-size", "32", "--on-error", "skip", "--dry-run")
    assert (refused.code, "chunk_size is 16" in refused.error) == (2, True)
    assert contents(book) == before


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
