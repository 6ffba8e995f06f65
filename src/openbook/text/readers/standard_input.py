"""Standard input: JSON lines if it begins with a JSON object, else one text."""

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import IO

from openbook.errors import SourceError
from openbook.text.documents import Document, source_error
from openbook.text.encodings import LOOKED_AT, decode, encoding_of
from openbook.text.origins import STANDARD_INPUT_ORIGIN
from openbook.text.readers.json_files import is_object, lines_until_text, split_lines
from openbook.text.readers.rows import json_lines
from openbook.text.readers.source_file import UNREADABLE, Item, Keys, not_utf8, without_zeros

_NAME = STANDARD_INPUT_ORIGIN


def read_standard_input(stream: IO[bytes] | None, keys: Keys, prefix: str = "") -> Iterator[Item]:
    """Read the documents of a stream, from where it stands to its end.

    Args:
        stream: None: there is none, as in a program without a console.
        keys: where rows hold text and id.
        prefix: of the id of a text.
    """
    keys = replace(keys, origin=_NAME)
    if stream is None:
        raise source_error(_NAME, "there is no standard input; name a file")
    try:
        rest = split_lines(stream)
        first = lines_until_text(rest)
        lines = chain(first, rest)
        if encoding_of(b"".join(first)[:LOOKED_AT]) != "utf-8-sig":
            # Its lines do not end where bytes say, so it is read whole.
            rest = split_lines(io.BytesIO(decode(b"".join(lines)).encode("utf-8", "surrogatepass")))
            first = lines_until_text(rest)
            lines = chain(first, rest)
    except UnicodeDecodeError as error:
        yield not_utf8(_NAME, error)
        return
    except UNREADABLE as error:
        yield source_error(_NAME, f"cannot be read: {error}")
        return
    if first and is_object(first[-1]):
        yield from json_lines(lines, _NAME, keys)
    else:
        yield _text(lines, prefix)


def _text(lines: Iterator[bytes], prefix: str) -> Item:
    try:
        text = without_zeros(decode(b"".join(lines)), _NAME)
        # A stream has no name: without a prefix, two texts are two documents.
        name = f"{prefix}{_NAME}" if prefix else ""
        return Document(text=text, id=name, title=_NAME, source=_NAME, origin=_NAME)
    except UnicodeDecodeError as error:
        return not_utf8(_NAME, error)
    except SourceError as error:
        return error
    except UNREADABLE as error:
        return source_error(_NAME, f"cannot be read: {error}")
