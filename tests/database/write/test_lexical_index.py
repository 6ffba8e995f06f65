"""The lexical index is the same however it came about, and one of an earlier analyzer is made again, once."""

# ruff: noqa: RUF001 - full-width marks stand in Chinese text

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from older_words import make_words_older
from openbook.database import Database, build_neighbors
from openbook.database.repair import repair
from openbook.database.retokenize.retokenize import retokenize
from openbook.database.search.analyzer import FirstAnalyzer, SecondAnalyzer, WordAnalyzer
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.tantivy_files import ANALYZER
from openbook.errors import OpenbookError
from openbook.text import Document, Tokenizer, train_tokenizer

Make = Callable[..., Database]
Copy = Callable[[Database], Database]
Documents = Callable[[Mapping[str, str]], Iterator[Document]]

TEXTS = {
    "en": "Gesotoro and Tutivaru met the engineers of Rosetoku, who had neighborhoods named Cecibeda.",
    "held out": "Gesotoro is said to have held out.",
    "de": "Die Donaudampfschifffahrtsgesellschaftskapitäne schätzen Königsstraßen.",
    "gone": "Gesotoro was removed, and so was Vaditida with the neighborhoods.",
    "zh": "新系统在昨天夜里完成了验收测试，所有的收据都已经归档。",
    "th": "เมื่อวานนี้ทีมวิศวกรได้ทดสอบระบบสำรองไฟฟ้าและพบว่าแบตเตอรี่เสื่อมสภาพ",
    "hash": "digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 done",
    "short": "end",
}
WORDS = sorted({word for text in TEXTS.values() for word in WordAnalyzer().words(text)})


@pytest.fixture(scope="module")
def whole(make: Make, documents: Documents) -> Database:
    """Chunks of eight tokens, some held out; never changed by a test."""
    empty = make()
    database = Database.create(
        empty.path.with_name("lexical-index"),
        tokenizer=empty.tokenizer,
        embedder=None,
        chunk_size=8,
        holdout=["held out"],
        decontaminate=False,
    )
    database.add(documents(TEXTS))
    return database


def postings(database: Database) -> dict[str, list[tuple[str, str, float]]]:
    """For every word the chunks that have it, in their documents, with their scores."""
    return {
        word: sorted((hit.document_id, hit.text, round(hit.score, 5)) for hit in hits)
        for word, hits in zip(WORDS, database.search(WORDS, k=10_000, mode="bm25"), strict=True)
    }


def test_every_word_is_found_in_its_document_also_where_a_border_cuts_it(whole: Database) -> None:
    found = postings(whole)
    for name in TEXTS.keys() - {"held out"}:
        for word in WordAnalyzer().words(TEXTS[name]):
            assert name in {document for document, _, _ in found[word]}
    cut = [text for document, text, _ in found["neighborhoods"] if document == "en"]
    assert len(cut) > 1
    assert not any("neighborhoods" in text for text in cut)


