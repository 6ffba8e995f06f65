import hashlib
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.errors import SourceError
from openbook.text import Document, TokenizedDocument
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


# Documents that are tokens


@settings(deadline=None)
@given(
    ids=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20),
    dtype=st.sampled_from(["<u4", ">u4", "i8"]),
)
def test_tokens_are_kept_with_their_sha256_whatever_their_type(ids: list[int], dtype: str) -> None:
    document = TokenizedDocument(token_ids=np.array(ids, dtype))
    assert document.token_ids.tolist() == ids
    packed = b"tokens:" + b"".join(token.to_bytes(4, "little") for token in ids)
    assert document.sha256 == hashlib.sha256(packed).hexdigest()
    assert document.id == f"sha256:{document.sha256[:16]}"


@pytest.mark.parametrize(
    ("token_ids", "problem"),
    [
        (np.array([], np.int32), "holds no token"),
        (np.array([[1, 2]]), r"tokens of shape \[1, 2\] and type int64 where one row of whole numbers"),
        (np.array(3), r"tokens of shape \[\] and type int64"),
        (np.array([1.0]), r"tokens of shape \[1\] and type float64"),
        (np.array([True]), r"tokens of shape \[1\] and type bool"),
        (np.array([1, -1]), "-1 is not a token: they are from 0"),
        (np.array([2**32]), "4294967296 is not a token"),
        (np.array([2**64 - 1], np.uint64), "18446744073709551615 is not a token"),
    ],
)
def test_what_are_no_tokens_is_refused(token_ids: np.ndarray, problem: str) -> None:
    with pytest.raises(SourceError, match=f"^x: {problem}"):
        TokenizedDocument(token_ids=token_ids, id="x")


@pytest.mark.parametrize("field", ["id", "title", "source"])
def test_lone_surrogate_in_a_name_of_tokens_is_refused(field: str) -> None:
    names = {field: "ab\ud800"}
    with pytest.raises(SourceError, match=f"the {field} holds a lone surrogate at character 2"):
        TokenizedDocument(token_ids=np.array([1]), **names)


def test_tokens_are_equal_if_they_and_their_names_are() -> None:
    first = TokenizedDocument(token_ids=np.array([1, 2], np.uint16), id="x")
    same = TokenizedDocument(token_ids=np.array([1, 2], np.int64), id="x")
    assert first == same
    assert hash(first) == hash(same)
    assert first != TokenizedDocument(token_ids=np.array([2, 1]), id="x")
    assert first != TokenizedDocument(token_ids=np.array([1, 2]), id="y")
    assert first != "x"


def test_tokens_of_a_document_cannot_be_changed() -> None:
    given_ids = np.array([1, 2])
    document = TokenizedDocument(token_ids=given_ids)
    with pytest.raises(ValueError, match="read-only"):
        document.token_ids[0] = 7
    assert given_ids.flags.writeable
    with pytest.raises(FrozenInstanceError):
        document.id = "y"  # type: ignore[misc]


@pytest.mark.parametrize("field", ["text", "id", "title", "source", "language"])
@pytest.mark.parametrize("value", [5, b"bytes", ["a"], Path("a.md")])
def test_a_field_that_is_not_a_str_is_refused_with_the_remedy(field: str, value: Any) -> None:
    with pytest.raises(TypeError, match=rf"{field}=.* is not a str; {field}=str\("):
        Document(**{"text": "river", field: value})


@pytest.mark.parametrize("field", ["id", "title", "source"])
def test_a_name_that_is_none_is_to_be_left_out(field: str) -> None:
    with pytest.raises(TypeError, match=rf"{field}=None is not a str; leave it out"):
        Document(text="river", **{field: None})
    with pytest.raises(TypeError, match=rf"{field}=None is not a str; leave it out"):
        TokenizedDocument(token_ids=np.array([1]), **{field: None})
