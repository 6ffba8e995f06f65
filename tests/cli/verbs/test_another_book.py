"""Training and evaluating on one database with neighbors from another, as a user types it."""

from pathlib import Path
from typing import Any

SMALL = (
    "model.hidden_size=32",
    "model.encoder_hidden_size=32",
    "data.sequence_length=32",
    "train.batch_size=2",
)
SHORT = ("train.max_steps=2", "train.warmup_steps=1", "train.eval_every=0", "train.workers=0")


def test_from_text_to_bits_per_byte(openbook: Any, database: Path, tmp_path: Path) -> None:
    lines = [f"Pears of kind {number} ripen while apples fall and zebras drink." for number in range(30)]
    (tmp_path / "pears.txt").write_text("\n".join(lines))
    (tmp_path / "plums.txt").write_text("\n".join(lines[::-1]).replace("Pears", "Plums"))
    (tmp_path / "held-out").write_text("plums.txt\n")
    corpus = tmp_path / "corpus"
    built = openbook(
        "build", corpus, tmp_path / "pears.txt", tmp_path / "plums.txt",
        "--tokenizer", database / "tokenizer",
        "--embedder", "none", "--chunk-size", 16, "--holdout", tmp_path / "held-out", "--no-decontaminate",
    )  # fmt: skip
    assert built.code == 0, built.err
    table = openbook("neighbors", corpus, "--book", database, "--json").json
    assert (table["book"], table["mode"], table["mean_neighbors"] > 1) == (str(database), "bm25", True)
    settings = [word for setting in SMALL + SHORT for word in ("--set", setting)]
    model = tmp_path / "model"
    assert openbook("train", "tiny", "--database", corpus, "--output", model, *settings).code == 0
    modes = openbook("eval", "perplexity", model, corpus, "--sequence-length", 32, "--json").json["modes"]
    assert modes.keys() == {"on", "off", "random", "shuffled"}
    assert openbook("remove", database, "guide.md").code == 2
    assert openbook("remove", database, "texts/guide.md").code == 0
    error = openbook("train", "tiny", "--database", corpus, "--output", model, "--overwrite", *settings).error
    assert f"run: openbook neighbors {corpus} --book {database}" in error
