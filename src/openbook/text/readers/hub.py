"""Data sets through the library `datasets` (the extra of that name), row by row as they arrive."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from openbook.errors import MissingExtraError, SourceError, one_line, refuse_unknown
from openbook.pretrained import is_here, is_hub_out_of_reach
from openbook.text.documents import source_error
from openbook.text.readers.rows import row_document, wanted_columns
from openbook.text.readers.source_file import Item, Keys

_SCHEME = "hf://"
_OPTIONS = ("config", "revision", "split")
_FILES_OF_THE_HUB = ("buckets", "datasets", "models", "spaces")
"""What stands first in URLs of single files on the hub, which fsspec opens."""


def is_dataset(source: str) -> bool:
    """Say whether a source is `hf://NAME`, `hf://OWNER/NAME` or `hf:///FOLDER`, with or without options."""
    name = _split(source)[0]
    parts = name.split("/")
    return source.startswith(_SCHEME) and (
        name.startswith("/") or (len(parts) <= 2 and parts[0] not in _FILES_OF_THE_HUB)
    )


def read_dataset(source: str, keys: Keys) -> Iterator[Item]:
    """Read a data set: each row is one document.

    Args:
        source: see `is_dataset`; the options are `?config=…&split=train&revision=…`.
        keys: where rows hold text and id.

    Raises:
        MissingExtraError: `datasets` is not installed.
        SettingsError: an option of another name.
        SourceError: there is no such data set, or it cannot be reached.
    """
    rows = _open(source)
    keys = replace(keys, origin=source)
    columns: list[str] | SourceError = []
    if rows.column_names is not None:
        columns = wanted_columns(rows.column_names, source, keys)
    if isinstance(columns, SourceError):
        yield columns
        return
    number = 0
    try:
        for number, row in enumerate(rows.select_columns(columns) if columns else rows, start=1):
            yield row_document(row, f"{source}:{number}", keys)
    except Exception as error:  # noqa: BLE001 - each kind of file, and the network, has its own
        yield source_error(f"{source}:{number + 1}", f"cannot be read further: {one_line(error)}")


def _open(source: str) -> Any:
    name, query = _split(source)
    options = dict(parse_qsl(query, keep_blank_values=True))
    refuse_unknown(options, _OPTIONS, where=source)
    if not name:
        raise source_error(source, "names no data set; write hf://OWNER/NAME")
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise MissingExtraError(
            f"{source}: is read with the library datasets; pip install 'openbook[datasets]'"
        ) from error
    _require_hub(name, source)
    try:
        return load_dataset(
            name,
            options.get("config") or None,
            split=options.get("split") or "train",
            revision=options.get("revision") or None,
            streaming=True,
        )
    except Exception as error:  # as while reading: of many libraries
        raise source_error(source, one_line(error)) from error


def _require_hub(name: str, source: str) -> None:
    """Ask the hub once for an answer, where it is needed: `datasets` would ask six times, for half a minute.

    What is to work offline (HF_HUB_OFFLINE) asks nobody, and finds what its cache has.
    """
    from huggingface_hub import constants

    is_folder = name.startswith("/") or is_here(name)
    if not is_folder and not constants.HF_HUB_OFFLINE and is_hub_out_of_reach():
        raise source_error(
            source, "the hub is out of reach; try again later, or give a folder that has it: hf:///FOLDER"
        )


def _split(source: str) -> tuple[str, str]:
    """The data set's name, and the options."""
    name, _, query = source.removeprefix(_SCHEME).partition("?")
    return name.rstrip("/"), query
