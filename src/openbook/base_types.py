"""Which pretrained models can be a retrofit's base, known without torch: another one is answered at once.

`model/retrofitting/families.py` says what has to be known of each family; here are their names alone.
"""

import json
import struct
from pathlib import Path

from openbook.errors import SettingsError

BASE_TYPES: dict[str, tuple[str, ...]] = {
    "llama": (
        "llama",
        "mistral",
        "qwen2",
        "qwen3",
        "smollm3",
        "gemma",
        "olmo",
        "phi3",
        "starcoder2",
        "mixtral",
        "qwen2_moe",
        "qwen3_moe",
        "olmoe",
    ),
    "olmo2": ("olmo2",),
    "gemma3": ("gemma3_text", "olmo3"),
    "phi": ("phi",),
    "stablelm": ("stablelm",),
    "gpt2": ("gpt2",),
    "gpt_neox": ("gpt_neox",),
}
"""Types of transformers' configurations, by the family whose layers are built alike."""

GGUF_TYPES = {
    "llama": "llama",
    "mistral": "mistral",
    "qwen2": "qwen2",
    "qwen2moe": "qwen2_moe",
    "qwen3": "qwen3",
    "qwen3moe": "qwen3_moe",
    "phi3": "phi3",
    "starcoder2": "starcoder2",
    "gemma3": "gemma3_text",
    "stablelm": "stablelm",
    "gpt2": "gpt2",
}
"""Those of them that transformers reads from a .gguf file, by what the file calls its architecture."""

OWN_TYPES = ("retro", "retrofit")
"""Of openbook's own models."""
_REFUSED = {
    "falcon": "it passes no arguments on to its layers, and has an attention of its own",
    "gemma2": "its logits, and those of its attention, are capped (soft-capping)",
    "gemma3": "it reads images, too; give its text model alone, a Gemma3ForCausalLM (gemma3_text)",
    "gpt_oss": "its attention has sinks, which are no tokens",
    "granite": "its logits are scaled",
    "cohere": "its logits are scaled",
    "cohere2": "its logits are scaled",
    "granitemoe": "its logits are scaled",
}
"""Types that people ask for, and why not."""

_GGUF_STRING = 8


def require_base_type(model_type: str) -> None:
    """Refuse a type of models that cannot be a base.

    Raises:
        SettingsError: as `refusal_of` says.
    """
    if not any(model_type in names for names in BASE_TYPES.values()):
        raise refusal_of(model_type)


def refusal_of(model_type: str) -> SettingsError:
    """Say why a type of models cannot be a base, where that is known, and what can."""
    if model_type in OWN_TYPES:
        return SettingsError(
            f"a model of type {model_type!r} is one of openbook's already; to train it further, set "
            "train.start_from to its folder"
        )
    known = ", ".join(name for names in BASE_TYPES.values() for name in names)
    if model_type in _REFUSED:
        return SettingsError(
            f"cannot retrofit a model of type {model_type!r}: {_REFUSED[model_type]}; take another base, of "
            f"type {known}"
        )
    return SettingsError(
        f"cannot retrofit a model of type {model_type!r}; supported are {known}. To add one, subclass "
        "openbook.model.retrofitting.Family (where its layers and their self-attention are) and add it to "
        "FAMILIES: docs/retrofit.md"
    )


def require_gguf_type(file: Path) -> None:
    """Refuse a .gguf file of a model that cannot be a base, before its vocabulary is read, which takes long.

    Raises:
        SettingsError: saying why, where that is known, and what can.
    """
    architecture = _gguf_architecture(file)
    if architecture is None or architecture in GGUF_TYPES:
        return  # a damaged one is told of where it is read
    if (model_type := architecture.replace("-", "_")) in _REFUSED:
        raise refusal_of(model_type)
    raise SettingsError(
        f"{file}: models of architecture {architecture!r} cannot be loaded from a .gguf file; give one of "
        f"{', '.join(GGUF_TYPES)}, or a base by its folder or its name on the hub"
    )


def _gguf_architecture(file: Path) -> str | None:
    """What a .gguf file says first of its model, as all writers do; None: it says something else."""
    try:
        with file.open("rb") as opened:
            head = opened.read(1024)
        magic, *_, length = struct.unpack_from("<4sIQQQ", head)
        kind, size = struct.unpack_from("<IQ", head, 32 + length)
    except (OSError, struct.error):
        return None
    if (magic, head[32 : 32 + length], kind) != (b"GGUF", b"general.architecture", _GGUF_STRING):
        return None
    return head[44 + length : 44 + length + size].decode("utf-8", errors="replace")


def wrong_type(name: object, model_type: str, *, wanted: str = "") -> SettingsError:
    """Say what to do with a saved model that is another than those that can be loaded here.

    Args:
        name: of the model.
        model_type: its type.
        wanted: the one of openbook's types that can; empty: all can.
    """
    if model_type in OWN_TYPES:
        return SettingsError(
            f"{name}: a model of type {model_type!r}, not a {wanted}; load it with "
            "openbook.RetroForCausalLM.from_pretrained"
        )
    return SettingsError(
        f"{name}: a model of type {model_type!r}, where one of openbook's is expected "
        f"({', '.join(OWN_TYPES)}); to give retrieval to another model: openbook retrofit, or "
        "openbook.retrofit(model) in Python"
    )


def type_of(folder: Path) -> str | None:
    """Read the type of the model in a folder; None: its config.json does not say."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    kind = found.get("model_type") if isinstance(found, dict) else None
    return kind if isinstance(kind, str) else None
