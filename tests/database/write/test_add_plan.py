"""A plan says what an `add` then does, and a sync removes what is gone from where it came from."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.database import Database
from openbook.database.write.add_plan import AddPlan, Planner
from openbook.database.write.sync_scope import SyncScope
from openbook.text import Document, Tokenizer, read_documents
from openbook.text.omissions import Omissions
from openbook.text.sources import places_of

Make = Callable[..., Database]
WORDS = ("river", "stone", "copper", "orchard")


def scope_of(*sources: object, **patterns: object) -> SyncScope:
    return SyncScope(places=places_of(map(str, sources), **patterns))  # type: ignore[arg-type]


def plan_of(database: Database, *sources: object, **options: object) -> AddPlan:
    planner = Planner(database.catalog)
    for _ in planner.passing(read_documents(map(str, sources), **options)):  # type: ignore[arg-type]
        pass
    return planner.plan(scope_of(*sources, **options))


def sync(database: Database, *sources: object, **options: object) -> list[str]:
    """Which ids a sync removes."""
    before = set(database.catalog.live_ids())
    plan = plan_of(database, *sources, **options)
    documents = read_documents(map(str, sources), **options)  # type: ignore[arg-type]
    report = database.add(documents, sync=scope_of(*sources, **options))
    assert (report.added, report.replaced) == (len(plan.added), len(plan.replaced))
    assert (report.unchanged, report.removed, report.moved) == (
        len(plan.unchanged),
        len(plan.removed),
        plan.moved,
    )
    removed = before - set(database.catalog.live_ids())
    assert removed == set(plan.removed)
    return sorted(removed)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Of some kinds."""
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.md", "b.md", "c.txt", "sub/d.md")):
        (folder / name).write_text(f"{WORDS[number]} garden")
    rows = [{"id": f"row{number}", "text": f"harbour {word}"} for number, word in enumerate(WORDS)]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture
def database(make: Make, notes: Path, tmp_path: Path) -> Database:
    """Of the notes, of something beside them, and of something that came from no file."""
    database = make()
    (tmp_path / "news.md").write_text("thunder")
    database.add(read_documents([str(notes), str(tmp_path / "news.md")]))
    database.add([Document(id="said", text="violin", source=f"{notes}/said.md")])
    return database


def test_what_is_gone_is_removed_and_nothing_else(database: Database, notes: Path, tmp_path: Path) -> None:
    (notes / "a.md").unlink()
    (tmp_path / "news.md").unlink()
    (notes / "rows.jsonl").write_text(json.dumps({"id": "row1", "text": "harbour stone"}))
    assert sync(database, notes) == ["notes/a.md", "row0", "row2", "row3"]
    assert sync(database, notes) == []


def test_one_file_or_a_part_may_be_named(database: Database, notes: Path) -> None:
    (notes / "a.md").unlink()
    (notes / "sub" / "d.md").rename(notes / "sub" / "e.md")
    (notes / "rows.jsonl").write_text(json.dumps({"id": "row1", "text": "harbour stone"}))
    assert sync(database, notes / "rows.jsonl") == ["row0", "row2", "row3"]
    assert sync(database, notes / "sub") == ["notes/sub/d.md"]


def test_what_a_pattern_leaves_out_is_not_gone(database: Database, notes: Path) -> None:
    for name in ("a.md", "c.txt", "sub/d.md"):
        (notes / name).unlink()
    assert sync(database, notes, glob="*.md", exclude=["sub"]) == ["notes/a.md"]
    assert sync(database, notes, exclude=["sub"]) == ["notes/c.txt"]


def test_a_file_that_is_there_and_is_not_read_is_not_gone(database: Database, notes: Path) -> None:
    (notes / "LICENSE").write_text("marble")
    (notes / "x.json").write_text('{"id": "x", "text": "meadow"}')
    database.add(read_documents([str(notes / "x.json"), str(notes / "LICENSE")], any_text=True))
    assert sync(database, notes) == []
    (notes / "x.json").unlink()
    assert sync(database, notes) == ["x"]


def test_rows_of_a_table_that_is_empty_now_are_gone(database: Database, notes: Path) -> None:
    (notes / "t.csv").write_text("id,text\nt1,marble meadow\n")
    database.add(read_documents(str(notes)))
    (notes / "t.csv").write_text("id,text\n")
    scope = scope_of(notes)
    scope.empty = {f"{notes.resolve()}/t.csv"}
    assert database.add(read_documents(str(notes)), sync=scope).removed == 1


def test_where_a_folder_was_counts_as_the_folder(database: Database, notes: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.move(notes, tmp_path / "elsewhere"))
    (moved / "a.md").unlink()
    assert sync(database, moved) == ["notes/a.md"]


