"""Which document a file is: one however it was reached, never another silently, the same where it moved."""

import io
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from openbook.database import Database
from openbook.database.storage import catalog_sql
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.documents_by_origin import ids_by_origin, live_origins
from openbook.database.storage.manifest import forget_catalog, write_manifest
from openbook.database.write.add_plan import Planner
from openbook.database.write.sync_scope import SyncScope
from openbook.database.write.writer import AddReport
from openbook.errors import SourceError
from openbook.text import Document, read_documents
from openbook.text.sources import places_of

Make = Callable[..., Database]
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below `tmp_path`."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_file


def ids(database: Database) -> list[str]:
    return sorted(database.catalog.live_ids())


def test_one_file_of_a_folder_replaces_what_the_folder_brought(
    make: Make, write: Write, tmp_path: Path
) -> None:
    database = make()
    write("notes/gate.md", "river stone")
    database.add(read_documents(str(write("notes/sub/x.md", "copper orchard").parents[1])))
    report = database.add(read_documents(str(write("notes/sub/x.md", "castle feather"))))
    assert (report.replaced, report.added, ids(database)) == (1, 0, ["notes/gate.md", "notes/sub/x.md"])
    report = database.add(read_documents(str(tmp_path / "notes" / "sub")))
    assert (report.unchanged, report.added) == (1, 0)


def test_a_folder_finds_the_file_that_was_named_before(make: Make, write: Write) -> None:
    database = make()
    path = write("notes/gate.md", "river stone")
    database.add(read_documents(str(path)))
    report = database.add(read_documents(str(path.parent), prefix="p/"))
    assert (report.unchanged, ids(database)) == (1, ["gate.md"])


def test_one_file_named_twice_is_one_document(make: Make, write: Write) -> None:
    database = make()
    path = write("notes/gate.md", "river stone")
    report = database.add(read_documents([str(path.parent), str(path)]))
    assert (report.added, ids(database)) == (1, ["notes/gate.md"])


@pytest.mark.parametrize("text", ["copper orchard", "river stone"], ids=["another text", "the same text"])
def test_another_file_never_takes_an_id(make: Make, write: Write, tmp_path: Path, text: str) -> None:
    database = make()
    database.add(read_documents(str(write("A/docs/index.md", "river stone").parent)))
    other = write("B/docs/index.md", text).parent
    with pytest.raises(SourceError) as stopped:
        database.add(read_documents(str(other)))
    for part in (
        "docs/index.md",
        f"taken by {tmp_path.resolve()}/A/",
        f"{tmp_path.resolve()}/B/",
        "--prefix",
    ):
        assert part in str(stopped.value)
    errors: list[SourceError] = []
    write("B/docs/other.md", "castle feather")
    report = database.add(read_documents(str(other)), on_error=errors.append, sync=True)
    assert (len(errors), report.added, report.removed) == (1, 1, 0), "what is refused is not gone"
    assert ids(database) == ["docs/index.md", "docs/other.md"]
    report = database.add(read_documents(str(other), prefix="B/"))
    assert (report.added, report.unchanged) == (1, 1)
    assert ids(database) == ["B/docs/index.md", "docs/index.md", "docs/other.md"]


def test_two_files_of_one_call_are_told_apart_too(make: Make, write: Write, tmp_path: Path) -> None:
    folders = [str(write(f"{name}/docs/index.md", "river stone").parent) for name in "AB"]
    with pytest.raises(SourceError, match=r"taken by .*/A/docs/index.md.*--prefix"):
        make().add(read_documents(folders))


def test_a_folder_that_has_moved_is_the_same(make: Make, write: Write, tmp_path: Path) -> None:
    database = make()
    old = write("old/notes/a.md", "river stone").parent
    write("old/notes/b.md", "copper orchard")
    database.add(read_documents(str(old)))
    chunks = database.layout.num_chunks
    shutil.move(old, tmp_path / "new")
    (tmp_path / "new").rename(tmp_path / "notes")
    (tmp_path / "notes" / "b.md").write_text("castle feather")
    report = database.add(read_documents(str(tmp_path / "notes")))
    assert (report.moved, report.unchanged, report.described, report.replaced) == (2, 1, 1, 1)
    assert database.layout.num_chunks == chunks + 1
    records = database.catalog.live_records(ids(database))
    assert [record.source for record in records.values()] == [f"{tmp_path}/notes/{n}.md" for n in "ab"]
    assert {record.origin for record in records.values()} == {
        f"{tmp_path.resolve()}/notes/{n}.md" for n in "ab"
    }
    assert database.verify().ok


