"""Standard input: JSON lines if it begins with a JSON object, else one text."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import IO

from openbook.errors import SourceError
from openbook.text.documents import Document, source_error
from openbook.text.readers.rows import json_lines
from openbook.text.readers.source_file import UNREADABLE, Item, Keys, not_utf8

_NAME = "stdin"


def read_standard_input(stream: IO[bytes] | None, keys: Keys) -> Iterator[Item]:
    """The documents of a stream, from where it stands to its end.

    Args:
        stream: None: there is none, as in a program without a console.
        keys: where rows hold text and id.
    """
    if stream is None:
        raise source_error(_NAME, "there is no standard input; name a file")
    first: list[bytes] = []
    try:
        for line in stream:
            first.append(line)
            if line.strip():
                break
    except UNREADABLE as error:
        yield source_error(_NAME, f"cannot be read: {error}")
        return
    if first and _is_object(first[-1]):
        yield from json_lines(chain(first, stream), _NAME, keys)
    else:
        yield _text(chain(first, stream))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode().removeprefix("\ufeff")), dict)
    except (ValueError, RecursionError):
        return False


def _text(lines: Iterator[bytes]) -> Item:
    try:
        text = b"".join(lines).decode().removeprefix("\ufeff")
        return Document(text=text, id=_NAME, title=_NAME, source=_NAME)
    except UnicodeDecodeError as error:
        return not_utf8(_NAME, error)
    except SourceError as error:
        return error
    except UNREADABLE as error:
        return source_error(_NAME, f"cannot be read: {error}")