def test_where_a_table_was_counts_as_the_table(database: Database, notes: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (notes / "rows.jsonl").rename(tmp_path / "elsewhere" / "rows.jsonl")
    (tmp_path / "elsewhere" / "rows.jsonl").write_text(json.dumps({"id": "row1", "text": "harbour stone"}))
    assert sync(database, tmp_path / "elsewhere") == ["row0", "row2", "row3"]


def test_rows_of_another_table_have_not_moved(database: Database, notes: Path) -> None:
    """They say the same ids, and the table that said them before is gone: its other rows are not touched."""
    (notes / "rows.jsonl").unlink()
    (notes / "other.jsonl").write_text(json.dumps({"id": "row1", "text": "harbour stone"}))
    assert sync(database, notes / "other.jsonl") == []


def test_what_came_from_what_could_not_be_read_stays(database: Database, notes: Path) -> None:
    for name in ("a.md", "b.md", "sub/d.md"):
        (notes / name).unlink()
    (notes / "sub").rmdir()
    (notes / "rows.jsonl").write_text(json.dumps({"id": "row1", "text": "harbour stone"}))
    scope = scope_of(notes)
    scope.unread = {f"{notes.resolve()}/{name}" for name in ("b.md", "sub", "rows.jsonl")}
    assert database.add(read_documents(str(notes)), sync=scope).removed == 1
    assert scope.kept == ["notes/b.md", "row0", "row2", "row3", "notes/sub/d.md"]
    assert "notes/a.md" not in database.catalog.live_ids()


def test_what_an_earlier_reading_found_stays(database: Database, notes: Path) -> None:
    for name in ("a.md", "b.md"):
        (notes / name).unlink()
    scope = scope_of(notes)
    scope.found = {"notes/b.md"}
    assert database.add(read_documents(str(notes)), sync=scope).removed == 1
    assert "notes/b.md" in database.catalog.live_ids()


def test_what_cannot_be_read_where_a_folder_has_moved_stays(
    database: Database, notes: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.move(notes, tmp_path / "elsewhere"))
    (moved / "a.md").write_bytes(b"\xff")
    (moved / "b.md").unlink()
    omissions = Omissions()
    scope = scope_of(moved)
    scope.unread = omissions.unread
    documents = read_documents(str(moved), on_error=lambda error: None, omissions=omissions)
    assert database.add(documents, sync=scope).removed == 1
    assert scope.kept == ["notes/a.md"]


def test_rows_that_cannot_be_read_where_a_table_has_moved_stay(
    database: Database, notes: Path, tmp_path: Path
) -> None:
    table = (notes / "rows.jsonl").rename(tmp_path / "rows.jsonl")
    table.write_text(json.dumps({"id": "row1", "text": "harbour stone"}) + "\n{")
    omissions = Omissions()
    scope = scope_of(table)
    scope.unread = omissions.unread
    documents = read_documents(str(table), on_error=lambda error: None, omissions=omissions)
    assert database.add(documents, sync=scope).removed == 0
    assert scope.kept == ["row0", "row2", "row3"]


def test_more_than_was_agreed_on_is_not_removed(database: Database, notes: Path) -> None:
    for name in ("a.md", "b.md"):
        (notes / name).unlink()
    scope = scope_of(notes)
    scope.most = 1
    assert database.add(read_documents(str(notes)), sync=scope).removed == 0
    assert scope.withheld == 2


@pytest.mark.parametrize(("removed", "much"), [(0, False), (3, False), (4, True)])
def test_more_than_a_third_is_much(removed: int, much: bool) -> None:
    assert AddPlan(removed=["x"] * removed, stored=9).removes_much is much


def test_what_is_there_under_another_name_is_not_gone(database: Database, notes: Path) -> None:
    shutil.move(notes / "sub", notes / "archive")
    (notes / "a.md").unlink()
    plan = plan_of(database, notes)
    assert (sorted(plan.removed), plan.renamed) == (["notes/a.md", "notes/sub/d.md"], 1)
    assert not AddPlan(removed=["x"] * 9, renamed=6, stored=9).removes_much
    assert AddPlan(removed=["x"] * 9, renamed=5, stored=9).removes_much


contents = st.dictionaries(st.sampled_from(["a.md", "b.txt", "s/c.md", "s/d.md"]), st.sampled_from(WORDS))


@settings(max_examples=15, deadline=None)
@given(first=contents, second=contents)
def test_after_a_sync_what_came_from_a_folder_equals_it(
    tokenizer: Tokenizer,
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[str, str],
    second: dict[str, str],
) -> None:
    place = tmp_path_factory.mktemp("follow")
    folder = place / "n"
    database = Database.create(place / "db", tokenizer=tokenizer, embedder=None, chunk_size=8)
    database.add([Document(id="said", text="violin")])
    for files in (first, second):
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in ({"z.md": "always"} | files).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{name} {text}")
        sync(database, folder)
        assert set(database.catalog.live_ids()) == {"said", "n/z.md", *(f"n/{name}" for name in files)}
