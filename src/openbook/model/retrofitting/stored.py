"""What a saved retrofit holds: its configuration and weights, read and compared.

It knows nothing of the base.
"""

from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers.utils.hub import cached_file

from openbook.base_types import wrong_type
from openbook.errors import SettingsError
from openbook.model.config import saved_model_type
from openbook.model.retrofitting.config import RetrofitConfig


def read_config(where: str, **hub: Any) -> RetrofitConfig:
    """Read the configuration of a saved retrofit.

    Raises:
        SettingsError: the model is of another kind.
    """
    kind = saved_model_type(where, **hub)
    if kind != RetrofitConfig.model_type:
        raise wrong_type(where, kind, wanted=RetrofitConfig.model_type)
    config: RetrofitConfig = RetrofitConfig.from_pretrained(where, **hub)
    return config


def take_stored(own: dict[str, Tensor], where: str, **hub: Any) -> None:
    """Copy saved weights into a model's.

    Args:
        own: the model's, those that are saved.
        where: folder or hub name of the retrofit.
        hub: its revision, token and the like.

    Raises:
        SettingsError: the file is missing or damaged, or has a name or shape that does not fit.
    """
    try:
        path = cached_file(where, "model.safetensors", **hub)
        assert path is not None
        weights = load_file(path)
    except SafetensorError as error:
        raise SettingsError(f"{path}: is damaged ({error}); restore it, or retrofit again") from error
    except OSError as error:
        raise SettingsError(
            f"{where}: has no model.safetensors that can be read; restore it, or retrofit again"
        ) from error
    for name in sorted(own.keys() | weights.keys()):
        if name not in own or name not in weights or own[name].shape != weights[name].shape:
            here = list(own[name].shape) if name in own else "missing"
            there = list(weights[name].shape) if name in weights else "missing"
            raise SettingsError(
                f"{path}: does not fit its config.json: {name} is {there} there, {here} here; restore both, "
                "or retrofit again"
            )
    with torch.no_grad():
        for name, weight in own.items():
            weight.copy_(weights[name])
