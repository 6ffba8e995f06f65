"""The verbs `eval perplexity` and `eval retrieval`, as a user types them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import OpenBook
from openbook.database import Database
from openbook.model import RetroConfig


@pytest.fixture
def model(train_tiny: Callable[..., Path]) -> Path:
    """A model that has hardly trained."""
    return train_tiny("model")


def test_a_file_is_read_instead_of_the_held_out_documents(
    openbook: OpenBook, model: Path, database: Path, tmp_path: Path, texts: Path
) -> None:
    line = (texts / "note3.txt").read_text().splitlines()[1]
    (tmp_path / "mine.txt").write_text(f"{line} {line}\nAnd a word of mine about the moon.\n")
    (tmp_path / "other.md").write_text("# Other\n\nA tree grows slowly in the garden of the moon.\n")
    command = ("eval", "perplexity", model, database)
    both = openbook(*command, "--text", tmp_path / "mine.txt", "--text", tmp_path / "other.md", "--json")
    assert both.json["modes"].keys() == {"on", "off", "random", "shuffled"}
    assert "WARNING: 1 of 2 evaluated documents shares runs of half a chunk or more" in both.err
    assert "mine.txt (" in both.err
    alone = openbook(*command, "--text", tmp_path / "other.md")
    assert "WARNING" not in alone.err
    assert openbook(*command, "--text", tmp_path / "nowhere.txt").code == 2
    assert sorted(path.name for path in database.parent.iterdir()) == sorted(
        ["db", "mine.txt", "model", "other.md", "texts"]
    )


def test_more_neighbors_than_the_table_has_and_other_windows(
    openbook: OpenBook, model: Path, database: Path
) -> None:
    command = ("eval", "perplexity", model, database, "--modes", "on,off")
    table = openbook(*command, "--json").json
    assert (table["k"], table["modes"]["on"].keys()) == (
        2,
        {"bits_per_byte", "perplexity", "perplexity_per_word", "tokens"},
    )
    many = openbook(*command, "-k", 40, "--search-mode", "bm25", "--json").json
    assert many["modes"]["off"] == table["modes"]["off"]
    assert many["modes"]["on"] != table["modes"]["on"]
    sliding = openbook(*command, "--stride", 16, "--json").json
    assert sliding["modes"]["off"]["tokens"] == table["modes"]["off"]["tokens"] + 1
    assert "stride 8: must be a multiple" in openbook(*command, "--stride", 8).error
    assert "dense" in openbook(*command, "--search-mode", "dense").error


def test_without_a_table_neighbors_are_searched(openbook: OpenBook, model: Path, database: Path) -> None:
    command = ("eval", "perplexity", model, database, "--json")
    with_table = openbook(*command).json
    shutil.rmtree(database / "neighbors")
    without = openbook(*command).json
    assert without["modes"] == with_table["modes"]
    assert (with_table["overlap_neighbors"], without["overlap_neighbors"]) == (2, 10)


def test_windows_are_read_in_batches(openbook: OpenBook, model: Path, database: Path) -> None:
    command = ("eval", "perplexity", model, database, "--max-sequences", 3, "--json")
    one, all_at_once = (openbook(*command, "--batch-size", size).json for size in (1, 3))
    for mode, result in one["modes"].items():
        assert all_at_once["modes"][mode]["bits_per_byte"] == pytest.approx(result["bits_per_byte"])
    assert "batch size 0: must be at least 1" in openbook(*command, "--batch-size", 0).error


def test_what_is_printed(openbook: OpenBook, model: Path, database: Path) -> None:
    out = openbook("eval", "perplexity", model, database, "--max-sequences", 2).out
    for heading in (
        "bits per byte",
        "overlap up to",
        "off - on: ",
        "too few for an interval (documents: 1)",
    ):
        assert heading in out
    assert "per word" not in out, "for a reader of a terminal it is noise"
    assert (
        "sequence length 0: " in openbook("eval", "perplexity", model, database, "--sequence-length", 0).error
    )


@pytest.fixture
def described_model(tmp_path: Path) -> Callable[..., Path]:
    """Folder of the description of a model."""

    def make(fingerprint: str, chunk_size: int = 16) -> Path:
        config = RetroConfig(vocab_size=300, chunk_size=chunk_size, tokenizer_fingerprint=fingerprint)
        config.save_pretrained(tmp_path / "model")
        return tmp_path / "model"

    return make


def test_eval_retrieval_of_a_database(openbook: OpenBook, dense: Path) -> None:
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
    openbook: OpenBook, database: Path, described_model: Callable[..., Path]
) -> None:
    fingerprint = Database.open(database).settings.tokenizer_fingerprint
    fitting = openbook("eval", "retrieval", described_model(fingerprint), database, "--json")
    assert (fitting.code, fitting.json["mode"]) == (0, "bm25")
    other = openbook("eval", "retrieval", described_model("0" * 16), database)
    assert (other.code, "0" * 16 in other.error) == (2, True)
    longer = openbook("eval", "retrieval", described_model(fingerprint, chunk_size=32), database)
    assert (longer.code, "chunks of 32 tokens" in longer.error) == (2, True)


@pytest.mark.parametrize("name", ["nowhere", "texts"])
def test_eval_retrieval_with_a_folder_that_is_not_a_model_asks_nobody(
    openbook: OpenBook, database: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr(RetroConfig, "from_pretrained", asked)
    result = openbook("eval", "retrieval", tmp_path / name, database)
    assert (result.code, str(tmp_path / name) in result.error) == (2, True)


def test_eval_retrieval_refuses_what_it_cannot_measure(openbook: OpenBook, database: Path) -> None:
    for options, message in (
        (("--queries", "0"), "0 queries"),
        (("--mode", "dense"), "lexical only"),
        ((database, database), "3 folders given"),
    ):
        result = openbook("eval", "retrieval", database, *options)
        assert (result.code, message in result.error) == (2, True), result.error
