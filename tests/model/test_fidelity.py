"""The model computes what the paper's formulas say, in every combination of options and shapes."""

from typing import Any

import pytest
import torch

from openbook.model import RetroForCausalLM
from reference.retro_reference import retro_reference

from .tiny import Inputs, M, draw_inputs, tiny_model

SHARED = {"share_embeddings": True, "encoder_hidden_size": 8, "encoder_num_attention_heads": 2}

PAPER = {"positions": "relative"}
DEEP = {"normalization": "deepnorm"}

OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "P by the paper's rule": {"cca_layers": None},
    "P is the first layer": {"cca_layers": [1]},
    "P is a middle layer": {"cca_layers": [2]},
    "P is every layer": {"cca_layers": [1, 2, 3]},
    "P has a gap": {"cca_layers": [1, 3]},
    "P is empty": {"cca_layers": []},
    "one decoder layer": {"num_hidden_layers": 1, "cca_layers": [1]},
    "head width from the hidden size": {"head_dim": None},
    "encoder of one layer": {"encoder_num_layers": 1},
    "encoder of three layers, crossing in the second": {
        "encoder_num_layers": 3,
        "encoder_cross_attention_layers": [2],
    },
    "encoder crossing in all layers": {"encoder_cross_attention_layers": [1, 2]},
    "encoder crossing in no layer": {"encoder_cross_attention_layers": []},
    "narrow encoder": {"encoder_hidden_size": 4, "encoder_num_attention_heads": 1},
    "unconditioned encoder": {"encoder_conditioned": False},
    "no positions": {"cca_positions": "none"},
    "other wave lengths": {"rotary_base": 100.0},
    "coarse norm": {"rms_norm_eps": 0.1},
    "shared embeddings": SHARED,
    "untied output": {"tie_word_embeddings": False},
    "shared and untied": {**SHARED, "tie_word_embeddings": False},
    "copy head": {"copy_head": True},
    "copy head, unconditioned, no positions": {
        "copy_head": True,
        "encoder_conditioned": False,
        "cca_positions": "none",
    },
    "copy head, shared embeddings": {**SHARED, "copy_head": True},
    "relative positions": PAPER,
    "relative positions, none in chunked cross-attention": {**PAPER, "cca_positions": "none"},
    "relative positions in chunked cross-attention alone": {"cca_positions": "relative"},
    "rotary in chunked cross-attention alone": {**PAPER, "cca_positions": "rotary"},
    "relative positions, odd heads": {**PAPER, "head_dim": 5, "encoder_num_attention_heads": 4},
    "relative positions, other wave lengths": {**PAPER, "rotary_base": 50.0},
    "relative positions, unconditioned": {**PAPER, "encoder_conditioned": False},
    "relative positions, copy head, shared embeddings": {**PAPER, **SHARED, "copy_head": True},
    "DeepNorm": DEEP,
    "DeepNorm, P is empty": {**DEEP, "cca_layers": []},
    "DeepNorm, P is the first layer": {**DEEP, "cca_layers": [1]},
    "DeepNorm, unconditioned": {**DEEP, "encoder_conditioned": False},
    "DeepNorm, encoder crossing in all layers": {**DEEP, "encoder_cross_attention_layers": [1, 2]},
    "DeepNorm, relative positions, copy head": {**DEEP, **PAPER, "copy_head": True},
    "DeepNorm, shared embeddings": {**DEEP, **SHARED},
}

SHAPES: dict[str, dict[str, Any]] = {
    "whole chunks": {"tokens": 12},
    "incomplete last chunk": {"tokens": 11},
    "one token over": {"tokens": 9},
    "exactly one chunk": {"tokens": 4},
    "shorter than a chunk": {"tokens": 3, "neighbors": 0},
    "one token": {"tokens": 1, "neighbors": 0},
    "retrieval off": {"neighbors": 0},
    "one neighbor": {"neighbors": 1},
    "five neighbors": {"neighbors": 5, "tokens": 8},
    "missing and short neighbors": {"ragged": True, "tokens": 13, "neighbors": 3},
    "missing and short, one neighbor": {"ragged": True, "neighbors": 1},
    "a surplus chunk of neighbors": {"chunks": 3, "ragged": True},
    "the last chunk's neighbors not given": {"tokens": 12, "chunks": 2},
    "neighbors of a chunk that is not complete": {"tokens": 3, "chunks": 1},
    "padding": {"padding": (0, 3)},
    "padding, retrieval off": {"padding": (2, 7), "neighbors": 0},
    "padding over more than a chunk": {"padding": (6, 4), "tokens": 13},
    "padding, missing and short neighbors": {"padding": (1, 5), "ragged": True},
    "a row of padding alone": {"padding": (11, 0)},
}


def assert_equals_reference(model: RetroForCausalLM, inputs: Inputs) -> None:
    expected = retro_reference(model.config, model.state_dict(), **inputs.asdict())
    with torch.no_grad():
        out = model(**inputs.asdict(), output_shares=True)
    torch.testing.assert_close(out.logits, expected.logits, atol=1e-5, rtol=1e-5)
    shares = torch.zeros_like(expected.shares) if out.neighbor_shares is None else out.neighbor_shares
    torch.testing.assert_close(shares, expected.shares, atol=1e-5, rtol=1e-5, check_dtype=False)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_model_equals_the_formulas_with_every_option(options: dict[str, Any]) -> None:
    neighbors = 0 if options.get("cca_layers") == [] else 2
    inputs = draw_inputs(tokens=14, ragged=True, padding=(2, 0), neighbors=neighbors)
    assert_equals_reference(tiny_model(**options), inputs)


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "copy head": {"copy_head": True},
    "relative positions": PAPER,
    "DeepNorm, copy head": {**DEEP, "copy_head": True},
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_model_equals_the_formulas_with_every_shape(shape: dict[str, Any], kind: dict[str, Any]) -> None:
    assert_equals_reference(tiny_model(**kind, seed=1), draw_inputs(**shape, seed=1))


@pytest.mark.parametrize("neighbors", [1, 2, 3, 10, 40])
def test_model_equals_the_formulas_with_any_number_of_neighbors(neighbors: int) -> None:
    model = tiny_model(num_hidden_layers=1, cca_layers=[1], encoder_num_layers=1, copy_head=True, **PAPER)
    assert_equals_reference(model, draw_inputs(tokens=6, batch=1, neighbors=neighbors, ragged=True))


@pytest.mark.parametrize("positions", ["rotary", "relative"])
@pytest.mark.parametrize("chunk_size", [1, 2, 7])
def test_model_equals_the_formulas_with_other_chunk_sizes(chunk_size: int, positions: str) -> None:
    model = tiny_model(chunk_size=chunk_size, copy_head=True, positions=positions)
    assert_equals_reference(model, draw_inputs(tokens=9, chunk_size=chunk_size, ragged=True))


def test_attention_of_the_tiny_model_is_far_from_uniform() -> None:
    """Else wrong positions or masks would hardly show."""
    model, inputs = tiny_model(), draw_inputs(neighbors=4)
    shares = retro_reference(model.config, model.state_dict(), **inputs.asdict()).shares
    attending = shares[:, M - 1 :]
    assert (attending.max(-1).values - attending.min(-1).values).mean() > 0.15
