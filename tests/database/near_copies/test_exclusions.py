"""Near-copies of held-out documents, and duplicates, are kept out of retrieval and training, or come back."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breaking import Kill, contents_of, documents_of, kill_at, kills, marker, text_of
from openbook.database import Database, SequenceDataset, build_neighbors, repair, retokenize
from openbook.database.storage.catalog import Catalog
from openbook.errors import DatabaseError
from openbook.evaluate.baselines import datastore
from openbook.text import Document, Tokenizer, train_tokenizer

Create = Callable[..., Database]


@pytest.fixture
def create(tmp_path: Path, tokenizer: Tokenizer) -> Create:
    """A database of a name, with these settings."""

    def make(name: str = "db", **options: object) -> Database:
        return Database.create(tmp_path / name, tokenizer=tokenizer, embedder=None, chunk_size=8, **options)  # type: ignore[arg-type]

    return make


def doc(name: str, text_like: str | None = None, *, extra: str = "") -> Document:
    """A document with its own text, or that of another."""
    text = text_of(text_like or name, shortest=60, longest=60)
    return Document(id=name, text=text + extra, title=f"title of {name}")


def found(database: Database, like: str) -> list[str]:
    """The documents in which the first word of a text is found."""
    return sorted({hit.document_id for hit in database.search([marker(like)], k=50)[0]})


def excluded(database: Database) -> list[tuple[str, str, str]]:
    return [(copy.document_id, copy.reason, copy.original_id) for copy in database.excluded()]


def others() -> Iterator[Document]:
    return documents_of(dict.fromkeys([f"o{number}" for number in range(5)], 1))


def test_a_copy_of_a_held_out_document_is_neither_found_nor_trained_on(create: Create) -> None:
    database = create(holdout=["h"])
    report = database.add([doc("h"), doc("copy", "h"), doc("near", "h", extra=" river."), *others()])
    assert report.excluded == 2
    assert excluded(database) == [("copy", "similar", "h"), ("near", "similar", "h")]
    assert found(database, "h") == []
    info = database.info()
    assert (info.documents, info.holdout_documents, info.excluded_documents) == (8, 1, 2)
    names = {copy.document_id for copy in database.excluded()}
    layout = database.layout
    ids = [d.id for d in database.catalog.describe(layout.number.tolist())]
    trained = np.unique(layout.document_of[layout.chunks_of_split(holdout=False)])
    assert not names & {ids[place] for place in trained}
    table = np.asarray(build_neighbors(database, k=3).ids)
    neighbors = np.unique(layout.document_of[table[table >= 0]])
    assert not (names | {"h"}) & {ids[place] for place in neighbors}
    sequences = SequenceDataset(database, "train", 16)
    chunks = sequences.chunk_ids[sequences.chunk_ids >= 0]
    assert not names & {ids[place] for place in layout.document_of[chunks]}


def test_a_copied_paragraph_in_a_long_text_is_enough(create: Create) -> None:
    database = create(holdout=["h"])
    around = [text_of(name, shortest=90, longest=90) for name in ("x", "y")]
    long = Document(id="long", text=f"{around[0]} {doc('h').text} {around[1]}")
    database.add([long, doc("h"), *others()])
    assert len(database.tokenizer.encode([doc("h").text])[0]) >= 40
    assert excluded(database) == [("long", "common run", "h")]


def test_copies_that_were_there_before_the_held_out_document_are_found(create: Create) -> None:
    database = create(holdout=["h"])
    assert database.add([doc("copy", "h"), *others()]).excluded == 0
    assert found(database, "h") == ["copy"]
    assert database.add([doc("h")]).excluded == 1
    assert found(database, "h") == []


def test_without_a_held_out_document_and_without_decontamination_nothing_is_excluded(create: Create) -> None:
    texts = [doc("a"), doc("copy", "a"), *others()]
    assert create("none").add(texts).excluded == 0
    off = create("off", holdout=["a"], decontaminate=False)
    assert off.add(texts).excluded == 0
    assert found(off, "a") == ["copy"]


@pytest.mark.parametrize("how", ["remove", "replace", "sync"])
def test_when_the_held_out_document_goes_its_copies_come_back(create: Create, how: str) -> None:
    database = create(holdout=["h"])
    database.add([doc("h"), doc("copy", "h"), *others()])
    if how == "remove":
        database.remove(["h"])
    elif how == "replace":
        database.add([doc("h", "another")])
    else:
        database.add([doc("copy", "h"), *others()], sync=True)
    assert found(database, "h") == ["copy"]
    assert excluded(database) == []
    assert database.info().excluded_documents == 0
    assert database.verify().ok


def test_a_copy_of_two_held_out_documents_stays_out_until_both_are_gone(create: Create) -> None:
    database = create(holdout=["h1", "h2"])
    database.add([doc("h1", "h"), doc("h2", "h"), doc("copy", "h"), *others()])
    for gone, original in (("h1", "h2"), ("h2", None)):
        database.remove([gone])
        assert excluded(database) == ([("copy", "similar", original)] if original else [])
    assert found(database, "h") == ["copy"]


def test_of_duplicates_the_first_is_found_and_its_successor_takes_its_place(create: Create) -> None:
    database = create(deduplicate=True)
    database.add([doc("a"), doc("b", "a"), doc("c", "a"), *others()])
    assert excluded(database) == [("b", "duplicate", "a"), ("c", "duplicate", "a")]
    for names in (["a"], ["b"], ["c"]):
        assert found(database, "a") == names
        database.remove(names)
    assert found(database, "a") == []


def test_a_duplicate_of_what_a_new_held_out_document_excludes_stays_out(create: Create) -> None:
    database = create(holdout=["h"], deduplicate=True)
    database.add([doc("a", "h"), doc("b", "h"), *others()])
    assert found(database, "h") == ["a"]
    database.add([doc("h")])
    assert found(database, "h") == []
    assert excluded(database) == [("a", "similar", "h"), ("b", "duplicate", "a")]
    database.remove(["a"])
    assert excluded(database) == [("b", "similar", "h")]
    database.remove(["h"])
    assert found(database, "h") == ["b"]


def test_an_excluded_document_is_known_and_can_be_replaced_and_removed(create: Create) -> None:
    database = create(holdout=["h"])
    database.add([doc("h"), doc("copy", "h"), *others()])
    report = database.add([doc("copy", "h")])
    assert (report.unchanged, report.excluded) == (1, 0)
    database.add([doc("copy", "other")])
    assert found(database, "other") == ["copy"]
    assert excluded(database) == []
    database.add([doc("copy", "h")])
    assert [name for name, *_ in excluded(database)] == ["copy"]
    database.remove(["copy"])
    assert database.info().excluded_documents == 0
    assert database.verify().ok


def test_a_held_out_document_is_never_excluded_itself(create: Create) -> None:
    database = create(holdout=["h1", "h2"], deduplicate=True)
    database.add([doc("h1", "h"), doc("h2", "h"), doc("a"), doc("b", "a")])
    assert excluded(database) == [("b", "duplicate", "a")]
    assert database.info().holdout_documents == 2


def test_what_is_excluded_survives_opening_and_compacting(create: Create) -> None:
    database = create(holdout=["h"], deduplicate=True)
    database.add([*others(), doc("h"), doc("copy", "h"), doc("a"), doc("b", "a")])
    before = excluded(database)
    database.remove(["o1"])
    database.compact()
    again = Database.open(database.path)
    assert excluded(again) == before
    assert found(again, "h") == []
    assert found(again, "a") == ["a"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_when_copies_are_looked_for_leaves_them_to_the_next_call(
    create: Create, tmp_path: Path, after: bool
) -> None:
    database = create(holdout=["h"], deduplicate=True)
    texts = [doc("h"), doc("copy", "h"), doc("a"), doc("b", "a"), *others()]
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, Catalog, "exclude", 1, after=after, leave=tmp_path / "dead", folder=database.path)
        with pytest.raises(Kill):
            database.add(texts)
    for folder in (tmp_path / "dead", database.path):
        again = Database.open(folder)
        assert again.verify().ok
        report = again.add(texts)
        assert (report.unchanged, report.excluded) == (len(texts), 0 if after else 2)
        assert excluded(again) == [("copy", "similar", "h"), ("b", "duplicate", "a")]
        assert found(again, "h") == []


def test_kills_while_a_removal_brings_copies_back_end_the_same(create: Create, tmp_path: Path) -> None:
    database = create(holdout=["h1", "h2"], deduplicate=True)
    database.add([doc("h1", "h"), doc("h2", "h"), doc("copy", "h"), doc("a"), doc("b", "a"), *others()])

    def work(database: Database) -> None:
        if left := database.catalog.live(["h1", "a"]):
            database.remove(left)
        else:
            database.catch_up()

    expected = Database.open(shutil.copytree(database.path, tmp_path / "expected"))
    work(expected)
    assert excluded(expected) == [("copy", "similar", "h2")]
    for name in ("commit", "exclude"):
        for again in kills(work, database.path, tmp_path / name, Catalog, name):
            work(again)
            assert excluded(again) == excluded(expected)
            assert contents_of(again) == contents_of(expected)
            assert again.verify().ok


POOL = ["p", "q", "r"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 6), st.sampled_from(POOL)),
        st.tuples(st.just("remove"), st.integers(0, 6), st.just("")),
        st.tuples(st.just("compact"), st.just(0), st.just("")),
    ),
    max_size=10,
)


def one_of_each(live: dict[str, str], held_out: Iterable[str], deduplicate: bool) -> dict[str, int]:
    """How many documents of each text are to be found."""
    forbidden = {live[name] for name in held_out if name in live}
    counts = {text: sum(live[name] == text for name in live if name not in held_out) for text in POOL}
    return {
        text: 0 if text in forbidden else min(count, 1) if deduplicate else count
        for text, count in counts.items()
    }


@pytest.mark.parametrize("deduplicate", [False, True])
@given(steps=STEPS)
@settings(max_examples=12, deadline=None)
def test_whatever_comes_and_goes_each_text_is_found_as_often_as_it_may_be(
    tmp_path_factory: pytest.TempPathFactory,
    tokenizer: Tokenizer,
    deduplicate: bool,
    steps: list[tuple[str, int, str]],
) -> None:
    """Documents 0 and 1 are held out."""
    held_out = {"n0", "n1"}
    database = Database.create(
        tmp_path_factory.mktemp("model") / "db",
        tokenizer=tokenizer,
        embedder=None,
        chunk_size=8,
        holdout=sorted(held_out),
        deduplicate=deduplicate,
    )
    live: dict[str, str] = {}
    for action, number, text in steps:
        name = f"n{number}"
        if action == "add":
            database.add([doc(name, text)])
            live[name] = text
        elif action == "remove" and name in live:
            database.remove([name])
            del live[name]
        elif action == "compact":
            database.compact()
        counts = {text: len(found(database, text)) for text in POOL}
        assert counts == one_of_each(live, held_out, deduplicate)
        assert database.info().excluded_documents == len(live) - sum(counts.values()) - len(
            held_out & live.keys()
        )
    assert database.verify().ok


def page(name: str, *, before: str = "", after: str = "") -> Document:
    """A document with its own text, and others before and after it."""
    own = text_of(name, shortest=200, longest=200)
    return Document(id=name, text=f"{before} {own} {after}", title=name)


def text_excluded(database: Database) -> str:
    chunks = np.flatnonzero(database.layout.kept_out & database.layout.live[database.layout.document_of])
    return "".join(database.opened.chunk_texts(chunks))


def test_a_footer_of_many_pages_excludes_nobody(create: Create) -> None:
    database = create(holdout=["p0"])
    footer = text_of("footer", shortest=60, longest=60)
    report = database.add([page(f"p{number}", after=footer) for number in range(20)])
    assert (report.excluded, report.excluded_in_part, report.excluded_share) == (0, 0, 0.0)
    assert excluded(database) == []
    assert found(database, "p7") == ["p7"]


def in_part(create: Create) -> Database:
    """A database in whose second document a paragraph of the held-out one stands."""
    database = create(holdout=["h"])
    copied = text_of("h", shortest=60, longest=60)
    mixed = page("mixed", before=text_of("x", shortest=90, longest=90), after=copied)
    report = database.add([*others(), doc("h"), mixed, *documents_of({"last": 1})])
    assert (report.excluded, report.excluded_in_part) == (0, 1)
    return database


def test_what_was_boilerplate_in_a_small_book_stays_in_the_grown_one(create: Create) -> None:
    """As docs/footguns.md says: five of 500 documents are not more than 1 %, but they were five of five."""
    quote = text_of("quote", shortest=60, longest=60)
    quoting = [
        Document(id=name, text=f"{text_of(name, shortest=60, longest=60)} {quote}")
        for name in ("h", *(f"q{number}" for number in range(4)))
    ]
    rest = list(documents_of(dict.fromkeys([f"o{number}" for number in range(495)], 1)))
    once, grown = create("once", holdout=["h"]), create("grown", holdout=["h"])
    once.add([*quoting, *rest])
    grown.add(quoting)
    grown.add(rest)
    grown.remove(["o0"])
    grown.compact()
    assert {copy.document_id for copy in once.excluded()} == {"q0", "q1", "q2", "q3"}
    assert grown.excluded() == []


def test_a_copied_paragraph_excludes_its_chunks_and_leaves_the_others(create: Create) -> None:
    database = in_part(create)
    layout = database.layout
    (copy,) = database.excluded()
    assert (copy.document_id, copy.reason, copy.original_id) == ("mixed", "common run", "h")
    place = [d.id for d in database.catalog.describe(layout.number.tolist())].index("mixed")
    chunks = layout.chunks_of(place)
    assert copy.chunks is not None
    kept_out = [chunk for first, last in copy.chunks for chunk in range(first, last + 1)]
    assert np.flatnonzero(layout.kept_out).tolist() == [chunks.start + chunk for chunk in kept_out]
    assert 0 < len(kept_out) < len(chunks)
    assert marker("h") in text_excluded(database) and marker("mixed") not in text_excluded(database)
    assert found(database, "h") == [] and found(database, "x") == ["mixed"]
    sequences = SequenceDataset(database, "train", 16)
    assert not set(np.flatnonzero(layout.kept_out)) & set(sequences.chunk_ids.reshape(-1).tolist())
    before = chunks.start + kept_out[0] - 1
    assert not layout.has_continuation[before], "a neighbor would show the copy as its continuation"
    table = np.asarray(build_neighbors(database, k=3).ids)
    assert not layout.kept_out[table[table >= 0]].any()
    assert (table[layout.kept_out] == -1).all()
    info = database.info()
    assert (info.excluded_documents, info.partly_excluded_chunks) == (0, len(kept_out))
    assert database.verify().ok


def test_chunks_come_back_when_the_held_out_document_goes(create: Create) -> None:
    database = in_part(create)
    database.remove(["h"])
    assert excluded(database) == [] and not database.layout.kept_out.any()
    assert found(database, "h") == ["mixed"]
    assert database.verify().ok


def test_excluded_chunks_add_up_and_survive_compacting_and_repair(create: Create) -> None:
    database = in_part(create)
    first = database.excluded()
    database.add([page("again", before=text_of("x", shortest=90, longest=90))])
    assert database.excluded() == first
    text = text_excluded(database)
    database.remove(["o1"])
    database.compact()
    again = Database.open(database.path)
    assert again.excluded() == first and text_excluded(again) == text
    shutil.rmtree(again.opened.files.lexical)
    repair(again.path)
    again = Database.open(again.path)
    assert again.excluded() == first and text_excluded(again) == text
    assert found(again, "h") == [] and again.verify().ok


def test_another_models_tokens_have_the_same_text_excluded(create: Create, tmp_path: Path) -> None:
    database = in_part(create)
    tokenizer = train_tokenizer([text_of("mixed", shortest=99, longest=99)], vocab_size=300)
    retokenize(database, tmp_path / "other", tokenizer)
    other = Database.open(tmp_path / "other")
    assert [copy.document_id for copy in other.excluded()] == ["mixed"]
    old, new = text_excluded(database), text_excluded(other)
    assert marker("h") in new and abs(len(old) - len(new)) <= 24
    assert found(other, "h") == [] and other.verify().ok


def test_a_catalog_without_the_column_opens_and_gets_it(create: Create) -> None:
    database = create(holdout=["h"])
    database.add([doc("h"), doc("copy", "h"), *others()])
    with closing(sqlite3.connect(database.path / "catalog.sqlite")) as connection, connection:
        connection.execute("ALTER TABLE documents DROP COLUMN excluded_chunks")
    old = Database.open(database.path)
    assert excluded(old) == [("copy", "similar", "h")] and not old.catalog.unsound_rows()
    copied = text_of("h", shortest=60, longest=60)
    old.add([page("mixed", after=copied)])
    assert [copy.document_id for copy in old.excluded()] == ["copy", "mixed"]
    assert not old.catalog.unsound_rows()


def test_damaged_chunks_in_the_catalog_are_damage(create: Create) -> None:
    database = in_part(create)
    with closing(sqlite3.connect(database.path / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE documents SET excluded_chunks = '7-x' WHERE id = 'mixed'")
    with pytest.raises(DatabaseError, match="is damaged; restore it"):
        Database.open(database.path)


def test_much_excluded_text_is_named_with_what_it_shares(create: Create) -> None:
    database = create(holdout=["h"])
    copied = text_of("h", shortest=60, longest=60)
    report = database.add([doc("h"), doc("c", "h"), page("a", after=copied), *others()])
    assert report.excluded_share > 0.05
    assert report.shared_run is not None and report.shared_run.documents == 2
    assert report.shared_run.text.strip() in copied


def test_a_datastore_holds_no_excluded_chunk(create: Create) -> None:
    database = in_part(create)
    layout = database.layout
    documents = np.unique(layout.document_of[layout.retrievable])
    ids, _ = datastore.read_documents(database.opened, documents, sequence_length=16)
    text = database.tokenizer.decode(ids.tolist())
    assert marker("h") not in "".join(text) and marker("x") in "".join(text)
