"""Standard input: rows or one text, read once."""

import io
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.errors import SourceError
from openbook.text import Document, read_documents


def read(content: bytes, **keys: str) -> tuple[list[Document], list[str]]:
    errors: list[SourceError] = []
    documents = list(read_documents("-", stdin=io.BytesIO(content), on_error=errors.append, **keys))
    assert all(isinstance(document, Document) for document in documents)
    return documents, [str(error) for error in errors]  # type: ignore[return-value]


@pytest.mark.parametrize(
    "text", ["one text\n", "a\nb", "{", "{\n}\n", "[1]\n", '"x"\n{"text": "a"}\n', "3", "\n\n x"]
)
def test_text_is_one_document_kept_as_it_is(text: str) -> None:
    assert read(text.encode()) == ([Document(text=text, title="stdin", source="stdin")], [])


def test_a_text_is_called_by_the_prefix_or_by_itself() -> None:
    """A stream has no name: the next one is another document."""
    (one,), _ = read(b"one")
    (other,), _ = read(b"other")
    assert one.id != other.id
    assert [read(text, prefix="daily/")[0][0].id for text in (b"one", b"other")] == ["daily/stdin"] * 2


def test_json_lines_are_documents() -> None:
    lines = b'\n \n{"text": "one", "id": 1, "title": "T"}\n{"text": \n\n{"text": "two"}'
    documents, (error,) = read(lines)
    assert documents == [
        Document(text="one", id="1", title="T", source="stdin:3"),
        Document(text="two", source="stdin:6"),
    ]
    assert error.startswith("stdin:4: not JSON")


def test_byte_order_mark_is_left_out() -> None:
    assert read("\ufefftext".encode())[0][0].text == "text"
    assert read('\ufeff{"text": "row"}'.encode())[0][0].text == "row"


def test_keys_choose_text_and_id() -> None:
    (document,), _ = read(b'{"body": "hello", "key": "k"}', text_key="body", id_key="key")
    assert (document.id, document.text) == ("k", "hello")


def test_zeros_at_the_end_are_no_text() -> None:
    (text,), _ = read(b"The mule is Bess.\n" + bytes(20_000))
    assert text.text == "The mule is Bess.\n"
    assert read(b"a\0" * 9 + b"a")[1][0].startswith("stdin: not text: it holds 9 zero bytes")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_it_may_be_in_utf16(encoding: str) -> None:
    (text,), _ = read("Größe\r\n".encode(encoding))
    assert text.text == "Größe\n"
    rows, errors = read('{"text": "one"}\n{"text": "two"}'.encode(encoding))
    assert ([row.text for row in rows], errors) == (["one", "two"], [])
    _, (error,) = read(b"\xff\xfea")
    assert error.startswith("stdin: not UTF-8 at byte 0")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "stdin: the text is empty"),
        (b" \n\n", "stdin: the text is empty"),
        ("Größe".encode("latin-1"), "stdin: not UTF-8 at byte 2; convert it, or leave it out"),
        (b"{}", "stdin:1: no text: 'text' is missing; choose another key with --text-key"),
        (b'{"text": "a\\ud800"}', "stdin:1: the text holds a lone surrogate at character 1"),
    ],
)
def test_what_cannot_be_read_is_reported(content: bytes, error: str) -> None:
    documents, (message,) = read(content)
    assert documents == []
    assert message.startswith(error)
    with pytest.raises(SourceError, match=r"^stdin"):
        list(read_documents("-", stdin=io.BytesIO(content)))


def test_standard_input_of_the_process_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"hello")))
    assert [document.title for document in read_documents("-")] == ["stdin"]
    with pytest.raises(SourceError, match="stdin: the text is empty"):
        list(read_documents(["-"]))


def test_without_standard_input_reading_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SourceError, match="stdin: there is no standard input; name a file"):
        list(read_documents("-", on_error=lambda error: None))


def test_stream_that_breaks_is_reported() -> None:
    class Broken(io.BytesIO):
        def __next__(self) -> bytes:
            if self.tell() == len(self.getvalue()):
                raise OSError(5, "Input/output error")
            return super().__next__()

    for content, message in (
        (b"", "stdin: cannot be read"),
        (b"text\n", "stdin: cannot be read"),
        (b'{"text": "a"}\n', "stdin:2: cannot be read further"),
    ):
        errors: list[SourceError] = []
        list(read_documents("-", stdin=Broken(content), on_error=errors.append))
        assert [str(error).startswith(message) for error in errors] == [True]


@settings(deadline=None)
@given(content=st.binary(max_size=100))
def test_any_bytes_are_documents_or_source_errors(content: bytes) -> None:
    documents, errors = read(content)
    assert documents or errors
    assert all(error.isprintable() for error in errors)
