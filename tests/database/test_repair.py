"""What follows from other files is repaired, and what does not stays reported."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import faiss
import pytest

from breaking import Answers, answers_of, contents_of, files_of, flip, hits_of, make_rich, marker, text_of
from older_words import make_words_older
from openbook.database import Database, NeighborTable, WordsInfo, repair, verify
from openbook.database.search.embedder import Embedder
from openbook.database.shards.book_creation import create_book
from openbook.errors import DatabaseError
from openbook.lock import take_lock
from openbook.text import Document, TokenizedDocument, Tokenizer

Make = Callable[..., Database]

QUERIES = [marker("d4"), marker("d3", 2), marker("d9"), marker("d1")]
DERIVED = ("checksums.json", "tokens.sum", "vectors.", "lexical/", "dense/", "neighbors/")


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer, embedder: object
) -> Iterator[Path]:
    """Of a database with every kind of file; only for copying."""
    with pytest.MonkeyPatch.context() as patch:
        faiss.omp_set_num_threads(1)
        yield make_rich(tmp_path_factory.mktemp("repaired") / "db", tokenizer, patch).path


@pytest.fixture
def damaged(folder: Path, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    return shutil.copytree(folder, tmp_path / "copy")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_of(folder)}


def truth(folder: Path) -> Answers:
    """All that does not depend on how an index came about."""
    database = Database.open(folder)
    table = NeighborTable.load(database)
    found = [[hit.document_id for hit in hits] for hits in database.search(QUERIES, mode="bm25")]
    return [
        contents_of(database),
        hits_of(database, QUERIES, ["dense"]),
        found,
        database.excluded(),
        (table.mode, table.ids.shape, table.version),
    ]


@pytest.mark.parametrize("damage", ["changed", "cut", "emptied", "deleted"])
@pytest.mark.parametrize("part", DERIVED)
def test_every_derived_file_is_made_again(folder: Path, tmp_path: Path, part: str, damage: str) -> None:
    expected = truth(folder)
    names = [name for name in files_of(folder) if name.startswith(part)]
    if part == "lexical/":
        names = names[:3] + [f"lexical/{name}" for name in ("meta.json", ".managed.json", "sealed.json")]
    for number, name in enumerate(names):
        copy = shutil.copytree(folder, tmp_path / str(number))
        path = copy / name
        if damage == "deleted":
            path.unlink()
        elif damage == "changed":
            flip(path, path.stat().st_size // 2)
        else:
            path.write_bytes(path.read_bytes()[: -1 if damage == "cut" else 0])
        assert not verify(copy).ok or name == "lexical/sealed.json"
        report = repair(copy)
        assert report.ok, (name, report.problems)
        assert truth(copy) == expected, name
        assert repair(copy).ok


def test_all_derived_files_at_once(damaged: Path, folder: Path) -> None:
    """Something must say which neighbor table there was."""
    for name in files_of(damaged):
        if name.startswith(DERIVED) and name != "neighbors/begun.json":
            (damaged / name).unlink()
    assert repair(damaged).ok
    assert truth(damaged) == truth(folder)


def test_vectors_are_encoded_again_bit_by_bit(damaged: Path, folder: Path) -> None:
    flip(damaged / "vectors.f16", 100)
    (damaged / "vectors.sum").write_bytes((folder / "vectors.sum").read_bytes()[:40])
    assert repair(damaged).ok
    for name in ("vectors.f16", "vectors.sum", "tokens.bin", "tokens.sum"):
        assert (damaged / name).read_bytes() == (folder / name).read_bytes()


def test_of_damaged_vectors_only_those_are_encoded_again(
    damaged: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    original = type(embedder).encode

    def counting(self: Embedder, texts: list[str]) -> object:
        encoded.extend(texts)
        return original(self, texts)

    monkeypatch.setattr(type(embedder), "encode", counting)
    flip(damaged / "vectors.f16", 3 * 16 * 2)
    flip(damaged / "vectors.f16", 7 * 16 * 2 + 5)
    assert repair(damaged).ok
    assert encoded == Database.open(damaged).tokenizer.decode(
        Database.open(damaged).tokens[:][[3, 7]].tolist()
    )


def test_another_encoder_repairs_nothing(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its vectors would stand beside those of the first, and be compared with them."""
    flip(damaged / "vectors.f16", 100)
    before = contents(damaged)
    other = Embedder("fake", "path", "0" * 16, 16, None)
    monkeypatch.setattr("openbook.database.search.embedder.load_embedder", lambda name: other)
    report = repair(damaged)
    assert [problem.file for problem in report.problems] == ["vectors.f16"]
    assert contents(damaged) == before


