"""The whole path, as a user walks it: build, search, neighbors, train, eval, generate, add, remove.

Once with neighbors from the database itself, once from another.
"""

from pathlib import Path

from command_line import HIT, INFO, TINY, OpenBook, sets

FEW_STEPS = sets(
    *TINY,
    "model.num_hidden_layers=2",
    "model.num_attention_heads=2",
    "model.intermediate_size=64",
    "model.cca_layers=[2]",
    "train.max_steps=3",
    "train.eval_every=2",
    "train.learning_rate=1e-3",
)


def test_the_whole_path(openbook: OpenBook, database: Path, tmp_path: Path) -> None:
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
    train = ("train", "tiny", "--database", database, *FEW_STEPS)
    trained = openbook(*train, "--output", model, "--json")
    assert trained.code == 0
    assert trained.json["steps"] == 3
    assert trained.json["output"] == str(model)
    assert "step 2: held-out bits per byte: on " in trained.err
    again = openbook(*train, "--output", model)
    assert again.code == 0, "it is complete"
    assert f"{model}: the model was complete already" in again.err
    assert openbook(*train, "--output", model, "--overwrite").code == 0

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
    assert written.keys() >= {"text", "citations", "prompt", "seed", "tokens", "finish_reason"}
    assert (written["prompt"], written["seed"]) == ("Apples of kind", 1)
    assert written["unseen"] == {"documents": 14, "held_out": 1, "excluded": 0}
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
    stale = openbook(*train, "--output", tmp_path / "other")
    assert stale.code == 2
    assert "openbook neighbors" in stale.error
    assert not (tmp_path / "other").exists()
    assert openbook("remove", database, "news.md", "--json").json["documents"] == 14
    assert openbook("search", database, "yak valley", "--json").json == []


def test_training_on_one_database_with_neighbors_of_another(
    openbook: OpenBook, database: Path, tmp_path: Path
) -> None:
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
    settings = sets(*TINY, "train.workers=0")
    model = tmp_path / "model"
    assert openbook("train", "tiny", "--database", corpus, "--output", model, *settings).code == 0
    modes = openbook("eval", "perplexity", model, corpus, "--sequence-length", 32, "--json").json["modes"]
    assert modes.keys() == {"on", "off", "random", "shuffled"}
    assert openbook("remove", database, "guide.md").code == 2
    assert openbook("remove", database, "texts/guide.md").code == 0
    error = openbook("train", "tiny", "--database", corpus, "--output", model, "--overwrite", *settings).error
    assert f"openbook neighbors {corpus} --book {database}" in error
