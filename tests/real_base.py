"""Bases from .gguf files that are read once in a process, and then copied."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from openbook.model.retrofitting.gguf import load_gguf

_READ: dict[tuple[Any, ...], PreTrainedModel] = {}
"""By path, dtype and what else it was loaded with; one of dtype auto also by the dtype that this came to."""


def load_once(path: Path, name: str, *, dtype: str = "auto", **options: Any) -> PreTrainedModel:
    """Takes the place of `load_gguf`: whatever is done to the base, the next one has the file's weights."""
    others = tuple(sorted(options.items()))
    if (path, dtype, *others) not in _READ:
        read = load_gguf(path, name, dtype=dtype, **options)
        _READ[path, dtype, *others] = _READ[path, str(read.dtype).removeprefix("torch."), *others] = read
    base = deepcopy(_READ[path, dtype, *others])
    base.name_or_path = base.config.name_or_path = name
    return base
