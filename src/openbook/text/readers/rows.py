"""Rows: each is one document, whatever it stands in: a line of JSON, an object, a record of a table."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from itertools import islice
from typing import Any

from openbook.errors import SourceError
from openbook.text.documents import SAID_OF_DOCUMENTS, Document, source_error
from openbook.text.readers.source_file import LEAVE_OUT, UNREADABLE, Item, Keys

_SHOWN_KEYS = 10
"""Of a row without text."""


def json_lines(lines: Iterable[bytes], where: str, keys: Keys) -> Iterator[Item]:
    """Read JSON lines from anywhere; empty lines are left out."""
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _json_line(line, f"{where}:{number}", keys)
    except (UnicodeDecodeError, *UNREADABLE) as error:
        yield source_error(f"{where}:{number + 1}", f"cannot be read further: {error}")


def _json_line(line: bytes, where: str, keys: Keys) -> Item:
    try:
        row = json.loads(line.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        return source_error(where, f"not UTF-8 at byte {error.start} of the line")
    except (ValueError, RecursionError) as error:
        return source_error(where, f"not JSON: {error}; repair the line", option=LEAVE_OUT)
    return json_row(row, where, keys)


def json_row(row: Any, where: str, keys: Keys) -> Item:
    """Make a document of a value in JSON, which should be an object."""
    if not isinstance(row, dict):
        problem = f"a JSON {type(row).__name__} where an object with a {keys.text!r} is expected"
        return source_error(where, problem)
    return row_document(row, where, keys)


def wanted_columns(columns: Iterable[str], where: str, keys: Keys) -> list[str] | SourceError:
    """Choose the columns that documents have; the error of a table without text."""
    columns = list(columns)
    if keys.text not in columns:
        shown = ", ".join(columns)
        problem = f"no column {keys.text!r}; its columns: {shown}"
        return source_error(where, problem, option=" (choose: --text-key)")
    return [name for name in _wanted(keys) if name in columns]


def spelled_as_wanted(columns: Iterable[str], keys: Keys) -> list[str]:
    """Write the names of columns as documents have them where it is clear which one is meant.

    Case does not count, nor do spaces around a name.

    >>> spelled_as_wanted(["ID", " Text ", "TITLE", "Title"], Keys(text="text", id="id"))
    ['id', 'text', 'TITLE', 'Title']
    """
    columns = list(columns)
    wanted = _wanted(keys)
    others = [_plain(column) for column in columns if column not in wanted]
    meant = {_plain(name): name for name in wanted if name not in columns and others.count(_plain(name)) == 1}
    return [column if column in wanted else meant.get(_plain(column), column) for column in columns]


def _plain(name: str) -> str:
    return name.strip().casefold()


def _wanted(keys: Keys) -> list[str]:
    return list(dict.fromkeys((keys.text, keys.id, *SAID_OF_DOCUMENTS)))


def row_document(row: Mapping[str, Any], where: str, keys: Keys) -> Document | SourceError:
    """Make a document of a row: the text under its key, and id, title, source and language if there are."""
    text = row.get(keys.text)
    if not isinstance(text, str) or not text.strip():
        problem = f"no text: {keys.text!r} {_shown(row, keys.text)}"
        if keys.text in row and not _as_text(text).strip():
            return source_error(where, f"{problem}; fill it", option=LEAVE_OUT)
        return source_error(where, problem, option="; choose another key with --text-key")
    identity = _as_identity(row.get(keys.id))
    if isinstance(identity, bool) or not isinstance(identity, str | int | None):
        return source_error(where, f"the id {identity!r:.40} is neither text nor a whole number")
    said = {name: value for name in SAID_OF_DOCUMENTS if (value := _as_text(row.get(name))).strip()}
    try:
        return Document(
            text=text,
            id="" if identity is None else str(identity),
            origin=keys.origin,
            named_by_path=False,
            fills_file=False,
            cleared=(),
            **({"source": where} | said),
        )
    except SourceError as error:
        return source_error(where, error) if "source" in said else error


def _shown(row: Mapping[str, Any], key: str) -> str:
    """What is wrong with a text."""
    if key not in row:
        others = ", ".join(islice(row, _SHOWN_KEYS)) + (", …" if len(row) > _SHOWN_KEYS else "")
        return f"is missing; its keys: {others}" if row else "is missing"
    value = row[key]
    return "is empty" if isinstance(value, str) else f"is {value!r:.40}"


def _as_identity(value: Any) -> Any:
    """An id as tables hold it: 7 of 7.0, as one with missing ids does, none of NaN, a date in ISO 8601."""
    if isinstance(value, float | Decimal):
        if math.isnan(value):
            return None
        return int(value) if math.isfinite(value) and value == int(value) else value
    return value.isoformat() if isinstance(value, date | time) else value


def _as_text(value: Any) -> str:
    """A title or the like, which may be of any type: none of null and NaN, JSON of lists and objects."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_as_text) if value else ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, date | time) else str(value)
