"""The whole path, as a user walks it: build, search, neighbors, train, eval, generate, add, remove."""

from pathlib import Path
from typing import Any

import pytest

from openbook.database import Database

INFO = {
    "documents",
    "chunks",
    "version",
    "tokenizer",
    "embedder",
    "chunk_size",
    "holdout_documents",
    "dense_index",
    "recall_at_10",
    "excluded_documents",
    "removed_chunks",
    "neighbors",
    "disk",
}
HIT = {"document_id", "chunk_id", "score", "text", "continuation", "title", "source"}
TINY = (
    "model.hidden_size=32",
    "model.num_hidden_layers=2",
    "model.num_attention_heads=2",
    "model.intermediate_size=64",
    "model.cca_layers=[2]",
    "model.encoder_hidden_size=32",
    "data.sequence_length=32",
    "train.max_steps=3",
    "train.batch_size=2",
    "train.eval_every=2",
    "train.learning_rate=1e-3",
)


def sets() -> list[str]:
    return [part for setting in TINY for part in ("--set", setting)]


def test_the_whole_path(openbook: Any, database: Path, tmp_path: Path) -> None:
    info = openbook("info", database, "--json").json
    assert info.keys() >= INFO
    assert (info["documents"], info["embedder"], info["chunk_size"]) == (14, None, 16)
    assert info["holdout_documents"] == 1
    (hit,) = openbook("search", database, "zebras at the river", "-k", "1", "--json").json
    assert hit.keys() >= HIT
    assert (hit["document_id"], hit["title"]) == ("texts/guide.md", "The guide")

    summary = openbook("neighbors", database, "-k", "3", "--json").json
    assert (summary["k"], summary["mode"], summary["chunks"]) == (3, "bm25", info["chunks"])

    model = tmp_path / "model"
    trained = openbook("train", "tiny", "--database", database, "--output", model, *sets(), "--json")
    assert trained.code == 0
    assert trained.json["steps"] == 3
    assert trained.json["output"] == str(model)
    assert "step 2: held-out bits per byte: on " in trained.err
    again = openbook("train", "tiny", "--database", database, "--output", model, *sets())
    assert again.code == 2
    assert "holds a model already" in again.error
    assert (
        openbook("train", "tiny", "--database", database, "--output", model, *sets(), "--overwrite").code == 0
    )

    report = openbook("eval", "perplexity", model, database, "--json").json
    assert list(report["modes"]) == ["on", "off", "random", "shuffled"]
    for mode in report["modes"].values():
        assert mode.keys() >= {"bits_per_byte", "perplexity", "tokens"}
    assert [row["max_overlap"] for row in report["leakage"]] == [0.125, 0.25, 0.5, 1.0]
    assert all(row.keys() >= {"max_overlap", "chunks", "on", "off"} for row in report["leakage"])
    lines = openbook("eval", "perplexity", model, database, "--modes", "on, off").out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["on", "off"]

    words = ("generate", model, database, "Apples of kind", "--max-new-tokens", "20", "--seed", "1")
    written = openbook(*words, "--json").json
    assert written.keys() >= {"text", "citations"}
    assert len(written["citations"]) == 2
    for citation in written["citations"]:
        assert citation.keys() >= {"start", "end", "neighbors"}
        for neighbor in citation["neighbors"]:
            assert neighbor.keys() >= HIT - {"continuation"}
    assert openbook(*words, "--json").json == written
    assert openbook(*words).out.startswith("Apples of kind")
    assert openbook(*words, "--no-retrieval", "--json").json["citations"] == []

    news = tmp_path / "news.md"
    news.write_text("# Yak news\n\nA yak was seen in the valley.\n")
    assert openbook("add", database, news, "--json").json["documents"] == 15
    (hit,) = openbook("search", database, "yak valley", "-k", "1", "--json").json
    assert (hit["document_id"], hit["title"]) == ("news.md", "Yak news")
    stale = openbook("train", "tiny", "--database", database, "--output", tmp_path / "other", *sets())
    assert stale.code == 2
    assert "openbook neighbors" in stale.error
    assert not (tmp_path / "other").exists()
    assert openbook("remove", database, "news.md", "--json").json["documents"] == 14
    assert openbook("search", database, "yak valley", "--json").json == []


