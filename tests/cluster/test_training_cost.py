"""The operations of a training step, counted from the shapes, against torch's own count of a real step."""

import re
from importlib.resources import files

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from openbook.cluster.training_cost import training_cost, training_machines
from openbook.errors import SettingsError
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.presets import PRESETS, preset
from openbook.train.recipe import load_recipe

B, T, K = 1, 256, 2


def counted(name: str, vocabulary: int) -> float:
    """Operations for each token of a forward and backward pass, as torch counts them."""
    config = RetroConfig(**preset(name) | {"vocab_size": vocabulary})
    model = RetroForCausalLM(config).train()
    M = config.chunk_size
    ids = torch.randint(vocabulary, (B, T))
    neighbors = torch.randint(vocabulary, (B, T // M, K, 2 * M))
    with FlopCounterMode(display=False) as counter:
        logits = model(ids, neighbors).logits
        logits.sum().backward()
    return counter.get_total_flops() / (B * T)


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_the_count_from_shapes_is_near_that_of_a_real_step(name: str) -> None:
    cost = training_cost(name, sequence_length=T, num_neighbors=K, vocabulary=500)
    assert cost.flops_per_token == pytest.approx(counted(name, 500), rel=0.12)


def test_parameters_are_those_of_the_model() -> None:
    model = RetroForCausalLM(RetroConfig(**preset("tiny") | {"vocab_size": 500}))
    cost = training_cost("tiny", sequence_length=T, vocabulary=500)
    assert cost.parameters == sum(weight.numel() for weight in model.parameters())


def test_without_retrieval_a_token_costs_less() -> None:
    with_retrieval, without = (training_cost(name, sequence_length=2048) for name in ("172m", "132m"))
    assert without.flops_per_token < with_retrieval.flops_per_token


def test_the_size_of_chunks_counts() -> None:
    """Twice K neighbors of 2M tokens, keys and values, in tiny's two layers of 128 numbers that read them."""
    of_64, of_32 = (training_cost("tiny", sequence_length=T, chunk_size=size) for size in (64, 32))
    assert of_64.flops_per_token - of_32.flops_per_token == 6 * 128 * (2 * 2 * K * 2 * 32)
    assert training_cost("tiny", sequence_length=T) == of_64


@pytest.mark.parametrize(
    ("name", "recomputes"), [("tiny", False), ("132m", False), ("1.5b", True), ("1.3B", True), ("7b", True)]
)
def test_what_a_recipe_computes_twice_is_a_third_more(name: str, recomputes: bool) -> None:
    cost = training_cost(name, sequence_length=T)
    assert cost.recomputes is recomputes
    assert cost.done_per_token == pytest.approx(cost.flops_per_token * (4 / 3 if recomputes else 1))


def test_each_preset_has_a_recipe_that_says_so() -> None:
    for name in PRESETS:
        assert training_cost(name, sequence_length=T).recomputes is (
            load_recipe(name).train.gradient_checkpointing
        )


def test_a_preset_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match="choose from"):
        training_cost("huge", sequence_length=T)
    with pytest.raises(SettingsError, match="at least 1"):
        training_cost("tiny", sequence_length=0)


@pytest.mark.parametrize(("recipe", "nodes"), [("1.5b", 1), ("7.5b", 4)])
def test_the_recipes_say_the_machines_of_the_arithmetic(recipe: str, nodes: int) -> None:
    cost = training_cost(recipe, sequence_length=2048)
    found = training_machines(cost, tokens=419e9, processes=8 * nodes, flops=4e14)
    said = (files("openbook.train") / "recipes" / f"{recipe}.yaml").read_text("utf-8").partition("model:")[0]
    state, host, days = re.search(r"([\d.]+) GB for .* ([\d.]+) GB; (\d+) days", said, re.DOTALL).groups()
    assert float(state) == pytest.approx(found.state_bytes / 1e9, abs=0.05)
    assert float(host) == pytest.approx(8 * found.host_bytes / 1e9, abs=1)
    assert float(days) == pytest.approx(found.days, abs=0.5)


def test_machines_of_nothing_are_refused() -> None:
    cost = training_cost("tiny", sequence_length=T, vocabulary=500)
    with pytest.raises(SettingsError, match="0 processes"):
        training_machines(cost, tokens=1e9, processes=0, flops=1e12)
