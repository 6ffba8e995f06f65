"""Adding, replacing, removing; and what a crash in the middle of it leaves: nothing that anybody sees."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openbook.database import AddReport, Database, SearchMode
from openbook.database.search.lexical import LexicalIndex
from openbook.database.storage.arrays import AppendOnlyArray
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.settings import is_held_out
from openbook.errors import DatabaseError, SourceError
from openbook.lock import take_lock
from openbook.text import Document, Tokenizer

SOME_DOCUMENTS = 300
"""Characters: a few documents between commits."""

Make = Callable[..., Database]
Documents = Callable[[Mapping[str, str]], Iterator[Document]]


@pytest.fixture(scope="module")
def texts(corpus: Callable[..., dict[str, str]]) -> dict[str, str]:
    return corpus(12)


def stored_texts(database: Database) -> dict[str, str]:
    """The text of every live document, decoded from all its chunks."""
    layout, stored = database.layout, {}
    for place in np.flatnonzero(layout.live):
        chunks = layout.chunks_of(place)
        tokens = database.tokens[chunks.start : chunks.stop].reshape(1, -1)
        (about,) = database.catalog.describe([int(layout.number[place])])
        (stored[about.id],) = database.tokenizer.decode(tokens.tolist())
    return stored


def all_found(database: Database, texts: Mapping[str, str], mode: SearchMode) -> list[list[tuple[str, str]]]:
    """Of some texts, the document and text of every hit, in alphabetical order."""
    queries = list(texts.values())[::3]
    return [
        sorted((hit.document_id, hit.text) for hit in hits)
        for hits in database.search(queries, k=10_000, mode=mode)
    ]


@given(st.lists(st.text(max_size=60).filter(str.strip), min_size=1, max_size=6))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_from_its_chunks(make: Make, pieces: list[str]) -> None:
    texts = {f"document {number}": piece for number, piece in enumerate(pieces)}
    assert stored_texts(make(texts)) == texts


def test_chunks_never_cross_documents(make: Make, texts: dict[str, str]) -> None:
    """Every document begins a chunk, ends with its end-of-text token, and only its last chunk is filled."""
    database = make(texts)
    tokenizer, M, first = database.tokenizer, database.settings.chunk_size, 0
    for place, text in enumerate(texts.values()):
        ids = [*tokenizer.encode([text])[0], tokenizer.eos_id]
        count = -(-len(ids) // M)
        assert database.layout.chunks_of(place) == range(first, first + count)
        rows = database.tokens[first : first + count].ravel().tolist()
        assert rows == ids + [tokenizer.eos_id] * (count * M - len(ids))
        first += count
    assert database.layout.num_chunks == first


def test_the_report_counts_documents_and_chunks(
    make: Make, texts: dict[str, str], documents: Documents
) -> None:
    database = make()
    report = database.add(documents(texts))
    assert (report.added, report.replaced, report.unchanged) == (len(texts), 0, 0)
    assert report.chunks == database.info().chunks
    assert report.version == database.version


def test_progress_is_told_after_every_batch(make: Make, texts: dict[str, str], documents: Documents) -> None:
    steps: list[tuple[int, int | None]] = []
    make().add(
        documents(texts),
        batch_characters=SOME_DOCUMENTS,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert len(steps) > 3
    assert steps == sorted(set(steps))
    assert steps[-1] == (len(texts), None)


def test_adding_unchanged_text_makes_no_new_version(
    make: Make, texts: dict[str, str], documents: Documents
) -> None:
    database = make(texts)
    before = (database.version, database.path.joinpath("tokens.bin").read_bytes())
    report = database.add(documents(texts))
    assert report == AddReport(
        added=0, replaced=0, unchanged=len(texts), removed=0, excluded=0, chunks=0, version=before[0]
    )
    assert (database.version, database.path.joinpath("tokens.bin").read_bytes()) == before


def test_no_documents_make_no_new_version(make: Make) -> None:
    assert make().add([]) == AddReport(
        added=0, replaced=0, unchanged=0, removed=0, excluded=0, chunks=0, version=0
    )


@pytest.mark.parametrize("mode", ["dense", "bm25"])
def test_changed_text_replaces_the_old(make: Make, documents: Documents, mode: SearchMode) -> None:
    database = make({"a": "river stone copper", "b": "lantern"}, dense=True)
    report = database.add(documents({"a": "violin marble", "b": "lantern"}))
    assert (report.added, report.replaced, report.unchanged) == (0, 1, 1)
    assert stored_texts(database) == {"a": "violin marble", "b": "lantern"}
    texts = {hit.text for hit in database.search(["river stone copper violin marble"], mode=mode)[0]}
    assert "violin marble" in texts
    assert "river stone copper" not in texts
    assert database.info().documents == 2


def test_a_removed_document_can_be_added_again(make: Make, documents: Documents) -> None:
    database = make({"a": "river", "b": "stone"})
    database.remove(["a"])
    assert database.add(documents({"a": "river"})).added == 1
    assert stored_texts(database) == {"a": "river", "b": "stone"}
    assert [hit.document_id for hit in database.search(["river"])[0]] == ["a"]


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_removed_documents_are_found_no_more(make: Make, texts: dict[str, str], mode: SearchMode) -> None:
    database = make(texts, dense=True)
    gone = list(texts)[2:5]
    assert database.remove(gone) == database.version
    found = {hit.document_id for hit in database.search(["river stone"], k=10_000, mode=mode)[0]}
    assert found == texts.keys() - set(gone)


def test_removing_what_is_not_there_removes_nothing(make: Make) -> None:
    database = make({"a": "river", "b": "stone"})
    for ids in (["a", "missing"], ["missing"], [""]):
        with pytest.raises(DatabaseError, match=f"no document '{ids[-1]}'; nothing was removed"):
            database.remove(ids)
    assert database.version == 1
    assert Database.open(database.path).info().documents == 2


def test_removing_twice_names_the_document(make: Make) -> None:
    database = make({"a": "river", "b": "stone"})
    database.remove(["a", "a"])
    with pytest.raises(DatabaseError, match="no document 'a'"):
        database.remove(["a"])


TWICE = [
    Document(id="a", text="river", source="first.txt"),
    Document(id="b", text="stone"),
    Document(id="a", text="river", source="same.txt"),
    Document(id="a", text="another", source="second.txt"),
    Document(id="c", text="copper"),
]


def test_two_texts_with_one_id_are_refused(make: Make) -> None:
    with pytest.raises(SourceError, match=r"second\.txt: .*'a'"):
        make().add(TWICE)


def test_two_texts_with_one_id_are_reported_and_the_first_stays(make: Make) -> None:
    database, errors = make(), []
    report = database.add(TWICE, on_error=errors.append)
    assert [str(error) for error in errors] == ["second.txt: a second, different text with the id 'a'"]
    assert report.added == 3
    assert stored_texts(database) == {"a": "river", "b": "stone", "c": "copper"}


def test_holdout_is_decided_by_the_id_alone(make: Make, texts: dict[str, str], documents: Documents) -> None:
    held = {name for name in texts if is_held_out(name, 0.4)}
    assert 0 < len(held) < len(texts)
    one, other = make(texts, holdout=0.4), make(holdout=0.4)
    other.add(documents({name: f"other text {name}" for name in reversed(texts)}))
    for database in (one, other):
        layout = database.layout
        numbers = [int(layout.number[place]) for place in np.flatnonzero(layout.holdout)]
        assert {about.id for about in database.catalog.describe(numbers)} == held


def test_about_the_right_share_is_held_out_and_a_larger_share_holds_out_more() -> None:
    names = [f"document {number}" for number in range(4000)]
    held = {share: {name for name in names if is_held_out(name, share)} for share in (0.0, 0.05, 0.5, 0.99)}
    for share, found in held.items():
        assert abs(len(found) / len(names) - share) < 0.03
    assert held[0.0] == set()
    assert held[0.05] < held[0.5] < held[0.99]


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_held_out_documents_are_stored_and_never_found(
    make: Make, texts: dict[str, str], mode: SearchMode
) -> None:
    database = make(texts, dense=True, holdout=0.4)
    assert stored_texts(database) == texts
    found = {hit.document_id for hit in database.search(["river stone"], k=10_000, mode=mode)[0]}
    assert found == {name for name in texts if not is_held_out(name, 0.4)}


def test_held_out_documents_do_not_weigh_on_the_scores_of_others(make: Make, texts: dict[str, str]) -> None:
    """They are not in the lexical index at all, which counts in how many chunks a word stands."""
    database = make(texts, holdout=0.4)
    index = LexicalIndex(database.path / "lexical")
    ids, _ = index.search(list(texts.values()), database.layout.num_chunks)
    assert set(ids[ids >= 0].tolist()) <= set(np.flatnonzero(database.layout.retrievable).tolist())


# --- Interruptions ---


class PowerCutError(Exception):
    """What the tests below let happen."""


def after(times: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Call `function`; the last of so many calls does its work, and then the power fails."""
    calls = 0

    def call(*args: Any, **keys: Any) -> Any:
        nonlocal calls
        calls += 1
        result = function(*args, **keys)
        if calls == times:
            raise PowerCutError
        return result

    return call


