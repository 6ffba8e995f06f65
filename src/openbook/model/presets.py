"""Sizes of models by name: the paper's (arXiv 2112.04426, tables 2 and 10), and smaller ones."""

from copy import deepcopy
from typing import Any

from openbook.errors import SettingsError

_PAPER_ENCODER = {
    "encoder_hidden_size": 896,
    "encoder_num_attention_heads": 14,
    "encoder_intermediate_size": 3584,
    "encoder_num_layers": 2,
    "positions": "relative",
    "vocab_size": 128_000,
    "max_position_embeddings": 2048,
}


def _paper(width: int, heads: int, head_dim: int, layers: int) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "num_attention_heads": heads,
        "head_dim": head_dim,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        **_PAPER_ENCODER,
    }


def _small(width: int, heads: int, layers: int, cca_layers: list[int]) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "cca_layers": cca_layers,
        "encoder_num_layers": 1,
        "encoder_intermediate_size": 2 * width,
        "copy_head": True,
    }


PRESETS: dict[str, dict[str, Any]] = {
    "tiny": _small(128, 4, 4, [2, 4]),
    "small": _small(256, 4, 6, [3, 6]) | {"encoder_hidden_size": 192},
    "medium": _small(512, 8, 8, [4, 8]) | {"encoder_num_layers": 2},
    "172m": _paper(896, 16, 64, 12),
    "425m": _paper(1536, 12, 128, 12),
    "1.5b": _paper(2048, 16, 128, 24),
    "7.5b": _paper(4096, 32, 128, 32),
}
_WITHOUT_RETRIEVAL = {"132m": "172m", "368m": "425m", "1.3b": "1.5b", "7b": "7.5b"}


def preset(name: str) -> dict[str, Any]:
    """Look up the settings of a preset.

    Raises:
        SettingsError: there is none of this name.
    """
    key = str(name).lower()
    if key in _WITHOUT_RETRIEVAL:
        return PRESETS[_WITHOUT_RETRIEVAL[key]] | {"cca_layers": []}
    if key not in PRESETS:
        raise SettingsError(f"preset {name!r}: choose from {', '.join([*PRESETS, *_WITHOUT_RETRIEVAL])}")
    return deepcopy(PRESETS[key])
