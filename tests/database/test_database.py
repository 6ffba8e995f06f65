"""The database as its users see it: create, open, search, info, versions, and errors that name the cause."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foreign_tokenizers import foreign
from openbook.database import Database, Hit, build_neighbors
from openbook.database.search.embedder import Embedder
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.lock import take_lock
from openbook.text import Document, Tokenizer, train_tokenizer

Make = Callable[..., Database]
Copy = Callable[[Database], Database]
Documents = Callable[[Mapping[str, str]], Iterator[Document]]
FoundIds = Callable[[Sequence[Hit]], list[str]]


@pytest.fixture(scope="module")
def texts(corpus: Callable[..., dict[str, str]]) -> dict[str, str]:
    return corpus(20)


@pytest.fixture(scope="module")
def whole(make: Make, texts: dict[str, str]) -> Database:
    """With vectors; never changed by a test."""
    return make(texts, dense=True)


# --- Search ---


def test_a_hit_says_all_about_its_chunk(make: Make) -> None:
    text = "river stone copper orchard lantern winter harbour engine violin marble"
    database = make({"a": text})
    assert database.info().chunks == 2
    (hit,) = database.search(["orchard"], k=1)[0]
    assert (hit.document_id, hit.chunk_id, hit.title, hit.source) == ("a", 0, "title of a", "source of a")
    assert hit.score > 0
    assert hit.text.startswith("river stone")
    assert (
        hit.text + hit.continuation
        == "river stone copper orchard lantern winter harbour engine violin marble"
    )


def test_a_continuation_is_the_next_chunk_of_the_same_document(whole: Database) -> None:
    layout = whole.layout
    hits = whole.search(["river"], k=10_000, mode="dense")[0]
    assert len(hits) == layout.num_chunks
    by_chunk = {hit.chunk_id: hit for hit in hits}
    for chunk, hit in by_chunk.items():
        following = by_chunk.get(chunk + 1)
        same = following is not None and following.document_id == hit.document_id
        assert hit.continuation == (following.text if same and following else "")


def test_hits_come_best_first(whole: Database) -> None:
    for mode in ("dense", "bm25", "hybrid"):
        scores = [hit.score for hit in whole.search(["river stone"], k=30, mode=mode)[0]]
        assert len(scores) == 30
        assert scores == sorted(scores, reverse=True)


def test_a_chunks_own_text_finds_it_first(whole: Database) -> None:
    for chunk in range(0, whole.layout.num_chunks, 7):
        (text,) = whole.chunk_texts(np.array([chunk]))
        (hit,) = whole.search([text], k=1, mode="dense")[0]
        assert (hit.text, hit.score) == (text, pytest.approx(1.0, abs=2e-3))


def test_the_default_mode_is_hybrid_with_vectors_and_bm25_without(make: Make, whole: Database) -> None:
    assert whole.search(["river"]) == whole.search(["river"], mode="hybrid")
    lexical = make({"a": "river", "b": "stone"})
    assert lexical.search(["river"]) == lexical.search(["river"], mode="bm25")


@pytest.mark.parametrize("mode", ["dense", "hybrid"])
def test_modes_that_need_vectors_are_refused_without_them(make: Make, mode: str) -> None:
    with pytest.raises(SettingsError, match="lexical only"):
        make({"a": "river"}).search(["river"], mode=mode)


def test_an_unknown_mode_is_refused(whole: Database) -> None:
    with pytest.raises(SettingsError, match=r"'nearest'.* dense, bm25, hybrid"):
        whole.search(["river"], mode="nearest")


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
@pytest.mark.parametrize("k", [6, 10_000, 10**12])
def test_a_k_larger_than_the_database_gives_what_there_is(make: Make, mode: str, k: int) -> None:
    database = make(dict.fromkeys("abcde", "river"), dense=True)
    hits = database.search(["river"], k=k, mode=mode)[0]
    assert sorted(hit.document_id for hit in hits) == list("abcde")


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_an_empty_database_finds_nothing(make: Make, mode: str) -> None:
    assert make(dense=True).search(["river", "stone"], mode=mode) == [[], []]


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_a_database_of_one_chunk_works(make: Make, mode: str, found: FoundIds) -> None:
    database = make({"a": "x"}, dense=True)
    (hits,) = database.search(["x"], mode=mode)
    assert found(hits) == ["a"]
    assert (hits[0].text, hits[0].continuation) == ("x", "")


@pytest.mark.parametrize("query", ["", " ", "?!…", "\n\0"])
def test_a_query_without_words_is_answered(whole: Database, query: str) -> None:
    assert whole.search([query], mode="bm25") == [[]]
    assert len(whole.search([query], mode="dense")[0]) == 5
    assert len(whole.search([query], mode="hybrid")[0]) == 5


def test_a_chunk_without_words_is_stored_and_found_by_its_vector(make: Make) -> None:
    database = make({"a": "?!… --- ...", "b": "river"}, dense=True)
    assert database.search(["?!… --- ..."], k=1)[0][0].document_id == "a"
    assert [hit.document_id for hit in database.search(["river"], mode="bm25")[0]] == ["b"]


def test_no_queries_have_no_hits(whole: Database) -> None:
    assert whole.search([]) == []


def test_queries_do_not_disturb_each_other(whole: Database, texts: dict[str, str]) -> None:
    queries = list(texts.values())
    for mode in ("bm25", "hybrid"):
        together = whole.search(queries, mode=mode)
        assert together == [whole.search([query], mode=mode)[0] for query in queries]


# --- Create and open ---


def test_reopening_gives_the_same_results(whole: Database, texts: dict[str, str]) -> None:
    reopened = Database.open(str(whole.path))
    assert (reopened.settings, reopened.version, reopened.info()) == (
        whole.settings,
        whole.version,
        whole.info(),
    )
    for mode in ("dense", "bm25", "hybrid"):
        assert reopened.search(list(texts.values()), mode=mode) == whole.search(
            list(texts.values()), mode=mode
        )


def test_info_counts_live_documents(make: Make, documents: Documents) -> None:
    database = make({"a": "river stone", "b": "copper", "héld": "Füße"}, chunk_size=4, holdout=0.0)
    database.add(documents({"a": "lantern"}))
    database.remove(["b"])
    info = database.info()
    lengths = [len(ids) + 1 for ids in database.tokenizer.encode(["lantern", "Füße"])]
    assert (info.documents, info.holdout_documents, info.version) == (2, 0, 3)
    assert info.chunks == sum(-(-length // 4) for length in lengths)
    assert (info.tokens, info.bytes) == (sum(lengths), len("lantern") + len("Füße".encode()))
    assert (info.embedder, info.dense_index, info.recall_at_10) == (None, None, None)


def test_info_names_encoder_and_index(whole: Database) -> None:
    info = whole.info()
    assert (info.embedder, info.embedder_source) == ("fake", "path")
    assert (info.dense_index, info.recall_at_10, info.chunk_size) == ("exact", 1.0, 8)


def test_info_counts_held_out_documents(make: Make, texts: dict[str, str]) -> None:
    database = make(texts, holdout=0.5)
    assert database.info().documents == len(texts)
    assert database.info().holdout_documents == int(database.layout.holdout.sum()) > 0


def test_large_vocabularies_are_stored_in_four_bytes(tmp_path: Path, tokenizer: Tokenizer) -> None:
    tokenizer = train_tokenizer(["river"], vocab_size=300)
    tokenizer.vocab_size = 2**16 + 1
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=8)
    database.add([Document(id="a", text="river")])
    assert (database.path / "tokens.bin").stat().st_size == 8 * 4
    assert database.search(["river"])[0][0].text == "river"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"chunk_size": 1}, "chunk size 1"),
        ({"holdout": 1.0}, "holdout"),
        ({"holdout": float("nan")}, "holdout"),
    ],
)
def test_a_setting_out_of_range_makes_no_folder(
    tmp_path: Path, tokenizer: Tokenizer, settings: dict[str, float], problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem):
        Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, **settings)  # type: ignore[arg-type]
    assert not (tmp_path / "db").exists()


def test_creating_over_a_database_is_refused(whole: Database, tokenizer: Tokenizer) -> None:
    with pytest.raises(DatabaseError, match="is a database already"):
        Database.create(whole.path, tokenizer=tokenizer, embedder=None)


def test_creating_in_a_folder_that_holds_something_is_refused(tmp_path: Path, tokenizer: Tokenizer) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for path in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(DatabaseError, match="exists and is not a database"):
            Database.create(path, tokenizer=tokenizer, embedder=None)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_only_looks_like_a_killed_creation_is_refused(
    tmp_path: Path, tokenizer: Tokenizer
) -> None:
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "tokenizer.json").write_text("somebody's own")
    with pytest.raises(DatabaseError, match="exists and is not a database"):
        Database.create(tmp_path, tokenizer=tokenizer, embedder=None)
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer"]
    assert (tmp_path / "tokenizer" / "tokenizer.json").read_text() == "somebody's own"


def test_creating_where_another_process_creates_is_refused(tmp_path: Path, tokenizer: Tokenizer) -> None:
    lock = take_lock(tmp_path / "write.lock")
    try:
        with pytest.raises(DatabaseError, match=r"another process .*try again"):
            Database.create(tmp_path, tokenizer=tokenizer, embedder=None)
        assert [path.name for path in tmp_path.iterdir()] == ["write.lock"]
    finally:
        lock.release()
    assert Database.create(tmp_path, tokenizer=tokenizer, embedder=None).search(["x"]) == [[]]


def test_creating_below_a_file_is_refused(tmp_path: Path, tokenizer: Tokenizer) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match=r"file/db: .*Not a directory"):
        Database.create(tmp_path / "file" / "db", tokenizer=tokenizer, embedder=None)


def test_creating_in_an_empty_folder_and_in_a_deep_new_one(tmp_path: Path, tokenizer: Tokenizer) -> None:
    for path in (tmp_path, tmp_path / "a" / "b"):
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        assert Database.create(path, tokenizer=tokenizer, embedder=None).search(["x"]) == [[]]


def test_a_creation_that_was_killed_can_be_repeated(
    tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            Database.create(tmp_path, tokenizer=tokenizer, embedder=None)
    assert any(tmp_path.iterdir())
    with pytest.raises(DatabaseError, match="no openbook database here"):
        Database.open(tmp_path)
    database = Database.create(tmp_path, tokenizer=tokenizer, embedder=None)
    database.add([Document(id="a", text="river")])
    assert Database.open(tmp_path).search(["river"])[0]


@pytest.mark.parametrize("kind", ["missing", "empty folder", "file"])
def test_what_is_no_database_is_named_with_the_command_that_makes_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "db"
    if kind == "empty folder":
        path.mkdir()
    elif kind == "file":
        path.write_text("text")
    with pytest.raises(DatabaseError, match=r"db: .*: openbook build"):
        Database.open(path)


def test_a_damaged_catalog_is_named(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    file = database.path / "catalog.sqlite"
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(DatabaseError, match=r"catalog\.sqlite"):
        Database.open(database.path)
    file.write_bytes(b"garbage" * 1000)
    with pytest.raises(DatabaseError, match=r"catalog\.sqlite"):
        Database.open(database.path)


def test_another_format_is_refused(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    with database.catalog.connect() as connection:
        connection.execute("UPDATE settings SET value = '99', seal = seal(key, '99') WHERE key = 'format'")
    with pytest.raises(DatabaseError, match=r"99, .* 2 and 3; build it again"):
        Database.open(database.path)


def test_the_first_format_is_refused_by_its_number(whole: Database, copy: Copy) -> None:
    """Its catalog had no checksums."""
    database = copy(whole)
    with database.catalog.connect() as connection:
        connection.execute("ALTER TABLE settings DROP COLUMN seal")
        connection.execute("UPDATE settings SET value = '1' WHERE key = 'format'")
    with pytest.raises(DatabaseError, match=r"1, .* 2 and 3; build it again"):
        Database.open(database.path)


def test_a_setting_that_was_changed_is_refused(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    with sqlite3.connect(database.path / "catalog.sqlite") as connection:
        connection.execute("UPDATE settings SET value = '9' WHERE key = 'chunk_size'")
    connection.close()
    with pytest.raises(DatabaseError, match=r"catalog\.sqlite: the setting 'chunk_size' does not match"):
        Database.open(database.path)


def test_a_missing_tokenizer_is_named_and_looked_for_nowhere_else(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    shutil.rmtree(database.path / "tokenizer")
    with pytest.raises(DatabaseError, match=r"tokenizer/tokenizer\.json is missing"):
        Database.open(database.path)


def test_another_tokenizer_is_refused(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    train_tokenizer(["quite other text"], vocab_size=260).save(database.path / "tokenizer")
    with pytest.raises(MismatchError, match="not the tokenizer that the database was made with"):
        Database.open(database.path)


def test_another_encoder_is_refused_when_it_is_needed(
    whole: Database, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Embedder("fake", "hub", "0" * 16, embedder.size, embedder.model)
    monkeypatch.setattr("openbook.database.search.embedder.load_embedder", lambda name: other)
    reopened = Database.open(whole.path)
    assert reopened.search(["river"], mode="bm25") == whole.search(["river"], mode="bm25")
    with pytest.raises(MismatchError, match=r"f{16} from path, .*hub .*0{16}; use the same weights"):
        reopened.search(["river"])


# --- Versions ---


def test_a_reader_keeps_its_version_until_it_is_refreshed(
    make: Make, texts: dict[str, str], documents: Documents
) -> None:
    writer = make(texts, dense=True)
    reader = Database.open(writer.path)
    queries = list(texts.values())
    before = {mode: reader.search(queries, mode=mode) for mode in ("dense", "bm25", "hybrid")}
    writer.add(documents({name: f"changed {text[::-1]}" for name, text in texts.items()}))
    writer.remove(["unique3"])
    assert (reader.version, writer.version) == (1, 3)
    for mode, hits in before.items():
        assert reader.search(queries, mode=mode) == hits
        assert writer.search(queries, mode=mode) != hits
    reader.refresh()
    assert reader.version == 3
    for mode in before:
        assert reader.search(queries, mode=mode) == writer.search(queries, mode=mode)


def test_neighbors_of_an_older_version_are_those_of_that_version(make: Make, documents: Documents) -> None:
    writer = make({"a": "river stone", "b": "river copper"})
    reader = Database.open(writer.path)
    writer.add(documents({"b": "quite another text"}))
    assert build_neighbors(reader, k=1).ids[:].tolist() == [[1], [0]]


def test_a_database_opened_without_the_encoder_needs_none_to_read(
    whole: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting, BM25 and neighbors from stored vectors."""

    def unavailable(name: str) -> Embedder:
        raise SettingsError("no encoder here")

    monkeypatch.setattr("openbook.database.search.embedder.load_embedder", unavailable)
    reopened = Database.open(whole.path)
    assert reopened.info() == whole.info()
    assert reopened.search(["river"], mode="bm25")[0]
    assert (build_neighbors(reopened, k=2).ids[:] >= 0).all()
    with pytest.raises(SettingsError, match="no encoder here"):
        reopened.search(["river"])


