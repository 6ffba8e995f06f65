"""What a .gguf file of the commonest models holds: its head parsed once, its names mapped once.

transformers reads the same numbers of any model, but parses the head, with the vocabulary, by a slow parser
twice, and maps all names again for each module: nine of the eleven seconds that SmolLM2 took, and 40 of 45
that a Gemma 3 took, whose vocabulary is five times as large.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

_ARCHITECTURES = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma3": "gemma3_text"}
"""Names in `general.architecture`, and their types in transformers, of files whose weights need no more than
other names, `_halved` and norms that are less by one."""


@dataclass(frozen=True, slots=True)
class StoredWeight:
    """A weight in the file, not yet read."""

    blocks: NDArray[np.uint8]
    """Its bytes, where they lie in the file."""
    kind: int
    """How ggml packs it."""
    shape: tuple[int, ...]

    def read(self) -> Tensor:
        """Read it as numbers in float32."""
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize

        kind = GGMLQuantizationType(self.kind)
        numbers, size = GGML_QUANT_SIZES[kind]
        shape = (*self.shape[:-1], self.shape[-1] // numbers * size)
        if self.blocks.size < prod(shape):
            raise ValueError("it ends before its weights do")
        rows = self.blocks.reshape(shape)
        plain = {GGMLQuantizationType.F32: np.float32, GGMLQuantizationType.F16: np.float16}
        packed = rows.view(plain[kind]) if kind in plain else rows
        return torch.from_numpy(np.require(dequantize(packed, kind), requirements="W"))  # not the file itself


@dataclass(frozen=True, slots=True)
class GgufModel:
    """A file's model, its weights not yet read."""

    architecture: str
    config: PreTrainedConfig
    stored: Mapping[str, StoredWeight]
    """By the file's names."""
    scales_positions: bool
    """Whether its rotary positions are scaled, which transformers does not read."""


def find_model(path: Path) -> GgufModel | None:
    """Read the head of a file; None: transformers has to read it, or to say what is wrong with it."""
    try:
        # Where a version of transformers has them elsewhere, its own reading is slow, and no less right.
        from transformers.integrations.gguf import reader
        from transformers.integrations.gguf.gguf_conversion_mapping import GGUF_ARCHS

        file = reader._mapped(str(path))
        metadata, count, place = reader._read_metadata(file, str(path))
        architecture = metadata["general.architecture"]
        if (
            architecture not in _ARCHITECTURES
            or architecture in GGUF_ARCHS  # it reads these fast itself
            or metadata.get("general.name") == "mistral"  # a type of its own, which it knows by this name
        ):
            return None
        table, place = reader._read_tensor_table(file, count, place)
        stored = _stored(file, table, place, alignment=metadata.get("general.alignment", 32))
        config = _configured(architecture, metadata, tied="output.weight" not in stored)
        scaling = metadata.get(f"{architecture}.rope.scaling.type", "none")
        scales = scaling != "none" or any(name.startswith("rope_") for name in stored)
        return GgufModel(architecture, config, stored, scales)
    except Exception:  # noqa: BLE001 - a damaged file, or blocks of a kind that only the slow reader knows
        return None


def _stored(
    file: NDArray[np.uint8], table: list[tuple[str, tuple[int, ...], int, int]], end: int, *, alignment: int
) -> dict[str, StoredWeight]:
    """Find the weights.

    Args:
        file: all of its bytes.
        table: name, shape, kind and place of each weight, counted from where the weights begin.
        end: where the table ends; the weights begin at the next multiple of `alignment`.
        alignment: in bytes.
    """
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    begin = -(-end // alignment) * alignment
    stored = {}
    for name, shape, kind, place in table:
        numbers, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        first, length = begin + place, prod(shape) // numbers * size
        stored[name] = StoredWeight(file[first : first + length], kind, shape)
    return stored


def _configured(architecture: str, metadata: Mapping[str, Any], *, tied: bool) -> PreTrainedConfig:
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

    mapping: Mapping[str, Any] = GGUF_CONFIG_MAPPING
    described: dict[str, Any] = {
        "vocab_size": metadata.get("tokenizer.ggml.tokens"),
        "tie_word_embeddings": tied,
    }
    for group in ("general", architecture, "tokenizer"):
        for key, setting in mapping[group].items():
            if isinstance(setting, str) and f"{group}.{key}" in metadata:
                described[setting] = metadata[f"{group}.{key}"]
    described["model_type"] = _ARCHITECTURES[architecture]
    return AutoConfig.for_model(**described)


def read_model(found: GgufModel, **loading: Any) -> PreTrainedModel:
    """Read the weights, and make the model.

    Args:
        found: in a file.
        loading: dtype, device_map, attn_implementation of `AutoModelForCausalLM.from_pretrained`.

    Raises:
        ValueError: a weight of the model is not in the file.
        Exception: of any other class: the file is damaged.
    """
    with torch.device("meta"):
        skeleton = AutoModelForCausalLM.from_config(found.config)
    base: PreTrainedModel
    base, report = type(skeleton).from_pretrained(
        None,
        config=found.config,
        state_dict=dict(_weights(found, tuple(skeleton.state_dict()), _dtype(loading.get("dtype")))),
        output_loading_info=True,
        **loading,
    )
    if report["missing_keys"]:
        raise ValueError(f"it has no weight {min(report['missing_keys'])}")
    return base


def _dtype(wanted: str | torch.dtype | None) -> torch.dtype:
    """Of the weights while they are read: lest all stand there in float32 before they are rounded."""
    if isinstance(wanted, torch.dtype):
        return wanted
    return torch.float32 if wanted in (None, "auto") else getattr(torch, str(wanted))


def _weights(found: GgufModel, names: tuple[str, ...], dtype: torch.dtype) -> Iterator[tuple[str, Tensor]]:
    """The model's weights by its own names, of those that the file has."""
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map

    kinds = {name: kind for kind, name in MODEL_ARCH_NAMES.items()}
    theirs = get_tensor_name_map(kinds[found.architecture], found.config.num_hidden_layers)
    heads = {".attn_q.": found.config.num_attention_heads, ".attn_k.": found.config.num_key_value_heads}
    for name in names:
        module, _, suffix = name.rpartition(".")
        place = f"{theirs.get_name(module)}.{suffix}"
        if (stored := found.stored.get(place)) is None:
            continue  # as that of the output is where it is that of the input
        read = stored.read()
        if found.architecture == "llama":
            for part, number in heads.items():
                read = _halved(read, number) if part in place else read
        elif found.architecture == "gemma3" and place.endswith("norm.weight"):
            read = read - 1  # llama.cpp multiplies by what is in the file, transformers by one more
        yield name, read.to(dtype)


def _halved(weight: Tensor, heads: int) -> Tensor:
    """llama.cpp rotates neighboring numbers of a head, transformers its halves: rows change their places.

    Of a head of six rows, a b c d e f in the file are a c e b d f in the model.
    """
    return weight.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)
