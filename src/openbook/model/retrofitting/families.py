"""What a retrofit has to know of an architecture of transformers: one small class each.

To support another one, subclass `Family`, say where its parts are, and add an instance to `FAMILIES`. It must
be a decoder whose layers pass on the keyword arguments of the model's forward to their self-attention, and
add what self-attention says to the residual stream; its output must be a linear map without bias. The tests
in tests/model/retrofitting run for every member of `FAMILIES` once it has an entry in their `tiny.py`.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, cast

from torch import nn
from transformers import PreTrainedModel

from openbook.errors import SettingsError


class Family(ABC):
    """Models whose layers are built alike."""

    model_types: ClassVar[tuple[str, ...]]
    """Of transformers' configurations."""
    absolute_positions: ClassVar[bool] = False
    """Whether positions are looked up in a table, beyond which the model cannot read."""
    fused_query: ClassVar[bool] = False
    """Whether one map makes queries, keys and values, side by side for each head."""

    @abstractmethod
    def layers(self, backbone: nn.Module) -> nn.ModuleList:
        """Find the decoder's layers in the model without its output."""

    @abstractmethod
    def attention(self, layer: nn.Module) -> nn.Module:
        """Find a layer's self-attention."""

    def added(self, layer: nn.Module) -> nn.Module:
        """Find the module whose output (or its first part, of a tuple) the layer adds to the residual stream.

        Self-attention itself, unless something comes after it. It runs after self-attention, in every pass.
        """
        return self.attention(layer)

    def query(self, attention: nn.Module) -> nn.Module:
        """The linear map that makes queries, perhaps with keys and values."""
        return cast(nn.Module, attention.q_proj)

    def rotates(self, attention: nn.Module) -> bool:
        """Whether this layer has rotary positions, if the model has."""
        return bool(getattr(attention, "use_rope", True))

    def output(self, attention: nn.Module) -> nn.Module:
        """The linear map after the heads."""
        return cast(nn.Module, attention.o_proj)


class LlamaFamily(Family):
    """Llama and what is built like it: a norm before each sub-layer."""

    model_types: ClassVar[tuple[str, ...]] = ("llama", "mistral", "qwen2", "qwen3", "smollm3")

    def layers(self, backbone: nn.Module) -> nn.ModuleList:
        return cast(nn.ModuleList, backbone.layers)

    def attention(self, layer: nn.Module) -> nn.Module:
        return cast(nn.Module, layer.self_attn)


class Olmo2Family(LlamaFamily):
    """OLMo 2: a norm after each sub-layer, before its result joins the residual stream."""

    model_types = ("olmo2",)

    def added(self, layer: nn.Module) -> nn.Module:
        return cast(nn.Module, layer.post_attention_layernorm)


class GPT2Family(Family):
    """GPT-2."""

    model_types = ("gpt2",)
    absolute_positions = True

    def layers(self, backbone: nn.Module) -> nn.ModuleList:
        return cast(nn.ModuleList, backbone.h)

    def attention(self, layer: nn.Module) -> nn.Module:
        return cast(nn.Module, layer.attn)


class GPTNeoXFamily(Family):
    """GPT-NeoX and Pythia.

    Where attention and feed-forward run in parallel, the feed-forward of the same layer does not see what was
    retrieved; the next layer's does.
    """

    model_types = ("gpt_neox",)
    fused_query = True

    def layers(self, backbone: nn.Module) -> nn.ModuleList:
        return cast(nn.ModuleList, backbone.layers)

    def attention(self, layer: nn.Module) -> nn.Module:
        return cast(nn.Module, layer.attention)

    def added(self, layer: nn.Module) -> nn.Module:
        return cast(nn.Module, layer.post_attention_dropout)

    def query(self, attention: nn.Module) -> nn.Module:
        """See `Family`."""
        return cast(nn.Module, attention.query_key_value)

    def output(self, attention: nn.Module) -> nn.Module:
        """See `Family`."""
        return cast(nn.Module, attention.dense)


FAMILIES: list[Family] = [LlamaFamily(), Olmo2Family(), GPT2Family(), GPTNeoXFamily()]


def require_supported(model_type: str) -> Family:
    """Find the family of a type of models.

    Raises:
        SettingsError: none knows it.
    """
    for family in FAMILIES:
        if model_type in family.model_types:
            return family
    if model_type in ("retrofit", "retro"):
        raise SettingsError(
            f"a model of type {model_type!r} is one of openbook's already; to train it further, set "
            "train.start_from to its folder"
        )
    known = ", ".join(name for family in FAMILIES for name in family.model_types)
    raise SettingsError(
        f"cannot retrofit a model of type {model_type!r}; supported are {known}. To add one, subclass "
        "openbook.model.retrofitting.Family (where its layers and their self-attention are) and add it to "
        "FAMILIES: docs/retrofit.md"
    )


def family_of(base: PreTrainedModel) -> Family:
    """Find the family of a model.

    Raises:
        SettingsError: none knows it, or its output is not one that the loss can read.
    """
    kind = base.config.model_type
    found = require_supported(kind)
    head: nn.Module | None = base.get_output_embeddings()
    bias = getattr(head, "bias", None)
    if not isinstance(head, nn.Linear) or bias is not None or not head.weight.is_floating_point():
        raise SettingsError(
            f"cannot retrofit this {kind} model: its output is a {type(head).__name__}, where a linear map "
            "without bias is needed, not quantized; give a model as AutoModelForCausalLM loads it"
        )
    return found
