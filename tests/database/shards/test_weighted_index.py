"""BM25 of one shard with the book's statistics: the scores of one index over all."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openbook.database.search.analyzer import SecondAnalyzer
from openbook.database.search.lexical import LexicalIndex
from openbook.database.shards.weighted_index import WeightedIndex, WordStatistics, ballast, distinct_words
from openbook.errors import DatabaseError

WORDS = [f"word{number}" for number in range(60)]


def index_of(folder: Path, texts: dict[int, str]) -> LexicalIndex:
    index = LexicalIndex(folder / "lexical")
    index.add(texts, texts.values())
    index.commit()
    index.close()
    return index


def test_scores_are_those_of_one_index(tmp_path: Path) -> None:
    source = random.Random(0)
    texts = {
        number: " ".join(source.choices(WORDS[: 5 + number % 55], k=source.randint(1, 20 + number % 50)))
        for number in range(300)
    }
    one = index_of(tmp_path / "one", texts)
    shards = []
    for place, rows in enumerate((range(40), range(40, 250), range(250, 300), range(0))):
        index_of(tmp_path / str(place), {row: texts[row] for row in rows})
        shards.append(WeightedIndex(tmp_path / str(place) / "lexical"))
    queries = [" ".join(source.choices([*WORDS, "ballast"], k=8)) for _ in range(20)]
    words = distinct_words(queries)
    every = sorted({word for query in words for word in query})
    book = sum((shard.statistics for shard in shards), start=WordStatistics(0, 0))
    assert book.texts == 300 and book.words == sum(len(text.split()) for text in texts.values())
    counts = np.sum([shard.frequencies(every) for shard in shards], axis=0).tolist()
    frequencies = dict(zip(every, counts, strict=True))
    wanted = [dict(zip(*row, strict=True)) for row in zip(*one.search(queries, 300), strict=True)]
    for shard in shards:
        found = shard.search(words, 300, book=book, frequencies=frequencies, avoid=[range(3, 9)])
        for ids, scores, theirs in zip(*found, wanted, strict=True):
            assert not set(range(3, 9)) & set(ids.tolist())
            for row, score in zip(ids.tolist(), scores.tolist(), strict=True):
                if row >= 0:
                    assert score == pytest.approx(theirs[row], rel=2e-6)
                    theirs.pop(row)
    assert all({row for row in left if row >= 0} <= set(range(3, 9)) for left in wanted), (
        "some were not found"
    )


def without(folder: Path, chunk: int) -> LexicalIndex:
    index = LexicalIndex(folder / "lexical")
    index.delete_chunks([chunk])
    index.commit()
    index.close()
    return index


@pytest.mark.parametrize(
    ("last", "words"), [("stone mill mill", 3), ("--- !!!", 0)], ids=["a removed text", "no word at all"]
)
def test_a_shard_of_which_no_text_that_is_left_has_a_word(tmp_path: Path, last: str, words: int) -> None:
    """Its texts weigh as in one index, the removed one too: four texts in all."""
    some, others = {0: "river stone", 1: "river"}, {2: "...", 3: last}
    for name, texts in (("one", some | others), ("some", some), ("others", others)):
        index_of(tmp_path / name, texts)
    one = without(tmp_path / "one", 3)
    without(tmp_path / "others", 3)
    shards = [WeightedIndex(tmp_path / name / "lexical") for name in ("some", "others")]
    assert [shard.statistics for shard in shards] == [WordStatistics(2, 3), WordStatistics(2, words)]
    counts = {word: sum(shard.frequencies([word])[0] for shard in shards) for word in ("river", "stone")}
    assert counts == {"river": 2, "stone": 2 if words else 1}
    book = WordStatistics(4, 3 + words)
    found = [shard.search([list(counts)], 4, book=book, frequencies=counts) for shard in shards]
    ids, scores = one.search(["river stone"], 4)
    assert ids.tolist() == found[0][0].tolist() == [[0, 1, -1, -1]]
    np.testing.assert_allclose(found[0][1], scores, rtol=2e-6)
    assert found[1][0].tolist() == [[-1] * 4]


def test_a_book_without_a_word(tmp_path: Path) -> None:
    index_of(tmp_path, {0: "---"})
    shard = WeightedIndex(tmp_path / "lexical")
    assert shard.statistics == WordStatistics(1, 0)
    ids, _ = shard.search([["river"], []], 2, book=shard.statistics, frequencies={"river": 0})
    assert ids.tolist() == [[-1, -1], [-1, -1]]


@pytest.mark.parametrize("generation", ["", "generation-1"])
@pytest.mark.parametrize("damage", ["earlier words", "a changed file"])
def test_what_an_error_advises_is_of_the_book(tmp_path: Path, generation: str, damage: str) -> None:
    """For it alone may change its shards."""
    folder = tmp_path / "book" / "shard-00000" / generation / "lexical"
    index = LexicalIndex(folder, analyzer=SecondAnalyzer() if damage == "earlier words" else None)
    index.add([0], ["river stone"])
    index.commit()
    index.close()
    (tmp_path / "book" / "book.json").touch()
    if damage == "a changed file":
        (folder / "meta.json").write_bytes((folder / "meta.json").read_bytes() + b" ")
    with pytest.raises(DatabaseError, match=rf"openbook verify {tmp_path / 'book'} --repair$"):
        WeightedIndex(folder)


@example(1, 1.0, 1.00001)  # so near to a simple ratio that 50,000 texts come no nearer than that
@given(st.integers(1, 10**7), st.floats(1, 200), st.floats(0.3, 3))
def test_ballast_brings_the_average(texts: int, mean: float, factor: float) -> None:
    own = WordStatistics(texts, round(texts * mean))
    added = ballast(own, mean * factor)
    assert added.texts > 0 and added.words >= 0
    wanted = mean * factor
    texts_in_all = own.texts + np.arange(1, 50_000)
    nearest = np.abs(np.rint(wanted * texts_in_all) / texts_in_all - wanted).min()
    assert (own + added).average == pytest.approx(wanted, abs=nearest + 2e-7 * wanted)
