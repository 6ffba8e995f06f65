"""Standard input: JSON lines if it begins with a JSON object, else one text."""

import io
from collections.abc import Iterator
from itertools import chain
from typing import IO

from openbook.errors import SourceError
from openbook.text.documents import Document, source_error
from openbook.text.encodings import LOOKED_AT, decode, encoding_of
from openbook.text.readers.json_files import is_object, lines_until_text
from openbook.text.readers.rows import json_lines
from openbook.text.readers.source_file import UNREADABLE, Item, Keys, not_utf8

_NAME = "stdin"


def read_standard_input(stream: IO[bytes] | None, keys: Keys) -> Iterator[Item]:
    """Read the documents of a stream, from where it stands to its end.

    Args:
        stream: None: there is none, as in a program without a console.
        keys: where rows hold text and id.
    """
    if stream is None:
        raise source_error(_NAME, "there is no standard input; name a file")
    try:
        first = lines_until_text(stream)
        lines = chain(first, stream)
        if encoding_of(b"".join(first)[:LOOKED_AT]) != "utf-8-sig":
            # Its lines do not end where bytes say, so it is read whole.
            stream = io.BytesIO(decode(b"".join(lines)).encode("utf-8", "surrogatepass"))
            first = lines_until_text(stream)
            lines = chain(first, stream)
    except UnicodeDecodeError as error:
        yield not_utf8(_NAME, error)
        return
    except UNREADABLE as error:
        yield source_error(_NAME, f"cannot be read: {error}")
        return
    if first and is_object(first[-1]):
        yield from json_lines(lines, _NAME, keys)
    else:
        yield _text(lines)


def _text(lines: Iterator[bytes]) -> Item:
    try:
        text = decode(b"".join(lines))
        return Document(text=text, id=_NAME, title=_NAME, source=_NAME)
    except UnicodeDecodeError as error:
        return not_utf8(_NAME, error)
    except SourceError as error:
        return error
    except UNREADABLE as error:
        return source_error(_NAME, f"cannot be read: {error}")
