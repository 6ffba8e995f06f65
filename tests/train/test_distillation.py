"""Distillation from the prompt: the divergence, and a training run that lessens it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import PreTrainedModel

from openbook.database import Database, NeighborTable, SequenceDataset
from openbook.errors import SettingsError
from openbook.model.batch import collate
from openbook.model.copy_head import CopyDistribution
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.train import Recipe, train
from openbook.train.distillation import divergence, prompt_hidden

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
    logits = torch.eye(5)  # as the output of which activations are logits
    assert float(divergence(teacher, student, logits, labels)) == pytest.approx(slow, rel=1e-5)
    assert float(divergence(teacher, teacher, logits, labels)) == pytest.approx(0, abs=1e-6)
    nothing = divergence(teacher, student.requires_grad_(), logits, torch.full_like(labels, -100))
    assert nothing.item() == 0
    assert not torch.autograd.grad(nothing, student)[0].any()


B, T, D, V, J = 2, 7, 5, 11, 4


def draw(*, copies: bool, biased: bool, seed: int = 0) -> tuple[list[Any], list[Tensor]]:
    """Arguments of `divergence` (the last is its bias), and all that has a gradient."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).requires_grad_()

    teacher, student, weight = normal(B, T, D).detach(), normal(B, T, D), normal(V, D)
    labels = torch.randint(V, (B, T), generator=generator)
    labels[0, 3] = labels[1, -1] = -100
    bias = normal(V) if biased else None
    leaves = [student, weight] + ([] if bias is None else [bias])
    copied = None
    if copies:
        scores, gate = normal(B, T, J), normal(B, T)
        ids = torch.randint(V, (B, T, J), generator=generator)
        copied = CopyDistribution(scores.softmax(-1), ids, F.logsigmoid(gate), F.logsigmoid(-gate))
        leaves += [scores, gate]
    return [teacher, student, weight, labels, copied, bias], leaves


def plain(
    teacher: Tensor,
    student: Tensor,
    weight: Tensor,
    labels: Tensor,
    copied: CopyDistribution | None,
    bias: Tensor | None,
) -> Tensor:
    """With the logits of all tokens at once."""
    predicts = labels[:, 1:] >= 0
    said = F.linear(student, weight, bias)
    said = said if copied is None else copied.mix(said)
    wanted = F.linear(teacher, weight, bias).detach()[:, :-1][predicts].log_softmax(-1)
    told = said[:, :-1][predicts].log_softmax(-1)
    return F.kl_div(told, wanted, reduction="sum", log_target=True)


@pytest.mark.parametrize("at_once", [1, 3 * V, 10**9])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("copies", [False, True])
def test_some_tokens_at_a_time_it_is_that_of_all(copies: bool, biased: bool, at_once: int) -> None:
    """Value and gradients; also where an output that is frozen takes none."""
    given, leaves = draw(copies=copies, biased=biased)
    expected = plain(*given)
    found = divergence(*given[:-1], bias=given[-1], logits_at_once=at_once)
    torch.testing.assert_close(found, expected)
    theirs = torch.autograd.grad(3 * expected, leaves, retain_graph=True)
    ours = torch.autograd.grad(3 * found, leaves, retain_graph=True)
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, atol=2e-5, rtol=2e-5)
    given[2] = given[2].detach()
    frozen = divergence(*given[:-1], bias=given[-1], logits_at_once=at_once)
    torch.testing.assert_close(torch.autograd.grad(3 * frozen, leaves[0])[0], ours[0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_under_autocast_it_is_right_to_its_precision(dtype: torch.dtype) -> None:
    given, leaves = draw(copies=True, biased=True)
    theirs = torch.autograd.grad(plain(*given), leaves, retain_graph=True)
    with torch.autocast("cpu", dtype=dtype):
        found = divergence(*given[:-1], bias=given[-1], logits_at_once=3 * V)
    assert found.dtype == torch.float32
    for our, their in zip(torch.autograd.grad(found, leaves), theirs, strict=True):
        assert our.dtype == torch.float32
        torch.testing.assert_close(our, their, atol=0.08, rtol=0.08)


class _LargestTensor(TorchDispatchMode):
    """Elements of the largest tensor that is made within."""

    elements = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for one in made if isinstance(made, list | tuple) else [made]:
            if isinstance(one, Tensor):
                self.elements = max(self.elements, one.numel())
        return made


def test_no_more_logits_are_held_than_it_says() -> None:
    teacher, student, weight = torch.randn(1, 41, 5), torch.randn(1, 41, 5), torch.randn(1000, 5)
    student.requires_grad_()
    # An output takes part with its own numbers, 5 x 1000; all logits would be 40 x 1000.
    with _LargestTensor() as largest:
        labels = torch.ones(1, 41, dtype=torch.long)
        divergence(teacher, student, weight, labels, logits_at_once=6 * 1000).backward()
    assert student.grad is not None
    assert largest.elements == 6 * 1000


def test_training_never_computes_the_logits_of_a_batch(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    base, computed = make_base(), []
    base.get_output_embeddings().register_forward_hook(lambda *of_module: computed.append(of_module))
    train(make_retrofit(recipe="continue", train__distillation=1.0), book, tmp_path / "model", base=base)
    assert not computed


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
            said = model(**batch, output_hidden=True).hidden
        taught = prompt_hidden(model, dict(batch))
        apart[weight] = float(divergence(taught, said, model.lm_head.weight, batch["labels"]))
    assert 0 < apart[20.0] < 0.5 * apart[0.0]


def test_without_a_base_that_reads_itself_it_is_refused(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"train\.distillation 1\.0: needs a base"):
        train(make_recipe(distillation=1.0), book, tmp_path / "native")
    with pytest.raises(SettingsError, match=r"train\.distillation 2\.0: needs a base"):
        train(make_retrofit(train__distillation=2.0), book, tmp_path / "encoder", base=make_base())
