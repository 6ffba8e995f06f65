import hashlib
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.errors import SourceError
from openbook.text import Document
from openbook.text.documents import source_error

any_text = st.text(st.characters(codec="utf-8"))
proper_text = any_text.filter(str.strip)


@settings(deadline=None)
@given(text=proper_text)
def test_text_is_kept_as_it_is_with_its_sha256(text: str) -> None:
    document = Document(text=text)
    assert document.text == text
    assert document.sha256 == hashlib.sha256(text.encode()).hexdigest()


@settings(deadline=None)
@given(first=proper_text, second=proper_text)
def test_ids_made_from_texts_are_equal_exactly_when_the_texts_are(first: str, second: str) -> None:
    assert (Document(text=first).id == Document(text=second, title="another").id) == (first == second)


def test_id_made_from_the_text_is_stable() -> None:
    assert Document(text="hello").id == "sha256:2cf24dba5fb0a30e"


def test_given_id_is_kept() -> None:
    assert Document(text="hello", id="greeting").id == "greeting"


def test_fingerprint_is_of_the_text_alone() -> None:
    document = Document(text="hello", id="x", title="a title", source="a source")
    assert document.sha256 == Document(text="hello").sha256


@pytest.mark.parametrize("text", ["", " ", "\r\n\t", "\u3000\u2028"])
def test_white_space_is_no_text(text: str) -> None:
    with pytest.raises(SourceError, match="the text is empty"):
        Document(text=text)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"source": "a.txt", "id": "a"}, "a.txt: "),
        ({"id": "a"}, "a: "),
        ({}, "document: "),
        ({"source": "a\nb.txt"}, "a\\nb.txt: "),
    ],
)
def test_errors_name_the_source_else_the_id(names: dict[str, str], shown: str) -> None:
    with pytest.raises(SourceError) as error:
        Document(text="", **names)
    assert str(error.value).startswith(shown)


@pytest.mark.parametrize("field", ["text", "id", "title", "source"])
def test_lone_surrogate_is_refused_in_every_field(field: str) -> None:
    with pytest.raises(SourceError, match=f"the {field} holds a lone surrogate at character 2") as error:
        Document(**{"text": "ok", field: "ab\ud800"})
    assert str(error.value).isprintable()


def test_characters_beyond_the_basic_plane_are_text() -> None:
    assert Document(text="\U0001f600\U0010ffff").text == "\U0001f600\U0010ffff"


def test_document_cannot_be_changed() -> None:
    document = Document(text="hello")
    with pytest.raises(FrozenInstanceError):
        document.text = "bye"  # type: ignore[misc]


@settings(deadline=None)
@given(where=st.text(), problem=st.text())
def test_source_errors_are_one_printable_line(where: str, problem: str) -> None:
    assert str(source_error(where, problem)).isprintable()


def test_source_errors_show_other_languages_as_they_are() -> None:
    assert str(source_error("café 日本.txt", "empty")) == "café 日本.txt: empty"
