"""A book of which a shard is missing or damaged: an error that names it, or all the rest."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.database import Database, NeighborTable, Version, build_neighbors, repair
from openbook.errors import DatabaseError

MODES = ("dense", "bm25", "hybrid")
Make = Callable[..., Database]
Corpus = Callable[..., dict[str, str]]


@pytest.fixture
def book(make_book: Make, corpus: Corpus) -> Database:
    texts = list(corpus(24, longest=60).items())
    return make_book([dict(texts[place::3]) for place in range(3)])


def remove(shard: Path) -> None:
    shutil.rmtree(shard)


def damage_catalog(shard: Path) -> None:
    (shard / "catalog.sqlite").write_bytes(b"x" * 4096)


def cut_tokens(shard: Path) -> None:
    (shard / "tokens.bin").write_bytes(b"xx")


def damage_words(shard: Path) -> None:
    file = max((shard / "lexical").glob("*.idx"), key=lambda path: path.stat().st_size)
    file.write_bytes(bytes(byte ^ 255 for byte in file.read_bytes()))


def replace(shard: Path) -> None:
    other = shard.with_name("shard-00000")
    shutil.rmtree(shard)
    shutil.copytree(other, shard)


@pytest.mark.parametrize("harm", [remove, damage_catalog, cut_tokens, damage_words, replace])
def test_one_shard_less(book: Database, harm: Callable[[Path], None]) -> None:
    whole = book.search("unique23", k=1, mode="bm25")[0][0]
    harm(book.path / "shard-00001")
    with pytest.raises(DatabaseError, match="shard-00001") as refused:
        Database.open(book.path).search("river stone")
    assert "openbook build" not in str(refused.value)
    rest = Database.open(book.path, allow_missing_shards=True)
    assert rest.opened.missing_shards == ("shard-00001",)
    info = rest.info()
    assert (info.documents, info.shards, info.missing_shards) == (16, 3, ("shard-00001",))
    assert info.removed_chunks == 0
    names = {f"unique{number}" for number in range(24) if number % 3 != 1}
    assert {document.document_id for document in rest.documents()} == names
    for mode in MODES:
        hits = rest.search("river stone", k=500, mode=mode)[0]
        assert {hit.document_id for hit in hits} <= names and len(hits) > 10
    last = rest.search("unique23", k=1, mode="bm25")[0][0]
    assert (last.chunk_id, last.text) == (whole.chunk_id, whole.text)
    with pytest.raises(DatabaseError, match="shard-00001") as refused:
        rest.remove(["unique1"])
    assert "--allow-missing-shards" not in str(refused.value)
    with pytest.raises(DatabaseError, match="the shard shard-00001 is missing"):
        rest.chunk_texts([int(rest.layout.first_chunk[rest.layout.number < 0][0])])
    again = pickle.loads(pickle.dumps(rest.opened))  # noqa: S301 - our own
    assert again == rest.opened and again.missing_shards == ("shard-00001",)
    assert pickle.loads(pickle.dumps(rest)).documents() == rest.documents()  # noqa: S301


def test_the_error_says_what_to_do(book: Database) -> None:
    remove(book.path / "shard-00002")
    with pytest.raises(
        DatabaseError, match=r"the shard shard-00002 cannot be read: .*; restore it .*--allow-missing-shards"
    ):
        Version.open(book.path)
    remove(book.path / "shard-00001")
    with pytest.raises(DatabaseError, match=r"the shard shard-00001 \(and 1 more\)"):
        Version.open(book.path)
    remove(book.path / "shard-00000")
    with pytest.raises(DatabaseError, match=r"\(and 2 more\) cannot be read: .*; restore it from a copy$"):
        Version.open(book.path, allow_missing_shards=True)


def test_the_table_names_chunks_of_all_shards(book: Database) -> None:
    build_neighbors(book, k=3)
    remove(book.path / "shard-00001")
    rest = Version.open(book.path, allow_missing_shards=True)
    with pytest.raises(DatabaseError, match=r"shard-00001.*names chunks"):
        NeighborTable.load(rest)


@pytest.mark.parametrize(
    ("harm", "file"),
    [
        (remove, "shard-00001"),
        (damage_catalog, "shard-00001/catalog.sqlite"),
        (cut_tokens, "shard-00001/tokens.bin"),
        (damage_words, "shard-00001/lexical"),
        (replace, "shard-00001"),
    ],
)
def test_verify_names_the_shard(book: Database, harm: Callable[[Path], None], file: str) -> None:
    harm(book.path / "shard-00001")
    report = book.verify()
    assert not report.ok and all(problem.file.startswith(file) for problem in report.problems)


def test_what_follows_from_other_files_is_repaired(book: Database) -> None:
    found = [book.search("river unique7", k=20, mode=mode) for mode in MODES]
    build_neighbors(book, k=3)
    before = NeighborTable.load(book).ids[:].tolist()
    damage_words(book.path / "shard-00001")
    (book.path / "shard-00002" / "vectors.f16").write_bytes(b"")
    table = book.path / "neighbors" / "ids.i64"
    table.write_bytes(bytes(table.stat().st_size))
    assert not book.verify().ok
    assert repair(book.path).problems == []
    again = Database.open(book.path)
    assert [again.search("river unique7", k=20, mode=mode) for mode in MODES] == found
    assert NeighborTable.load(again).ids[:].tolist() == before
    assert again.version == book.version


def test_a_damaged_manifest(book: Database) -> None:
    (book.path / "book.json").write_text("{}")
    assert [problem.file for problem in book.verify().problems] == ["book.json"]
    with pytest.raises(DatabaseError, match=r"book\.json: does not match its checksum"):
        Database.open(book.path)
