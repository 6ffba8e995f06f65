"""A database follows a changing set of documents, and equals a plain dict of them after every step."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from breaking import Kill, contents_of, documents_of, hits_of, kill_at, marker, text_of
from openbook.database import Database
from openbook.database.storage.catalog import Catalog
from openbook.errors import DatabaseError, SourceError
from openbook.text import Document, TokenizedDocument, Tokenizer

Make = Callable[..., Database]
BEFORE = dict.fromkeys([f"d{number}" for number in range(8)], 1)
AFTER = {"d0": 1, "d1": 2, "d2": 1, "e0": 1}


def ids(database: Database) -> set[str]:
    return set(database.catalog.live_ids())


def test_it_equals_what_was_given(make: Make) -> None:
    database, fresh = make(), make()
    database.add(documents_of(BEFORE))
    report = database.add(documents_of(AFTER), sync=True)
    assert (report.added, report.replaced, report.unchanged, report.removed) == (1, 1, 2, 5)
    assert ids(database) == set(AFTER)
    for name, revision in AFTER.items():
        assert [hit.document_id for hit in database.search([marker(name, revision)])[0]] == [name]
    for name in ("d1", "d5"):
        assert database.search([marker(name)]) == [[]]
    fresh.add(documents_of({"d0": 1, "d2": 1, "d1": 2, "e0": 1}))
    database.compact()
    assert contents_of(database) == contents_of(fresh)
    assert hits_of(database, ["river stone", "garden"]) == hits_of(fresh, ["river stone", "garden"])


def test_the_same_again_writes_nothing(make: Make) -> None:
    database = make()
    database.add(documents_of(AFTER), sync=True)
    version = database.version
    report = database.add(documents_of(AFTER), sync=True)
    assert (report.unchanged, report.removed, report.chunks, report.version) == (4, 0, 0, version)


def test_nothing_to_sync_with_removes_nothing(make: Make) -> None:
    """A folder that could not be mounted is empty too."""
    database = make()
    database.add(documents_of(BEFORE))
    with pytest.raises(SourceError, match="nothing was removed"):
        database.add([], sync=True)
    assert ids(database) == set(BEFORE)


def test_a_source_that_breaks_off_removes_nothing(make: Make) -> None:
    database = make()
    database.add(documents_of(BEFORE))

    def broken() -> Iterator[Document]:
        yield from documents_of({"d0": 1})
        raise SourceError("the network is gone")

    with pytest.raises(SourceError, match="network"):
        database.add(broken(), sync=True)
    assert ids(database) == set(BEFORE)


def test_what_is_refused_is_not_taken_for_gone(make: Make, tokenizer: Tokenizer) -> None:
    database = make()
    database.add(documents_of(BEFORE))
    refused: list[str] = []
    foreign = TokenizedDocument(token_ids=[tokenizer.vocab_size + 5], id="d3")
    twice = [Document(id="d2", text=text_of("d2")), Document(id="d2", text="another text")]
    report = database.add([*twice, foreign], sync=True, on_error=lambda error: refused.append(str(error)))
    assert len(refused) == 2
    assert report.removed == 6
    assert ids(database) == {"d2", "d3"}


def test_held_out_and_excluded_documents_follow_too(tmp_path: Path, tokenizer: Tokenizer) -> None:
    database = Database.create(
        tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=8, holdout=["h"]
    )
    copy = [Document(id=name, text=text_of("h", longest=30)) for name in ("h", "copy")]
    database.add([*copy, *documents_of(BEFORE)])
    report = database.add([copy[1], *documents_of(AFTER)], sync=True)
    assert report.removed == 6
    assert database.info().holdout_documents == database.info().excluded_documents == 0
    assert [hit.document_id for hit in database.search([marker("h")])[0]] == ["copy"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("commit", [1, 2])
def test_after_a_kill_at_either_commit_the_same_call_ends_the_same(
    make: Make, tmp_path: Path, commit: int, after: bool
) -> None:
    database = make()
    database.add(documents_of(BEFORE))
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, Catalog, "commit", commit, after=after, leave=tmp_path / "dead", folder=database.path)
        with pytest.raises(Kill):
            database.add(documents_of(AFTER), sync=True)
    for folder in (tmp_path / "dead", database.path):
        again = Database.open(folder)
        assert again.verify().ok
        again.add(documents_of(AFTER), sync=True)
        assert ids(again) == set(AFTER)
        assert again.search([marker("d1")]) == [[]]


def test_a_document_is_removed_only_where_it_is(make: Make) -> None:
    database = make()
    database.add(documents_of(BEFORE))
    for unknown in (["nobody"], ["d0", "nobody"], [""], ["d0 "]):
        with pytest.raises(DatabaseError, match="nothing was removed"):
            database.remove(unknown)
    assert ids(database) == set(BEFORE)
    database.remove(["d0", "d0"])
    with pytest.raises(DatabaseError, match="'d0'"):
        database.remove(["d0"])


class Follows(RuleBasedStateMachine):
    """A database and the dict that it must equal."""

    tokenizer: Tokenizer
    folder: Path
    names = st.integers(0, 7).map(lambda number: f"d{number}")
    some = st.sets(names, max_size=4)

    def __init__(self) -> None:
        super().__init__()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.database = Database.create(
            self.folder,
            tokenizer=self.tokenizer,
            embedder=None,
            chunk_size=8,
            holdout=["d7"],
            decontaminate=False,
        )
        self.older = Database.open(self.folder)
        self.older_model: dict[str, int] = {}
        self.model: dict[str, int] = {}
        self.ever: set[tuple[str, int]] = set()

    def _changed(self, changes: dict[str, int]) -> None:
        self.model |= changes
        self.ever |= set(changes.items())

    @rule(names=some, fresh=st.booleans())
    def add(self, names: set[str], fresh: bool) -> None:
        changes = {name: self.model.get(name, 0) + fresh or 1 for name in sorted(names)}
        report = self.database.add(documents_of(changes))
        assert report.added == len(changes.keys() - self.model.keys())
        assert report.unchanged == len(changes.items() & self.model.items())
        self._changed(changes)

    @rule(names=some)
    @precondition(lambda self: self.model)
    def remove(self, names: set[str]) -> None:
        wanted = sorted(names & self.model.keys())
        self.database.remove(wanted)
        for name in wanted:
            del self.model[name]

    @rule(names=st.sets(names, min_size=1, max_size=4))
    def sync(self, names: set[str]) -> None:
        wanted = {name: self.model.get(name, 5) for name in sorted(names)}
        report = self.database.add(documents_of(wanted), sync=True)
        assert report.removed == len(self.model.keys() - names)
        self.model = {}
        self._changed(wanted)

    @rule()
    def compact(self) -> None:
        self.database.compact()

    @rule()
    def reopen(self) -> None:
        self.older, self.older_model = self.database, dict(self.model)
        self.database = Database.open(self.folder)

    @invariant()
    def what_is_live_is_found_and_nothing_else(self) -> None:
        info = self.database.info()
        assert info.documents == len(self.model)
        assert info.holdout_documents == ("d7" in self.model)
        known = sorted(self.ever)
        found = self.database.search([marker(*which) for which in known]) if known else []
        for (name, revision), hits in zip(known, found, strict=True):
            there = self.model.get(name) == revision and name != "d7"
            assert [hit.document_id for hit in hits] == ([name] if there else [])

    @invariant()
    def whoever_opened_it_before_still_reads_what_was_there(self) -> None:
        try:
            contents = contents_of(self.older)
        except DatabaseError as error:  # names are kept until the second compaction
            assert "open it again" in str(error)
            self.older.refresh()
            self.older_model = dict(self.model)
            contents = contents_of(self.older)
        live = {name: text for name, text, alive, *_ in contents if alive}  # type: ignore[misc]
        assert live == {name: text_of(name, revision) for name, revision in self.older_model.items()}

    @invariant()
    def it_is_sound(self) -> None:
        report = self.database.verify()
        assert report.ok, report.problems


def test_it_follows_a_dict_through_any_steps(tokenizer: Tokenizer, tmp_path: Path) -> None:
    Follows.tokenizer, Follows.folder = tokenizer, tmp_path / "db"
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Follows, settings=settings(max_examples=12, stateful_step_count=12, deadline=None)
    )
