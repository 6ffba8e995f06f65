"""A base from a .gguf file: dequantized while it is loaded, then a model like any other."""

import warnings
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.utils.quantization_config import GgufConfig

from openbook.base_types import require_gguf_type
from openbook.errors import OpenbookWarning, SettingsError, first_line
from openbook.model.retrofitting.families import require_supported
from openbook.model.retrofitting.gguf_weights import find_model, read_model


def load_gguf(path: Path, name: str, **loading: Any) -> PreTrainedModel:
    """Load a causal language model of a supported family.

    Args:
        path: of the file.
        name: what it will be found by again: a name of the hub, or the file's path.
        loading: dtype, device_map, attn_implementation of `AutoModelForCausalLM.from_pretrained`.

    Raises:
        SettingsError: it is damaged, holds another kind of model, or is to be quantized once more.
    """
    if loading.get("quantization_config") is not None:
        raise SettingsError(
            f"{path}: a .gguf file is loaded without quantization; leave that out, or give the model's "
            "folder or its name on the hub"
        )
    require_gguf_type(path)
    options = {name: value for name, value in loading.items() if name != "quantization_config"}
    try:
        if (found := find_model(path)) is not None:
            require_supported(found.config.model_type)
            base = read_model(found, **options)
            if found.scales_positions:
                warnings.warn(
                    f"{path}: its rotary positions are scaled, which is not read from .gguf files, so "
                    "it does not compute what its model does; give the model's folder or its name on the hub",
                    OpenbookWarning,
                    stacklevel=3,
                )
        else:
            base = _load_by_transformers(path, **options)
    except SettingsError:
        raise
    except Exception as error:  # a damaged file can fail in any way
        raise SettingsError(
            f"base {str(path)!r}: cannot be loaded: {first_line(error)}; fetch the file again, or give the "
            "model's folder or its name on the hub"
        ) from error
    base.name_or_path = base.config.name_or_path = name
    return base


def _load_by_transformers(path: Path, **options: Any) -> PreTrainedModel:
    """Load a model of any kind that transformers reads from .gguf files."""
    source: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True}
    # Read once and handed on: reading what stands before the weights takes as long as the weights.
    config = AutoConfig.from_pretrained(str(path.parent), trust_remote_code=False, **source)
    require_supported(config.model_type)
    base: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        str(path.parent),
        config=config,
        trust_remote_code=False,
        # With the package `kernels` the weights would stay in their blocks, and could not be saved.
        quantization_config=GgufConfig(dequantize=True),
        **source,
        **options,
    )
    _forget_file(base)
    return base


def _forget_file(base: PreTrainedModel) -> None:
    """transformers takes what came from a .gguf file for quantized, and refuses to save it: it is not."""
    for owner in (base, base.config):
        for attribute in ("hf_quantizer", "quantization_config", "quantization_method", "is_quantized"):
            vars(owner).pop(attribute, None)
