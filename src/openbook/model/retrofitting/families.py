"""What a retrofit has to know of an architecture of transformers: one small class each.

To support another one, subclass `Family`, say where its parts are, and add an instance to `FAMILIES`. It must
be a decoder whose layers pass on the keyword arguments of the model's forward to their self-attention, and
add what self-attention says to the residual stream; its logits must be a linear map of the last activations.
The tests in tests/model/retrofitting run for every member of `FAMILIES` once it has an entry in their
`tiny.py`.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, cast

from torch import nn
from transformers import PreTrainedModel

from openbook.base_types import BASE_TYPES, refusal_of
from openbook.errors import SettingsError, type_error


class Family(ABC):
    """Models whose layers are built alike."""

    model_types: ClassVar[tuple[str, ...]]
    """Of transformers' configurations."""
    absolute_positions: ClassVar[bool] = False
    """Whether positions are looked up in a table, beyond which the model cannot read."""
    fused_query: ClassVar[bool] = False
    """Whether one map makes queries, keys and values, side by side for each head."""
    carrier: ClassVar[str | None] = None
    """Of layers that pass no unknown argument on: one that they do pass on, a tuple, to carry ours in."""

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
        """The linear map that makes queries, perhaps with keys and values.

        These come after all queries, or beside those of each head (`fused_query`).
        """
        return cast(nn.Module, attention.q_proj)

    def mlp(self, layer: nn.Module) -> nn.Module:
        """The feed-forward sub-layer, of one input and one output [B, T, D]."""
        return cast(nn.Module, layer.mlp)

    def rotates(self, attention: nn.Module) -> bool:
        """Whether this layer has rotary positions, if the model has."""
        return bool(getattr(attention, "use_rope", True))

    def rotation(self, backbone: nn.Module, layer: int) -> str | None:
        """Which kind of rotary positions the layer of this index has; None: the model has one."""
        return None

    def output(self, attention: nn.Module) -> nn.Module:
        """The linear map after the heads."""
        return cast(nn.Module, attention.o_proj)


class LlamaFamily(Family):
    """Llama and what is built like it: a norm before each sub-layer."""

    model_types: ClassVar[tuple[str, ...]] = BASE_TYPES["llama"]

    def query(self, attention: nn.Module) -> nn.Module:
        """See `Family`; Phi-3 has one map for all three."""
        return cast(nn.Module, getattr(attention, "qkv_proj", None) or attention.q_proj)

    def layers(self, backbone: nn.Module) -> nn.ModuleList:
        return cast(nn.ModuleList, backbone.layers)

    def attention(self, layer: nn.Module) -> nn.Module:
        return cast(nn.Module, layer.self_attn)


class Olmo2Family(LlamaFamily):
    """OLMo 2: a norm after each sub-layer, before its result joins the residual stream."""

    model_types: ClassVar[tuple[str, ...]] = BASE_TYPES["olmo2"]

    def added(self, layer: nn.Module) -> nn.Module:
        return cast(nn.Module, layer.post_attention_layernorm)


class Gemma3Family(Olmo2Family):
    """Gemma 3's text models and OLMo 3: as OLMo 2, with rotary positions of two kinds.

    Layers that see a window turn keys by other angles than those that see all.
    """

    model_types = BASE_TYPES["gemma3"]

    def rotation(self, backbone: nn.Module, layer: int) -> str | None:
        """See `Family`."""
        kinds: list[str] = backbone.config.layer_types  # type: ignore[union-attr, assignment]
        return kinds[layer]


class PhiFamily(LlamaFamily):
    """Phi 1, 1.5 and 2: attention and feed-forward run in parallel, see `GPTNeoXFamily`."""

    model_types = BASE_TYPES["phi"]

    def output(self, attention: nn.Module) -> nn.Module:
        """See `Family`."""
        return cast(nn.Module, attention.dense)


class StableLmFamily(LlamaFamily):
    """StableLM: its layers pass on positions, and no argument that they do not know."""

    model_types = BASE_TYPES["stablelm"]
    carrier = "position_embeddings"


class GPT2Family(Family):
    """GPT-2."""

    model_types = BASE_TYPES["gpt2"]
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

    model_types = BASE_TYPES["gpt_neox"]
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


FAMILIES: list[Family] = [
    LlamaFamily(),
    Olmo2Family(),
    Gemma3Family(),
    PhiFamily(),
    StableLmFamily(),
    GPT2Family(),
    GPTNeoXFamily(),
]

_NOT_LINEAR = {"final_logit_softcapping": None, "logits_scaling": 1.0, "logit_scale": 1.0}
"""Settings of a base that change its logits after the output matrix, and the value that changes nothing."""


def require_supported(model_type: str) -> Family:
    """Find the family of a type of models.

    Raises:
        SettingsError: none knows it.
    """
    for family in FAMILIES:
        if model_type in family.model_types:
            return family
    raise refusal_of(model_type)


def family_of(base: PreTrainedModel) -> Family:
    """Find the family of a model.

    Raises:
        SettingsError: none knows it, its output is not one that the loss can read, or it reads ahead.
        TypeError: it is no model, such as the name of one.
    """
    if not hasattr(getattr(base, "config", None), "model_type"):
        remedy = "give AutoModelForCausalLM.from_pretrained(name)"
        raise type_error(base, "a model of transformers", where="base", remedy=remedy)
    kind = base.config.model_type
    found = require_supported(kind)
    head: nn.Module | None = base.get_output_embeddings()
    if not isinstance(head, nn.Linear) or not head.weight.is_floating_point():
        raise SettingsError(
            f"cannot retrofit this {kind} model: its output is a {type(head).__name__}, where a linear map "
            "is needed, not quantized; give a model as AutoModelForCausalLM loads it"
        )
    for name, neutral in _NOT_LINEAR.items():
        value = getattr(base.config, name, None)
        if value is not None and value != neutral:
            raise SettingsError(
                f"cannot retrofit this {kind} model: {name} {value} changes its logits after the output "
                "matrix, which the loss would not know; take another base"
            )
    if getattr(base.config, "use_bidirectional_attention", None):
        raise SettingsError(
            f"cannot retrofit this {kind} model: use_bidirectional_attention lets tokens see what follows "
            "them; take a base that predicts the next token"
        )
    return found
