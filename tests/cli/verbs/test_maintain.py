"""The verbs that look after a database, as a user types them."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import pytest

from breaking import documents_of, flip, use_letters
from openbook.database import Database
from openbook.database.search import dense_store
from openbook.database.search.dense_tuning import IndexTuning
from openbook.lock import take_lock
from openbook.model import RetroConfig

Contents = Callable[[Path], dict[str, bytes]]
LEXICAL = ("--embedder", "none", "--tokenizer", "train:300", "--chunk-size", "16")


def write_rows(path: Path, revisions: dict[str, int]) -> None:
    rows = [{"id": document.id, "text": document.text} for document in documents_of(revisions)]
    path.write_text("\n".join(map(json.dumps, rows)))


@pytest.fixture
def dense(openbook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with vectors and an approximate index."""
    use_letters(monkeypatch)
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 20)
    faiss.omp_set_num_threads(1)
    rows = [
        {"id": d.id, "text": d.text} for d in documents_of(dict.fromkeys([f"d{n}" for n in range(30)], 1))
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = ("--embedder", "fake", "--tokenizer", "train:300", "--chunk-size", "16")
    result = openbook("build", tmp_path / "dense", tmp_path / "rows.jsonl", *options)
    assert result.code == 0, result.err
    return tmp_path / "dense"


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Path]:
    """Folder of the description of a model."""

    def make(fingerprint: str, chunk_size: int = 16) -> Path:
        config = RetroConfig(vocab_size=300, chunk_size=chunk_size, tokenizer_fingerprint=fingerprint)
        config.save_pretrained(tmp_path / "model")
        return tmp_path / "model"

    return make


def test_info_shows_a_tree_and_as_json_the_same_figures(openbook: Any, database: Path) -> None:
    openbook("neighbors", database, "-k", "2")
    info = openbook("info", database, "--json").json
    assert info["neighbors"] == "bm25, 2 a chunk, version 2"
    assert set(info["disk"]) == {"catalog", "tokens", "lexical", "neighbors"}
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


def test_info_tells_of_the_dense_index_and_of_a_table_that_is_behind(openbook: Any, dense: Path) -> None:
    openbook("neighbors", dense, "-k", "2", "--mode", "hybrid")
    openbook("remove", dense, "d3")
    tree = openbook("info", dense).out
    info = openbook("info", dense, "--json").json
    assert f"dense index {info['dense_index']}, recall@10 {info['recall_at_10']:.3f}" in tree
    assert info["dense_index"].startswith("IVF")
    assert "neighbors hybrid, 2 a chunk, version 1, stale" in tree
    assert "encoder fake (path)" in tree
    assert set(info["disk"]) == {"catalog", "tokens", "vectors", "lexical", "dense", "neighbors"}


def test_names_with_brackets_are_shown_as_they_are(openbook: Any, tmp_path: Path, texts: Path) -> None:
    folder = tmp_path / "my[bold]book[/bold]"
    result = openbook("build", folder, texts, *LEXICAL)
    assert result.code == 0
    assert result.out.splitlines()[0] == str(folder)
    assert not [line for line in result.out.splitlines() if line != line.rstrip()]


def test_compact_reclaims_and_says_how_much(openbook: Any, database: Path) -> None:
    openbook("neighbors", database, "-k", "2")
    openbook("remove", database, "row1", "texts/note3.txt")
    before = openbook("info", database, "--json").json
    assert before["removed_chunks"] > 0
    result = openbook("compact", database, "--json")
    assert (result.code, result.json["removed_chunks"]) == (0, 0)
    assert result.json["chunks"] == before["chunks"]
    assert result.json["version"] == before["version"] + 1
    assert " before, " in result.err
    assert "Traceback" not in result.err
    again = openbook("compact", database)
    assert (again.code, f"version {before['version'] + 1}" in again.out) == (0, True)
    assert openbook("search", database, "quokka", "--json").json == []
    assert (
        openbook("search", database, "zebras at the river", "--json").json[0]["document_id"]
        == "texts/guide.md"
    )
    assert openbook("neighbors", database, "-k", "2").code == 0
    assert openbook("verify", database).code == 0


def test_verify_of_a_sound_database(openbook: Any, database: Path, contents: Contents) -> None:
    before = contents(database)
    result = openbook("verify", database)
    assert (result.code, result.out) == (0, "")
    assert "sound" in result.err
    assert openbook("verify", database, "--json").json == {"ok": True, "problems": []}
    repaired = openbook("verify", database, "--repair", "--json")
    assert (repaired.code, repaired.json["ok"]) == (0, True)
    assert contents(database) == before


