"""Tiny models of every kind, and neighbors that follow from a chunk's tokens, for tests of writing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from model.tiny import M, R, V, enlarge, tiny_model
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import retrofit


def own_reader(**options: Any) -> RetroForCausalLM:
    torch.manual_seed(0)
    sizes = {"vocab_size": V, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3}
    base = LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=4, num_key_value_heads=2)).double()
    made = retrofit(enlarge(base).eval(), chunk_size=M, **({"prefix_ids": [7, 9]} | options)).double()
    for part in (made.model.decoder.new_parts, made.copy_head):
        if part is not None:
            enlarge(part)
    return made.eval()


def encoder_reader() -> RetroForCausalLM:
    torch.manual_seed(0)
    base = GPT2LMHeadModel(GPT2Config(vocab_size=V, n_embd=16, n_layer=3, n_head=4, n_positions=96)).double()
    options = {"reader": "encoder", "cca_layers": [2, 3], "encoder_num_layers": 1, "copy_head": True}
    made = retrofit(enlarge(base).eval(), chunk_size=M, **options)
    for part in (made.model.encoder, made.model.decoder.new_parts, made.copy_head):
        enlarge(part)
    return made.double().eval()


MODELS: dict[str, Callable[[], RetroForCausalLM]] = {
    "rotary": tiny_model,
    "relative, copy head": lambda: tiny_model(positions="relative", copy_head=True),
    "unconditioned": lambda: tiny_model(encoder_conditioned=False, copy_head=True),
    "DeepNorm, no positions in P": lambda: tiny_model(normalization="deepnorm", cca_positions="none"),
    "own reader": own_reader,
    "own reader, copy head, joint": lambda: own_reader(copy_head=True, reading="joint"),
    "own reader before chunks": lambda: own_reader(neighbors_before="chunk", prefix_ids=[]),
    "encoder reader": encoder_reader,
}


@cache
def model_of(name: str) -> RetroForCausalLM:
    return MODELS[name]()


@dataclass(frozen=True)
class Neighbors:
    """Neighbors that follow from a chunk's tokens; some are short, some chunks have none."""

    k: int

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        ids, mask = zip(*(self._of(chunk) for chunk in chunks), strict=True)
        return torch.stack(ids), torch.stack(mask)

    def _of(self, chunk: list[int]) -> tuple[Tensor, Tensor]:
        seed = sum((place + 1) * (token + 1) for place, token in enumerate(chunk))
        generator = torch.Generator().manual_seed(seed)
        lengths = torch.randint(1, R + 1, (self.k,), generator=generator) * (seed % 5 > 0)
        return torch.randint(V, (self.k, R), generator=generator), torch.arange(R) < lengths[:, None]
