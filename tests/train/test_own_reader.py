"""Training a base to read its neighbors itself: what is saved, resuming, starting from another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from openbook.database import Database
from openbook.errors import TrainingStoppedError
from openbook.model import load_model
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.train import Recipe, train

Weights = Callable[[Path], dict[str, torch.Tensor]]
Metrics = Callable[[Path], list[dict[str, Any]]]
MakeBase = Callable[..., PreTrainedModel]
MakeRetrofit = Callable[..., Recipe]

IDS = torch.arange(40)[None] + 5


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter([False] * (steps - 1) + [True])
    return lambda: next(asked)


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit
) -> Path:
    """A training run that nothing interrupts, of a base in a folder beside it."""
    folder = tmp_path_factory.mktemp("alone") / "model"
    make_base().save_pretrained(folder.parent / "base")
    base = type(make_base()).from_pretrained(folder.parent / "base")
    evaluated = make_retrofit(recipe="continue", train__eval_every=2, train__eval_sequences=2)
    train(evaluated, book, folder, base=base)
    return folder


@torch.no_grad()
def test_a_small_adapter_and_the_base_as_it_was(make_base: MakeBase, alone: Path, metrics: Metrics) -> None:
    model = load_model(alone)
    assert isinstance(model, RetrofitForCausalLM)
    assert (model.config.reader, model.config.prefix_ids) == ("own", [])
    assert torch.equal(model(IDS).logits, make_base()(IDS).logits)
    stored = model.stored_weights()
    assert {name.split(".")[2] for name in stored} == {"readers"}
    # For two layers of 32 with 4 heads: a bias each, and twice 8 x (32 + 32).
    assert sum(weight.numel() for weight in stored.values()) == 2 * (4 + 2 * 8 * 64)
    evaluated = [row["bits_per_byte"] for row in metrics(alone) if "bits_per_byte" in row]
    assert evaluated[0]["off"] == evaluated[1]["off"]
    assert evaluated[0]["on"] != evaluated[1]["on"]


def test_it_resumes_where_it_stopped(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path, alone: Path
) -> None:
    with pytest.raises(TrainingStoppedError):
        recipe = make_retrofit(recipe="continue")
        train(recipe, book, tmp_path / "model", base=make_base(), stop=stop_after(2))
    other = make_retrofit(recipe="continue", train__gradient_checkpointing=True)
    train(other, book, tmp_path / "model", base=make_base())
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == (
        alone / "model.safetensors"
    ).read_bytes()


def test_its_copy_head_trains_resumes_and_is_saved(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    for name, stops in (("alone", False), ("resumed", True)):
        recipe = make_retrofit(recipe="continue", model__copy_head=True, model__copy_rank=4)
        if stops:
            with pytest.raises(TrainingStoppedError):
                train(recipe, book, tmp_path / name, base=make_base(), stop=stop_after(2))
        train(recipe, book, tmp_path / name, base=make_base())
    alone, resumed = (tmp_path / name / "model.safetensors" for name in ("alone", "resumed"))
    assert alone.read_bytes() == resumed.read_bytes()
    model = load_model(tmp_path / "alone", base=make_base())
    of_head = {name: x for name, x in model.stored_weights().items() if name.startswith("copy_head.")}
    assert all(weight.any() for weight in of_head.values())
    assert torch.equal(model(IDS).logits, make_base()(IDS).logits)


def test_it_starts_from_another(
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    tmp_path: Path,
    alone: Path,
    weights: Weights,
) -> None:
    recipe = make_retrofit(
        recipe="continue", train__start_from=str(alone), train__learning_rate=0.0, train__max_steps=1
    )
    train(recipe, book, tmp_path / "model", base=make_base())
    before, after = weights(alone), weights(tmp_path / "model")
    assert before.keys() == after.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_accumulated_steps_and_half_precision(
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    tmp_path: Path,
    weights: Weights,
    precision: str,
) -> None:
    found = []
    for parts in (1, 2):
        recipe = make_retrofit(
            recipe="continue",
            model__prefix_ids=[7],
            train__max_steps=2,
            train__batch_size=2 // parts,
            train__gradient_accumulation_steps=parts,
            train__precision=precision,
        )
        train(recipe, book, tmp_path / str(parts), base=make_base())
        found.append(weights(tmp_path / str(parts)))
    tolerance = 1e-5 if precision == "float32" else 2e-2
    for name, weight in found[0].items():
        torch.testing.assert_close(found[1][name], weight, atol=tolerance, rtol=tolerance)