@pytest.mark.parametrize("token", [True, False], ids=["a token", "tokens"])
def test_changed_tokens_stay_reported_and_other_documents_stay_sound(
    damaged: Path, folder: Path, token: bool
) -> None:
    database = Database.open(folder)
    chunk = int(database.layout.first_chunk[4])
    if token:
        flip(damaged / "tokens.bin", chunk * 16)
    else:
        (damaged / "tokens.bin").write_bytes((folder / "tokens.bin").read_bytes()[: chunk * 16])
    before = (damaged / "tokens.bin").read_bytes()
    report = repair(damaged)
    assert [problem.file for problem in report.problems] == ["tokens.bin"]
    assert (damaged / "tokens.bin").read_bytes() == before
    if token:
        assert "'d4'" in report.problems[0].problem
        reader = Database.open(damaged)
        assert [hit.document_id for hit in reader.search([marker("d2")], mode="bm25")[0]] == ["d2"]
        with pytest.raises(DatabaseError, match=r"tokens\.bin: row"):
            reader.search([marker("d4")], mode="bm25")


def test_a_damaged_document_can_be_removed_or_added_again(damaged: Path) -> None:
    """What the report names, its owner can put right."""
    database = Database.open(damaged)
    flip(damaged / "tokens.bin", int(database.layout.first_chunk[4]) * 16)
    database = Database.open(damaged)
    database.remove(["d4"])
    database.add([Document(id="d4", text=text_of("d4"))])
    assert [hit.document_id for hit in database.search([marker("d4")], mode="bm25")[0]] == ["d4"]
    (problem,) = database.verify().problems
    assert "documents that were removed: openbook compact" in problem.problem and "d4" not in problem.problem
    database.compact()
    assert database.verify().ok


@pytest.mark.parametrize("stands_there", ["file", "link to nothing"])
def test_what_stands_in_the_place_of_an_index_is_a_problem_that_is_repaired(
    damaged: Path, stands_there: str
) -> None:
    shutil.rmtree(damaged / "lexical")
    if stands_there == "file":
        (damaged / "lexical").write_text("no index")
    else:
        (damaged / "lexical").symlink_to(damaged / "nowhere")
    assert any(problem.file.startswith("lexical") for problem in verify(damaged).problems)
    assert repair(damaged).ok


@pytest.mark.parametrize("kind", ["text", "tokens", "tokens that end"])
def test_tokens_whose_checksums_are_gone_are_believed_by_their_fingerprint(
    make: Make, tokenizer: Tokenizer, kind: str
) -> None:
    text = "river stone copper lantern harbour"
    ids = tokenizer.encode([text])[0]
    documents = {
        "text": Document(id="a", text=text),
        "tokens": TokenizedDocument(token_ids=ids, id="a"),
        "tokens that end": TokenizedDocument(token_ids=[*ids, tokenizer.eos_id], id="a"),
    }
    database = make()
    database.add([documents[kind]])
    before = database.tokens[:].tolist()
    (database.path / "tokens.sum").unlink()
    with pytest.raises(DatabaseError, match=r"tokens\.sum"):
        Database.open(database.path)
    assert repair(database.path).ok
    assert Database.open(database.path).tokens[:].tolist() == before


def test_filling_that_no_fingerprint_covers_is_filled_again(make: Make) -> None:
    database = make()
    database.add([Document(id="a", text="river stone copper lantern harbour")])
    before = database.tokens[:].tolist()
    unused = int(database.layout.document_tokens[0])
    assert unused < 8 * database.layout.num_chunks
    flip(database.path / "tokens.bin", 2 * unused)
    with pytest.raises(DatabaseError, match=r"tokens\.bin"):
        Database.open(database.path).tokens[:]
    assert repair(database.path).ok
    assert Database.open(database.path).tokens[:].tolist() == before


@pytest.mark.parametrize("name", ["tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json"])
def test_a_damaged_tokenizer_stays_reported_and_nothing_else_is_touched(damaged: Path, name: str) -> None:
    flip(damaged / name, 30)
    before = contents(damaged)
    report = repair(damaged)
    assert [problem.file for problem in report.problems] == [name]
    assert contents(damaged) == before


