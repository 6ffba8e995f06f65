"""From a base to a retrofitted model: which sizes the new parts have, and what is remembered of the base."""

import warnings
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import PreTrainedModel

from openbook.errors import SettingsError, refuse_unknown
from openbook.model.retrofitting.causal_lm import RetrofitForCausalLM
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.families import family_of
from openbook.model.retrofitting.fingerprint import core_fingerprint, is_quantized, weights_fingerprint

_WIDEST_ENCODER, _ENCODER_HEAD = 896, 64
"""As in the paper."""

_OF_THE_BASE = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "head_dim",
    "intermediate_size",
    "max_position_embeddings",
    "tie_word_embeddings",
    "base_type",
    "base_name",
    "base_revision",
    "base_loading",
    "base_fingerprint",
    "base_core_fingerprint",
    "base_config",
)
_OF_OWN = ("reading", "neighbors_before", "prefix_ids", "rank", "mlp_rank", "copy_rank", "adapt_neighbors")
_OF_ENCODER = (
    "encoder_hidden_size",
    "encoder_num_layers",
    "encoder_num_attention_heads",
    "encoder_intermediate_size",
    "encoder_conditioned",
    "encoder_cross_attention_layers",
    "encoder_dropout",
    "share_embeddings",
    "positions",
    "cca_positions",
    "rms_norm_eps",
    "rotary_base",
    "initializer_range",
)


def retrofit(
    base: PreTrainedModel,
    *,
    reader: str = "own",
    chunk_size: int = 64,
    num_neighbors: int = 2,
    cca_layers: list[int] | None = None,
    encoder_hidden_size: int | None = None,
    copy_head: bool | None = None,
    train_base: bool = False,
    **options: Any,
) -> RetrofitForCausalLM:
    """Give retrieval to a causal language model of transformers.

    The base stays as it is and takes no gradients; what is added starts as the identity. It may be loaded in
    any precision, or quantized; the new weights are float32.

    Args:
        base: a Llama, Mistral, Qwen2, Qwen3, SmolLM, Gemma (1 and 3), OLMo, Phi, StableLM, StarCoder 2,
            Mixtral, Qwen-MoE, OLMoE, GPT-2, GPT-NeoX or Pythia.
        reader: what reads neighbors: the base itself (own), which reads at once, untrained, as it would read
            them in its prompt; or an encoder with chunked cross-attention (the paper), which has to learn.
        chunk_size: M, of the database.
        num_neighbors: K in training.
        cca_layers: P, the layers that read neighbors, from 1; None: all, with an encoder the paper's rule.
        encoder_hidden_size: E, of an encoder; None: half the base's width in whole heads of 64, at most 896.
        copy_head: mix the prediction with a copy distribution over the neighbors' tokens; None: with an
            encoder, as `openbook retrofit` does. Untrained, a base that reads itself equals its prompt only
            without.
        train_base: let the base's weights train, too; retrieval off then drifts from what the base was.
        options: other settings of `RetrofitConfig`, such as encoder_num_layers or tokenizer_fingerprint.

    Raises:
        SettingsError: a model that cannot be retrofitted, or a setting that is not allowed.
        TypeError: no model, such as the name of one.
    """
    family_of(base)
    devices: dict[str, Any] = getattr(base, "hf_device_map", None) or {}
    if len(set(devices.values())) > 1:
        raise SettingsError("the base is spread over several devices; load it on one: device_map={'': 0}")
    refuse_unknown(options, known_settings(), where="retrofit")
    if train_base and is_quantized(base):
        raise SettingsError("train_base: quantized weights cannot train; load the base as it was saved")
    if train_base and base.dtype != torch.float32:
        raise SettingsError(
            f"train_base: small steps are lost on weights in {base.dtype}; load the base in float32 (--dtype "
            "float32), and compute in half precision by train.precision"
        )
    if train_base:
        warnings.warn("train_base: retrieval off will drift from what the base computes", stacklevel=2)
    _check_options(reader, options | {"encoder_hidden_size": encoder_hidden_size})
    if copy_head is None:
        copy_head = reader == "encoder" and cca_layers != []
    settings = options | {
        "reader": reader,
        "chunk_size": chunk_size,
        "num_neighbors": num_neighbors,
        "cca_layers": cca_layers,
        "copy_head": copy_head,
        "train_base": train_base,
    }
    sizes = _sizes(base, encoder_hidden_size, options.get("encoder_num_attention_heads"))
    # None, as a recipe has it, asks for what was worked out.
    settings = {name: value for name, value in settings.items() if value is not None or name not in sizes}
    return RetrofitForCausalLM(RetrofitConfig(**(_identity(base, train_base) | sizes | settings)), base)


def _check_options(reader: str, options: dict[str, Any]) -> None:
    """Refuse settings of the other reader, which would do nothing."""
    others = {"own": _OF_ENCODER, "encoder": _OF_OWN}.get(reader, ())
    for name in others:
        if options.get(name) is not None:
            other, recipe = ("encoder", "continue") if reader == "own" else ("own", "retrofit-encoder")
            raise SettingsError(
                f"{name}: is a setting of reader={other!r}, this retrofit has {reader!r}; leave it out (for "
                f"settings of {reader!r}: --recipe {recipe})"
            )


def known_settings() -> list[str]:
    """List the names of all that can be set: what the base does not decide."""
    return [name for name in RetrofitConfig.field_names() if name not in _OF_THE_BASE]


def _sizes(base: PreTrainedModel, encoder_width: int | None, encoder_heads: int | None) -> dict[str, Any]:
    """The decoder's, which chunked cross-attention shares, and the encoder's."""
    config = base.config
    heads, width = config.num_attention_heads, config.hidden_size
    if encoder_width is None:
        # Half the base's width: what is new then is a tenth of the base, or less.
        half = -(-width // (2 * _ENCODER_HEAD)) * _ENCODER_HEAD
        encoder_width = min(width, half, _WIDEST_ENCODER)
    if encoder_heads is None and encoder_width == width:
        encoder_heads = heads
    elif encoder_heads is None:
        encoder_heads = max(1, encoder_width // _ENCODER_HEAD)
    return {
        "vocab_size": cast(nn.Embedding, base.get_input_embeddings()).num_embeddings,
        "hidden_size": width,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": heads,
        "head_dim": getattr(config, "head_dim", None) or width // heads,
        "intermediate_size": 4 * width,
        "max_position_embeddings": config.max_position_embeddings,
        "tie_word_embeddings": False,  # the base does as it does
        "encoder_hidden_size": encoder_width,
        "encoder_num_attention_heads": encoder_heads,
        "bos_token_id": config.bos_token_id,
        "eos_token_id": config.eos_token_id,
        "pad_token_id": config.pad_token_id,
    }


def _identity(base: PreTrainedModel, self_contained: bool) -> dict[str, Any]:
    """Which base it is, and how it was loaded."""
    config = base.config
    name = base.name_or_path or None
    if name is not None and Path(name).exists():
        name = str(Path(name).resolve())
    loading: dict[str, Any] = {"dtype": str(base.dtype).removeprefix("torch.")}
    quantizer = getattr(base, "hf_quantizer", None)
    if quantizer is not None and not quantizer.pre_quantized:
        loading["quantization_config"] = quantizer.quantization_config.to_dict()
    return {
        "base_type": config.model_type,
        "base_name": name,
        "base_revision": getattr(config, "_commit_hash", None),
        "base_loading": loading,
        "base_fingerprint": weights_fingerprint(base),
        "base_core_fingerprint": core_fingerprint(base),
        "base_config": config.to_dict() if self_contained else None,
    }
