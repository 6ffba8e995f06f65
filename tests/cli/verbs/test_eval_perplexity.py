"""`openbook eval perplexity` as a user types it."""

from pathlib import Path
from typing import Any

import pytest

SETTINGS = (
    "model.hidden_size=32", "model.encoder_hidden_size=32", "data.sequence_length=32", "train.batch_size=2",
    "train.max_steps=2", "train.warmup_steps=1", "train.eval_every=0",
)  # fmt: skip


@pytest.fixture
def model(openbook: Any, database: Path, tmp_path: Path) -> Path:
    """A model that has hardly trained."""
    assert openbook("neighbors", database, "-k", 2).code == 0
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    assert (
        openbook("train", "tiny", "--database", database, "--output", tmp_path / "model", *settings).code == 0
    )
    return tmp_path / "model"


def test_a_file_is_read_instead_of_the_held_out_documents(
    openbook: Any, model: Path, database: Path, tmp_path: Path, texts: Path
) -> None:
    line = (texts / "note3.txt").read_text().splitlines()[1]
    (tmp_path / "mine.txt").write_text(f"{line} {line}\nAnd a word of mine about the moon.\n")
    (tmp_path / "other.md").write_text("# Other\n\nA tree grows slowly in the garden of the moon.\n")
    command = ("eval", "perplexity", model, database)
    both = openbook(*command, "--text", tmp_path / "mine.txt", "--text", tmp_path / "other.md", "--json")
    assert both.json["modes"].keys() == {"on", "off", "random", "shuffled"}
    assert "WARNING: 1 of 2 evaluated documents share runs of half a chunk or more" in both.err
    assert "mine.txt (" in both.err
    alone = openbook(*command, "--text", tmp_path / "other.md")
    assert "WARNING" not in alone.err
    assert openbook(*command, "--text", tmp_path / "nowhere.txt").code == 2
    assert sorted(path.name for path in database.parent.iterdir()) == sorted(
        ["db", "mine.txt", "model", "other.md", "texts"]
    )


def test_more_neighbors_than_the_table_has_and_other_windows(
    openbook: Any, model: Path, database: Path
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


def test_without_a_table_neighbors_are_searched(openbook: Any, model: Path, database: Path) -> None:
    import shutil

    command = ("eval", "perplexity", model, database, "--json")
    with_table = openbook(*command).json
    shutil.rmtree(database / "neighbors")
    without = openbook(*command).json
    assert without["modes"] == with_table["modes"]
    assert (with_table["overlap_neighbors"], without["overlap_neighbors"]) == (2, 10)


def test_what_is_printed(openbook: Any, model: Path, database: Path) -> None:
    out = openbook("eval", "perplexity", model, database, "--max-sequences", 2).out
    for heading in (
        "bits per byte",
        "per word",
        "overlap up to",
        "off - on: ",
        "too few for an interval (documents: 1)",
    ):
        assert heading in out
    assert (
        "sequence length 0: " in openbook("eval", "perplexity", model, database, "--sequence-length", 0).error
    )
