"""The verbs that look after a database: info, compact, verify."""

import sqlite3
from pathlib import Path

import pytest

from breaking import flip
from command_line import Contents, OpenBook
from older_words import make_words_older
from openbook.database import Database
from openbook.lock import take_lock


def test_info_shows_a_tree_and_as_json_the_same_figures(openbook: OpenBook, database: Path) -> None:
    openbook("neighbors", database, "-k", "2")
    info = openbook("info", database, "--json").json
    assert info["neighbors"] == {
        "state": "current",
        "mode": "bm25",
        "k": 2,
        "version": 2,
        "book": None,
        "book_version": None,
    }
    assert [commit["version"] for commit in info["history"]] == list(range(info["version"] + 1))
    assert info["history"][1]["action"] == "add"
    assert info["vocabulary"] == 300
    assert set(info["disk"]) == {"catalog", "tokens", "lexical", "neighbors", "tokenizer"}
    assert all(size > 0 for size in info["disk"].values())
    tree = openbook("info", database)
    assert tree.err == ""
    for text in (
        str(database),
        "documents 14, of which held out 1",
        f"chunks {info['chunks']:,} of 16 tokens; removed 0",
        f"tokens {info['tokens']:,} (train:300); bytes {info['bytes']:,}",
        "encoder none: words only",
        "neighbors bm25, 2 a chunk, version 2",
        "1: add, 20",
    ):
        assert text in tree.out
    assert "dense index" not in tree.out
    assert "near-copies" not in tree.out


def test_info_shows_the_dense_index_and_of_a_table_that_is_behind(openbook: OpenBook, dense: Path) -> None:
    openbook("neighbors", dense, "-k", "2", "--mode", "hybrid")
    openbook("remove", dense, "d3")
    tree = openbook("info", dense).out
    info = openbook("info", dense, "--json").json
    assert f"dense index {info['dense_index']}, recall@10 {info['recall_at_10']:.3f}" in tree
    assert info["dense_index"].startswith("IVF")
    assert "neighbors hybrid, 2 a chunk, version 1, stale" in tree
    assert "encoder fake (path)" in tree
    assert set(info["disk"]) == {"catalog", "tokens", "vectors", "lexical", "dense", "neighbors", "tokenizer"}


def test_compact_reclaims_and_says_how_much(openbook: OpenBook, database: Path) -> None:
    openbook("neighbors", database, "-k", "2")
    openbook("remove", database, "row1", "texts/note3.txt")
    before = openbook("info", database, "--json").json
    assert before["removed_chunks"] > 0
    result = openbook("compact", database, "--json")
    assert (result.code, result.json["removed_chunks"]) == (0, 0)
    assert result.json["chunks"] == before["chunks"]
    assert result.json["version"] == before["version"] + 1
    assert result.json["done"]["chunks_reclaimed"] == before["removed_chunks"]
    assert result.json["done"]["bytes_reclaimed"] == sum(before["disk"].values()) - sum(
        result.json["disk"].values()
    )
    assert " before, " in result.err
    assert "Traceback" not in result.err
    again = openbook("compact", database)
    assert (again.code, f"version {before['version'] + 1}" in again.out) == (0, True)
    assert "nothing was removed, so there is no space to reclaim" in again.err
    assert "its neighbor table is of an earlier version" in result.err
    assert openbook("search", database, "quokka", "--json").json == []
    assert (
        openbook("search", database, "zebras at the river", "--json").json[0]["document_id"]
        == "texts/guide.md"
    )
    assert openbook("neighbors", database, "-k", "2").code == 0
    assert openbook("verify", database).code == 0


def test_verify_of_a_sound_database(openbook: OpenBook, database: Path, contents: Contents) -> None:
    before = contents(database)
    result = openbook("verify", database)
    assert (result.code, result.out) == (0, "")
    assert "sound" in result.err
    assert openbook("verify", database, "--json").json == {"ok": True, "problems": []}
    repaired = openbook("verify", database, "--repair", "--json")
    assert (repaired.code, repaired.json["ok"]) == (0, True)
    assert contents(database) == before