def test_verify_names_what_is_damaged_and_repair_makes_it_again(
    openbook: Any, database: Path, contents: Contents
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
    assert openbook("info", database, "--json").json["neighbors"] == "bm25, 2 a chunk, version 2"


def test_what_cannot_be_repaired_keeps_exit_code_one(openbook: Any, database: Path) -> None:
    flip(database / "tokens.bin", 0)
    for options in ((), ("--repair",), ("--repair",)):
        result = openbook("verify", database, *options)
        assert result.code == 1
        (line,) = result.out.splitlines()
        assert line.startswith("tokens.bin: 1 rows do not match tokens.sum: of documents 'texts/")
    assert "--repair" not in result.err


def test_repairing_while_another_process_writes_is_refused(openbook: Any, database: Path) -> None:
    (database / "tokens.sum").unlink()
    lock = take_lock(database / "write.lock")
    try:
        result = openbook("verify", database, "--repair")
    finally:
        lock.release()
    assert result.code in (1, 2)
    assert openbook("verify", database, "--repair").code == 0


@pytest.mark.parametrize("verb", ["info", "compact", "verify"])
def test_a_folder_that_is_no_database(openbook: Any, tmp_path: Path, verb: str) -> None:
    result = openbook(verb, tmp_path / "none")
    assert (result.code, "no openbook database here" in result.error) == (2, True)
    assert not (tmp_path / "none").exists()


def test_a_catalogue_that_sqlite_cannot_read_is_one_line(openbook: Any, database: Path) -> None:
    (database / "catalog.sqlite").write_bytes(b"SQLite format 3\0" + b"\xf4" * 5000)
    for verb in ("info", "compact"):
        result = openbook(verb, database)
        assert (result.code, "catalog.sqlite" in result.error) == (2, True)
    assert openbook("verify", database).code == 1
    assert openbook("verify", database, "--repair").code == 1


def test_add_with_sync_makes_the_database_equal_to_the_folder(
    openbook: Any, database: Path, texts: Path
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
    assert again.json == result.json


def test_a_sync_that_could_not_read_everything_removes_nothing(
    openbook: Any, database: Path, texts: Path
) -> None:
    (texts / "note4.txt").unlink()
    (texts / "note5.txt").write_bytes("Größe".encode("latin-1"))
    stopped = openbook("add", database, texts, "--sync")
    assert (stopped.code, "note5.txt" in stopped.error) == (2, True)
    result = openbook("add", database, texts, "--sync", "--on-error", "skip", "--json")
    assert result.code == 0
    assert "nothing will be removed" in result.err
    assert ("1 skipped" in result.err, result.json["documents"]) == (True, 14)


def test_a_sync_with_an_empty_or_missing_folder_removes_nothing(
    openbook: Any, database: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        assert openbook("add", database, tmp_path / name, "--sync").code == 2
    assert openbook("info", database, "--json").json["documents"] == 14


def test_a_build_with_a_file_of_ids_holds_those_out(openbook: Any, texts: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("row1\n\n  texts/note3.txt  \nrow1\nnot there\n", encoding="utf-8")
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, "--holdout", ids, "--json")
    assert (result.code, result.json["holdout_documents"]) == (0, 2)
    assert openbook("search", tmp_path / "db", "quokka", "--json").json == []
    again = openbook("build", tmp_path / "db", texts, "--holdout", ids, "--json")
    assert again.json == result.json
    ids.write_text("row1\n")
    other = openbook("build", tmp_path / "db", texts, "--holdout", ids)
    assert (other.code, "holdout_ids" in other.error) == (2, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "neither a share between 0 and 1 nor a file of ids"),
        (b"", "the file holds no id"),
        (b"  \n\n", "the file holds no id"),
        (b"\xff\xfe", "neither a share between 0 and 1 nor a file of ids"),
    ],
)
def test_a_bad_file_of_ids_leaves_no_database(
    openbook: Any, texts: Path, tmp_path: Path, content: bytes | None, message: str
) -> None:
    ids = tmp_path / "ids.txt"
    if content is not None:
        ids.write_bytes(content)
    result = openbook("build", tmp_path / "db", texts, *LEXICAL, "--holdout", ids)
    assert (result.code, message in result.error) == (2, True)
    assert not (tmp_path / "db").exists()


def copies(folder: Path, names: list[str]) -> Path:
    """A source in which each document is told twice, the second time under the name `copy of …`."""
    rows = []
    for name in names:
        text = f"{name} " + " ".join(f"{name}{number}" for number in range(40))
        rows += [{"id": name, "text": text}, {"id": f"copy of {name}", "text": text}]
    folder.write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_copies_of_held_out_documents_are_told_and_listed(
    openbook: Any, database: Path, tmp_path: Path
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("late\nearly\n")
    build = ("build", tmp_path / "held")
    first = openbook(*build, copies(tmp_path / "1.jsonl", ["early"]), *LEXICAL, "--holdout", ids)
    assert "near-copy: copy of early: similar with early" in first.err
    rows = [json.loads(line) for line in copies(tmp_path / "2.jsonl", ["late"]).read_text().splitlines()]
    (tmp_path / "copy.jsonl").write_text(json.dumps(rows[1]))
    (tmp_path / "late.jsonl").write_text(json.dumps(rows[0]))
    openbook("add", tmp_path / "held", tmp_path / "copy.jsonl")
    result = openbook("add", tmp_path / "held", tmp_path / "late.jsonl")
    assert "near-copy: copy of late: similar with late" in result.err
    assert "copy of early" not in result.err, "it was told when it was added"
    assert "1 documents nearly equal others" in result.err
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
    }
    assert "kept out of retrieval as near-copies 2" in openbook("info", tmp_path / "held").out


@pytest.mark.parametrize(
    ("options", "excluded"),
    [((), 1), (("--no-decontaminate",), 0), (("--deduplicate",), 1), (("--no-deduplicate",), 1)],
)
def test_decontamination_and_deduplication_can_be_chosen(
    openbook: Any, tmp_path: Path, options: tuple[str, ...], excluded: int
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("a\n")
    source = copies(tmp_path / "rows.jsonl", ["a"])
    build = ("build", tmp_path / "db", source)
    assert openbook(*build, *LEXICAL, "--holdout", ids, *options).code == 0
    assert openbook("info", tmp_path / "db", "--json").json["excluded_documents"] == excluded
    other = openbook(
        *build, "--no-decontaminate" if "--no-decontaminate" not in options else "--decontaminate"
    )
    assert (other.code, "decontaminate is" in other.error) == (2, True)


def test_eval_retrieval_of_a_database(openbook: Any, dense: Path) -> None:
    report = openbook("eval", "retrieval", dense, "--json", "--queries", "20").json
    assert report.keys() >= {"recall_at_10", "queries_per_second", "latency_ms"}
    assert report["latency_ms"].keys() == {"p50", "p99"}
    assert (report["mode"], report["queries"]) == ("dense", 20)
    assert 0.9 <= report["recall_at_10"] <= 1
    lines = openbook("eval", "retrieval", dense, "--mode", "bm25").out
    for word in (
        "mode bm25, index bm25",
        "recall@10 against exact search  1.0000",
        "queries/s",
        "p50",
        "p99",
    ):
        assert word in lines


def test_eval_retrieval_with_a_model_checks_that_it_fits(
    openbook: Any, database: Path, model: Callable[..., Path]
) -> None:
    fingerprint = Database.open(database).settings.tokenizer_fingerprint
    fitting = openbook("eval", "retrieval", model(fingerprint), database, "--json")
    assert (fitting.code, fitting.json["mode"]) == (0, "bm25")
    other = openbook("eval", "retrieval", model("0" * 16), database)
    assert (other.code, "0" * 16 in other.error) == (2, True)
    longer = openbook("eval", "retrieval", model(fingerprint, chunk_size=32), database)
    assert (longer.code, "chunks of 32 tokens" in longer.error) == (2, True)


@pytest.mark.parametrize("name", ["nowhere", "texts"])
def test_eval_retrieval_with_a_folder_that_is_no_model_asks_nobody(
    openbook: Any, database: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr(RetroConfig, "from_pretrained", asked)
    result = openbook("eval", "retrieval", tmp_path / name, database)
    assert (result.code, "holds no model" in result.error) == (2, True)


def test_eval_retrieval_refuses_what_it_cannot_measure(openbook: Any, database: Path) -> None:
    for options, message in (
        (("--queries", "0"), "0 queries"),
        (("--mode", "dense"), "lexical only"),
        ((database, database), "3 folders given"),
    ):
        result = openbook("eval", "retrieval", database, *options)
        assert (result.code, message in result.error) == (2, True), result.error


def test_a_recall_below_95_percent_is_a_warning_with_the_remedy(
    openbook: Any, dense: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def test_an_interrupted_write_of_the_catalogue_is_rolled_back(openbook: Any, database: Path) -> None:
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
