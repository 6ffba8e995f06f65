"""Rows: each is one document, whatever file it stands in. JSON lines are read here."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openbook.errors import SourceError
from openbook.text.documents import SAID_OF_DOCUMENTS, Document, source_error
from openbook.text.readers.source_file import UNREADABLE, Item, Keys, SourceFile


def read_json_lines(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Each line is a JSON object: one document."""
    try:
        with file.open() as stream:
            yield from json_lines(stream, file.path, keys)
    except UNREADABLE as error:
        yield source_error(f"{file.path}:1", f"cannot be read further: {error}")


def json_lines(lines: Iterable[bytes], where: str, keys: Keys) -> Iterator[Item]:
    """The documents of JSON lines from anywhere; empty lines are left out."""
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _json_line(line, f"{where}:{number}", keys)
    except UNREADABLE as error:
        yield source_error(f"{where}:{number + 1}", f"cannot be read further: {error}")


def _json_line(line: bytes, where: str, keys: Keys) -> Item:
    try:
        row = json.loads(line.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        return source_error(where, f"not UTF-8 at byte {error.start} of the line")
    except (ValueError, RecursionError) as error:
        return source_error(where, f"not JSON: {error}; repair the line, or leave it out: --on-error skip")
    if not isinstance(row, dict):
        problem = f"a JSON {type(row).__name__} where an object with a {keys.text!r} is expected"
        return source_error(where, problem)
    return row_document(row, where, keys)


def wanted_columns(columns: Iterable[str], where: str, keys: Keys) -> list[str] | SourceError:
    """Those columns of a table that documents have; the error of a table without text."""
    columns = list(columns)
    if keys.text not in columns:
        shown = ", ".join(columns)
        return source_error(where, f"no column {keys.text!r}; its columns: {shown} (choose: --text-key)")
    wanted = dict.fromkeys((keys.text, keys.id, *SAID_OF_DOCUMENTS))
    return [name for name in wanted if name in columns]


def row_document(row: Mapping[str, Any], where: str, keys: Keys) -> Document | SourceError:
    """The document of a row: the text under its key, and id, title, source and language if it has them."""
    text = row.get(keys.text)
    if not isinstance(text, str) or not text.strip():
        found = (
            "is empty" if isinstance(text, str) else f"is {text!r:.40}" if keys.text in row else "is missing"
        )
        return source_error(where, f"no text: {keys.text!r} {found}; choose another key with --text-key")
    identity = row.get(keys.id)
    if isinstance(identity, bool) or not isinstance(identity, str | int | None):
        return source_error(where, f"the id {identity!r:.40} is neither text nor a whole number")
    said = {name: str(row[name]) for name in SAID_OF_DOCUMENTS if row.get(name)}
    try:
        return Document(text=text, id="" if identity is None else str(identity), **({"source": where} | said))
    except SourceError as error:
        return source_error(where, error) if "source" in said else error
