"""Which class a saved model has, by the `model_type` in its config.json: for openbook and for transformers.

Once openbook.model is imported, transformers' `AutoConfig` and `AutoModelForCausalLM` know our types too:

    AutoModelForCausalLM.from_pretrained(folder)        # a RetroForCausalLM, or a RetrofitForCausalLM
"""

import os
from typing import Any

from transformers import AutoConfig, AutoModelForCausalLM

from openbook.base_types import wrong_type
from openbook.model.causal_lm import RetroForCausalLM
from openbook.model.config import HUB_ARGUMENTS, RetroConfig, saved_model_type
from openbook.model.retrofitting.causal_lm import RetrofitForCausalLM
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.pretrained import hub_arguments

MODELS: dict[str, type[RetroForCausalLM]] = {
    RetroConfig.model_type: RetroForCausalLM,
    RetrofitConfig.model_type: RetrofitForCausalLM,
}
"""By model_type."""


def load_model(name: str | os.PathLike[str], **loading: Any) -> RetroForCausalLM:
    """Load a model that openbook saved, whichever of its classes it has.

    Args:
        name: a folder, or a name of the hub.
        loading: arguments of that class's `from_pretrained`.

    Raises:
        SettingsError: it is not one of openbook's, or its class refuses to load it.
        OSError: there is none.
    """
    loading = hub_arguments(name, loading)
    hub = {key: loading[key] for key in HUB_ARGUMENTS if key in loading}
    kind = saved_model_type(name, **hub)
    if kind not in MODELS:
        raise wrong_type(name, kind)
    return MODELS[kind].from_pretrained(name, **loading)


def register() -> None:
    """Let transformers' Auto classes know our types."""
    for kind, model in MODELS.items():
        config = model.config_class
        AutoConfig.register(kind, config, exist_ok=True)
        AutoModelForCausalLM.register(config, model, exist_ok=True)