def test_verify_names_what_is_damaged_and_repair_makes_it_again(
    openbook: OpenBook, database: Path, contents: Contents
) -> None:
    openbook("neighbors", database, "-k", "2")
    flip(database / "neighbors" / "ids.i64", 17)
    (database / "tokens.sum").unlink()
    hits = openbook("search", database, "zebras at the river", "--json")
    assert (hits.code, "tokens.sum" in hits.error, "openbook verify" in hits.error) == (2, True, True)
    before = contents(database)
    result = openbook("verify", database, "--json")
    assert (result.code, result.json["ok"]) == (1, False)
    assert {problem["file"] for problem in result.json["problems"]} == {"tokens.sum", "neighbors/ids.i64"}
    assert all(problem["problem"] for problem in result.json["problems"])
    lines = openbook("verify", database)
    assert lines.code == 1
    assert {line.split(":")[0] for line in lines.out.splitlines()} == {"tokens.sum", "neighbors/ids.i64"}
    assert f"openbook verify {database} --repair" in lines.err
    assert contents(database) == before
    repaired = openbook("verify", database, "--repair", "--json")
    assert (repaired.code, repaired.json) == (0, {"ok": True, "problems": []})
    assert (
        openbook("search", database, "zebras at the river", "--json").json[0]["document_id"]
        == "texts/guide.md"
    )
    assert openbook("info", database, "--json").json["neighbors"]["state"] == "current"


def test_what_cannot_be_repaired_keeps_exit_code_one(openbook: OpenBook, database: Path) -> None:
    flip(database / "tokens.bin", 0)
    for options in ((), ("--repair",), ("--repair",)):
        result = openbook("verify", database, *options)
        assert result.code == 1
        (line,) = result.out.splitlines()
        assert line.startswith("tokens.bin: 1 row not as in tokens.sum: of documents 'texts/")
    assert "--repair" not in result.err


def test_repairing_while_another_process_writes_is_refused(openbook: OpenBook, database: Path) -> None:
    (database / "tokens.sum").unlink()
    lock = take_lock(database / "write.lock")
    try:
        result = openbook("verify", database, "--repair")
    finally:
        lock.release()
    assert result.code in (1, 2)
    assert openbook("verify", database, "--repair").code == 0


@pytest.mark.parametrize("verb", ["info", "compact", "verify"])
def test_a_folder_without_a_database(openbook: OpenBook, tmp_path: Path, verb: str) -> None:
    result = openbook(verb, tmp_path / "none")
    assert (result.code, str(tmp_path / "none") in result.error) == (2, True)
    assert "openbook build" in result.error
    assert not (tmp_path / "none").exists()


def test_a_catalog_that_sqlite_cannot_read_is_one_line(openbook: OpenBook, database: Path) -> None:
    (database / "catalog.sqlite").write_bytes(b"SQLite format 3\0" + b"\xf4" * 5000)
    for verb in ("info", "compact"):
        result = openbook(verb, database)
        assert (result.code, "catalog.sqlite" in result.error) == (2, True)
    assert openbook("verify", database).code == 1
    assert openbook("verify", database, "--repair").code == 1


def test_an_interrupted_write_of_the_catalog_is_rolled_back(openbook: OpenBook, database: Path) -> None:
    """SQLite's journal of a killed writer lies beside it."""
    connection = sqlite3.connect(database / "catalog.sqlite")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("UPDATE documents SET title = 'gone'")
    (database / "copied").mkdir()
    for name in ("catalog.sqlite", "catalog.sqlite-journal"):
        if (database / name).exists():
            (database / "copied" / name).write_bytes((database / name).read_bytes())
    connection.rollback()
    connection.close()
    for path in (database / "copied").iterdir():
        path.replace(database / path.name)
    (database / "copied").rmdir()
    assert openbook("verify", database).code == 0
    assert openbook("search", database, "quokka", "--json").json[0]["title"] == "Quokka"


def test_list_shows_documents_and_as_json_the_same(openbook: OpenBook, database: Path) -> None:
    rows = openbook("list", database, "--json").json
    assert len(rows) == 14
    named = ["document_id", "title", "source", "chunks", "split", "excluded", "language", "origin"]
    assert list(rows[0]) == [*named, "revision"]
    result = openbook("list", database)
    assert "14 of 14 documents" in result.err
    assert len(result.out.splitlines()) == 14
    for row, line in zip(rows, result.out.splitlines(), strict=True):
        assert line.startswith(row["document_id"]) and line.endswith(row["source"])
        assert ("held out" in line) == (row["split"] == "holdout")
    (held,) = openbook("list", database, "--held-out", "--json").json
    assert held["document_id"] == "texts/note8.txt"
    assert openbook("list", database, "--excluded", "--json").json == []
    found = openbook("list", database, "--source", "*/note1*.txt", "--json").json
    assert [row["document_id"] for row in found] == [f"texts/note{n}.txt" for n in ("1", "10", "11")]


