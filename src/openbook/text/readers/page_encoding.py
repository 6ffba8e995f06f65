"""The encoding of a web page: UTF-8, what its bytes show, what the page says, else windows-1252."""

import codecs
import re
from contextlib import suppress

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
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "big5": "big5hkscs",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""Wider encodings that pages mean by narrower names; browsers read them so too."""
_CALLED = {
    "cn-big5": "big5",
    "cseucpkdfmtjapanese": "euc_jp",
    "cseuckr": "euc_kr",
    "csgb2312": "gb2312",
    "csiso88596e": "iso8859-6",
    "csiso88596i": "iso8859-6",
    "csiso88598e": "iso8859-8",
    "csiso88598i": "iso8859-8",
    "csisolatin9": "iso8859-15",
    "csksc56011987": "euc_kr",
    "csmacintosh": "mac-roman",
    "gb_2312": "gb2312",
    "gb_2312-80": "gb2312",
    "iso-ir-149": "euc_kr",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "ks_c_5601": "euc_kr",
    "ks_c_5601-1989": "euc_kr",
    "ksc_5601": "euc_kr",
    "logical": "iso8859-8",
    "mac": "mac-roman",
    "mac-ce": "mac-latin2",
    "mac-ukrainian": "mac-cyrillic",
    "sun_eu_greek": "iso8859-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode20utf8": "utf-8",
    "visual": "iso8859-8",
    "windows-31j": "cp932",
}
"""Names that browsers and mail programs know, and Python does not; those that differ in form are not here."""
_FORMS = (
    (re.compile(r"(?:x-)+"), ""),  # x-sjis, x-x-big5
    (re.compile(r"(?:windows|win|cp|dos|ibm)[-_]?(?=\d+$)"), "cp"),  # windows-874, cp-1251
    (re.compile(r"iso[-_]?8859[-_]?(\d+)(?:-[ei])?$"), r"iso8859-\1"),  # iso-8859-8-i, iso88591
)
"""How a name is written otherwise, and as Python knows it."""
_ESCAPE = b"\x1b"
_ESCAPED = re.compile(r"iso2022_.*")
"""Encodings that write all letters in seven bits between escapes, so that UTF-8 fits them too."""


def decode_page(raw: bytes) -> str:
    """Decode a page.

    Raises:
        UnicodeDecodeError: of UTF-8, if it is in neither that nor what it says, or is damaged.
    """
    if _ESCAPE in raw and (escaped := _declared(raw)) and _ESCAPED.fullmatch(escaped):
        with suppress(UnicodeError):
            return raw.decode(escaped)
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
    >>> encoding_called("x-sjis"), encoding_called("windows-874"), encoding_called("iso-8859-8-i")
    ('cp932', 'cp874', 'iso8859-8')
    """
    called = said.strip().lower()
    for form, known in _FORMS:
        called = form.sub(known, called, count=1) if form.match(called) else called
    try:
        name = codecs.lookup(_CALLED.get(called, called)).name
    except (LookupError, ValueError):
        return None
    if not _PAGE_ENCODING.fullmatch(name):  # Python knows more, which no page is written in
        return None
    return _READ_AS.get(name, name)
