"""The language of a document, from its source to a hit; databases that were made before there was one."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from breaking import Kill, files_of, kill_at
from openbook.database import Database, retokenize
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.manifest import forget_catalog, write_manifest
from openbook.errors import SourceError
from openbook.text import Document, TokenizedDocument, read_documents, train_tokenizer

Make = Callable[..., Database]
TEXTS = {"a": "river stone", "b": "copper orchard"}


def language_of(database: Database, text: str) -> str | None:
    return database.search([text], k=1, mode="bm25")[0][0].language


@pytest.fixture
def old(make: Make) -> Database:
    """As it was made before documents had a language: its catalog lacks the column, its checksums agree."""
    database = make(TEXTS)
    with closing(sqlite3.connect(database.catalog.path)) as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN language")
    forget_catalog(Catalog(database.path))
    write_manifest(Catalog(database.path))
    return Database.open(database.path)


def test_hits_show_the_language_that_documents_came_with(make: Make) -> None:
    database = make()
    database.add([Document(id="a", text=TEXTS["a"], language="en"), Document(id="b", text=TEXTS["b"])])
    tokens = np.array(database.tokenizer.encode(["castle feather"])[0])
    database.add([TokenizedDocument(id="c", token_ids=tokens, language="de")])
    assert [language_of(database, text) for text in ("river", "orchard", "castle")] == ["en", None, "de"]
    database.remove(["b"])
    database.compact()
    reopened = Database.open(database.path)
    assert [language_of(reopened, text) for text in ("river", "castle")] == ["en", "de"]
    assert reopened.verify().ok


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_rows_may_name_a_language(tmp_path: Path, kind: str) -> None:
    rows = [{"text": "one", "language": "en"}, {"text": "two", "language": None}, {"text": "three"}]
    path = tmp_path / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif kind == "csv":
        path.write_text("text,language\none,en\ntwo,\nthree,\n")
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({key: [row.get(key) for row in rows] for key in ("text", "language")}), path)
    found = [document for document in read_documents([str(path)]) if isinstance(document, Document)]
    assert [(document.text, document.language) for document in found] == [
        ("one", "en"),
        ("two", None),
        ("three", None),
    ]


def test_a_language_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(SourceError, match="the language holds a lone surrogate"):
        Document(text="one", language="\ud800")


def test_a_language_alone_follows_without_new_chunks(make: Make) -> None:
    database = make(TEXTS)
    chunks = database.layout.num_chunks
    report = database.add([Document(id="a", text=TEXTS["a"], language="en")])
    assert (report.unchanged, report.chunks, report.version) == (1, 0, 2)
    assert (language_of(database, "river"), database.layout.num_chunks) == ("en", chunks)
    assert [commit.action for commit in database.commits()][-1] == "describe"
    again = database.add([Document(id="a", text=TEXTS["a"], language="en")])
    assert again.version == 2, "nothing new was said"
    assert database.add([Document(id="a", text=TEXTS["a"])]).version == 2
    assert language_of(database, "river") == "en"
    database.add([Document(id="a", text=TEXTS["a"], language="de")])
    assert language_of(database, "river") == "de"
    assert database.verify().ok


def test_an_old_database_is_read_without_being_changed(old: Database) -> None:
    before = {name: (old.path / name).read_bytes() for name in files_of(old.path)}
    assert old.catalog.lacks_columns
    assert language_of(old, "river") is None
    assert old.verify().ok
    assert {name: (old.path / name).read_bytes() for name in files_of(old.path)} == before


def test_the_next_writer_gives_an_old_database_the_column(old: Database) -> None:
    assert old.add([Document(id="b", text=TEXTS["b"])]).version == old.version == 1
    assert not Catalog(old.path).lacks_columns
    assert old.verify().ok
    old.add([Document(id="c", text="castle feather", language="de")])
    old.add([Document(id="a", text=TEXTS["a"], language="en")])
    assert [language_of(old, text) for text in ("river", "orchard", "castle")] == ["en", None, "de"]
    assert old.verify().ok


@pytest.mark.parametrize("after", [False, True])
def test_a_writer_that_is_killed_at_that_leaves_a_sound_database(
    old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    with monkeypatch.context() as patch:
        kill_at(
            patch, Catalog, "add_missing_columns", 1, after=after, leave=tmp_path / "dead", folder=old.path
        )
        with pytest.raises(Kill):
            old.add([Document(id="c", text="castle feather", language="de")])
    dead = Database.open(tmp_path / "dead")
    assert dead.verify().ok
    dead.add([Document(id="c", text="castle feather", language="de")])
    assert language_of(dead, "castle") == "de"
    assert dead.verify().ok


def test_a_derived_database_keeps_languages_and_old_ones_can_be_derived(
    old: Database, tmp_path: Path
) -> None:
    other = train_tokenizer(list(TEXTS.values()), vocab_size=300)
    retokenize(old, tmp_path / "of-old", other)
    assert language_of(Database.open(tmp_path / "of-old"), "river") is None
    old.add([Document(id="a", text=TEXTS["a"], language="en")])
    retokenize(old, tmp_path / "new", other)
    derived = Database.open(tmp_path / "new")
    assert language_of(derived, "river") == "en"
    assert derived.verify().ok