def in_mailbox(text: str) -> str:
    """A mail as it stands in a mailbox; all have one Message-ID."""
    return f"From ada@x Tue Mar  5 14:07:00 2024\nMessage-ID: <1@x>\nFrom: ada@x\n\n{text}\n\n"


def last_lines(database: Database) -> dict[str, str]:
    """Of each document, by id."""
    return {name: text.split("\n")[-1] for name, (text, _) in texts(database).items()}


SENT, LISTED, SEEN = map(in_mailbox, ("river stone", "copper orchard", "castle feather"))


@pytest.mark.parametrize("sync", [False, True])
@pytest.mark.parametrize("left", [[LISTED, SEEN], [SENT, SEEN], [SENT, LISTED], [SEEN, LISTED, SENT], [SEEN]])
def test_mails_of_one_id_keep_their_names_whichever_goes(
    make: Make, write: Write, left: list[str], sync: bool
) -> None:
    database = make()
    path = write("in.mbox", SENT + LISTED + SEEN)
    database.add(read_documents(str(path)))
    before = last_lines(database)
    assert before["in.mbox:1@x"] == "river stone"
    assert sorted(before.values()) == ["castle feather", "copper orchard", "river stone"]
    write("in.mbox", "".join(left))
    scope = SyncScope(places=places_of([str(path)])) if sync else False
    report = database.add(read_documents([str(path), str(path)]), sync=scope)
    assert (report.added, report.replaced) == (0, 0)
    after = last_lines(database)
    assert after.items() <= before.items()
    assert len(after) == (len(left) if sync else 3)


def test_mails_that_were_named_by_numbers_keep_their_names(make: Make, write: Write) -> None:
    database = make()
    path = write("in.mbox", SENT + LISTED)
    sent, listed = (each for each in read_documents(str(path)) if isinstance(each, Document))
    numbered = replace(listed, id="in.mbox:1@x#2", origin=f"{path.resolve()}:2")
    database.add([sent, numbered])
    for content in (SENT + LISTED, LISTED):
        write("in.mbox", content)
        report = database.add(read_documents(str(path)))
        assert (report.added, report.replaced) == (0, 0)
    assert last_lines(database) == {"in.mbox:1@x": "river stone", "in.mbox:1@x#2": "copper orchard"}


def test_a_mail_that_comes_before_another_of_its_id_takes_its_name(make: Make, write: Write) -> None:
    """Nothing is lost by it: the other is added under its fingerprint."""
    database = make()
    path = write("in.mbox", SENT)
    database.add(read_documents(str(path)))
    write("in.mbox", LISTED + SENT)
    report = database.add(read_documents(str(path)))
    assert (report.added, report.replaced) == (1, 1)
    assert sorted(last_lines(database).values()) == ["copper orchard", "river stone"]


def test_what_authors_say_replaces_whichever_file_it_comes_from(make: Make, write: Write) -> None:
    database = make()
    for name, text in (("A", "river stone"), ("B", "copper orchard")):
        row = f'{{"id": "index", "text": "{text}"}}'
        database.add(read_documents(str(write(f"{name}/rows.jsonl", row))))
    database.add(read_documents(str(write("notes/index.md", "castle feather").parent)))
    assert ids(database) == ["index", "notes/index.md"]
    report = database.add([Document(id="notes/index.md", text="silver meadow")])
    assert report.replaced == 1
    report = database.add(read_documents(str(write("notes/index.md", "castle feather").parent)))
    assert (report.replaced, report.added) == (1, 0), "what Python said came from no file"
    header = "---\nid: index\n---\nsilver meadow"
    assert database.add(read_documents(str(write("C/x.md", header)))).replaced == 1


def test_a_header_takes_no_id_of_another_file_that_is_there(make: Make, write: Write, tmp_path: Path) -> None:
    database = make()
    first = write("fm/a.md", "---\nid: intro\n---\nriver stone")
    database.add(read_documents(str(first)))
    second = write("fm/b.md", "---\nid: intro\n---\ncopper orchard")
    place = tmp_path.resolve() / "fm"
    with pytest.raises(SourceError) as stopped:
        database.add(read_documents(str(second)))
    assert str(stopped.value) == (
        f"intro: the id is taken by {place}/a.md; give {place}/b.md, whose header says it, another id, or "
        "leave one of them out"
    )
    copy = write("fm/c.md", first.read_text())
    assert database.add(read_documents(str(copy))).unchanged == 1, "the same text is the same document"
    assert database.add(read_documents(str(first))).unchanged == 1
    copy.unlink()
    first.unlink()
    assert database.add(read_documents(str(second))).replaced == 1, "the file that had it is gone"


