"""Files of JSON: a line for each document, a list of them, or one object after the other.

{"text": "one"}       [{"text": "one"},        {                          each two documents, in a file of
{"text": "two"}        {"text": "two"}]         "text": "one"             any of these names
                                               }{"text": "two"}
"""

import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from openbook.text.documents import source_error
from openbook.text.encodings import decode
from openbook.text.readers.rows import json_lines, json_row
from openbook.text.readers.source_file import LEAVE_OUT, UNREADABLE, Item, Keys, SourceFile, no_rows, not_utf8

_SPACE = re.compile(r"[ \t\r\n]*")


def read_json_lines(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read JSON lines: each is an object, and one document.

    A file under this name that is a list, or objects on several lines, is read as a `.json` is; one that only
    begins so, with a line that is wrong, line by line.
    """
    encoding = file.encoding()
    try:
        with file.open() as stream:
            if encoding == "utf-8-sig":
                lines = split_lines(stream)
            else:
                lines = (line.encode() for line in io.TextIOWrapper(stream, encoding, newline=None))
            first = lines_until_text(lines)
            if first and _may_go_on(first[-1]):
                yield from _whole_or_lines([*first, *lines], file.path, keys)
            else:
                yield from json_lines(chain(first, lines), file.path, keys)
    except UnicodeDecodeError as error:
        yield not_utf8(file.path, error)
    except UNREADABLE as error:
        yield source_error(f"{file.path}:1", f"cannot be read further: {error}")


def read_json(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a JSON file: line by line if its first line is an object, else whole, into memory.

    The objects of a list are counted from 1.
    """
    encoding = file.encoding()
    try:
        with file.open() as stream:
            if encoding == "utf-8-sig":
                yield from json_documents(split_lines(stream), file.path, keys)
            else:
                text = decode(stream.read()).encode("utf-8", "surrogatepass")
                yield from json_documents(split_lines(io.BytesIO(text)), file.path, keys)
    except UnicodeDecodeError as error:
        yield not_utf8(file.path, error)
    except UNREADABLE as error:
        yield source_error(file.path, f"cannot be read: {error}")


def json_documents(lines: Iterator[bytes], where: str, keys: Keys) -> Iterator[Item]:
    """Read the documents of JSON in UTF-8."""
    first = lines_until_text(lines)
    if first and is_object(first[-1]):
        yield from json_lines(chain(first, lines), where, keys)
        return
    all_lines = [*first, *lines]
    text = decode(b"".join(all_lines))
    try:
        values = _values(text)
    except (ValueError, RecursionError) as error:
        if _are_objects(all_lines):
            yield from json_lines(all_lines, where, keys)
        else:
            line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            yield source_error(f"{where}{line}", f"not JSON: {error}; repair it", option=LEAVE_OUT)
        return
    yield from _documents(values, where, keys)


def _whole_or_lines(lines: list[bytes], where: str, keys: Keys) -> Iterator[Item]:
    """Read the documents of JSON in UTF-8; what is not JSON as a whole, line by line."""
    try:
        values = _values(decode(b"".join(lines)))
    except (ValueError, RecursionError):
        yield from json_lines(lines, where, keys)
        return
    yield from _documents(values, where, keys)


def _documents(values: list[Any], where: str, keys: Keys) -> Iterator[Item]:
    """The documents of the values of a file, those of lists one by one."""
    if len(values) == 1 and not isinstance(values[0], list):
        yield json_row(values[0], where, keys)
        return
    rows = [row for value in values for row in (value if isinstance(value, list) else [value])]
    for number, row in enumerate(rows, start=1):
        yield json_row(row, f"{where}:{number}", keys)
    if not rows:
        yield no_rows(where)


def _values(text: str) -> list[Any]:
    """The values in JSON, of which most files have one, and some more behind it.

    Raises:
        ValueError: it is no JSON, or holds nothing.
    """
    text = text.rstrip(" \t\r\n")
    values: list[Any] = []
    end = 0
    while end < len(text) or not values:
        value, end = json.JSONDecoder().raw_decode(text, _SPACE.match(text, end).end())  # type: ignore[union-attr]
        values.append(value)
    return values


def split_lines(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends, which may be those of old Macs: a carriage return, which no value holds."""
    for line in stream:
        yield from line.splitlines(keepends=True)


def lines_until_text(lines: Iterator[bytes]) -> list[bytes]:
    """Read the lines up to the first that is not empty, and that one."""
    first: list[bytes] = []
    for line in lines:
        first.append(line)
        if line.strip():
            break
    return first


def _may_go_on(line: bytes) -> bool:
    """Whether a line may begin a list, `[INFO] started` cannot, or an object that ends on another one."""
    beginning = line.removeprefix(b"\xef\xbb\xbf").strip()
    return beginning == b"{" or (beginning.startswith(b"[") and not beginning[1:].lstrip()[:1].isalpha())


def _are_objects(lines: list[bytes]) -> bool:
    """Whether most of the lines are each a whole object."""
    filled = [line for line in lines if line.strip()]
    return 2 * sum(map(is_object, filled)) > len(filled)


def is_object(line: bytes) -> bool:
    """Say whether a line is a whole JSON object."""
    try:
        return isinstance(json.loads(line.decode().removeprefix("\ufeff")), dict)
    except (ValueError, RecursionError):
        return False
