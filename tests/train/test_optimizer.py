"""AdamW: which weights decay, and that frozen ones are left out."""

from collections.abc import Callable

import pytest
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.retrofitting import retrofit
from openbook.train.optimizer import learning_rate_factor, make_optimizer
from openbook.train.settings import TrainSettings


def names_of(model: nn.Module) -> tuple[set[str], set[str]]:
    """The weights that decay, and those that train without."""
    optimizer = make_optimizer(model, TrainSettings(weight_decay=0.3))
    names = {weight: name for name, weight in model.named_parameters()}
    decaying, staying = ({names[weight] for weight in group["params"]} for group in optimizer.param_groups)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.0]
    return decaying, staying


def make_retro() -> RetroForCausalLM:
    options = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "copy_head": True}
    config = RetroConfig(vocab_size=300, hidden_size=32, cca_layers=[2], positions="relative", **options)
    return RetroForCausalLM(config)


def make_gpt2() -> PreTrainedModel:
    """Its norms are torch's LayerNorm, named ln_1."""
    return GPT2LMHeadModel(GPT2Config(vocab_size=300, n_embd=32, n_layer=3, n_head=4, n_positions=64))


@pytest.mark.parametrize("make", [make_retro, make_gpt2])
def test_all_but_norms_and_biases_decay(make: Callable[[], nn.Module]) -> None:
    model = make()
    decaying, staying = names_of(model)
    assert decaying | staying == {name for name, _ in model.named_parameters()}
    assert all(any(part in name for part in ("norm.", "bias", ".ln_")) for name in staying)
    assert not any(part in name for part in ("norm", "bias", ".ln_") for name in decaying)


def test_the_frozen_base_of_a_retrofit_is_left_out(make_base: Callable[..., PreTrainedModel]) -> None:
    model = retrofit(make_base(), chunk_size=16, num_neighbors=2, cca_layers=[2])
    decaying, staying = names_of(model)
    assert decaying | staying == {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert not any(".base." in name for name in decaying | staying)


def factors(**settings: object) -> list[float]:
    made = TrainSettings(**settings)  # type: ignore[arg-type]
    return [learning_rate_factor(made, step) for step in range(made.max_steps)]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_it_rises_evenly_over_the_warm_up(schedule: str) -> None:
    found = factors(schedule=schedule, max_steps=20, warmup_steps=4)
    assert found[:4] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("warmup", [0, 3])
def test_cosine_and_linear_fall_to_the_lowest_share_with_the_last_step(warmup: int) -> None:
    for schedule, half in (("cosine", 0.55), ("linear", 0.55)):
        found = factors(schedule=schedule, max_steps=warmup + 10, warmup_steps=warmup)
        assert found[-1] == pytest.approx(0.1)
        assert found[warmup + 4] == pytest.approx(half)
        assert all(
            later < earlier for earlier, later in zip(found[warmup:], found[warmup + 1 :], strict=False)
        )


def test_a_cosine_is_flatter_at_both_ends_than_a_line() -> None:
    cosine, line = (factors(schedule=name, max_steps=100, warmup_steps=0) for name in ("cosine", "linear"))
    assert cosine[10] > line[10]
    assert cosine[90] < line[90]


def test_constant_stays() -> None:
    assert factors(schedule="constant", max_steps=9, warmup_steps=2)[2:] == [1.0] * 7


def test_a_warm_up_may_be_longer_than_the_training_run() -> None:
    assert factors(max_steps=3, warmup_steps=10) == [0.1, 0.2, 0.3]
