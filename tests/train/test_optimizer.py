"""AdamW: which weights decay, and that frozen ones are left out."""

from collections.abc import Callable

import pytest
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.retrofitting import retrofit
from openbook.train.optimizer import make_optimizer
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
