"""Distillation from the prompt: the divergence, and a training run that lessens it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from openbook.database import Database, NeighborTable, SequenceDataset
from openbook.errors import SettingsError
from openbook.model.batch import collate
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.train import Recipe, train
from openbook.train.distillation import divergence, prompt_logits

MakeBase = Callable[..., PreTrainedModel]
MakeRetrofit = Callable[..., Recipe]
MakeRecipe = Callable[..., Recipe]


def test_the_sum_over_the_tokens_that_are_predicted() -> None:
    generator = torch.Generator().manual_seed(0)
    teacher, student = (torch.randn(2, 4, 5, generator=generator) for _ in range(2))
    labels = torch.tensor([[1, -100, 3, -100], [-100, 2, 0, 4]])
    slow = 0.0
    for row in range(2):
        for place in range(1, 4):
            if labels[row, place] >= 0:
                wanted = teacher[row, place - 1].softmax(-1)
                told = student[row, place - 1].softmax(-1)
                slow += float((wanted * (wanted / told).log()).sum())
    assert float(divergence(teacher, student, labels)) == pytest.approx(slow, rel=1e-5)
    assert float(divergence(teacher, teacher, labels)) == pytest.approx(0, abs=1e-6)


def test_with_it_the_model_stays_nearer_to_the_prompt(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path, table: NeighborTable
) -> None:
    """After the same steps, by what both say on the same text."""
    changes: dict[str, Any] = {"model__reading": "independent", "train__max_steps": 16}
    changes |= {"train__batch_size": 4, "train__learning_rate": 0.03}
    batch = collate([SequenceDataset(book.opened, "train", 64, table.first(2))[row] for row in range(4)])
    apart = {}
    for weight in (0.0, 20.0):
        folder = tmp_path / str(weight)
        recipe = make_retrofit(recipe="continue", train__distillation=weight, **changes)
        train(recipe, book, folder, base=make_base())
        model = RetrofitForCausalLM.from_pretrained(folder, base=make_base())
        with torch.no_grad():
            said = model(**batch).logits
        apart[weight] = float(divergence(prompt_logits(model, dict(batch)), said, batch["labels"]))
    assert 0 < apart[20.0] < 0.5 * apart[0.0]


def test_without_a_base_that_reads_itself_it_is_refused(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"train\.distillation 1\.0: needs a base"):
        train(make_recipe(distillation=1.0), book, tmp_path / "native")
    with pytest.raises(SettingsError, match=r"train\.distillation 2\.0: needs a base"):
        train(make_retrofit(train__distillation=2.0), book, tmp_path / "encoder", base=make_base())
