"""Encodings of mails: what is said, what is meant, and what a damaged byte does."""

import pytest

from openbook.text.readers.mail_encoding import decode_mail


def test_a_few_damaged_bytes_do_not_change_the_encoding() -> None:
    russian = "Ворота открыты."
    assert decode_mail(russian.encode() + b"\xd0", "utf-8") == f"{russian}\ufffd"
    assert decode_mail(russian.encode() + b"\n> Odo\x92s", "utf-8") == f"{russian}\n> Odo\ufffds"
    assert decode_mail(russian.encode() + b"\xd0", "") == f"{russian}\ufffd"
    assert decode_mail("大门九点打开".encode("gb18030") + b"\xb4", "gb2312") == "大门九点打开\ufffd"
    assert decode_mail("門は九時に開く".encode("cp932") + b"\x81", "shift_jis") == "門は九時に開く\ufffd"


@pytest.mark.parametrize("said", ["utf-8", "", "us-ascii"])
def test_what_fits_nowhere_else_is_windows_1252(said: str) -> None:
    text = "“schön”, ein Café"
    assert decode_mail(text.encode("cp1252"), said) == text


def test_japanese_may_have_letters_that_microsoft_added() -> None:
    """① is row 13 cell 1, 髙 row 92 cell 66, ｱ one byte; 門 and は are in the standard."""
    raw = b"\x1b$BLg$O\x1b(B x \x1b$B-!\x7c\x62\x1b(B \x1b(I1\x1b(B \x1b$@Lg\x1b(J."
    assert decode_mail(raw, "iso-2022-jp") == "門は x ①髙 ｱ 門."
    assert decode_mail("門は直された".encode("iso2022_jp"), "iso-2022-jp") == "門は直された"
    assert decode_mail("門 대문".encode("iso2022_jp_2"), "iso-2022-jp") == "門 대문"


def test_japanese_that_is_not_in_seven_bits_is_what_it_is() -> None:
    assert decode_mail("門は①".encode(), "iso-2022-jp") == "門は①"
    assert decode_mail("門は①".encode("cp932"), "iso-2022-jp") == "門は①"


@pytest.mark.parametrize("said", ["utf-7", "UNICODE-1-1-UTF-7"])
def test_seven_bits_of_utf_7_are_read(said: str) -> None:
    assert decode_mail(b"Gr+APwA3w-e", said) == "Grüße"
    assert decode_mail("Grüße".encode(), said) == "Grüße"
    assert decode_mail(b"half a letter +2AA-", said) == "half a letter +2AA-"


@pytest.mark.parametrize(("text", "said"), [("ворота", "windows-1251"), ("Príliš", "iso-8859-2")])
def test_one_byte_for_a_letter_is_believed_if_it_is_not_utf_8(text: str, said: str) -> None:
    assert decode_mail(text.encode(said), said) == text
    assert decode_mail(text.encode(), said) == text
