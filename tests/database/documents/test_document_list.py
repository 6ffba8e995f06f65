"""The list of documents: all of them in order, what is not seen by searches, those of a source."""

from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.database.documents.document_list import ListedDocument, name_matches, only_unseen
from openbook.database.documents.source_patterns import SourcePattern, of_source
from openbook.errors import DatabaseError
from openbook.text import Document, Tokenizer, read_documents

Make = Callable[..., Database]
TEXT = "river stone copper orchard lantern winter harbour engine violin marble thunder meadow silver " * 4


@pytest.fixture
def database(tmp_path: Path, tokenizer: Tokenizer) -> Database:
    """One document in retrieval, one held out, and a near-copy of that one."""
    made = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=8, holdout=["held"]
    )
    made.add(
        [
            Document(id="seen", text="castle feather", title="Castles", source="/n/a.md", language="en"),
            Document(id="held", text=TEXT),
            Document(id="copy", text=TEXT),
        ]
    )
    return made


def test_every_live_document_is_listed_in_order(database: Database) -> None:
    seen, held, copy = database.documents()
    assert seen == ListedDocument(
        document_id="seen",
        title="Castles",
        source="/n/a.md",
        chunks=1,
        split="train",
        excluded=None,
        language="en",
    )
    assert (held.document_id, held.split, held.excluded) == ("held", "holdout", None)
    assert (copy.document_id, copy.split, copy.excluded) == ("copy", "train", "similar")
    assert held.chunks == copy.chunks == (database.layout.num_chunks - 1) // 2
    database.remove(["seen"])
    database.compact()
    assert [document.document_id for document in database.documents()] == ["held", "copy"]


def test_what_no_search_sees_can_be_chosen(database: Database) -> None:
    def chosen(**wanted: bool) -> list[str]:
        asked = {"held_out": False, "excluded": False} | wanted
        return [document.document_id for document in only_unseen(database.documents(), **asked)]

    assert chosen(held_out=True) == ["held"]
    assert chosen(excluded=True) == ["copy"]
    assert chosen(held_out=True, excluded=True) == ["held", "copy"]
    assert chosen() == ["seen", "held", "copy"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("/n/", ["seen"]), ("/n/*.md", ["seen"]), ("*.md", ["seen"]), ("?.md", []), ("held", ["held"])],
)
def test_a_source_is_matched_whole_or_contained(database: Database, pattern: str, found: list[str]) -> None:
    documents = of_source(database.documents(), SourcePattern.of(pattern))
    assert [document.document_id for document in documents] == found


@pytest.mark.parametrize(
    ("name", "pattern", "matches"),
    [
        ("n/U\u0308bersicht.md", "\u00dcbersicht", True),
        ("n/\u00dcbersicht.md", "U\u0308bersicht", True),
        ("n/U\u0308bersicht.md", "*\u00dcber*", True),
        ("n/U\u0308bersicht.md", "U?b*", False),
        ("n/U\u0308bersicht.md", "Ubersicht", False),
    ],
)
def test_letters_in_parts_equal_those_in_one_piece(name: str, pattern: str, matches: bool) -> None:
    assert name_matches(name, pattern) is matches


def test_removing_an_unknown_document_suggests_the_nearest(database: Database) -> None:
    with pytest.raises(DatabaseError, match=r"'Seen' \(nearest: 'seen'\).*nothing was removed"):
        database.remove(["held", "Seen"])
    assert len(database.documents()) == 3


def test_what_brought_a_document_is_listed(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("violin")
    database.add(read_documents(str(tmp_path / "a.md")))
    origins = {document.document_id: document.origin for document in database.documents()}
    assert origins == {"seen": "", "held": "", "copy": "", "a.md": f"{tmp_path.resolve()}/a.md"}


def test_an_empty_database_lists_nothing(make: Make) -> None:
    assert make().documents() == []
