"""Whether a file of no known kind is text: `--any-text` reads it then, as plain text."""

import codecs
import re

from openbook.text.encodings import LOOKED_AT, encoding_of
from openbook.text.readers.source_file import UNREADABLE, SourceFile

_BLOCK = 1 << 20
_NOT_IN_TEXT = re.compile("[\x00-\x06\x0e-\x19\x1c-\x1f]")
"""Control characters beside line ends, tabs, bells, backspaces, escapes and the end mark of DOS."""
_DATA = (".bin", ".idx")
"""Megatron's tokens: small numbers may look like UTF-16."""


def is_text(file: SourceFile) -> bool:
    """Say whether a file is text that is not empty, in one of the encodings that are known.

    A file that cannot be opened may be: its reader says what is wrong.
    """
    if file.name.lower().endswith(_DATA):
        return False
    holds_text = False
    try:
        with file.open() as stream:
            block = stream.read(LOOKED_AT)
            decoder = codecs.getincrementaldecoder(encoding_of(block))()
            while block:
                text = decoder.decode(block)
                if _NOT_IN_TEXT.search(text):
                    return False
                holds_text = holds_text or bool(text.strip())
                block = stream.read(_BLOCK)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    except UNREADABLE:
        return True
    return holds_text
