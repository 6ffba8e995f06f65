"""A tiny base in a folder, with a tokenizer that has a chat template, as people have models."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedConfig

from foreign_tokenizers import foreign
from openbook.text import Tokenizer

TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{% endfor %}"


def qwen() -> Tokenizer:
    """Its tokenizer."""
    plain = foreign("qwen")
    return Tokenizer(plain._fast, end_of_text="<|im_end|>", name="qwen", chat_template=TEMPLATE)


def write_base(folder: Path, config: PreTrainedConfig | None = None, *, seed: int = 0) -> Path:
    """Write a model of this configuration, by default a Llama, with random weights."""
    tokenizer = qwen()
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = LlamaConfig(vocab_size=tokenizer.vocab_size, **sizes) if config is None else config
    torch.manual_seed(seed)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save(folder)
    return folder