def test_a_file_whose_header_says_another_id_keeps_its_own(make: Make, write: Write) -> None:
    database = make()
    database.add(read_documents(str(write("notes/m.md", "river Anna").parent)))
    for header in ("mayor", "major", ""):
        text = f"---\nid: {header}\n---\nriver Bob {header}"
        report = database.add(read_documents(str(write("notes/m.md", text))))
        assert (report.added, report.replaced) == (0, 1)
        assert ids(database) == ["notes/m.md"]
    assert not [hit for hit in database.search("Anna", k=9, mode="bm25")[0] if "Anna" in hit.text]


# Files that take the names of others


def texts(database: Database) -> dict[str, tuple[str, str]]:
    """Text and file name by id."""
    found = {}
    for name, record in database.catalog.live_records(ids(database)).items():
        chunks = range(record.first_chunk, record.first_chunk + record.num_chunks)
        found[name] = "".join(database.chunk_texts(chunks)).strip(), Path(record.origin or "").name
    return found


def synced(database: Database, folder: Path, errors: list[str] | None = None) -> AddReport:
    """After a planner has said the same."""
    said: list[str] = []
    planner = Planner(database.catalog, lambda error: said.append(str(error)))
    for _ in planner.passing(read_documents(str(folder))):
        pass
    plan = planner.plan(SyncScope(places=places_of([str(folder)])))
    scope = SyncScope(places=places_of([str(folder)]))
    report = database.add(
        read_documents(str(folder)),
        sync=scope,
        on_error=lambda error: (errors if errors is not None else said[:0]).append(str(error)),
    )
    assert (len(plan.added), len(plan.replaced)) == (report.added, report.replaced)
    assert (len(plan.unchanged), len(plan.removed)) == (report.unchanged, report.removed)
    assert said == (errors or [])
    return report


@pytest.fixture
def two(make: Make, write: Write) -> tuple[Database, Path]:
    """A database of two files whose headers say k1 and k2."""
    database = make()
    folder = write("n/a.md", said("k1", "river one")).parent
    write("n/b.md", said("k2", "copper two"))
    database.add(read_documents(str(folder)))
    return database, folder


def said(identity: str, text: str) -> str:
    return f"---\nid: {identity}\n---\n{text}"


@pytest.mark.parametrize("edited", [False, True])
def test_a_renamed_file_keeps_its_id_and_so_does_the_one_that_takes_its_name(
    two: tuple[Database, Path], edited: bool
) -> None:
    database, folder = two
    (folder / "a.md").rename(folder / "c.md")
    (folder / "b.md").rename(folder / "a.md")
    text = "river edited" if edited else "river one"
    (folder / "c.md").write_text(said("k1", text))
    report = synced(database, folder)
    assert (report.added, report.replaced, report.removed) == (0, int(edited), 0)
    assert texts(database) == {"k1": (text, "c.md"), "k2": ("copper two", "a.md")}
    assert synced(database, folder).unchanged == 2


def test_a_new_file_without_a_header_takes_the_name_but_not_the_id(two: tuple[Database, Path]) -> None:
    database, folder = two
    (folder / "a.md").rename(folder / "c.md")
    (folder / "c.md").write_text(said("k1", "river edited"))
    (folder / "a.md").write_text("castle new")
    assert synced(database, folder).added == 1
    wanted = {"k1": ("river edited", "c.md"), "k2": ("copper two", "b.md"), "n/a.md": ("castle new", "a.md")}
    assert texts(database) == wanted
    assert synced(database, folder).unchanged == 3


def test_files_that_swap_their_names_swap_nothing_else(two: tuple[Database, Path]) -> None:
    database, folder = two
    (folder / "a.md").write_text(said("k2", "copper two"))
    (folder / "b.md").write_text(said("k1", "river one"))
    assert synced(database, folder).unchanged == 2
    assert texts(database) == {"k1": ("river one", "b.md"), "k2": ("copper two", "a.md")}


def test_a_file_that_is_read_alone_takes_the_id_of_one_that_is_gone(two: tuple[Database, Path]) -> None:
    database, folder = two
    (folder / "a.md").rename(folder / "c.md")
    (folder / "b.md").rename(folder / "a.md")
    assert database.add(read_documents(str(folder / "a.md"))).unchanged == 1
    assert texts(database)["k2"] == ("copper two", "a.md")
    (folder / "c.md").write_text(said("k1", "river edited"))
    assert synced(database, folder).replaced == 1
    assert texts(database) == {"k1": ("river edited", "c.md"), "k2": ("copper two", "a.md")}


