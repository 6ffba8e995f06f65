"""Where chunked cross-attention joins a layer: the layers of each architecture, run by hand."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from openbook.base_types import BASE_TYPES
from openbook.model.attended_chunks import ChunkGrid
from openbook.model.retrofitting import RetrofitForCausalLM

from ..tiny import Inputs
from .tiny import BASES, M, draw_inputs, learned, tiny_retrofit

Read = Callable[[Tensor], Tensor]
"""What is read of a stream: its norm."""


def cross_attention(model: RetrofitForCausalLM, number: int, stream: Tensor, given: Inputs) -> Tensor:
    """What layer `number` adds to the stream, having the neighbors encoded in layer 2."""
    if number not in (2, 3):
        return torch.zeros_like(stream)
    assert given.neighbor_ids is not None
    C = given.neighbor_ids.shape[1]
    mask = given.neighbor_mask if given.neighbor_mask is not None else given.neighbor_ids >= 0
    if number == 2:
        chunks = stream[:, : C * M].unflatten(1, (C, M))
        embed = model.base.get_input_embeddings()
        model.encoded = model.model.encoder(given.neighbor_ids, mask, chunks, shared_embedding=embed)
    graft = model.model.decoder.grafts[str(number)]
    grid = ChunkGrid.of(past=0, num_tokens=stream.shape[1], chunk_size=M, first_chunk=0, num_chunks=C)
    return graft.cca(stream, graft.cca_norm.read, graft.cca.project(model.encoded), mask, grid)[0]


def by_hand(model: RetrofitForCausalLM, given: Inputs) -> Tensor:
    """Logits of the retrofitted model, from the parts of its base."""
    base, kind = model.base, model.config.base_type
    backbone = base.base_model
    T = given.input_ids.shape[1]
    positions = torch.arange(T)[None]
    hidden = base.get_input_embeddings()(given.input_ids)
    if kind == "gpt2":
        hidden = hidden + backbone.wpe(positions)
    kinds = getattr(base.config, "layer_types", None) or [""] * 4
    causal = torch.ones(T, T).tril().bool()[None, None]
    layers = backbone.h if kind == "gpt2" else backbone.layers
    for number, layer in enumerate(layers, start=1):
        mask = causal
        in_all = kind in ("mistral", "phi3", "starcoder2") and base.config.sliding_window
        if in_all or kinds[number - 1].startswith("sliding"):
            mask = causal & torch.ones(T, T).triu(-5).bool()  # a window of 6
        which = (kinds[number - 1],) if kind in ("gemma3_text", "olmo3") else ()
        rotary = getattr(backbone, "rotary_emb", lambda *_: None)(hidden, positions, *which)
        parts = _PARTS[kind](layer)
        attended = parts.attend(hidden, mask, rotary)
        stream = hidden + attended
        stream = stream + cross_attention(model, number, stream, given)
        hidden = stream + parts.feed_forward(hidden if parts.parallel else stream)
    norms = {"gpt2": "ln_f", "gpt_neox": "final_layer_norm", "phi": "final_layernorm"}
    return base.get_output_embeddings()(getattr(backbone, norms.get(kind, "norm"))(hidden))


class Llama:
    """A norm before each sub-layer."""

    parallel = False

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def attend(self, hidden: Tensor, mask: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        return self.layer.self_attn(
            self.layer.input_layernorm(hidden), attention_mask=mask, position_embeddings=rotary
        )[0]

    def feed_forward(self, hidden: Tensor) -> Tensor:
        return self.layer.mlp(self.layer.post_attention_layernorm(hidden))


class Olmo2(Llama):
    """A norm after each sub-layer."""

    def attend(self, hidden: Tensor, mask: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        attended = self.layer.self_attn(hidden, attention_mask=mask, position_embeddings=rotary)[0]
        return self.layer.post_attention_layernorm(attended)

    def feed_forward(self, hidden: Tensor) -> Tensor:
        return self.layer.post_feedforward_layernorm(self.layer.mlp(hidden))


class Gemma3(Llama):
    """Norms before and after."""

    def attend(self, hidden: Tensor, mask: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        return self.layer.post_attention_layernorm(super().attend(hidden, mask, rotary))

    def feed_forward(self, hidden: Tensor) -> Tensor:
        found = self.layer.mlp(self.layer.pre_feedforward_layernorm(hidden))
        return self.layer.post_feedforward_layernorm(found)


class Phi(Llama):
    """The feed-forward reads what self-attention reads, by the same norm."""

    parallel = True

    def feed_forward(self, hidden: Tensor) -> Tensor:
        return self.layer.mlp(self.layer.input_layernorm(hidden))


def stablelm(layer: nn.Module) -> Llama:
    """One or the other."""
    return Phi(layer) if layer.use_parallel_residual else Llama(layer)


class GPT2(Llama):
    """Positions were added to the embedding."""

    def attend(self, hidden: Tensor, mask: Tensor, rotary: object) -> Tensor:
        return self.layer.attn(self.layer.ln_1(hidden), attention_mask=mask)[0]

    def feed_forward(self, hidden: Tensor) -> Tensor:
        return self.layer.mlp(self.layer.ln_2(hidden))


class GPTNeoX(Llama):
    """The feed-forward may read what self-attention read, in parallel."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__(layer)
        self.parallel = layer.use_parallel_residual

    def attend(self, hidden: Tensor, mask: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        read = self.layer.input_layernorm(hidden)
        return self.layer.attention(read, attention_mask=mask, position_embeddings=rotary)[0]


_LIKE_LLAMA = BASE_TYPES["llama"]
_PARTS: dict[str, Callable[[nn.Module], Llama]] = {
    **dict.fromkeys(_LIKE_LLAMA, Llama),
    **dict.fromkeys(("olmo2", "olmo3"), Olmo2),
    "gemma3_text": Gemma3,
    "phi": Phi,
    "stablelm": stablelm,
    "gpt2": GPT2,
    "gpt_neox": GPTNeoX,
}


@pytest.mark.parametrize("name", BASES)
def test_each_layer_by_hand(name: str) -> None:
    model = learned(tiny_retrofit(name)).double()
    given = draw_inputs(ragged=True)
    with torch.no_grad():
        expected, found = by_hand(model, given), model(**given.asdict()).logits
        off = model(given.input_ids).logits
    torch.testing.assert_close(found, expected)
    assert (found - off)[:, M:].abs().max() > 0.1
