"""The encoding of a web page: UTF-8, what its bytes show, what the page says, else windows-1252."""

import codecs
import re

from openbook.text.encodings import LOOKED_AT, decode, encoding_of

_DECLARED = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_DECLARED_WITHIN = 4096
"""Bytes from the beginning in which a page says its encoding."""
_PAGE_ENCODING = re.compile(
    r"ascii|big5.*|cp\d+|euc_.*|gb.*|hz|iso2022_.*|iso8859-\d+|johab|koi8.*|mac-.*|shift_.*|tis-620|utf-8|utf-16.*"
)
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""Wider encodings that pages mean by narrower names; browsers read them so too."""


def decode_page(raw: bytes) -> str:
    """Decode a page.

    Raises:
        UnicodeDecodeError: of UTF-8, if it is in neither that nor what it says, or is damaged.
    """
    try:
        return decode(raw)
    except UnicodeDecodeError:
        encoding = _declared(raw) or _undeclared(raw)
        if encoding is not None:
            try:
                return raw.decode(encoding)
            except UnicodeError:
                pass
        raise


def _undeclared(raw: bytes) -> str | None:
    """What a page is that says nothing, as in browsers; None: its mark or some of it is UTF-8, damaged."""
    is_marked = encoding_of(raw[:LOOKED_AT]) != "utf-8-sig" or raw.startswith(codecs.BOM_UTF8)
    return None if is_marked or not raw.decode(errors="ignore").isascii() else "cp1252"


def _declared(raw: bytes) -> str | None:
    """What a page says it is, as browsers understand that; None if it says nothing that a page can be."""
    match = _DECLARED.search(raw[:_DECLARED_WITHIN])
    return None if match is None else encoding_called(match[1].decode("ascii", "replace"))


def encoding_called(said: str) -> str | None:
    """The encoding that pages and mails mean by a name, as Python calls it; None: none that they can be in.

    >>> encoding_called("ISO-8859-1"), encoding_called("GB2312"), encoding_called("rot13")
    ('cp1252', 'gb18030', None)
    """
    try:
        name = codecs.lookup(said).name
    except (LookupError, ValueError):
        return None
    if not _PAGE_ENCODING.fullmatch(name):  # Python knows more, which no page is written in
        return None
    return _READ_AS.get(name, name)
