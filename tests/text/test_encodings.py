"""Which encoding bytes are in: with a mark, and without one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openbook.text.encodings import decode, encoding_of

WIDE = ["utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ["utf-8", *WIDE, "utf-32-le", "utf-32-be"])
@given(text=st.text(st.characters(codec="utf-8"), max_size=50))
def test_a_mark_decides(encoding: str, text: str) -> None:
    assume(not text.startswith("\0"))  # with it, the mark of UTF-16 is that of UTF-32
    assert decode(f"\ufeff{text}".encode(encoding)) == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("text", ["ab", "Größe\n", "id,text\n1,日本語の文\n", "<p>Привет, мир</p>"])
def test_latin_letters_show_without_a_mark(encoding: str, text: str) -> None:
    assert encoding_of(text.encode(encoding)) == encoding
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-8", *WIDE])
@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_lines_end_as_in_unix(encoding: str, end: str) -> None:
    text = "one\ntwo\n\nthree\n"
    assert decode(text.replace("\n", end).encode(encoding)) == text
    assert decode("a\r\r\n\nb\n\rc".encode(encoding)) == "a\n\n\nb\n\nc"


@pytest.mark.parametrize("text", ["", "a", "a\0b", "\0", "a\0b\0\0\0c", "日本", "x" * 9000 + "\0"])
def test_text_in_utf8_stays_what_it_was(text: str) -> None:
    assert decode(text.encode()) == text


@given(raw=st.binary(max_size=100))
def test_any_bytes_are_text_or_not_utf8(raw: bytes) -> None:
    try:
        decode(raw)
    except UnicodeDecodeError as error:
        assert error.encoding == "utf-8"


def test_the_place_of_an_error_counts_the_mark() -> None:
    with pytest.raises(UnicodeDecodeError) as error:
        decode(b"\xef\xbb\xbfab\xff")
    assert error.value.start == 5