def test_it_is_the_same_when_it_was_deleted(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    shutil.rmtree(database.path / "lexical")
    database.catch_up()
    assert postings(database) == postings(whole)
    assert database.verify().ok


def test_it_is_the_same_after_compacting_and_when_it_never_held_anything_else(
    whole: Database, copy: Copy, make: Make
) -> None:
    database = copy(whole)
    database.remove(["gone"])
    database.compact()
    fresh = make({name: text for name, text in TEXTS.items() if name not in ("gone", "held out")})
    assert postings(database) == postings(fresh)


def test_it_is_the_same_after_a_repair(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    for file in (database.path / "lexical").glob("*.idx"):
        file.write_bytes(file.read_bytes()[:-9])
    assert repair(database.path).ok
    assert postings(Database.open(database.path)) == postings(whole)


def test_it_is_the_same_document_by_document_and_all_at_once(make: Make, documents: Documents) -> None:
    at_once, one_by_one = make(TEXTS), make()
    for name, text in TEXTS.items():
        one_by_one.add(documents({name: text}))
    assert postings(one_by_one) == postings(at_once)


def test_words_at_borders_are_found_in_other_tokens_too(whole: Database, tmp_path: Path) -> None:
    other = train_tokenizer([TEXTS["de"]] * 3, vocab_size=280)
    retokenize(whole, tmp_path / "other", other, chunk_size=5)
    found, before = postings(Database.open(tmp_path / "other")), postings(whole)
    for word in WORDS:
        assert {document for document, _, _ in found[word]} == {document for document, _, _ in before[word]}


def test_an_index_of_before_is_searched_by_its_own_words_and_not_touched(whole: Database, copy: Copy) -> None:
    database = copy(whole)
    make_words_older(database, FirstAnalyzer())
    before = {path: path.read_bytes() for path in (database.path / "lexical").iterdir() if path.is_file()}
    reader = Database.open(database.path)
    assert [hit.document_id for hit in reader.search(["said short END"], mode="bm25")[0]] == ["short"]
    assert reader.search(["验收测试"], mode="bm25") == [[]]
    assert reader.verify().ok
    assert not (database.path / "lexical" / ANALYZER).exists()
    assert before == {path: path.read_bytes() for path in before}


def test_one_of_the_second_words_is_too(make: Make) -> None:
    texts = {"old": "0 2 4", "new": "2.4.0", "fir": "ёлка"}
    database = make(texts)
    make_words_older(database, SecondAnalyzer())
    reader = Database.open(database.path)
    assert [hit.document_id for hit in reader.search(["2.4.0"], mode="bm25")[0]] == ["old", "new"]
    assert reader.search(["елка"], mode="bm25") == [[]]
    writer = Database.open(database.path)
    writer.catch_up()
    assert [hit.document_id for hit in writer.search(["2.4.0"], mode="bm25")[0]] == ["new", "old"]
    assert [hit.document_id for hit in writer.search(["елка"], mode="bm25")[0]] == ["fir"]


def test_whoever_writes_next_makes_it_again_once_and_says_so(
    whole: Database, copy: Copy, documents: Documents
) -> None:
    database = copy(whole)
    make_words_older(database, FirstAnalyzer())
    reader = Database.open(database.path)
    stages: list[str] = []
    done: list[tuple[int, int | None]] = []

    class Stages:
        def __call__(self, count: int, total: int | None) -> None: ...

        def stage(self, name: str) -> Callable[[int, int | None], None]:
            stages.append(name)
            return lambda count, total: done.append((count, total))

    writer = Database.open(database.path)
    writer.add(documents({"short": TEXTS["short"]}), progress=Stages())
    assert stages == ["indexing words"]
    assert done[-1] == (writer.layout.num_chunks, writer.layout.num_chunks)
    assert postings(writer) == postings(whole)
    assert reader.search(["验收测试"], mode="bm25") == [[]], "what is open stays"
    writer.add(documents({"short": TEXTS["short"]}), progress=Stages())
    assert stages == ["indexing words"]
    assert writer.verify().ok
    assert {path.name for path in database.path.glob("lexical*")} == {"lexical"}


@pytest.mark.parametrize("left", ["lexical.new", "lexical.old"])
def test_what_an_interrupted_one_left_is_in_nobodys_way(whole: Database, copy: Copy, left: str) -> None:
    database = copy(whole)
    make_words_older(database, FirstAnalyzer())
    shutil.copytree(database.path / "lexical", database.path / left)
    if left == "lexical.old":  # killed between the two renamings
        shutil.rmtree(database.path / "lexical")
        shutil.copytree(database.path / "lexical.old", database.path / "lexical.new")
    database.catch_up()
    assert {path.name for path in database.path.glob("lexical*")} == {"lexical"}
    assert Database.open(database.path).search(["验收测试"], mode="bm25")[0]


def test_an_error_on_the_way_leaves_the_old_one(
    whole: Database, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = copy(whole)
    make_words_older(database, FirstAnalyzer())
    monkeypatch.setattr(LexicalIndex, "add", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Database.open(database.path).catch_up()
    assert {path.name for path in database.path.glob("lexical*")} == {"lexical"}
    assert Database.open(database.path).search(["said short END"], mode="bm25")[0]


@pytest.mark.parametrize("harm", ["changed", "removed", "later"])
def test_a_damaged_record_of_the_analyzer_is_noticed(whole: Database, copy: Copy, harm: str) -> None:
    database = copy(whole)
    record = database.path / "lexical" / ANALYZER
    if harm == "changed":
        record.write_bytes(record.read_bytes().replace(b'"version": 3', b'"version": 2'))
    elif harm == "removed":
        record.unlink()
    else:
        record.write_bytes(b"{}")
    with pytest.raises(OpenbookError, match=r"verify .* --repair"):
        Database.open(database.path).search(["end"], mode="bm25")
    assert not Database.open(database.path).verify().ok
    assert repair(database.path).ok
    assert postings(Database.open(database.path)) == postings(whole)


@pytest.mark.filterwarnings("ignore::openbook.errors.OpenbookWarning")
def test_a_neighbor_table_of_the_words_of_before_is_computed_again(
    whole: Database, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = copy(whole)
    expected = np.asarray(build_neighbors(database, k=3).ids)
    make_words_older(database, FirstAnalyzer())
    shutil.rmtree(database.path / "neighbors")
    with monkeypatch.context() as patch:
        patch.setattr(LexicalIndex, "is_current", True)  # as an earlier openbook saw it
        before = np.asarray(build_neighbors(Database.open(database.path), k=3).ids)
    assert before.tolist() != expected.tolist()
    after = build_neighbors(Database.open(database.path), k=3)
    assert np.asarray(after.ids).tolist() == expected.tolist()


def test_vectors_are_of_the_chunk_alone(make: Make, tokenizer: Tokenizer) -> None:
    database = make(TEXTS, dense=True)
    assert database.vectors is not None
    texts = database.chunk_texts(np.arange(database.layout.num_chunks))
    rows = tokenizer.decode(database.tokens[:].tolist())
    others = [row for text, row in zip(texts, rows, strict=True) if text != row]
    assert all("\N{REPLACEMENT CHARACTER}" in row for row in others)  # a border cuts a character there
    expected = database.embedder.encode(rows).astype(np.float16)
    assert np.array_equal(database.vectors[:], expected)
