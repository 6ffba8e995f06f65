"""Finding the base again: by name, or with the new weights in one folder; and refusing any other."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel
from transformers.quantizers.auto import AutoQuantizationConfig
from transformers.utils.hub import cached_file, extract_commit_hash

from openbook.errors import MismatchError, SettingsError, first_line, refuse_unknown
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.families import require_supported
from openbook.model.retrofitting.fingerprint import core_fingerprint, weights_fingerprint
from openbook.model.retrofitting.gguf import load_gguf
from openbook.pretrained import gguf_file, how_to_install, is_here, is_hub_out_of_reach, reason_of

_LOADING = ("dtype", "quantization_config", "device_map", "attn_implementation", "local_files_only")
_LOADING_MERGED = ("dtype", "device_map", "attn_implementation", "local_files_only")


def load_base(name: str, *, revision: str | None = None, **loading: Any) -> PreTrainedModel:
    """Load a causal language model of a supported family; no code that comes with it is run.

    Args:
        name: a folder, its name on the hub, or a .gguf file; see `openbook.pretrained` for one in a package.
        revision: of the hub.
        loading: arguments of `AutoModelForCausalLM.from_pretrained`: dtype, quantization_config, device_map,
            attn_implementation, local_files_only.

    Raises:
        SettingsError: there is none, or it cannot be retrofitted.
    """
    refuse_unknown(loading, _LOADING, where="loading the base")
    where: dict[str, Any] = {} if revision is None else {"revision": revision}
    if "local_files_only" in loading:
        where["local_files_only"] = loading["local_files_only"]
    file = gguf_file(name, **where)
    if "local_files_only" not in where and not is_here(name) and is_hub_out_of_reach():
        where["local_files_only"] = True
    if file is not None:
        return load_gguf(file, name, **{k: value for k, value in loading.items() if k not in where})
    try:
        commit = extract_commit_hash(cached_file(name, "config.json", **where), None)
        if commit is not None:
            where["revision"] = commit
        kind = PreTrainedConfig.get_config_dict(name, **where)[0].get("model_type")
        if kind is None:
            raise ValueError("there is no config.json that names a model_type")
    except (OSError, ValueError, AttributeError) as error:  # a config.json may hold anything
        raise _not_loaded(name, error) from error
    require_supported(kind)
    if isinstance(loading.get("quantization_config"), dict):
        loading["quantization_config"] = AutoQuantizationConfig.from_dict(loading["quantization_config"])
    options: dict[str, Any] = {
        "trust_remote_code": False,
        "use_safetensors": True,
        "output_loading_info": True,
    }
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(name, **options, **(loading | where))
    except ImportError as error:
        raise SettingsError(
            f"base {name!r}: {first_line(error)}; install what it names, or give another base"
        ) from error
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise _not_loaded(name, error) from error
    base: PreTrainedModel
    base, found = loaded
    if found["missing_keys"]:
        missing = sorted(found["missing_keys"])[0]
        raise _not_loaded(name, ValueError(f"it has no weight {missing}"))
    base.config._commit_hash = commit  # transformers' own name for it, in some versions
    return base


def base_of(config: RetrofitConfig, *, where: str, **loading: Any) -> PreTrainedModel:
    """Load the base of a saved model as it was for the training, unless `loading` says otherwise.

    Where its weights are saved with the new ones, it is made with any weights, on the device that a
    device_map names.

    Raises:
        SettingsError: it is not where it was, or a device_map of several devices for one that is made.
    """
    options = {**(config.base_loading or {}), **loading}
    if config.base_config is not None:
        described = {**config.base_config}
        made = AutoConfig.for_model(described.pop("model_type"), **described)
        refuse_unknown(loading, _LOADING_MERGED, where="loading a model with its base")
        if loading.get("dtype", "auto") == "auto":
            options["dtype"] = (config.base_loading or {}).get("dtype", "float32")
        given = {key: options[key] for key in ("attn_implementation",) if key in options}
        base: PreTrainedModel = AutoModelForCausalLM.from_config(
            made, dtype=_dtype(options["dtype"]), **given
        )
        device = _one_device(loading.get("device_map"))
        return base if device is None else base.to(device=device)  # type: ignore[call-arg]
    if config.base_name is None:
        raise SettingsError(
            f"{where}: the base was made in memory and has no name: save the base and write its place as "
            "base_name into config.json; or give it, from_pretrained(folder, base=model)"
        )
    place = Path(config.base_name)
    if place.is_absolute() and not (place / "config.json").is_file() and not place.is_file():
        raise SettingsError(
            f"{where}: the base is no longer at {config.base_name}; put it back, or write as base_name into "
            "the retrofit's config.json where it is"
        )
    return load_base(config.base_name, revision=config.base_revision, **options)


def require_base(config: RetrofitConfig, base: PreTrainedModel) -> None:
    """Refuse a base that the new weights were not trained on.

    Raises:
        MismatchError: saying both.
    """
    if config.base_config is not None:
        return
    name = config.base_name or "a model made in memory"
    given = base.name_or_path or "the model given"
    if base.config.model_type != config.base_type:
        raise MismatchError(
            f"the retrofit belongs to {name}, a {config.base_type}; {given} is a {base.config.model_type}"
        )
    theirs, ours = _compared(config, base)
    if theirs != ours:
        dtype = (config.base_loading or {}).get("dtype")
        raise MismatchError(
            f"the retrofit belongs to {name} (weights {ours}, loaded as {dtype}); {given} has weights "
            f"{theirs} ({base.dtype}): give the base that it was trained on, loaded so, or retrofit this one"
        )


def require_unchanged(config: RetrofitConfig, base: PreTrainedModel) -> None:
    """Refuse a base that would be another when the new weights are loaded, because its own are not saved.

    Raises:
        SettingsError: saying how to save all of it.
    """
    if config.is_self_contained:
        return
    theirs, ours = _compared(config, base)
    if theirs != ours:
        raise SettingsError(
            f"the base's weights have changed: they were {ours}, now they are {theirs} ({base.dtype}), which "
            "would be lost with the new weights alone; call model.merge() first, then all weights are saved; "
            "to train the base, retrofit it with train_base=True"
        )


def _compared(config: RetrofitConfig, base: PreTrainedModel) -> tuple[str, str | None]:
    """The fingerprint of this base, and that of the one retrofitted, of all weights where both have it."""
    theirs, ours = core_fingerprint(base), config.base_core_fingerprint
    if theirs == ours and config.base_fingerprint is not None:
        return weights_fingerprint(base) or config.base_fingerprint, config.base_fingerprint
    return theirs, ours


def _not_loaded(name: str, error: Exception) -> SettingsError:
    return SettingsError(
        f"base {name!r}: cannot be loaded: {reason_of(error)}; give a folder, or a name of the hub, of a "
        "causal language model of transformers, with its weights as safetensors, or a .gguf file"
        f"{how_to_install(name)}"
    )


def _dtype(name: str | torch.dtype) -> torch.dtype:
    found = getattr(torch, str(name).removeprefix("torch."), None)
    if not isinstance(found, torch.dtype):
        raise SettingsError(f"dtype {name!r}: must be auto, float32, bfloat16 or float16")
    return found


def _one_device(device_map: object) -> torch.device | None:
    """The device of a device_map that names one; None: it was left out.

    Raises:
        SettingsError: it names several, or none that there is.
    """
    named = device_map
    if isinstance(named, dict) and set(named) == {""}:
        named = named[""]
    if named == "auto":
        return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    try:
        return None if named is None else torch.device(named)  # type: ignore[call-overload]
    except (RuntimeError, TypeError) as error:
        raise SettingsError(
            f"device_map {device_map!r}: a model that is saved with its base goes to one device; name it, or "
            "leave device_map out and move the model: .to(device)"
        ) from error
