"""JSON files: JSON lines under this name, or a list of objects, each of them a document, or one object."""

import io
import json
from collections.abc import Iterator
from itertools import chain
from typing import IO

from openbook.text.documents import source_error
from openbook.text.encodings import decode
from openbook.text.readers.rows import json_lines, json_row
from openbook.text.readers.source_file import LEAVE_OUT, UNREADABLE, Item, Keys, SourceFile, no_rows, not_utf8


def read_json(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a JSON file: line by line if its first line is an object, else whole, into memory.

    The objects of a list are counted from 1.
    """
    encoding = file.encoding()
    try:
        with file.open() as stream:
            if encoding == "utf-8-sig":
                yield from json_documents(stream, file.path, keys)
            else:
                text = decode(stream.read()).encode("utf-8", "surrogatepass")
                yield from json_documents(io.BytesIO(text), file.path, keys)
    except UnicodeDecodeError as error:
        yield not_utf8(file.path, error)
    except UNREADABLE as error:
        yield source_error(file.path, f"cannot be read: {error}")


def json_documents(stream: IO[bytes], where: str, keys: Keys) -> Iterator[Item]:
    """Read the documents of JSON in UTF-8."""
    first = lines_until_text(stream)
    if first and is_object(first[-1]):
        yield from json_lines(chain(first, stream), where, keys)
        return
    text = decode(b"".join([*first, stream.read()]))
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield source_error(where, f"not JSON: {error}; repair it", option=LEAVE_OUT)
        return
    if not isinstance(parsed, list):
        yield json_row(parsed, where, keys)
        return
    for number, row in enumerate(parsed, start=1):
        yield json_row(row, f"{where}:{number}", keys)
    if not parsed:
        yield no_rows(where)


def lines_until_text(stream: IO[bytes]) -> list[bytes]:
    """Read the lines up to the first that is not empty, and that one."""
    first: list[bytes] = []
    for line in stream:
        first.append(line)
        if line.strip():
            break
    return first


def is_object(line: bytes) -> bool:
    """Say whether a line is a whole JSON object."""
    try:
        return isinstance(json.loads(line.decode().removeprefix("\ufeff")), dict)
    except (ValueError, RecursionError):
        return False