def test_a_copy_in_another_process_opens_the_folder_itself(whole: Database) -> None:
    """Not all the tokens travel to a data loader's worker: the path alone does."""
    assert whole.__reduce__() == (Database.open, (whole.path,))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        found = other.submit(Database.search, whole, ["river"], mode="bm25").result(timeout=60)
    assert found == whole.search(["river"], mode="bm25")


# --- Surroundings ---

READ_ONLY = """
import json, os, sys
from openbook.database import Database, build_neighbors
from openbook.errors import DatabaseError
from openbook.text import Document
Database.open(sys.argv[1])  # imports what the other user may not even read
os.setuid(65534)
database = Database.open(sys.argv[1])
def tried(act):
    try:
        return act()
    except DatabaseError as error:
        return str(error)
print(json.dumps({
    "documents": database.info().documents,
    "text": database.chunk_texts(database.layout.first_chunk[:1])[0],
    "add": tried(lambda: database.add([Document(text="new")]).added),
    "neighbors": tried(lambda: build_neighbors(database, k=1).version),
    "search": tried(lambda: len(database.search(["river"])[0])),
}))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become the user who may not write")
def test_in_a_read_only_folder_reading_works_and_the_rest_is_reported(make: Make) -> None:
    database = make({"a": "river stone"})
    database.path.parent.chmod(0o755)
    for path in (database.path, *database.path.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(database.path)], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert (told["documents"], told["text"]) == (1, "river stone")
    for act in ("add", "neighbors"):
        assert "cannot be written to" in told[act]
    assert told["search"] == 1


# --- What Python's users give by mistake ---


def test_a_text_alone_is_one_query(whole: Database) -> None:
    assert whole.search("river stone", k=3) == whole.search(["river stone"], k=3)
    assert whole.opened.search("river stone", k=3) == whole.search(["river stone"], k=3)


@pytest.mark.parametrize("queries", [5, None, [5], [None], b"river", ["river", ["stone"]]])
def test_what_is_not_a_query_is_refused_with_the_remedy(whole: Database, queries: Any) -> None:
    with pytest.raises(TypeError, match=r"queries: .*call search\(\["):
        whole.search(queries)


@pytest.mark.parametrize(
    "documents", ["text", ["text"], b"text", 5, None, [{"text": "a"}], Document(text="river"), [None]]
)
@pytest.mark.parametrize("sync", [False, True])
def test_what_is_not_a_document_is_refused_with_the_remedy(make: Make, documents: Any, *, sync: bool) -> None:
    database = make({"a": "river stone"})
    with pytest.raises(TypeError, match=r"documents: .*\[Document\(text="):
        database.add(documents, sync=sync)
    assert database.catalog.live_ids() == ["a"]


@pytest.mark.parametrize("ids", ["a", 5, None, [5], b"a"])
def test_what_is_not_a_list_of_ids_is_refused_with_the_remedy(make: Make, ids: Any) -> None:
    database = make({"a": "river stone"})
    with pytest.raises(TypeError, match=r"ids: .*call remove\(\["):
        database.remove(ids)
    assert database.catalog.live_ids() == ["a"]


@pytest.mark.parametrize("holdout", ["a.md", [5], None])
def test_what_is_neither_a_share_nor_ids_is_not_a_holdout(
    tmp_path: Path, tokenizer: Tokenizer, holdout: Any
) -> None:
    with pytest.raises(TypeError, match=r"holdout: .*a list of ids"):
        Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, holdout=holdout)
    assert not (tmp_path / "db").exists()


# --- Fingerprints that older versions recorded ---


def test_a_database_with_the_fingerprint_of_an_older_version_is_the_same(
    tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (former,) = tokenizer.fingerprints - {tokenizer.fingerprint}
    with monkeypatch.context() as patch:
        patch.setitem(tokenizer.__dict__, "fingerprint", former)
        Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None)
    database = Database.open(tmp_path / "db")
    assert database.settings.tokenizer_fingerprint == former
    for of_model in (None, former, tokenizer.fingerprint):
        database.settings.require_match(database.tokenizer, tokenizer_fingerprint=of_model, chunk_size=64)
    with pytest.raises(MismatchError, match="retokenize"):
        database.settings.require_match(database.tokenizer, tokenizer_fingerprint="0" * 16, chunk_size=64)


@pytest.mark.parametrize("name", ["llama", "llama-metaspace", "gpt2"])
def test_chunks_together_are_the_text_of_their_document(tmp_path: Path, name: str) -> None:
    database = Database.create(tmp_path / "db", tokenizer=foreign(name), embedder=None, chunk_size=4)
    text = "The quick brown fox jumps over the lazy dog; it wasn't long before others had seen it."
    database.add([Document(id="a", text=text), Document(id="b", text=text + " Indeed.")])
    for place, whole in enumerate((text, text + " Indeed.")):
        chunks = database.layout.chunks_of(place)
        assert "".join(database.chunk_texts(list(chunks))) == whole
    hits = database.search("lazy dog", k=50)[0]
    assert all((hit.text + hit.continuation).strip() in text + " Indeed." for hit in hits)
    assert database.chunk_texts([-1]) == [""]


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_character_that_a_border_cuts_is_whole_where_it_begins(tmp_path: Path, name: str) -> None:
    database = Database.create(tmp_path / "db", tokenizer=foreign(name), embedder=None, chunk_size=4)
    text = "貓頭鷹 🦉🌲 sleeps 👩‍🔬 from 蟋蟀 to 森林 🏳️‍🌈 and 🐉."
    database.add([Document(id="a", text=text), Document(id="b", text=f" {text}🦉")])
    cut = 0
    for place, whole in enumerate((text, f" {text}🦉")):
        chunks = database.layout.chunks_of(place)
        cut += sum("\ufffd" in row for row in database.tokenizer.decode(database.tokens[chunks].tolist()))
        assert "".join(database.chunk_texts(list(chunks))).strip() == whole.strip()
    assert cut > 4
    hits = database.search("sleeps from", k=50)[0]
    assert len(hits) > 1
    assert all((hit.text + hit.continuation).strip() in f"{text}🦉" for hit in hits)