def test_progress_and_notes_are_on_stderr_alone(openbook: Any, texts: Path, tmp_path: Path) -> None:
    options = ("--embedder", "none", "--tokenizer", "train:300")
    result = openbook("build", tmp_path / "db", texts, *options, "--json")
    assert result.json.keys() >= INFO
    for word in ("reading sources", "writing documents", "training a tokenizer", "14 added"):
        assert word in result.err
        assert word not in result.out


def test_lines_without_json(openbook: Any, database: Path) -> None:
    described = openbook("info", database)
    for words in ("documents 14, of which held out 1", "chunks ", "encoder none: words only\n", "1: add, "):
        assert words in described.out
    assert described.err == ""
    found = openbook("search", database, "quokka", "-k", "1").out
    assert found.startswith("1. Quokka  (score ")
    assert "   A quokka smiles" in found
    nothing = openbook("search", database, "xylophone")
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing found" in nothing.err


def test_a_k_larger_than_the_database_gives_what_there_is(openbook: Any, database: Path) -> None:
    hits = openbook("search", database, "apples zebras quokka", "-k", "100000", "--json").json
    assert 2 <= len(hits) <= openbook("info", database, "--json").json["chunks"]
    assert len({hit["chunk_id"] for hit in hits}) == len(hits)


@pytest.mark.parametrize("settings", [(), ("--embedder", "none", "--chunk-size", "16", "--holdout", "0.1")])
def test_building_again_changes_nothing(
    openbook: Any, database: Path, texts: Path, settings: tuple[str, ...]
) -> None:
    before = openbook("info", database, "--json").json
    result = openbook("build", database, texts, *settings, "--json")
    assert result.json == before
    assert "0 added, 0 replaced, 14 unchanged" in result.err


def test_building_again_goes_on_with_what_is_new(openbook: Any, database: Path, texts: Path) -> None:
    (texts / "new.txt").write_text("Something about walruses.")
    (texts / "note3.txt").write_text("Note 3 is about otters now.")
    result = openbook("build", database, texts, "--tokenizer", "train:300")
    assert "1 added, 1 replaced, 13 unchanged" in result.err


def test_a_build_that_was_interrupted_is_resumed(
    openbook: Any, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    options = ("--embedder", "none", "--tokenizer", "train:300")
    with monkeypatch.context() as patch:
        patch.setattr(Database, "add", interrupt)
        result = openbook("build", tmp_path / "db", texts, *options)
    assert result.code == 130
    assert result.error == "openbook: error: interrupted"
    assert "14 added" in openbook("build", tmp_path / "db", texts, *options).err


def test_skipping_counts_and_goes_on(openbook: Any, texts: Path, tmp_path: Path) -> None:
    (texts / "latin.txt").write_bytes("Größe".encode("latin-1"))
    (texts / "bad.jsonl").write_text('{"text": "fine"}\n{"text": \n{"title": "no text"}\n')
    options = ("--embedder", "none", "--tokenizer", "train:300", "--on-error", "skip")
    result = openbook("build", tmp_path / "db", texts, *options, "--json")
    assert result.code == 0
    assert result.json["documents"] == 15
    assert "3 skipped" in result.err
    for where in ("latin.txt", "bad.jsonl:2", "bad.jsonl:3"):
        assert f"{where}:" in result.err


def test_other_keys_of_json_lines(openbook: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"body": "walrus", "name": "w1"}\n')
    keys = ("--text-key", "body", "--id-key", "name")
    options = ("--embedder", "none", "--tokenizer", "train:300")
    assert openbook("build", tmp_path / "db", tmp_path / "rows.jsonl", *options, *keys).code == 0
    (hit,) = openbook("search", tmp_path / "db", "walrus", "--json").json
    assert hit["document_id"] == "w1"