def test_room_in_the_catalog_that_no_row_uses_is_put_right(damaged: Path, folder: Path) -> None:
    """A bit there changes nothing but the file's checksum."""
    connection = sqlite3.connect(damaged / "catalog.sqlite")
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = (damaged / "catalog.sqlite").read_bytes()
    free = next(
        start + page // 2
        for start in range(page, len(content), page)
        if not any(content[start + page // 2 - 64 : start + page // 2 + 64])
    )
    flip(damaged / "catalog.sqlite", free)
    assert [problem.file for problem in verify(damaged).problems] == ["catalog.sqlite"]
    assert repair(damaged).ok
    assert truth(damaged) == truth(folder)


def test_a_damaged_index_of_the_catalog_is_made_again(damaged: Path, folder: Path) -> None:
    connection = sqlite3.connect(damaged / "catalog.sqlite")
    with connection:
        connection.execute("PRAGMA writable_schema = ON")
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'live_documents'"
        ).fetchone()
        (page,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = bytearray((damaged / "catalog.sqlite").read_bytes())
    place = content.index(b"d4", (root - 1) * page)
    content[place : place + 2] = b"dz"
    (damaged / "catalog.sqlite").write_bytes(content)
    assert "catalog.sqlite" in [problem.file for problem in verify(damaged).problems]
    assert repair(damaged).ok
    assert truth(damaged) == truth(folder)
    assert Database.open(damaged).add([Document(id="d4", text=text_of("d4"))]).unchanged == 1


def test_a_changed_row_of_the_catalog_stays_reported(damaged: Path) -> None:
    content = (damaged / "catalog.sqlite").read_bytes()
    assert b"title of d4" in content
    (damaged / "catalog.sqlite").write_bytes(content.replace(b"title of d4", b"title of dx"))
    report = repair(damaged)
    assert [problem.file for problem in report.problems] == ["catalog.sqlite"]
    assert "'d4'" in report.problems[0].problem


@pytest.mark.parametrize("where", ["version = 1", "version = (SELECT max(version) FROM commits)"])
def test_a_changed_line_of_the_history_stays_reported(damaged: Path, where: str) -> None:
    connection = sqlite3.connect(damaged / "catalog.sqlite")
    with connection:
        connection.execute(f"UPDATE commits SET time = '1999' WHERE {where}")
    connection.close()
    report = repair(damaged)
    assert {problem.file for problem in report.problems} == {"catalog.sqlite"}
    assert any("does not match its checksum" in problem.problem for problem in report.problems)


def test_a_sound_database_is_left_as_it_is(damaged: Path) -> None:
    before = contents(damaged)
    assert repair(damaged).ok
    assert contents(damaged) == before


def test_it_does_not_come_in_the_way_of_a_writer(damaged: Path) -> None:
    (damaged / "tokens.sum").unlink()
    before = contents(damaged)
    lock = take_lock(damaged / "write.lock")
    try:
        report = repair(damaged)
    except DatabaseError as error:
        assert "another process is writing" in str(error)
    else:
        assert not report.ok
    finally:
        lock.release()
    assert contents(damaged) == before
    assert repair(damaged).ok


def test_after_compaction_it_repairs_the_files_that_count(damaged: Path) -> None:
    Database.open(damaged).compact()
    place = damaged / "generation-1"
    for name in ("vectors.f16", "lexical/meta.json", "neighbors/ids.i64", "dense/index.json"):
        flip(place / name, 30)
    assert repair(damaged).ok
    assert answers_of(damaged, QUERIES, ["dense", "bm25", "hybrid"]) is not None


def test_a_folder_without_a_database_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no openbook database here"):
        repair(tmp_path)


def test_words_of_before_are_made_again_though_nothing_is_damaged(make: Make) -> None:
    database = make({"name": "2.4.0", "numbers": "0 2 4"})
    make_words_older(database)
    assert verify(database.path).ok
    assert Database.open(database.path).info().words == WordsInfo(state="older", version=2)
    assert repair(database.path).ok
    database = Database.open(database.path)
    assert database.info().words.state == "current"
    assert [hit.document_id for hit in database.search("2.4.0")[0]] == ["name", "numbers"]


def test_a_version_that_is_held_tells_of_its_own_words(make: Make) -> None:
    database = make({"name": "2.4.0", "numbers": "0 2 4"})
    make_words_older(database)
    held = Database.open(database.path).opened
    assert repair(database.path).ok
    assert held.info().words == WordsInfo(state="older", version=2)
    assert len(held.search(["2.4.0"])[0]) == len(held.search(["0 2 4"])[0]), "as it finds"
    assert Database.open(database.path).info().words.state == "current"


def test_shards_that_can_be_repaired_and_one_that_cannot_have_the_same_words(
    make: Make, tmp_path: Path
) -> None:
    texts = {f"d{number}": f"The gate {number} opens in version 2.{number}.0. " * 9 for number in range(6)}
    book = tmp_path / "book"
    names = [f"shard-{number}" for number in range(3)]
    for number, name in enumerate(names):
        own = {key: text for key, text in texts.items() if int(key[1:]) % 3 == number}
        shutil.copytree(make(own).path, book / name)
    create_book(book, names)
    make_words_older(Database.open(book))
    flip(book / names[1] / "tokens.bin", 40)
    flip(book / names[2] / "lexical" / "meta.json", 30)
    assert not repair(book).ok, "no text is left of a row of tokens"
    assert Database.open(book).search("2.4.0", k=1)[0][0].document_id == "d4"
    assert Database.open(book).info().words.state == "current"


def test_of_a_missing_or_damaged_index_of_words_no_version_is_known(damaged: Path) -> None:
    flip(damaged / "lexical" / "analyzer.json", 20)
    assert Database.open(damaged).info().words == WordsInfo(state="damaged")
    shutil.rmtree(damaged / "lexical")
    assert Database.open(damaged).info().words == WordsInfo(state="damaged")
