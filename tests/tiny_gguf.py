"""A tiny model with a byte-level tokenizer in one .gguf file, as llama.cpp's converter writes them."""

import json
from pathlib import Path

import gguf
import numpy as np
from tokenizers import Tokenizer as FastTokenizer
from torch import Tensor
from transformers import PreTrainedModel

_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "model.layers": "blk",
}
_GEMMA_NAMES = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
_ARCHITECTURES = {"gemma3_text": "gemma3"}
"""By the model types of transformers, where the two differ."""


def write_gguf(
    path: Path,
    model: PreTrainedModel,
    tokenizer: FastTokenizer,
    *,
    split: str = "smollm",
    chat_template: str | None = None,
    blocks: gguf.GGMLQuantizationType | None = None,
) -> Path:
    """Write it.

    Args:
        path: of the file.
        model: Llama, Gemma 3, or what is built and named like them, with weights in float32.
        tokenizer: byte-level BPE, with `<|endoftext|>`.
        split: the name of how text is split into words.
        chat_template: in Jinja; None: there is none.
        blocks: what the weights of the linear maps are quantized to; None: they are not.
    """
    config = model.config
    head_width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    is_gemma = config.model_type == "gemma3_text"
    writer = gguf.GGUFWriter(path, _ARCHITECTURES.get(config.model_type, config.model_type))
    writer.add_name("tiny")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(head_width)
    writer.add_key_length(head_width)
    writer.add_value_length(head_width)
    rotation = config.rope_parameters["full_attention"] if is_gemma else config.rope_parameters
    writer.add_rope_freq_base(rotation["rope_theta"])
    if is_gemma:
        writer.add_sliding_window(config.sliding_window)
    if rotation["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rotation["factor"])
    writer.add_vocab_size(config.vocab_size)
    _add_tokenizer(writer, tokenizer, split, config.vocab_size)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
    for name, weight in model.state_dict().items():
        if name in tied:
            continue
        theirs = name
        for ours, other in (_NAMES | (_GEMMA_NAMES if is_gemma else {})).items():
            theirs = theirs.replace(ours, other)
        array = _paired(weight, heads.get(name.split(".")[-2]) if config.model_type == "llama" else None)
        if is_gemma and theirs.endswith("norm.weight"):
            array = array + 1  # llama.cpp multiplies by what is in the file, transformers by one more
        if blocks is None or array.ndim == 1:
            writer.add_tensor(theirs, array)
        else:
            writer.add_tensor(theirs, gguf.quantize(array, blocks), raw_dtype=blocks)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _paired(weight: Tensor, heads: int | None) -> np.ndarray:
    """llama.cpp rotates neighboring numbers of a head, transformers its halves: rows change their places."""
    array = weight.float().numpy()
    if heads is None:
        return array
    return array.reshape(heads, 2, -1, array.shape[1]).swapaxes(1, 2).reshape(array.shape).copy()


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: FastTokenizer, split: str, vocab_size: int) -> None:
    described = json.loads(tokenizer.to_str())
    tokens = [tokenizer.id_to_token(number) or f"<unused{number}>" for number in range(vocab_size)]
    end = tokenizer.token_to_id("<|endoftext|>")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(split)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if number == end else 1 for number in range(vocab_size)])
    writer.add_token_merges([" ".join(merge) for merge in described["model"]["merges"]])
    writer.add_eos_token_id(end)
    writer.add_bos_token_id(end)
