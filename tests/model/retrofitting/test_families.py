"""What cannot be retrofitted is refused with what to do, and another architecture is a small class away."""

from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from openbook.errors import SettingsError
from openbook.model.retrofitting import FAMILIES, Family, retrofit
from openbook.model.retrofitting.families import LlamaFamily, require_supported

from ..tiny import enlarge
from .test_cache import in_steps
from .tiny import BASES, draw_inputs, learned, tiny_base, tiny_retrofit, train_steps


def test_each_supported_type_has_a_tiny_model() -> None:
    assert {name.partition(",")[0] for name in BASES} == {
        kind for family in FAMILIES for kind in family.model_types
    }


def other(kind: str, **options: Any) -> PreTrainedModel:
    torch.manual_seed(0)
    sizes = {"vocab_size": 29, "hidden_size": 16, "num_attention_heads": 4, "pad_token_id": 0}
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **(sizes | options))).eval()


def test_an_unknown_architecture_names_the_known_ones() -> None:
    with pytest.raises(
        SettingsError,
        match=r"type 'bloom'; supported are llama, .*gpt_neox\. To add one, .*Family .*docs/retrofit\.md",
    ):
        retrofit(other("bloom", n_layer=2))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("falcon", "passes no arguments on to its layers"),
        ("gemma2", "soft-capping"),
        ("gemma3", "gemma3_text"),
        ("gpt_oss", "sinks"),
        ("granite", "scaled"),
        ("cohere", "scaled"),
        ("cohere2", "scaled"),
    ],
)
def test_what_cannot_be_held_is_refused_with_why(kind: str, why: str) -> None:
    with pytest.raises(SettingsError, match=f"type '{kind}': .*{why}.*; take another base, of type llama"):
        require_supported(kind)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"final_logit_softcapping": 30.0}, "final_logit_softcapping 30.0 changes its logits"),
        ({"use_bidirectional_attention": True}, "lets tokens see what follows them"),
    ],
)
@pytest.mark.parametrize("reader", ["own", "encoder"])
def test_a_setting_that_a_family_cannot_hold_is_refused(
    reader: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=f"this gemma3_text model: .*{message}.*take a"):
        retrofit(tiny_base("gemma3_text", **options), reader=reader)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunk_sise": 4}, "retrofit: unknown name 'chunk_sise'; did you mean 'chunk_size'"),
        ({"train_bas": True}, "did you mean 'train_base'"),
        ({"encoder_layers": 1}, "did you mean 'encoder_num_layers'"),
        ({"hidden_size": 8}, "retrofit: unknown name 'hidden_size'"),
        ({"base_name": "x"}, "retrofit: unknown name 'base_name'"),
        ({"cca_layers": []}, "cca_layers is empty: there would be nothing to retrofit"),
        ({"cca_layers": [5]}, r"cca_layers .*5"),
        ({"cca_layers": [0]}, r"cca_layers .*0"),
        ({"chunk_size": 0}, "chunk_size"),
        ({"num_neighbors": 0}, "num_neighbors"),
        (
            {"normalization": "deepnorm"},
            "normalization 'deepnorm': must be pre: a retrofit adds",
        ),
        ({"train_base": "yes"}, "train_base 'yes': must be true or false"),
        ({"copy_head": "yes"}, "copy_head"),
    ],
)
@pytest.mark.filterwarnings("ignore:train_base")
def test_a_wrong_setting_is_refused(options: dict[str, Any], message: str) -> None:
    base = tiny_base("llama")
    with pytest.raises(SettingsError, match=message):
        retrofit(base, **({"reader": "encoder"} | options))
    assert all(weight.requires_grad for weight in base.parameters()), "the base is as it was"
    assert not any(module._forward_pre_hooks for module in base.modules())


def test_a_base_on_several_devices_is_refused() -> None:
    base = tiny_base("llama")
    base.hf_device_map = {"model.layers.0": 0, "model.layers.1": 1}
    with pytest.raises(SettingsError, match="spread over several devices; load it on one"):
        retrofit(base)