def before(times: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Call `function`, but let the power fail before the last of so many calls."""
    calls = 0

    def call(*args: Any, **keys: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == times:
            raise PowerCutError
        return function(*args, **keys)

    return call


def cut_source(texts: Mapping[str, str]) -> Iterator[Document]:
    """Documents, until the source breaks off."""
    for number, (name, text) in enumerate(texts.items()):
        if number == 5:
            raise PowerCutError
        yield Document(id=name, text=text, title=f"title of {name}", source=f"source of {name}")


CRASHES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the source breaks off": lambda patch: None,
    "while tokenizing": lambda patch: patch.setattr(Tokenizer, "encode", before(3, Tokenizer.encode)),
    "between tokens.bin and its checksums": lambda patch: patch.setattr(os, "fsync", after(9, os.fsync)),
    "after tokens.bin": lambda patch: patch.setattr(
        AppendOnlyArray, "append", after(5, AppendOnlyArray.append)
    ),
    "between vectors.f16 and its checksums": lambda patch: patch.setattr(os, "fsync", after(11, os.fsync)),
    "after vectors.f16": lambda patch: patch.setattr(
        AppendOnlyArray, "append", after(6, AppendOnlyArray.append)
    ),
    "before the lexical index": lambda patch: patch.setattr(
        LexicalIndex, "commit", before(4, LexicalIndex.commit)
    ),
    "after the lexical index": lambda patch: patch.setattr(
        LexicalIndex, "commit", after(4, LexicalIndex.commit)
    ),
    "before the catalog": lambda patch: patch.setattr(Catalog, "commit", before(3, Catalog.commit)),
    "after the catalog": lambda patch: patch.setattr(Catalog, "commit", after(3, Catalog.commit)),
}


@pytest.fixture(scope="module")
def uninterrupted(make: Make, texts: dict[str, str]) -> Database:
    return make(texts, dense=True)


@pytest.mark.parametrize("crash", CRASHES)
def test_an_interrupted_add_shows_nothing_half_written_and_is_resumed(
    make: Make,
    texts: dict[str, str],
    documents: Documents,
    uninterrupted: Database,
    crash: str,
) -> None:
    database = make(dense=True)
    with pytest.MonkeyPatch.context() as patch:
        CRASHES[crash](patch)
        with pytest.raises(PowerCutError):
            given = cut_source(texts) if "source" in crash else documents(texts)
            database.add(given, batch_characters=SOME_DOCUMENTS)

    reopened = Database.open(database.path)
    stored = stored_texts(reopened)
    assert 0 < len(stored) < len(texts)
    assert stored == dict(list(texts.items())[: len(stored)])
    for mode in ("dense", "bm25"):
        assert {name for found in all_found(reopened, texts, mode) for name, _ in found} == stored.keys()

    report = reopened.add(documents(texts), batch_characters=SOME_DOCUMENTS)
    assert (report.added, report.unchanged) == (len(texts) - len(stored), len(stored))
    assert_same(reopened, uninterrupted, texts)


def assert_same(database: Database, other: Database, texts: Mapping[str, str]) -> None:
    """The same chunks, the same bytes and the same search results."""
    for name in ("tokens.bin", "tokens.sum", "vectors.f16", "vectors.sum"):
        assert (database.path / name).read_bytes() == (other.path / name).read_bytes()
    assert np.array_equal(database.layout.document_of, other.layout.document_of)
    for mode in ("dense", "bm25"):
        assert all_found(database, texts, mode) == all_found(other, texts, mode)
    for one, two in zip(
        database.search(["river"], mode="dense"), other.search(["river"], mode="dense"), strict=True
    ):
        assert one == two


def test_what_lies_beyond_the_mark_is_not_seen_and_is_cut_off(
    make: Make, texts: dict[str, str], documents: Documents, uninterrupted: Database
) -> None:
    database = make(dict(list(texts.items())[:6]), dense=True)
    mark = database.layout.num_chunks
    with (database.path / "tokens.bin").open("ab") as file:
        file.write(b"\x01" * 1001)
    with (database.path / "vectors.f16").open("ab") as file:
        file.write(b"\x3c" * 77)
    with (database.path / "tokens.sum").open("ab") as file:
        file.write(b"\x02" * 13)
    index = LexicalIndex(database.path / "lexical")
    index.add(range(mark, mark + 50), ["river garbage"] * 50)
    index.commit()
    index.close()

    reopened = Database.open(database.path)
    assert stored_texts(reopened) == dict(list(texts.items())[:6])
    assert reopened.search(["garbage"], mode="bm25") == [[]]
    assert reopened.search(["river garbage"], k=60, mode="bm25") != [[]]
    reopened.add(documents(texts))
    assert reopened.search(["garbage"], mode="bm25") == [[]]
    assert_same(reopened, uninterrupted, texts)


@pytest.mark.parametrize("act", ["replace", "remove"])
def test_a_commit_that_fails_removes_nothing(make: Make, documents: Documents, act: str) -> None:
    """The documents are live as before, so the lexical index must still have them."""
    database = make({"a": "river stone", "b": "copper"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Catalog, "commit", before(1, Catalog.commit))
        with pytest.raises(PowerCutError):
            database.remove(["a"]) if act == "remove" else database.add(documents({"a": "changed"}))
    reopened = Database.open(database.path)
    assert [hit.document_id for hit in reopened.search(["river"])[0]] == ["a"]


def test_a_crash_before_the_dead_leave_the_lexical_index_hides_them_all_the_same(
    make: Make, documents: Documents
) -> None:
    database = make({"a": "river stone", "b": "river copper"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LexicalIndex, "delete_chunks", after(1, LexicalIndex.delete_chunks))
        with pytest.raises(PowerCutError):
            database.add(documents({"a": "changed"}))
    reopened = Database.open(database.path)
    assert stored_texts(reopened) == {"a": "changed", "b": "river copper"}
    assert [hit.document_id for hit in reopened.search(["river stone"])[0]] == ["b"]


def test_after_any_failure_the_lock_is_free(make: Make, documents: Documents) -> None:
    database = make()
    with pytest.raises(PowerCutError):
        database.add(cut_source({str(number): "river" for number in range(6)}))
    assert database.add(documents({"a": "river"})).added == 1


ADD_ONE_BY_ONE = """
import json, sys
from openbook.database import Database
from openbook.text import Document
texts = json.loads(sys.stdin.readline())
documents = (Document(id=name, text=text) for name, text in texts.items())
progress = lambda done, total: print(done, flush=True)
Database.open(sys.argv[1]).add(documents, batch_characters=1, progress=progress)
"""


def test_an_add_that_is_killed_twice_ends_as_if_it_had_not_been(
    make: Make, corpus: Callable[..., dict[str, str]], documents: Documents
) -> None:
    """kill -9 of a real process, at whatever it was doing."""
    texts = corpus(60)
    database = make()
    done_before = 0
    for kill_after in (3, 9):
        with subprocess.Popen(
            [sys.executable, "-c", ADD_ONE_BY_ONE, str(database.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(texts) + "\n")
            process.stdin.flush()
            for _ in range(done_before + kill_after):
                assert process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        stored = stored_texts(Database.open(database.path))
        assert done_before + kill_after <= len(stored) < len(texts)
        assert stored == dict(list(texts.items())[: len(stored)])
        done_before = len(stored)

    report = database.add(documents(texts))
    assert report.unchanged == done_before
    whole = make(texts)
    for name in ("tokens.bin", "tokens.sum"):
        assert (database.path / name).read_bytes() == (whole.path / name).read_bytes()
    assert all_found(database, texts, "bm25") == all_found(whole, texts, "bm25")


# --- More than one process ---


def test_a_second_writer_is_refused_at_once(make: Make, texts: dict[str, str]) -> None:
    database = make({"a": "river"})
    refused: list[str] = []

    def meanwhile() -> Iterator[Document]:
        second = Database.open(database.path)
        for act in (lambda: second.add([Document(text="x")]), lambda: second.remove(["a"])):
            with pytest.raises(DatabaseError, match="another process is writing to it") as error:
                act()
            refused.append(str(error.value))
        yield Document(id="b", text="stone")

    database.add(meanwhile())
    assert len(refused) == 2
    assert stored_texts(Database.open(database.path)) == {"a": "river", "b": "stone"}


def test_readers_see_each_batch_when_it_is_committed(make: Make) -> None:
    database = make()
    seen: list[int] = []

    def watched() -> Iterator[Document]:
        for number in range(4):
            seen.append(Database.open(database.path).info().documents)
            yield Document(id=str(number), text="river " * 60)

    database.add(watched(), batch_characters=SOME_DOCUMENTS)
    assert seen == [0, 1, 2, 3]


# --- Damage and surroundings ---


@pytest.mark.parametrize("name", ["tokens.bin", "tokens.sum", "vectors.f16", "vectors.sum"])
@pytest.mark.parametrize("harm", ["cut", "removed"])
def test_a_damaged_array_is_named_and_never_written_over(
    make: Make, documents: Documents, name: str, harm: str
) -> None:
    database = make({"a": "river stone", "b": "copper"}, dense=True)
    file = database.path / name
    if harm == "cut":
        os.truncate(file, file.stat().st_size - 1)
    else:
        file.unlink()
    with pytest.raises(DatabaseError, match=name):
        Database.open(database.path)
    with pytest.raises(DatabaseError, match=name) as error:
        database.add(documents({"c": "velvet"}))
    assert database.catalog.head().version == 1
    take_lock(database.path / "write.lock").release()  # free, though the error is still held
    del error


def test_a_full_disk_is_reported_and_leaves_the_database_as_it_was(
    make: Make, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    database = make({"a": "river"})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DatabaseError, match=r"tokens\.bin.*No space left"):
            database.add(documents({"b": "stone"}))
    database.add(documents({"b": "stone"}))
    assert stored_texts(database) == {"a": "river", "b": "stone"}


def test_a_lock_that_cannot_be_made_is_reported(make: Make, documents: Documents, tmp_path: Path) -> None:
    database = make({"a": "river"})
    (database.path / "write.lock").unlink()
    (database.path / "write.lock").mkdir()
    with pytest.raises(DatabaseError, match="cannot be written to"):
        database.add(documents({"b": "stone"}))
    assert database.search(["river"])[0]
