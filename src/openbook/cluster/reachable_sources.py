"""Names of sources as every machine of a cluster can open them."""

import os
from collections.abc import Iterable
from pathlib import Path

from openbook.errors import SettingsError
from openbook.text.sources import STANDARD_INPUT

_ONE_PROCESS = ("memory:",)
_CHAIN = "::"


def reachable_names(names: Iterable[str]) -> tuple[str, ...]:
    """Make paths absolute, and refuse what only this process can read.

    Raises:
        SettingsError: standard input, or a file system of this process.

    >>> reachable_names(["s3://bucket/notes", "/kim/notes"])
    ('s3://bucket/notes', '/kim/notes')
    """
    return tuple(_reachable(name) for name in names)


def _reachable(name: str) -> str:
    if name == STANDARD_INPUT:
        raise SettingsError(
            "-: workers of a cluster cannot read standard input; put it into a file, and name it"
        )
    if name.startswith(_ONE_PROCESS):
        raise SettingsError(f"{name}: is there in this process alone; put it where all workers can read it")
    if any(Path(path).exists() for path in (name, f"{name}.idx")):
        return os.path.abspath(name)  # noqa: PTH100 - a link to a folder keeps its name, which ids begin with
    inner, chain, outer = name.rpartition(_CHAIN)
    return f"{inner}{chain}{Path(outer).absolute()}" if chain and Path(outer).exists() else name