def test_several_end_tokens_are_kept() -> None:
    """As Llama 3 has them."""
    base = tiny_base("llama", eos_token_id=[2, 7])
    assert tiny_retrofit(base).config.eos_token_id == [2, 7]


@pytest.mark.parametrize(
    "options",
    [
        {"encoder_hidden_size": 16, "encoder_num_attention_heads": 4},
        {"encoder_hidden_size": None, "encoder_num_attention_heads": None},
        {"share_embeddings": False},
        {"positions": "relative", "copy_head": True},
        {"cca_positions": "none", "encoder_conditioned": False},
        {"cca_layers": [1, 2, 3, 4], "encoder_num_layers": 2},
    ],
)
def test_options_of_what_is_new(options: dict[str, Any]) -> None:
    inputs = draw_inputs(ragged=True)
    model = tiny_retrofit("llama", **options)
    plain = model.base(inputs.input_ids).logits
    if "copy_head" not in options:
        assert torch.equal(model(**inputs.asdict()).logits, plain)
    train_steps(model)
    assert torch.equal(model(inputs.input_ids).logits, plain)
    model = learned(model).double()
    at_once = model(**inputs.asdict()).logits
    found = in_steps(model, inputs, [6, *[1] * 8])
    torch.testing.assert_close(found.log_softmax(-1), at_once.log_softmax(-1))


def test_a_recipes_null_asks_for_what_the_base_suggests() -> None:
    """SmolLM2-135M has 9 heads of 64: an encoder of half its width cannot have 9 of them."""
    base = tiny_base("llama", hidden_size=576, num_attention_heads=9, num_key_value_heads=3)
    config = retrofit(
        base, reader="encoder", encoder_hidden_size=None, encoder_num_attention_heads=None
    ).config
    assert (config.encoder_hidden_size, config.encoder_num_attention_heads) == (320, 5)


class BlockFamily(Family):
    """As a user would write it."""

    model_types = ("seed_oss",)

    def layers(self, backbone: nn.Module) -> nn.ModuleList:
        return backbone.layers

    def attention(self, layer: nn.Module) -> nn.Module:
        return layer.self_attn


class Arcee(LlamaFamily):
    """Built like Llama, with another feed-forward."""

    model_types = ("arcee",)


class Falcon(Family):
    """Passes nothing on."""

    model_types = ("falcon",)

    def layers(self, backbone: nn.Module) -> nn.ModuleList:
        return backbone.h

    def attention(self, layer: nn.Module) -> nn.Module:
        return layer.self_attention


@pytest.mark.parametrize(("kind", "family"), [("arcee", Arcee()), ("seed_oss", BlockFamily())])
def test_another_architecture_in_a_small_class(
    kind: str, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"num_hidden_layers": 4, "intermediate_size": 16, "num_key_value_heads": 4, "head_dim": 4}
    base = enlarge(other(kind, **sizes))
    with pytest.raises(SettingsError, match="supported are"):
        tiny_retrofit(base)
    monkeypatch.setattr("openbook.model.retrofitting.families.FAMILIES", [*FAMILIES, family])
    inputs = draw_inputs(ragged=True)
    plain = base(inputs.input_ids).logits
    model = tiny_retrofit(base)
    assert torch.equal(model(inputs.input_ids).logits, plain)
    assert torch.equal(model(**inputs.asdict()).logits, plain)
    train_steps(model)
    assert torch.equal(model(inputs.input_ids).logits, plain)
    model = learned(model).double()
    at_once = model(**inputs.asdict()).logits
    assert not torch.equal(at_once, model(inputs.input_ids).logits)
    torch.testing.assert_close(in_steps(model, inputs, [6, *[1] * 8]), at_once)


def test_layers_that_do_not_pass_on_arguments_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retrieval would be off, and nobody would notice."""
    monkeypatch.setattr("openbook.model.retrofitting.families.FAMILIES", [*FAMILIES, Falcon()])
    model = tiny_retrofit(other("falcon", num_hidden_layers=4))
    with pytest.raises(SettingsError, match=r"layer 2 of this falcon has not joined in: .* do not reach"):
        model(**draw_inputs().asdict())