def test_list_takes_a_source_as_it_was_typed_at_build(
    openbook: OpenBook, database: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(source: str) -> list[str]:
        rows = openbook("list", database, "--source", source, "--json").json
        return [row["document_id"] for row in rows]

    monkeypatch.chdir(texts)
    everything = [row["document_id"] for row in openbook("list", database, "--json").json]
    assert listed(".") == listed("../texts") == listed("./") == everything
    assert listed("./guide.md") == ["texts/guide.md"]
    assert listed("./gui*.md") == ["texts/guide.md"]
    nothing = openbook("list", database, "--source", "./giude.md")
    assert (nothing.code, nothing.out) == (0, "")
    assert (
        f"no document has the source './giude.md' (nearest: 'guide.md'); as a path it is {texts}/"
        in nothing.err
    )
    assert "0 of 14 documents" in nothing.err


def test_a_document_is_shown_as_it_was_stored(openbook: OpenBook, texts: Path, database: Path) -> None:
    text = (texts / "note3.txt").read_text("utf-8")
    shown = openbook("show", database, f"{texts.name}/note3.txt")
    assert shown.out == f"{text}\n"
    assert shown.err.startswith(f"{texts.name}/note3.txt  ")
    assert openbook("show", database, texts / "note3.txt").out == shown.out, "by its file"
    as_json = openbook("show", database, f"{texts.name}/note3.txt", "--json").json
    assert as_json["text"] == text
    assert as_json["document_id"] == f"{texts.name}/note3.txt"
    assert "chunks" in as_json and isinstance(as_json["chunks"], int)


def test_a_document_is_shown_by_the_chunks_that_a_hit_names(
    openbook: OpenBook, texts: Path, database: Path
) -> None:
    (texts / "note3.txt").write_text("The zzyzx bell rang twice, é.\n\tThen it fell silent. " * 6, "utf-8")
    assert openbook("add", database, texts).code == 0
    hit = openbook("search", database, "zzyzx", "-k", "1", "--json").json[0]
    document = hit["document_id"]
    numbered = openbook("show", database, document, "--chunks", "--json").json["chunk_texts"]
    assert {"chunk_id": hit["chunk_id"], "text": hit["text"]} in numbered
    whole = openbook("show", database, document, "--json").json["text"]
    assert "".join(chunk["text"] for chunk in numbered) == whole
    printed = openbook("show", database, document, "--chunks").out.splitlines()
    assert [line for line in printed if line.startswith("chunk ")] == [
        f"chunk {chunk['chunk_id']}" for chunk in numbered
    ]


def test_what_cannot_be_shown_is_named(openbook: OpenBook, texts: Path, database: Path) -> None:
    missing = openbook("show", database, "note3.tx")
    assert missing.code == 2
    assert "no document 'note3.tx' (nearest: " in missing.error
    assert "there is nothing to show" in missing.error
    several = openbook("show", database, texts)
    assert several.code == 2
    assert "documents (" in several.error and "name one of them" in several.error


def test_a_document_cannot_command_the_terminal(openbook: OpenBook, texts: Path, database: Path) -> None:
    (texts / "note3.txt").write_text("Some \x1b[31mred\x1b[0m words.\nSecond line.", "utf-8")
    assert openbook("add", database, texts).code == 0
    shown = openbook("show", database, f"{texts.name}/note3.txt").out
    assert "\x1b" not in shown
    assert shown.endswith("\nSecond line.\n")


def test_words_of_before_are_said_and_made_again(openbook: OpenBook, database: Path) -> None:
    make_words_older(Database.open(database))
    advice = f"words of version 2; made again by the next add, or: openbook verify {database} --repair"
    assert openbook("info", database, "--json").json["words"] == {"state": "older", "version": 2}
    assert advice in openbook("info", database).out
    assert advice in openbook("verify", database).err
    repaired = openbook("verify", database, "--repair")
    assert "the words, of version 2 until now, were made again" in repaired.err
    assert openbook("info", database, "--json").json["words"]["state"] == "current"
    for verb in (("info",), ("verify",), ("verify", "--repair"), ("compact",)):
        said = openbook(verb[0], database, *verb[1:])
        assert "words of version" not in said.out + said.err
        assert "made again" not in said.out + said.err
    make_words_older(Database.open(database))
    assert "were made again" in openbook("compact", database).err
    assert openbook("info", database, "--json").json["words"]["state"] == "current"