def test_a_header_that_repeats_the_id_of_another_file_changes_nothing(two: tuple[Database, Path]) -> None:
    database, folder = two
    (folder / "a.md").write_text(said("k2", "castle new"))
    assert synced(database, folder).replaced == 1
    assert texts(database) == {"k1": ("castle new", "a.md"), "k2": ("copper two", "b.md")}
    assert database.add(read_documents(str(folder / "a.md"))).unchanged == 1


def test_what_cannot_be_both_is_refused_and_nothing_of_it_is_lost(two: tuple[Database, Path]) -> None:
    """c.md says a.md's id, and a.md says b.md's, which b.md says, too."""
    database, folder = two
    (folder / "a.md").rename(folder / "c.md")
    (folder / "a.md").write_text(said("k2", "castle new"))
    errors: list[str] = []
    synced(database, folder, errors)
    place = folder.resolve()
    assert errors == [
        f"k2: the id is taken by {place}/b.md; give {place}/a.md, whose header says it, another id, or leave "
        "one of them out"
    ]
    assert texts(database) == {"k1": ("river one", "c.md"), "k2": ("copper two", "b.md")}


def test_a_piped_text_takes_no_id_that_a_piped_row_says(make: Make) -> None:
    database = make()
    for piped in (b'{"id": "s1", "text": "river stone"}', b"copper orchard", b"castle feather"):
        assert database.add(read_documents("-", stdin=io.BytesIO(piped))).added == 1
    assert len(ids(database)) == 3


def test_a_file_does_not_take_the_id_of_a_row(make: Make, write: Write) -> None:
    database = make()
    database.add(read_documents(str(write("rows.jsonl", '{"id": "n/a.md", "text": "river stone"}'))))
    with pytest.raises(SourceError, match=r"rows.jsonl.*--prefix"):
        database.add(read_documents(str(write("n/a.md", "copper").parent)))


# Databases that were made before origins were kept


@pytest.fixture
def old(make: Make, write: Write) -> Database:
    """Of a folder, as an earlier openbook has made it."""
    database = make()
    write("notes/rows.jsonl", '{"id": "row", "text": "castle feather"}')
    write("notes/said.md", "---\nsource: https://example.org/said\n---\nsilver meadow")
    database.add(read_documents(str(write("notes/a.md", "river stone").parent)))
    with database.catalog.connect() as connection:
        connection.execute("UPDATE documents SET origin = NULL")
        catalog_sql.seal(connection, "TRUE", [()])
    with closing(sqlite3.connect(database.catalog.path)) as connection:
        connection.execute("DROP INDEX origins")
        connection.execute("ALTER TABLE documents DROP COLUMN origin")
    forget_catalog(Catalog(database.path))
    write_manifest(Catalog(database.path))
    return Database.open(database.path)


def test_an_old_database_is_read_and_its_sources_serve_as_origins(old: Database, tmp_path: Path) -> None:
    assert old.catalog.lacks_columns and old.verify().ok
    folder = tmp_path.resolve() / "notes"
    assert dict(live_origins(old.catalog)) == {
        "notes/a.md": f"{folder}/a.md",
        "row": f"{folder}/rows.jsonl",
        "notes/said.md": "",
    }
    assert ids_by_origin(old.catalog, [f"{folder}/a.md"]) == {f"{folder}/a.md": ["notes/a.md"]}


def test_an_old_database_goes_on(old: Database, write: Write, tmp_path: Path) -> None:
    report = old.add(read_documents(str(tmp_path / "notes")))
    assert (report.unchanged, report.described, report.moved) == (3, 1, 0), "one origin was not known"
    assert old.add(read_documents(str(tmp_path / "notes"))).described == 0
    report = old.add(read_documents(str(write("notes/a.md", "copper orchard"))))
    assert (report.replaced, ids(old)) == (1, ["notes/a.md", "notes/said.md", "row"])
    assert not old.catalog.lacks_columns and old.verify().ok


def test_origins_are_looked_up_by_an_index(old: Database) -> None:
    old.add([Document(id="x", text="thunder")])
    query = "SELECT id FROM documents WHERE removed IS NULL AND coalesce(origin, source) IN (?)"
    with old.catalog.connect() as connection:
        assert "origins" in str(connection.execute(f"EXPLAIN QUERY PLAN {query}", ("x",)).fetchall())
