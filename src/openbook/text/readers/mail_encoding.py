"""The encoding of a mail's words: what the mail says, UTF-8, else windows-1252, with a few bytes damaged."""

import re
from contextlib import suppress

from openbook.text.readers.page_encoding import encoding_called

_ONE_BYTE = re.compile(r"ascii|cp(?:125\d|874)|iso8859-\d+|koi8.*|mac-.*|tis-620")
"""Encodings in which UTF-8 by chance makes no words: what is UTF-8 is meant as that."""
_SEVEN_BITS = frozenset({"utf-7", "unicode-1-1-utf-7"})
"""In mails only: browsers do not know it."""
_REPLACED = "\ufffd"
_GOOD_FOR_EACH_BAD = 2
"""Letters beyond ASCII that a text has in its encoding for each place that is none."""
_ESCAPED = re.compile(r"iso2022_.*|hz")
"""Encodings that write all letters in seven bits, and so look as UTF-8 does."""
_WIDER = {"iso2022_jp": "iso2022_jp_2"}
_JAPANESE = re.compile(r"iso2022_jp.*")
_ESCAPE = re.compile(rb"\x1b(\$[@B]|\([BHIJ])")
_KANJI, _KANA = (b"$@", b"$B"), b"(I"
_PAIR = re.compile(rb"[\x21-\x7e]{2}")


def decode_mail(raw: bytes, said: str) -> str:
    """Decode words of a mail, whatever is wrong with them.

    A few damaged bytes in a text are replaced, each by U+FFFD. A text of which most does not fit the encoding
    that is said is in another one.

    >>> decode_mail("Größe".encode("cp1252"), "utf-8"), decode_mail("Größe".encode() + bytes([0xC3]), "utf-8")
    ('Größe', 'Größe�')

    Args:
        raw: the bytes.
        said: their encoding, as the mail calls it; empty: it says none.
    """
    if said.lower() in _SEVEN_BITS:
        with suppress(UnicodeError):
            text = raw.decode("utf-7")
            text.encode("utf-8")  # it may hold halves of letters, which are no text
            return text
    order = _order(said, raw)
    for encoding in order:
        with suppress(UnicodeError):
            return raw.decode(encoding)
    for encoding in order:
        text = _of_microsoft(raw) if _JAPANESE.fullmatch(encoding) else raw.decode(encoding, "replace")
        bad = text.count(_REPLACED)
        if bad * (1 + _GOOD_FOR_EACH_BAD) <= sum(not letter.isascii() for letter in text):
            return text
    return raw.decode("cp1252", "replace")


def _order(said: str, raw: bytes) -> list[str]:
    """The encodings that the bytes may be in, the likeliest first."""
    encoding = encoding_called(said) if said else None
    if encoding is None or encoding == "utf-8":
        return ["utf-8"]
    if raw.isascii() and _ESCAPED.fullmatch(encoding):
        return [_WIDER.get(encoding, encoding)]
    return ["utf-8", encoding] if _ONE_BYTE.fullmatch(encoding) else [encoding, "utf-8"]


def _of_microsoft(raw: bytes) -> str:
    """Decode ISO-2022-JP with the letters that Microsoft's programs add to it, as ① and 髙.

    Python knows these in Shift JIS only, where each pair of bytes has a place by the same order.
    """
    first, *pieces = _ESCAPE.split(raw)
    decoded = (_letters(escape, piece) for escape, piece in zip(pieces[::2], pieces[1::2], strict=True))
    return b"".join([first, *decoded]).decode("cp932", "replace")


def _letters(escape: bytes, piece: bytes) -> bytes:
    """What stands behind an escape, in Shift JIS."""
    if escape in _KANJI:
        return _PAIR.sub(lambda pair: _in_shift_jis(*pair[0]), piece)
    if escape == _KANA:
        return bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in piece)
    return piece


def _in_shift_jis(row: int, cell: int) -> bytes:
    """The two bytes of Shift JIS for two of JIS: two rows of 94 letters are one there."""
    lead = (row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1)
    trail = cell + 0x7E if row % 2 == 0 else cell + (0x1F if cell < 0x60 else 0x20)
    return bytes((lead, trail))
