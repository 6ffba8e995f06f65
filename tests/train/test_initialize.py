"""What a training run begins with: another model's weights, a frozen decoder, no retrieval at all."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from openbook.database import Database, build_neighbors
from openbook.errors import MismatchError, SettingsError
from openbook.model import RetroForCausalLM
from openbook.text import Document, train_tokenizer
from openbook.train import Recipe, train
from openbook.train.initialize import reads_neighbors

MakeRecipe = Callable[..., Recipe]
Weights = Callable[[Path], dict[str, torch.Tensor]]
Metrics = Callable[[Path], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory, book: Database, make_recipe: MakeRecipe) -> Path:
    """A model without retrieval, trained a little."""
    folder = tmp_path_factory.mktemp("decoder") / "model"
    train(make_recipe(max_steps=3, eval_every=3, learning_rate=1e-2).without_retrieval(), book, folder)
    return folder


def test_a_baseline_has_no_retrieval_and_is_evaluated_without(
    decoder: Path, weights: Weights, metrics: Metrics
) -> None:
    config = RetroForCausalLM.from_pretrained(decoder).config
    assert (config.cca_layers, config.copy_head) == ([], False)
    assert not any(reads_neighbors(name) for name in weights(decoder))
    evaluated = [row["bits_per_byte"] for row in metrics(decoder) if "bits_per_byte" in row]
    assert [row.keys() for row in evaluated] == [{"off"}]


def test_a_baseline_needs_no_neighbor_table(
    copy_book: Callable[[], Database], tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    database = copy_book()
    shutil.rmtree(database.path / "neighbors")
    result = train(make_recipe(eval_every=1).without_retrieval(), database, tmp_path / "model")
    assert result.steps == 2


def test_only_what_reads_neighbors_trains_with_a_frozen_decoder(
    decoder: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe, weights: Weights
) -> None:
    recipe = make_recipe(max_steps=3, start_from=str(decoder), freeze_decoder=True, save_every=2)
    train(recipe, book, tmp_path / "model")
    before, after = weights(decoder), weights(tmp_path / "model")
    assert {name for name in after if not reads_neighbors(name)} == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    fresh = tmp_path / "fresh"
    unmoved = make_recipe(max_steps=1, start_from=str(decoder), freeze_decoder=True, learning_rate=0.0)
    train(unmoved, book, fresh)
    moved = [name for name, weight in weights(fresh).items() if not torch.equal(weight, after[name])]
    assert moved
    assert all(reads_neighbors(name) for name in moved)


def test_with_a_frozen_decoder_it_resumes_where_it_stopped(
    decoder: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(
        max_steps=4, start_from=str(decoder), freeze_decoder=True, save_every=2, model={"dropout": 0.1}
    )

    def interrupt(done: int, total: int | None) -> None:
        if done == 3:
            raise KeyboardInterrupt

    train(recipe, book, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, book, tmp_path / "model", progress=interrupt)
    train(recipe, book, tmp_path / "model")
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model")]
    assert files[0] == files[1]


def test_all_weights_of_another_model_are_copied(
    trained_folder: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe, weights: Weights
) -> None:
    train(
        make_recipe(max_steps=1, start_from=str(trained_folder), learning_rate=0.0), book, tmp_path / "model"
    )
    before, after = weights(trained_folder), weights(tmp_path / "model")
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"freeze_decoder": True}, "train.freeze_decoder: .*set train.start_from"),
        ({"start_from": "nowhere"}, "train.start_from: nowhere holds no model of ours"),
        ({"model": {"hidden_size": 16}}, r"embed_tokens.weight is \[\d+, 32\] there, \[\d+, 16\] in this"),
        ({"model": {"num_hidden_layers": 3}}, r"layers\.2\..* is missing there"),
        ({"model": {"num_hidden_layers": 1, "cca_layers": [1]}}, "has no place in this recipe's model"),
    ],
)
def test_refuses_what_it_cannot_start_from(
    decoder: Path,
    book: Database,
    tmp_path: Path,
    make_recipe: MakeRecipe,
    changes: dict[str, Any],
    message: str,
) -> None:
    given = changes if "freeze_decoder" in changes else {"start_from": str(decoder)} | changes
    with pytest.raises(SettingsError, match=message):
        train(make_recipe(**given), book, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("option", "there", "here"),
    [
        ("num_attention_heads", 2, 4),
        ("rotary_base", 10000.0, 10),
        ("encoder_num_attention_heads", 2, 4),
        ("cca_positions", "rotary", "none"),
        ("rms_norm_eps", 1e-6, 1e-5),
    ],
)
def test_refuses_weights_that_fit_and_would_compute_something_else(
    trained_folder: Path,
    book: Database,
    tmp_path: Path,
    make_recipe: MakeRecipe,
    option: str,
    there: object,
    here: object,
) -> None:
    recipe = make_recipe(start_from=str(trained_folder), model={option: here})
    with pytest.raises(
        SettingsError, match=f"does not fit: {option} is {there} there, {here} in this recipe's"
    ):
        train(recipe, book, tmp_path / "model")


def test_what_a_model_without_retrieval_has_of_it_does_not_count(
    decoder: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    options = {"encoder_num_attention_heads": 4, "cca_positions": "none"}
    recipe = make_recipe(max_steps=1, start_from=str(decoder), model=options)
    assert train(recipe, book, tmp_path / "model").steps == 1


def test_refuses_to_freeze_a_model_without_retrieval(
    decoder: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    recipe = make_recipe(start_from=str(decoder), freeze_decoder=True).without_retrieval()
    with pytest.raises(SettingsError, match=r"without retrieval .* nothing would train"):
        train(recipe, book, tmp_path / "model")


def test_refuses_a_model_of_another_tokenizer(
    decoder: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    tokenizer = train_tokenizer(["quite another text, with other words"] * 3, vocab_size=340)
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=16)
    database.add(Document(id=str(number), text="other text " * 40) for number in range(3))
    with pytest.raises(MismatchError, match=r"was trained with tokenizer .*, the database has"):
        train(make_recipe(start_from=str(decoder)).without_retrieval(), database, tmp_path / "model")


def test_refuses_a_model_that_reads_chunks_of_another_length(
    trained_folder: Path, book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=32)
    database.add(Document(id=str(number), text="some text " * 60) for number in range(3))
    build_neighbors(database, k=2)
    with pytest.raises(MismatchError, match="reads chunks of 16 tokens, the database has chunks of 32"):
        train(make_recipe(start_from=str(trained_folder)), database, tmp_path / "model")
