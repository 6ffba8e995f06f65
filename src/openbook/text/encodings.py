"""Which encoding a text is in: UTF-8, or UTF-16 and UTF-32 as their first bytes show.

FF FE 61 00 62 00     a mark, then "ab" in UTF-16
61 00 62 00           the same without a mark: Latin letters have a zero in every second byte
"""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LOOKED_AT = 4096
"""Bytes that are enough to tell."""
_SHORTEST = 4
"""Bytes from which zeros say something."""
_ZEROS, _STRAY_ZEROS = 0.3, 0.02
"""Of the bytes at every second place, so many at least are zero in UTF-16 with some Latin letters, digits or
spaces; of those beside them, so many at most. Text in UTF-8 has hardly a zero."""


def encoding_of(beginning: bytes) -> str:
    """Find the encoding of a text from its first `LOOKED_AT` bytes, by its name in Python.

    >>> encoding_of(b"ab"), encoding_of("ab".encode("utf-16")), encoding_of("ab".encode("utf-16-be"))
    ('utf-8-sig', 'utf-16', 'utf-16-be')
    """
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    size = min(len(beginning), LOOKED_AT) // 2
    if 2 * size >= _SHORTEST:
        first = beginning[0 : 2 * size : 2].count(0)
        second = beginning[1 : 2 * size : 2].count(0)
        if second >= _ZEROS * size and first <= _STRAY_ZEROS * size:
            return "utf-16-le"
        if first >= _ZEROS * size and second <= _STRAY_ZEROS * size:
            return "utf-16-be"
    return "utf-8-sig"


def decode(raw: bytes) -> str:
    """Decode a text, without a mark at its beginning; its lines end as in Unix, whatever wrote them.

    >>> decode(b"of Windows\\r\\nof old Macs\\rof Unix\\n")
    'of Windows\\nof old Macs\\nof Unix\\n'

    Raises:
        UnicodeDecodeError: of UTF-8, counted with the mark, if it is in none of the encodings.
    """
    encoding = encoding_of(raw[:LOOKED_AT])
    if encoding != "utf-8-sig":
        try:
            return _with_usual_ends(raw.decode(encoding))
        except UnicodeError:
            pass
    # Not utf-8-sig, whose errors do not count the mark.
    return _with_usual_ends(raw.decode().removeprefix("\ufeff"))


def _with_usual_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
