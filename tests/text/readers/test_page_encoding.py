"""Encodings as browsers and mail programs call them, and pages in them."""

import pytest

from openbook.text.readers.page_encoding import decode_page, encoding_called


@pytest.mark.parametrize(
    ("said", "raw", "text"),
    [
        ("x-sjis", b"\x93\xfa\x96{\x87@", "日本①"),
        ("Windows-31J", b"\x93\xfa\x96{", "日本"),
        ("x-euc-jp", b"\xc6\xfc\xcb\xdc", "日本"),
        ("x-gbk", b"\xd6\xec\xe9F", "朱镕"),
        ("gb_2312-80", b"\xd6\xec\xe9F", "朱镕"),
        ("windows-949", b"\xc7\xd1\x8cc", "한똠"),
        ("ks_c_5601-1989", b"\xc7\xd1", "한"),
        ("KSC_5601", b"\xc7\xd1", "한"),
        ("big5", b"\xf9\xd8\xa4\xe5", "裏文"),
        ("x-x-big5", b"\xa4\xe5", "文"),
        ("windows-874", b"\xa1\x85", "ก…"),
        ("tis-620", b"\xa1\x85", "ก…"),
        ("iso-8859-11", b"\xa1\x85", "ก…"),
        ("iso-8859-8-i", b"\xf9\xec", "של"),
        ("logical", b"\xf9\xec", "של"),
        ("ISO-8859-6-e", b"\xc8", "ب"),
        ("iso88592", b"\xb1", "ą"),
        ("x-mac-cyrillic", b"\x84\xe4", "Дд"),
        ("x-mac-ukrainian", b"\x84\xe4", "Дд"),
        ("macintosh", b"\x8a", "ä"),
        ("x-mac-roman", b"\x8a", "ä"),
        ("koi", b"\xc4", "д"),
        ("koi8-ru", b"\xa4", "є"),
        ("x-cp1251", b"\xe4", "д"),
        ("win-1251", b"\xe4", "д"),
        ("cp-866", b"\xa4", "д"),
        ("unicode-1-1-utf-8", "ä".encode(), "ä"),
    ],
)
def test_names_that_python_does_not_know_are_those_of_browsers(said: str, raw: bytes, text: str) -> None:
    encoding = encoding_called(said)
    assert encoding is not None
    assert raw.decode(encoding) == text
    assert decode_page(f'<meta charset="{said}">'.encode() + raw).endswith(text)


@pytest.mark.parametrize(
    "said", ["", "x-", "x-rot13", "x-idna", "x-user-defined", "windows-", "no\0name", "é"]
)
def test_what_is_no_encoding_of_pages_is_none(said: str) -> None:
    assert encoding_called(said) is None


def test_a_page_of_seven_bits_between_escapes_is_no_utf8() -> None:
    """JIS row 0x46 cell 0x7C is 日, 0x4B 0x5C is 本."""
    head = b'<meta http-equiv="Content-Type" content="text/html; charset=iso-2022-jp">'
    assert decode_page(head + b"\x1b$BF|K\\\x1b(B.").endswith(">日本.")
    assert decode_page(head + b"plain \xc3\xa4").endswith(">plain ä")
    assert decode_page(b"a\x1b[1mb") == "a\x1b[1mb"
