"""A tiny random model of each supported architecture, retrofits of them, and inputs."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from openbook.model.retrofitting import RetrofitForCausalLM, retrofit

from ..tiny import Inputs, enlarge
from ..tiny import draw_inputs as _draw_inputs

M = 4
"""Chunk length of all of them."""
V = 29
"""Their vocabulary; inputs have the tokens of tests/model/tiny.py, which are fewer."""

_EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
BASES: dict[str, dict[str, Any]] = {
    "llama": {"num_key_value_heads": 4},
    "llama, tied": {"num_key_value_heads": 4, "tie_word_embeddings": True},
    "llama, grouped heads": {"num_key_value_heads": 2, "attention_bias": True, "mlp_bias": True},
    "mistral": {"num_key_value_heads": 2, "sliding_window": 6},
    "qwen2": {
        "num_key_value_heads": 2,
        "use_sliding_window": True,
        "sliding_window": 6,
        "max_window_layers": 2,
    },
    "qwen3": {"num_key_value_heads": 2, "head_dim": 6},
    "smollm3": {"num_key_value_heads": 2, "no_rope_layer_interval": 2},
    "olmo2": {"num_key_value_heads": 2},
    "gemma": {"num_key_value_heads": 1, "head_dim": 6},
    "gemma3_text": {
        "num_key_value_heads": 2,
        "head_dim": 6,
        "query_pre_attn_scalar": 9,
        "sliding_window": 6,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "olmo": {"num_key_value_heads": 2, "clip_qkv": 1.5},
    "olmo3": {
        "num_key_value_heads": 2,
        "sliding_window": 6,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "phi": {"num_key_value_heads": 2, "head_dim": 8, "partial_rotary_factor": 0.5, "qk_layernorm": False},
    "phi3": {"num_key_value_heads": 2, "sliding_window": 6},
    "phi3, long": {
        "num_key_value_heads": 2,
        "original_max_position_embeddings": 64,
        "rope_parameters": {
            "rope_type": "longrope",
            "rope_theta": 10_000.0,
            "short_factor": [1.0, 1.5],
            "long_factor": [2.0, 4.0],
            "original_max_position_embeddings": 64,
            "factor": 2.0,
        },
    },
    "starcoder2": {"num_key_value_heads": 2, "sliding_window": 6},
    "mixtral": {"num_key_value_heads": 2, "num_local_experts": 4},
    "qwen2_moe": {"num_key_value_heads": 2, "shared_expert_intermediate_size": 16} | _EXPERTS,
    "qwen3_moe": {"num_key_value_heads": 2, "head_dim": 6} | _EXPERTS,
    "olmoe": {"num_key_value_heads": 2} | _EXPERTS,
    "stablelm": {"num_key_value_heads": 2, "partial_rotary_factor": 0.5, "use_qkv_bias": True},
    "stablelm, parallel": {
        "num_key_value_heads": 4,
        "partial_rotary_factor": 1.0,
        "qk_layernorm": True,
        "use_parallel_residual": True,
    },
    "gpt2": {},
    "gpt_neox": {"use_parallel_residual": True},
    "gpt_neox, sequential": {"use_parallel_residual": False, "tie_word_embeddings": True},
}
"""By name, of which the first word is transformers' model_type."""
OWN_READERS = tuple(name for name in BASES if name != "gpt2")
"""Those whose positions let them read their neighbors themselves."""
FAMILIES = ("llama, grouped heads", "olmo2", "gemma3_text", "phi", "stablelm", "gpt2", "gpt_neox")
"""One of each class of families, for what the others cannot differ in."""

_SIZES = {
    "vocab_size": V,
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def tiny_base(
    name: str, *, dtype: torch.dtype = torch.float32, seed: int = 0, **options: Any
) -> PreTrainedModel:
    """A model whose attention is far from uniform, in evaluation mode; the same at every call."""
    kind = name.partition(",")[0]
    settings = _SIZES | BASES.get(name, {}) | options
    if kind != "gpt2":
        settings = {"intermediate_size": 24} | settings
    config = AutoConfig.for_model(kind, **settings)
    torch.manual_seed(seed)
    # PyTorch's grouped product of experts knows no float64.
    base = AutoModelForCausalLM.from_config(config, experts_implementation="eager")
    return enlarge(base, seed=seed).to(dtype).eval()


def tiny_retrofit(base: PreTrainedModel | str = "llama", **options: Any) -> RetrofitForCausalLM:
    """With an encoder; fresh, so still the identity, in evaluation mode; layers 2 and 3 of 4 read."""
    base = tiny_base(base) if isinstance(base, str) else base
    torch.manual_seed(1)
    defaults = {"chunk_size": M, "cca_layers": [2, 3], "encoder_hidden_size": 12, "encoder_num_layers": 1}
    defaults |= {"reader": "encoder", "copy_head": False, "encoder_num_attention_heads": 2}
    return retrofit(base, **(defaults | options)).eval()


def tiny_own(base: PreTrainedModel | str = "llama", **options: Any) -> RetrofitForCausalLM:
    """That reads its neighbors itself, in all layers; fresh, in evaluation mode."""
    base = tiny_base(base) if isinstance(base, str) else base
    torch.manual_seed(1)
    return retrofit(base, **({"chunk_size": M} | options)).eval()


def learned(model: RetrofitForCausalLM, *, seed: int = 3) -> RetrofitForCausalLM:
    """With new weights as large as those of the base, in its dtype: as if it had trained."""
    for part in new_parts(model):
        enlarge(part, seed=seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("neighbor_bias", "sharpness", "gate_features", "gate_bias")):
                weight.mul_(0.05)  # it stands for twenty times itself
    return model


def new_parts(model: RetrofitForCausalLM) -> list[nn.Module]:
    """All that is not the base."""
    parts = [model.model.encoder, model.model.decoder.new_parts, model.copy_head]
    return [part for part in parts if part is not None]


def new_weights(model: RetrofitForCausalLM) -> dict[str, nn.Parameter]:
    """Their weights by name, found by what they are and not by what they are called."""
    ours = {id(weight) for part in new_parts(model) for weight in part.parameters()}
    return {name: weight for name, weight in model.named_parameters() if id(weight) in ours}


def train_steps(model: RetrofitForCausalLM, steps: int = 2) -> None:
    """Move every weight that takes gradients."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=0.05)
    inputs = draw_inputs(tokens=12)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        model(**inputs.asdict(), labels=inputs.input_ids).loss.backward()
        optimizer.step()
    model.eval()


def draw_inputs(**options: Any) -> Inputs:
    """Random inputs, see tests/model/tiny.py."""
    return _draw_inputs(**({"tokens": 14} | options))


def padded_inputs(**options: Any) -> tuple[Inputs, Tensor]:
    """Rows with a chunk of padding, and none, on the left; and their positions."""
    inputs = draw_inputs(padding=(0, M), **options)
    assert inputs.attention_mask is not None
    return inputs, (inputs.attention_mask.cumsum(1) - 1).clamp_min(0)
