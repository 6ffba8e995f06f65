"""The verbs `add` and `remove`: what they change, what they say, and what they refuse."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, pre_tokenizers

from command_line import LEXICAL, Contents, OpenBook, without_done, write_copies, write_rows
from openbook.cli.checked_sources import Sources
from openbook.database.search import dense_store, embedder
from openbook.database.search.dense_tuning import IndexTuning


def test_add_with_sync_makes_the_database_equal_to_the_folder(
    openbook: OpenBook, database: Path, texts: Path
) -> None:
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    (texts / "note4.txt").unlink()
    (texts / "new.txt").write_text("A yak eats grass.")
    without = openbook("add", database, texts, "--json")
    assert without.json["documents"] == 15
    result = openbook("add", database, texts, "--sync", "--json")
    assert result.code == 0
    assert "0 added, 0 replaced, 14 unchanged, 1 removed" in result.err
    assert result.json["documents"] == 14
    assert openbook("search", database, "yak grass", "--json").json[0]["document_id"] == "texts/new.txt"
    found = openbook("search", database, "kind 4 month 4", "-k", "50", "--json").json
    assert "texts/note4.txt" not in {hit["document_id"] for hit in found}
    again = openbook("add", database, texts, "--sync", "--json")
    assert "0 added, 0 replaced, 14 unchanged, 0 removed" in again.err
    assert without_done(again.json) == without_done(result.json)


def test_add_without_sync_says_what_is_gone_from_a_folder(
    openbook: OpenBook, database: Path, texts: Path, tmp_path: Path
) -> None:
    assert "no longer" not in openbook("add", database, texts).err
    for name in ("note1.txt", "note2.txt", "note3.txt", "note4.txt", "guide.md"):
        (texts / name).unlink()
    result = openbook("add", database, texts)
    named = "texts/guide.md, texts/note1.txt, texts/note2.txt and 2 more"
    stays = "are no longer in the folder named, and stay"
    assert f"5 documents {stays}: {named}; the same command with --sync removes them" in result.err
    assert "0 removed" in result.err
    assert "5 documents are no longer" in openbook("add", database, texts, "--dry-run").err
    (texts / "more.md").write_text("A gnu.")
    some = openbook("add", database, texts, "--glob", "*.md")
    assert "1 document is no longer in the folder named, and stays: texts/guide.md; the same" in some.err
    (tmp_path / "other.txt").write_text("A yak eats grass.")
    assert "no longer" not in openbook("add", database, tmp_path / "other.txt").err
    synced = openbook("add", database, texts, "--sync", "--yes")
    assert ("no longer" in synced.err, "5 removed" in synced.err) == (False, True)


def test_rows_that_are_gone_are_said_of_folders_alone(
    openbook: OpenBook, database: Path, texts: Path
) -> None:
    """Whoever adds one file of rows after another under one name means to keep them all."""
    (texts / "rows.jsonl").write_text(json.dumps({"id": "row2", "text": "A wombat digs."}))
    assert "no longer" not in openbook("add", database, texts / "rows.jsonl").err
    result = openbook("add", database, texts)
    assert "1 document is no longer in the folder named, and stays: row1; the same" in result.err


def test_json_says_what_was_done(openbook: OpenBook, database: Path, texts: Path, tmp_path: Path) -> None:
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    (texts / "note4.txt").unlink()
    (texts / "new.txt").write_text("A yak eats grass.")
    (texts / "bad.txt").write_bytes("Größe".encode("latin-1"))
    skipping = openbook("add", database, texts, "--on-error", "skip", "--json").json["done"]
    counted = ("added", "replaced", "removed", "unchanged", "skipped", "excluded")
    assert [skipping[name] for name in counted] == [1, 1, 0, 12, 1, 0]
    (texts / "bad.txt").unlink()
    done = openbook("add", database, texts, "--sync", "--json").json["done"]
    assert [done[name] for name in counted] == [0, 0, 1, 14, 0, 0]
    done = openbook("remove", database, "row1", "row1", "texts/new.txt", "--json").json["done"]
    assert [done[name] for name in counted] == [0, 0, 2, 0, 0, 0]
    copies = write_copies(tmp_path / "copies.jsonl", ["early"])
    (tmp_path / "ids.txt").write_text("early")
    build = ("build", tmp_path / "held", copies, *LEXICAL, "--holdout", tmp_path / "ids.txt", "--json")
    built = openbook(*build).json
    assert (built["done"]["added"], built["done"]["excluded"]) == (built["documents"], 1)
    assert openbook(*build).json["done"]["unchanged"] == built["documents"]
    assert "done" not in openbook("info", database, "--json").json


def test_a_sync_removes_what_is_gone_and_nothing_of_what_could_not_be_read(
    openbook: OpenBook, database: Path, texts: Path
) -> None:
    (texts / "note4.txt").unlink()
    (texts / "note5.txt").write_bytes("Größe".encode("latin-1"))
    stopped = openbook("add", database, texts, "--sync")
    assert (stopped.code, "note5.txt" in stopped.error, "--on-error skip" in stopped.error) == (2, True, True)
    result = openbook("add", database, texts, "--sync", "--on-error", "skip", "--json")
    assert result.code == 0
    assert "1 removed, 1 skipped" in result.err and result.json["documents"] == 13
    assert "1 document stays, " in result.err and ": texts/note5.txt" in result.err


def test_an_empty_note_does_not_stop_deletions(openbook: OpenBook, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(1, 6):
        (notes / f"{number}.md").write_text(f"Note {number}.")
    (notes / "daily.md").write_text("")
    built = openbook("build", tmp_path / "db", notes, *LEXICAL)
    assert (built.code, "1 empty file is left out" in built.err) == (0, True)
    (notes / "5.md").unlink()
    (notes / "4.md").write_text(" \n")
    result = openbook("add", tmp_path / "db", notes, "--sync")
    assert "2 empty files are left out" in result.err
    assert "0 added, 0 replaced, 3 unchanged, 1 removed, 0 skipped" in result.err
    assert "1 document stays, for what brought it could not all be read or is empty: notes/4.md" in result.err
    assert "stay" not in openbook("add", tmp_path / "db", notes).err, "only a sync removes"


def test_a_new_notebook_does_not_stop_a_build_and_one_that_is_emptied_stays(
    openbook: OpenBook, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(1, 6):
        (notes / f"{number}.md").write_text(f"Note {number}.")
    held = {"cells": [{"cell_type": "markdown", "source": "Cell 1."}]}
    fresh = {"cells": [{"cell_type": "code", "source": []}]}
    (notes / "a.ipynb").write_text(json.dumps(held))
    (notes / "Untitled.ipynb").write_text(json.dumps(fresh))
    built = openbook("build", tmp_path / "db", notes, *LEXICAL)
    assert (built.code, "1 empty file is left out" in built.err) == (0, True)
    (notes / "a.ipynb").write_text(json.dumps(fresh))
    (notes / "5.md").unlink()
    result = openbook("add", tmp_path / "db", notes, "--sync")
    assert "0 added, 0 replaced, 4 unchanged, 1 removed, 0 skipped" in result.err
    assert "1 document stays, " in result.err and " or is empty: notes/a.ipynb" in result.err


def test_rows_of_a_file_with_an_unreadable_row_stay(openbook: OpenBook, tmp_path: Path) -> None:
    for name in ("a", "b"):
        rows = [json.dumps({"id": f"{name}{number}", "text": f"Row {number}."}) for number in range(3)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    sources = (tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    openbook("build", tmp_path / "db", *sources, *LEXICAL)
    for source, name in zip(sources, ("a", "b"), strict=True):
        source.write_text("\n".join(json.dumps({"id": f"{name}{n}", "text": f"Row {n}."}) for n in (0, 1)))
    sources[0].write_text(sources[0].read_text() + "\n{")
    result = openbook("add", tmp_path / "db", *sources, "--sync", "--on-error", "skip")
    assert "4 unchanged, 1 removed, 1 skipped" in result.err
    listed = openbook("list", tmp_path / "db", "--json").json
    assert [document["document_id"] for document in listed] == ["a0", "a1", "a2", "b0", "b1"]


def test_a_sync_with_an_empty_or_missing_folder_removes_nothing(
    openbook: OpenBook, database: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        assert openbook("add", database, tmp_path / name, "--sync").code == 2
    assert openbook("info", database, "--json").json["documents"] == 14


def test_copies_of_held_out_documents_are_named_and_listed(
    openbook: OpenBook, database: Path, tmp_path: Path
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("late\nearly\n")
    build = ("build", tmp_path / "held")
    late = "--allow-unknown-holdout"
    first = openbook(*build, write_copies(tmp_path / "1.jsonl", ["early"]), *LEXICAL, "--holdout", ids, late)
    assert "near-copy: copy of early: similar with early" in first.err
    rows = [
        json.loads(line) for line in write_copies(tmp_path / "2.jsonl", ["late"]).read_text().splitlines()
    ]
    (tmp_path / "copy.jsonl").write_text(json.dumps(rows[1]))
    (tmp_path / "late.jsonl").write_text(json.dumps(rows[0]))
    openbook("add", tmp_path / "held", tmp_path / "copy.jsonl")
    result = openbook("add", tmp_path / "held", tmp_path / "late.jsonl")
    assert "near-copy: copy of late: similar with late" in result.err
    assert "copy of early" not in result.err, "it was named when it was added"
    assert "1 document nearly equal to others" in result.err
    listed = openbook("info", tmp_path / "held", "--excluded")
    assert listed.out.splitlines() == [
        "copy of early: similar with early",
        "copy of late: similar with late",
    ]
    as_json = openbook("info", tmp_path / "held", "--excluded", "--json").json
    assert as_json[1] == {
        "document_id": "copy of late",
        "title": as_json[1]["title"],
        "reason": "similar",
        "original_id": "late",
        "chunks": None,
    }
    assert "kept out of retrieval as near-copies 2" in openbook("info", tmp_path / "held").out


def test_a_recall_below_95_percent_is_a_warning_with_the_remedy(
    openbook: OpenBook, dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "more.jsonl", {f"e{number}": 1 for number in range(20)})
    assert "warning" not in openbook("add", dense, tmp_path / "rows.jsonl").err
    with monkeypatch.context() as patch:
        patch.setattr(dense_store, "tune_index", lambda *_: IndexTuning(16, 1, 0.5))
        result = openbook("add", dense, tmp_path / "more.jsonl")
    assert result.code == 0
    (warning,) = [line for line in result.err.splitlines() if line.startswith("warning")]
    assert "recall@10 of the dense index is 0.500" in warning
    remedy = warning.split("delete the folder ")[1].split(" to have")[0]
    assert openbook("info", dense, "--json").json["recall_at_10"] == 0.5
    for file in Path(remedy).iterdir():
        file.unlink()
    Path(remedy).rmdir()
    assert "warning" not in openbook("add", dense, tmp_path / "more.jsonl").err
    assert openbook("info", dense, "--json").json["recall_at_10"] > 0.9


def test_adding_a_bad_source_changes_nothing(
    openbook: OpenBook, database: Path, tmp_path: Path, contents: Contents
) -> None:
    before = contents(database)
    (tmp_path / "rows.jsonl").write_text('{"text": "fine"}\n{\n')
    result = openbook("add", database, tmp_path / "rows.jsonl")
    assert (result.code, "rows.jsonl:2" in result.error) == (2, True)
    assert contents(database) == before


def test_removing_an_unknown_document_removes_none(openbook: OpenBook, database: Path) -> None:
    before = openbook("info", database, "--json").json
    result = openbook("remove", database, "row1", "nobody")
    assert (result.code, "'nobody'" in result.error) == (2, True)
    assert openbook("info", database, "--json").json == before


@pytest.mark.parametrize("sync", [(), ("--sync",)])
def test_a_new_title_and_source_are_shown_by_the_next_search(
    openbook: OpenBook, tmp_path: Path, sync: tuple[str, ...]
) -> None:
    rows = tmp_path / "rows.jsonl"
    row = {"id": "p", "title": "Old", "source": "https://old.example/p", "text": "An otter keeps a diary."}
    rows.write_text(json.dumps(row))
    assert openbook("build", tmp_path / "db", rows, *LEXICAL).code == 0
    new = {"title": "New", "source": "https://new.example/p"}
    rows.write_text(json.dumps(row | new))
    result = openbook("add", tmp_path / "db", rows, *sync)
    assert "1 unchanged (1 with a new title, source or language)" in result.err
    (hit,) = openbook("search", tmp_path / "db", "otter", "--json").json
    assert {name: hit[name] for name in new} == new


@pytest.mark.parametrize("later", [b"", b"Gr\xf6\xdfe", None], ids=["empty", "latin-1", "gone"])
def test_a_file_that_cannot_be_read_the_second_time_is_not_removed(
    openbook: OpenBook, database: Path, texts: Path, monkeypatch: pytest.MonkeyPatch, later: bytes | None
) -> None:
    """An editor is saving it between the two readings."""
    saved = texts / "note5.txt"
    (texts / "note4.txt").unlink()
    check = Sources.check

    def check_and_change(self: Sources, *catalog: Any) -> int:
        count = check(self, *catalog)
        saved.unlink() if later is None else saved.write_bytes(later)
        return count

    with monkeypatch.context() as patch:
        patch.setattr(Sources, "check", check_and_change)
        result = openbook("add", database, texts, "--sync", "--on-error", "skip", "--json")
    assert (result.code, result.json["documents"]) == (0, 13)
    assert "1 removed" in result.err, "note4.txt is gone"
    assert "of the first reading 1 document could not be found at the last" in result.err
    if later is not None:
        assert f"{'skipped' if later else 'left out'}: {saved}: " in result.err
        assert "1 document stays, " in result.err
    assert openbook("list", database, "--source", "note5.txt", "--json").json
    saved.write_text("Note 5 is there again.")
    again = openbook("add", database, texts, "--sync", "--on-error", "skip", "--json")
    assert "1 replaced, 12 unchanged, 0 removed, 0 skipped" in again.err


def test_what_the_tokenizer_cannot_spell_is_said_with_examples(openbook: OpenBook, tmp_path: Path) -> None:
    fast = FastTokenizer(models.WordPiece({"[UNK]": 0, "[SEP]": 1, "river": 2}, unk_token="[UNK]"))
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    fast.add_special_tokens(["[UNK]", "[SEP]"])
    fast.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "a.txt").write_text("river otter river")
    options = ("--tokenizer", tmp_path / "tokenizer.json", "--embedder", "none")
    result = openbook("build", tmp_path / "db", tmp_path / "a.txt", *options)
    assert result.code == 0
    assert "1 of the tokens or words (25.0%)" in result.err
    assert "cannot spell: 'otter'" in " ".join(result.err.split())


# Which documents are meant


def test_a_file_of_another_folder_is_refused_before_anything_is_written(
    openbook: OpenBook, database: Path, texts: Path, tmp_path: Path, contents: Contents
) -> None:
    before = contents(database)
    other = tmp_path / "other" / "texts"
    other.mkdir(parents=True)
    (other / "a.txt").write_text("A yak eats grass.")
    (other / "guide.md").write_text("Another guide.")
    refused = openbook("add", database, other)
    assert refused.code == 2 and "--prefix" in refused.error
    assert str(texts / "guide.md") in refused.error and str(other / "guide.md") in refused.error
    assert contents(database) == before
    skipped = openbook("add", database, other, "--on-error", "skip", "--json").json["done"]
    assert (skipped["added"], skipped["skipped"], skipped["replaced"]) == (1, 1, 0)
    result = openbook("add", database, other, "--prefix", "other/")
    assert "1 added, 0 replaced, 1 unchanged" in result.err
    assert "1 document under the id of before" in result.err
    found = openbook("search", database, "another guide", "--json").json
    assert "other/texts/guide.md" in {hit["document_id"] for hit in found}


def test_building_two_projects_at_once_needs_a_prefix(openbook: OpenBook, tmp_path: Path) -> None:
    for name in ("A", "B"):
        (tmp_path / name / "docs").mkdir(parents=True)
        (tmp_path / name / "docs" / "index.md").write_text("The same page.")
    result = openbook("build", tmp_path / "db", tmp_path / "A/docs", tmp_path / "B/docs", *LEXICAL)
    assert (result.code, "--prefix" in result.error, (tmp_path / "db").exists()) == (2, True, False)


def test_an_edited_file_of_a_folder_replaces_it(openbook: OpenBook, database: Path, texts: Path) -> None:
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    done = openbook("add", database, texts / "note3.txt", "--json").json["done"]
    assert (done["added"], done["replaced"]) == (0, 1)


def test_a_sync_removes_only_what_came_from_what_is_named(
    openbook: OpenBook, database: Path, texts: Path, tmp_path: Path
) -> None:
    (tmp_path / "news.md").write_text("An otter was seen.")
    openbook("add", database, tmp_path / "news.md")
    (tmp_path / "news.md").unlink()
    (texts / "note4.txt").unlink()
    done = openbook("add", database, texts, "--sync", "--json").json["done"]
    assert (done["removed"], done["unchanged"]) == (1, 13)
    assert openbook("list", database, "--source", "news.md", "--json").json != []


@pytest.mark.skipif(sys.platform == "win32", reason="no file there has such a name")
def test_a_sync_of_one_file_is_of_no_other_whose_name_goes_on_with_a_number(
    openbook: OpenBook, database: Path, tmp_path: Path
) -> None:
    for name in ("log 10", "log 10:30", "log 10:5"):
        (tmp_path / name).write_text(f"An otter was seen: {name}.")
        openbook("add", database, tmp_path / name, "--any-text")
    done = openbook("add", database, tmp_path / "log 10", "--any-text", "--sync", "--json").json["done"]
    assert (done["removed"], done["unchanged"]) == (0, 1)


def test_a_folder_that_is_still_there_has_not_moved(
    openbook: OpenBook, database: Path, tmp_path: Path
) -> None:
    """One file of it is gone, and another folder has one of that name: the rest of it is not synced."""
    for name in ("A/notes/a.md", "A/notes/b.md", "A/notes/c.md", "B/notes/a.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"An otter was seen in {name}.")
    openbook("add", database, tmp_path / "A" / "notes")
    for gone in ("a.md", "b.md"):
        (tmp_path / "A" / "notes" / gone).unlink()
    done = openbook("add", database, tmp_path / "B" / "notes", "--sync", "--json").json["done"]
    assert done["removed"] == 0
    assert "notes/b.md" in openbook("list", database).out


def test_more_than_a_third_is_removed_only_with_yes(
    openbook: OpenBook, database: Path, texts: Path, contents: Contents
) -> None:
    before = contents(database)
    for number in range(5):
        (texts / f"note{number}.txt").unlink()
    (texts / "note5.txt").write_text("Another text.")
    refused = openbook("add", database, texts, "--sync")
    assert (refused.code, contents(database) == before) == (2, True)
    assert "5 of 14 documents" in refused.error and "--yes" in refused.error and "--dry-run" in refused.error
    assert openbook("add", database, texts, "--sync", "--dry-run").code == 0
    done = openbook("add", database, texts, "--sync", "--yes", "--json").json["done"]
    assert (done["removed"], done["replaced"]) == (5, 1)


def test_a_folder_with_another_name_is_followed_without_yes(
    openbook: OpenBook, database: Path, texts: Path
) -> None:
    (texts / "archive").mkdir()
    moved = list(texts.glob("*.txt"))
    for note in moved:
        note.rename(texts / "archive" / note.name)
    done = openbook("add", database, texts, "--sync", "--json").json["done"]
    assert len(moved) > 5
    assert (done["added"], done["removed"]) == (len(moved), len(moved))


def test_files_are_left_out_and_other_kinds_are_read_where_it_is_said(
    openbook: OpenBook, texts: Path, tmp_path: Path
) -> None:
    (texts / "LICENSE").write_text("You may do anything.")
    (texts / "drafts").mkdir()
    (texts / "drafts" / "x.md").write_text("A draft.")
    patterns = ("--exclude", "note*", "--exclude", "drafts", "--exclude", "typo*")
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, *patterns, "--any-text", "--prefix", "p/")
    assert result.code == 0
    assert "'typo*'" in result.err and "'drafts'" not in result.err
    listed = openbook("list", tmp_path / "db", "--json").json
    assert [document["document_id"] for document in listed] == ["p/texts/LICENSE", "p/texts/guide.md", "row1"]


def test_what_git_ignores_is_neither_added_nor_removed_by_a_sync(
    openbook: OpenBook, database: Path, texts: Path
) -> None:
    (texts / ".gitignore").write_text("guide.md\ndrafts/\n")
    (texts / "drafts").mkdir()
    (texts / "drafts" / "x.md").write_text("A draft.")
    result = openbook("add", database, texts, "--sync", "--json")
    assert (result.json["done"]["added"], result.json["done"]["removed"]) == (0, 0)
    assert result.json["left_out"]["git-ignored folder"] == 1
    assert "to read what git ignores: --git-ignored" in result.err
    assert openbook("add", database, texts, "--git-ignored", "--json").json["done"]["added"] == 1
    (texts / "guide.md").unlink()
    assert openbook("add", database, texts, "--sync", "--json").json["done"]["removed"] == 1


def test_documents_are_removed_by_what_brought_them(openbook: OpenBook, database: Path, texts: Path) -> None:
    result = openbook("remove", database, texts / "rows.jsonl", "texts/note1*")
    assert result.code == 0
    assert f"{texts / 'rows.jsonl'}: 1 document" in result.err and "4 removed" in result.err
    meant = openbook("remove", database, "Guide.md")
    assert (meant.code, "nearest: 'texts/guide.md'" in meant.error) == (2, True)


def test_a_dry_run_loads_no_encoder(
    openbook: OpenBook, dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an encoder was loaded")

    monkeypatch.setattr(embedder, "load_embedder", refuse)
    monkeypatch.setattr(embedder, "recorded_embedder", refuse)
    (tmp_path / "new.txt").write_text("A yak eats grass.")
    assert openbook("add", dense, tmp_path / "new.txt", "--dry-run").out == "add     new.txt\n"
