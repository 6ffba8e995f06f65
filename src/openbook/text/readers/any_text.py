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
_RICH_TEXT = b"{\\rtf"
"""What .rtf files begin with: letters, but of a program and no words."""


def is_text(file: SourceFile) -> bool:
    """Say whether a file is text that is not empty.

    One that cannot be opened, or is in an encoding that is not known, may be: its reader says what is wrong.
    """
    if file.name.lower().endswith(_DATA):
        return False
    holds_text = False
    try:
        with file.open() as stream:
            block = stream.read(LOOKED_AT)
            if block.lstrip().startswith(_RICH_TEXT):
                return False
            encoding = encoding_of(block)
            # A file with one letter of Latin-1 is text that must be converted, and must not vanish. What only
            # looks like UTF-16, as its zeros do, is none.
            errors = "replace" if encoding == "utf-8-sig" else "strict"
            decoder = codecs.getincrementaldecoder(encoding)(errors)
            while block:
                text = decoder.decode(block)
                if _NOT_IN_TEXT.search(text):
                    return False
                holds_text = holds_text or bool(text.strip())
                block = stream.read(_BLOCK)
            return bool(decoder.decode(b"", final=True)) or holds_text
    except UnicodeError:
        return False
    except UNREADABLE:
        return True
