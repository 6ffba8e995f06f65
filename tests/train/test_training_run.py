"""Training: what it writes, what it refuses, and that it learns what it should."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from evaluations import perplexity_of
from openbook.database import Database, NeighborTable, build_neighbors
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.model import RetroForCausalLM
from openbook.text import Document, load_tokenizer, train_tokenizer
from openbook.train import Recipe, train

MakeRecipe = Callable[..., Recipe]


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(RetroForCausalLM.from_pretrained(folder).state_dict())


def test_writes_all_that_a_model_needs(trained_folder: Path, book: Database) -> None:
    names = {path.name for path in trained_folder.iterdir()}
    assert {"model.safetensors", "config.json", "recipe.json", "metrics.jsonl"} <= names
    assert load_tokenizer(str(trained_folder)).fingerprint == book.settings.tokenizer_fingerprint
    recipe = json.loads((trained_folder / "recipe.json").read_text("utf-8"))
    assert recipe["train"]["max_steps"] == 40
    assert recipe["data"]["sequence_length"] == 64


def test_writes_no_pickles_and_leaves_no_checkpoint(trained_folder: Path) -> None:
    suffixes = {path.suffix for path in trained_folder.rglob("*")}
    assert not suffixes & {".bin", ".pt", ".pth", ".pkl", ".ckpt"}
    assert [path.name for path in trained_folder.iterdir() if path.is_dir()] == ["tensorboard"]


def test_the_model_knows_what_it_was_trained_on(trained: RetroForCausalLM, book: Database) -> None:
    config = trained.config
    assert config.tokenizer_fingerprint == book.settings.tokenizer_fingerprint
    assert (config.vocab_size, config.chunk_size) == (book.tokenizer.vocab_size, 16)
    assert (config.num_neighbors, config.max_position_embeddings) == (2, 64)
    assert config.eos_token_id == book.tokenizer.eos_id


def test_metrics_have_a_loss_for_each_logged_step(trained_folder: Path) -> None:
    rows = [row for row in metrics(trained_folder) if "loss" in row]
    assert [row["step"] for row in rows] == list(range(1, 41))
    assert [row["tokens"] for row in rows] == [step * 8 * 64 for step in range(1, 41)]
    assert all({"learning_rate", "grad_norm", "seconds"} <= row.keys() for row in rows)


def test_metrics_have_held_out_bits_per_byte(
    trained_folder: Path, trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    rows = [row for row in metrics(trained_folder) if "bits_per_byte" in row]
    assert [row["step"] for row in rows] == [20, 40]
    report = perplexity_of(
        trained, book, table, modes=("on", "off", "random"), sequence_length=64, max_sequences=4
    )
    for mode, result in report.modes.items():
        assert rows[-1]["bits_per_byte"][mode] == pytest.approx(result.bits_per_byte, abs=2e-4)


def test_loss_goes_down(trained_folder: Path) -> None:
    losses = [row["loss"] for row in metrics(trained_folder) if "loss" in row]
    assert sum(losses[-5:]) / 5 < sum(losses[:5]) / 5 - 1


def test_progress_and_report_are_called(book: Database, tmp_path: Path, make_recipe: MakeRecipe) -> None:
    told: list[tuple[int, int | None]] = []
    rows: list[dict[str, Any]] = []
    recipe = make_recipe(max_steps=3)
    result = train(
        recipe,
        book,
        tmp_path / "model",
        progress=lambda done, total: told.append((done, total)),
        report=rows.append,
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert rows == metrics(tmp_path / "model")
    assert (result.steps, result.tokens, result.output) == (3, 3 * 2 * 64, tmp_path / "model")
    model = RetroForCausalLM.from_pretrained(tmp_path / "model")
    assert result.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_refuses_to_replace_a_model(book: Database, tmp_path: Path, make_recipe: MakeRecipe) -> None:
    folder = tmp_path / "model"
    train(make_recipe(max_steps=1), book, folder)
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(SettingsError, match="holds a model already"):
        train(make_recipe(max_steps=1, seed=1), book, folder)
    assert (folder / "model.safetensors").read_bytes() == before
    train(make_recipe(max_steps=1, seed=1), book, folder, overwrite=True)
    assert (folder / "model.safetensors").read_bytes() != before
    assert [row["step"] for row in metrics(folder) if "loss" in row] == [1]


def test_same_seed_gives_the_same_bits(book: Database, tmp_path: Path, make_recipe: MakeRecipe) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(make_recipe(max_steps=3, seed=seed, model={"dropout": 0.1}), book, tmp_path / name)
    files = {name: (tmp_path / name / "model.safetensors").read_bytes() for name in "abc"}
    assert files["a"] == files["b"] != files["c"]


def test_an_evaluation_in_between_changes_nothing(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    for name, every in (("with", 1), ("without", 0)):
        recipe = make_recipe(max_steps=3, eval_every=every, eval_sequences=2, model={"dropout": 0.1})
        train(recipe, book, tmp_path / name)
    ours, theirs = weights(tmp_path / "with"), weights(tmp_path / "without")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_refuses_a_stale_neighbor_table(
    copy_book: Callable[[], Database], tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    database = copy_book()
    database.add([Document(id="new", text="something new")])
    with pytest.raises(MismatchError, match="openbook neighbors"):
        train(make_recipe(), database, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_refuses_to_train_without_a_neighbor_table(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    database.add([Document(id="only", text="some text")])
    with pytest.raises(DatabaseError, match="no neighbor table"):
        train(make_recipe(), database, tmp_path / "model")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"hiden_size": 8}}, "did you mean 'hidden_size'"),
        ({"model": {"vocab_size": 8}}, "comes from the database"),
        ({"model": {"chunk_size": 8}}, "comes from the database"),
        ({"sequence_length": 40}, "chunk size 16"),
        ({"num_neighbors": 11}, "table holds 10; run: openbook neighbors .*db -k 11$"),
    ],
)
def test_refuses_a_recipe_that_does_not_fit(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        train(make_recipe(**changes), book, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_checkpoint_can_be_used_as_a_model(book: Database, tmp_path: Path, make_recipe: MakeRecipe) -> None:
    def interrupt(done: int, total: int | None) -> None:
        if done == 3:
            raise KeyboardInterrupt

    folder = tmp_path / "model"
    with pytest.raises(KeyboardInterrupt):
        train(make_recipe(max_steps=9, save_every=2), book, folder, progress=interrupt)
    model = RetroForCausalLM.from_pretrained(folder / "checkpoints" / "step-2")
    assert (model.config.chunk_size, model.config.use_cache) == (16, True)


def test_trains_without_held_out_documents(book: Database, tmp_path: Path, make_recipe: MakeRecipe) -> None:
    database = Database.create(tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    database.add(Document(id=f"{number}", text=f"some text number {number} " * 20) for number in range(3))
    build_neighbors(database, k=2)
    told: list[str] = []
    train(make_recipe(max_steps=1, eval_every=1), database, tmp_path / "model", note=told.append)
    assert told == ["no document is held out, so nothing is evaluated during training"]
    assert not any("bits_per_byte" in row for row in metrics(tmp_path / "model"))


@pytest.fixture
def twins(tmp_path: Path) -> Database:
    """Each text stands in two documents: what a chunk's neighbor continues with is what comes next.

    Held-out documents have their twins too, which decontamination would keep out.
    """
    source = random.Random(1)
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=2)) for _ in range(150)]
    texts = [" ".join(source.choices(words, k=48)) for _ in range(60)]
    documents = [Document(id=f"{kind}{i}", text=text) for i, text in enumerate(texts) for kind in "ab"]
    tokenizer = train_tokenizer(texts, vocab_size=400)
    database = Database.create(
        tmp_path / "twins",
        tokenizer=tokenizer,
        embedder=None,
        chunk_size=16,
        holdout=0.2,
        decontaminate=False,
    )
    database.add(documents)
    build_neighbors(database, k=1)
    return database


def test_learns_to_read_its_neighbors(twins: Database, tmp_path: Path, make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(
        max_steps=100, batch_size=8, learning_rate=1e-2, warmup_steps=10, log_every=50, num_neighbors=1
    )
    train(recipe, twins, tmp_path / "model")
    model = RetroForCausalLM.from_pretrained(tmp_path / "model")
    report = perplexity_of(model, twins, NeighborTable.load(twins), sequence_length=64)
    bits = {mode: result.bits_per_byte for mode, result in report.modes.items()}
    assert bits["on"] < 0.8 * bits["random"]
    assert bits["on"] < 0.8 * bits["shuffled"]
