"""Pages of documents, and their texts: of one version, whatever is written meanwhile."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile_text import EVIL, PATHS, hostile_documents, is_text
from openbook.database import Database
from openbook.database.documents.document_pages import document_page, stored_document
from openbook.errors import NotFoundError
from openbook.text import Document, train_tokenizer


@pytest.fixture
def small(tmp_path: Path) -> Database:
    """Documents a to e; two of them have a source."""
    tokenizer = train_tokenizer(["Some words, and some more words."], vocab_size=280)
    database = Database.create(tmp_path / "small", tokenizer=tokenizer, embedder=None, chunk_size=8)
    sources = {"b": "notes/b.md", "d": "notes/d.md"}
    database.add(
        [Document(id=name, text=f"Text of {name}.", source=sources.get(name, "")) for name in "cabed"]
    )
    return database


def ids(database: Database, **page: object) -> list[str]:
    """Of one page."""
    return [document.document_id for document in document_page(database.opened, **page).documents]  # type: ignore[arg-type]


def test_pages_are_in_the_order_of_ids_and_say_whether_there_are_more(small: Database) -> None:
    first = document_page(small.opened, limit=2)
    assert ([document.document_id for document in first.documents], first.has_more) == (["a", "b"], True)
    assert ids(small, limit=2, after="b") == ["c", "d"]
    last = document_page(small.opened, limit=2, after="d")
    assert ([document.document_id for document in last.documents], last.has_more) == (["e"], False)
    assert ids(small, limit=2, after="bb") == ["c", "d"]


def test_a_source_is_a_pattern_and_an_id_stands_in_for_none(small: Database) -> None:
    assert ids(small, limit=9, source="notes/*") == ["b", "d"]
    assert ids(small, limit=1, source="notes/", after="b") == ["d"]
    assert ids(small, limit=9, source="e") == ["b", "d", "e"]  # contained in "notes", and the id


def test_pages_and_texts_are_of_the_version_that_is_held(small: Database) -> None:
    before = small.opened
    small.remove(["a"])
    small.add([Document(id="b", text="Another text of b."), Document(id="f", text="Text of f.")])
    assert [each.document_id for each in document_page(before, limit=9).documents] == list("abcde")
    assert ids(small, limit=9) == list("bcdef")
    assert stored_document(before, "a").text == "Text of a."
    assert stored_document(before, "b").text == "Text of b."
    assert stored_document(small.opened, "b").text == "Another text of b."
    with pytest.raises(NotFoundError):
        stored_document(before, "f")
    with pytest.raises(NotFoundError):
        stored_document(small.opened, "a")


def test_the_nearest_id_is_named(small: Database) -> None:
    small.add([Document(id="guides/planting.md", text="Dig.")])
    with pytest.raises(NotFoundError, match=r"'planting' \(nearest: 'guides/planting.md'\)"):
        stored_document(small.opened, "planting")


def test_a_text_is_what_it_was_after_compact(small: Database) -> None:
    long = "word " * 40 + "ende äöü 日本語 🙂"
    small.add([Document(id="long", text=long)])
    small.remove(["a", "c"])
    small.compact()
    assert stored_document(small.opened, "long").text == long
    assert stored_document(small.opened, "e").text == "Text of e."


def test_any_text_comes_back_as_it_was(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(["Some words."], vocab_size=280)
    database = Database.create(tmp_path / "any", tokenizer=tokenizer, embedder=None, chunk_size=8)

    @given(
        st.one_of(hostile_documents.filter(is_text), st.sampled_from([PATHS, "<|endoftext|> x", " a\n\n"]))
    )
    def comes_back(text: str) -> None:
        database.add([Document(id=text, text=text, title=text, source=text)])
        found = stored_document(database.opened, text)
        assert (found.text, found.about.title, found.about.document_id) == (text, text, text)

    comes_back()
    assert EVIL  # one of them without its lone surrogate
