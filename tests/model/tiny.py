"""Tiny models whose attention is far from uniform, and inputs for them."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from openbook.model import RetroConfig, RetroForCausalLM

M = 4
"""Chunk length of all tiny models."""
R = 2 * M
V = 23
"""Their vocabulary."""


def tiny_config(**options: Any) -> RetroConfig:
    """Three layers, chunked cross-attention in the second and third; all widths differ."""
    defaults: dict[str, Any] = {
        "vocab_size": V,
        "hidden_size": 8,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "head_dim": 6,
        "intermediate_size": 14,
        "chunk_size": M,
        "cca_layers": [2, 3],
        "encoder_hidden_size": 12,
        "encoder_num_layers": 2,
        "encoder_num_attention_heads": 3,
        "encoder_intermediate_size": 10,
    }
    return RetroConfig(**(defaults | options))


def tiny_model(*, seed: int = 0, **options: Any) -> RetroForCausalLM:
    """In float64, so that differences are the arithmetic's, not the rounding's."""
    model = RetroForCausalLM(tiny_config(**options)).double().eval()
    return enlarge(model, seed=seed)


def enlarge(model: RetroForCausalLM, *, seed: int = 0) -> RetroForCausalLM:
    """Draw weights so large that attention is sharp; norms and biases are drawn too."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator, dtype=torch.float64).to(weight.dtype)
            if "norm" in name:
                weight.copy_(1 + 0.3 * noise)
            elif "embed_tokens" in name or weight.dim() == 1:
                weight.copy_(noise)
            else:
                weight.copy_(1.5 * noise * weight.shape[1] ** -0.5)
    return model


@dataclass(frozen=True)
class Inputs:
    """What a model is called with."""

    input_ids: Tensor
    neighbor_ids: Tensor | None = None
    neighbor_mask: Tensor | None = None
    attention_mask: Tensor | None = None

    def asdict(self) -> dict[str, Tensor | None]:
        """As keyword arguments."""
        return dict(vars(self))

    def but(self, **changes: Any) -> "Inputs":
        """With some of them replaced."""
        return replace(self, **changes)


def draw_inputs(
    *,
    batch: int = 2,
    tokens: int = 11,
    neighbors: int = 2,
    chunks: int | None = None,
    ragged: bool = False,
    padding: tuple[int, ...] | None = None,
    chunk_size: int = M,
    seed: int = 0,
) -> Inputs:
    """Random inputs.

    Args:
        batch: B.
        tokens: T.
        neighbors: K; 0: retrieval off.
        chunks: for which neighbors are given; None: the complete ones.
        ragged: neighbors are short or missing; some chunk has none, if there is more than one chunk.
        padding: tokens of padding on the left of each row.
        chunk_size: M.
        seed: of the random numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    inputs = Inputs(torch.randint(V, (batch, tokens), generator=generator))
    if padding is not None:
        columns = torch.arange(tokens)
        inputs = inputs.but(attention_mask=(columns >= torch.tensor(padding)[:, None]).long())
    if not neighbors:
        return inputs
    shape = (batch, tokens // chunk_size if chunks is None else chunks, neighbors, 2 * chunk_size)
    inputs = inputs.but(neighbor_ids=torch.randint(V, shape, generator=generator))
    if not ragged:
        return inputs
    lengths = torch.randint(1, 2 * chunk_size + 1, shape[:3], generator=generator)
    lengths[0, 0, -1] = 0
    if shape[1] > 1:
        lengths[1:, 0] = 0
        lengths[0, 1, 0] = 1
    return inputs.but(neighbor_mask=torch.arange(2 * chunk_size) < lengths[..., None])
