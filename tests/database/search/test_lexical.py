"""BM25 by tantivy equals the formula, and its folder may be damaged without a raw traceback."""

import math
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from openbook.database.search import lexical
from openbook.database.search.lexical import LexicalIndex
from openbook.errors import DatabaseError

TEXTS = [
    "The river runs past the old stone mill.",
    "A stone, a stone, and a third STONE!",
    "Winter came early; the harbour froze.",
    "past the harbour: river boats, stone quays",
    "copper",
    "... --- !!!",
]


def index_of(folder: Path, texts: Sequence[str]) -> LexicalIndex:
    index = LexicalIndex(folder)
    index.add(range(len(texts)), texts)
    index.commit()
    return index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    """Of TEXTS, to read from only."""
    built = index_of(tmp_path_factory.mktemp("index"), TEXTS)
    built.close()
    return built


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def bm25(texts: Sequence[str], query: str) -> dict[int, float]:
    """The textbook's formula, k1 1.2 and b 0.75, over the query's distinct words."""
    counts = [Counter(words_of(text)) for text in texts]
    average = sum(map(sum, map(Counter.values, counts))) / len(texts)
    scores: dict[int, float] = {}
    for word in set(words_of(query)):
        holders = [place for place, count in enumerate(counts) if count[word]]
        idf = math.log(1 + (len(texts) - len(holders) + 0.5) / (len(holders) + 0.5))
        for place in holders:
            often, length = counts[place][word], sum(counts[place].values())
            part = often * 2.2 / (often + 1.2 * (0.25 + 0.75 * length / average))
            scores[place] = scores.get(place, 0.0) + idf * part
    return scores


@pytest.mark.parametrize("query", ["stone", "river stone", "the harbour past winter", "stone stone river"])
def test_scores_are_those_of_the_formula_over_distinct_words(index: LexicalIndex, query: str) -> None:
    expected = bm25(TEXTS, query)
    ids, scores = index.search([query], 10)
    got = {int(chunk): float(score) for chunk, score in zip(ids[0], scores[0], strict=True) if chunk >= 0}
    assert got == pytest.approx(expected, rel=1e-5)
    assert scores[0].tolist() == sorted(scores[0].tolist(), reverse=True)


def test_case_and_punctuation_do_not_matter(index: LexicalIndex) -> None:
    assert index.search(["COPPER?!"], 2)[0].tolist() == [[4, -1]]


@pytest.mark.parametrize("query", ["", " \n", "?!... --", "absent", "x" * 5000, "\0", "NOT (OR"])
def test_a_query_without_a_known_word_finds_nothing(index: LexicalIndex, query: str) -> None:
    found = index.search([query], 3)[0]
    assert found.tolist() == [[-1, -1, -1]]


def test_the_syntax_of_query_languages_is_text(index: LexicalIndex) -> None:
    assert index.search(['text:"copper" AND -chunk:4 ^~*'], 1)[0].tolist() == [[4]]


def test_equal_scores_come_in_the_order_of_chunks(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    for chunk in (5, 2, 9, 0):
        index.add([chunk], ["same words"])
        index.commit()
    assert index.search(["words"], 4)[0].tolist() == [[0, 2, 5, 9]]


def test_many_queries_at_once_equal_one_by_one(index: LexicalIndex) -> None:
    ids, scores = index.search(TEXTS, 4)
    for row, text in enumerate(TEXTS):
        one_ids, one_scores = index.search([text], 4)
        assert ids[row].tolist() == one_ids[0].tolist()
        assert scores[row].tolist() == one_scores[0].tolist()


def test_no_queries_make_no_rows(index: LexicalIndex) -> None:
    assert index.search([], 4)[0].shape == (0, 4)


def test_avoided_chunks_are_not_found_and_the_others_keep_their_scores(index: LexicalIndex) -> None:
    expected = bm25(TEXTS, "stone river")
    ids, scores = index.search(["stone river"], 6, avoid=[range(1, 3)])
    assert {int(chunk) for chunk in ids[0] if chunk >= 0} == {0, 3}
    for chunk, score in zip(ids[0, :2], scores[0, :2], strict=True):
        assert score == pytest.approx(expected[int(chunk)], rel=1e-5)


def test_deleted_chunks_are_gone_after_the_commit(tmp_path: Path) -> None:
    index = index_of(tmp_path, TEXTS)
    index.delete_chunks([1, 4])
    assert 1 in index.search(["stone"], 3)[0]
    index.commit()
    assert index.search(["stone copper"], 3)[0].tolist() == [[3, 0, -1]]


def test_highest_chunk_counts_neither_deleted_nor_uncommitted_ones(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path)
    assert index.highest_chunk() == -1
    index.add([0], ["..."])
    index.commit()
    assert index.highest_chunk() == 0
    index.add([11, 7], ["a", "b"])
    assert index.highest_chunk() == 0
    index.commit()
    assert index.highest_chunk() == 11
    index.delete_chunks([11])
    index.commit()
    assert index.highest_chunk() == 7


def test_what_was_committed_is_there_when_opened_again(tmp_path: Path) -> None:
    index = index_of(tmp_path, TEXTS)
    index.add([77], ["never committed zebra"])
    index.close()
    assert LexicalIndex(tmp_path).search(["zebra stone copper"], 5)[0].tolist() == (
        index.search(["stone copper"], 5)[0].tolist()
    )


def test_an_open_index_keeps_what_it_saw(tmp_path: Path) -> None:
    writing = index_of(tmp_path, TEXTS)
    reading = LexicalIndex(tmp_path)
    writing.delete_chunks(range(6))
    writing.commit()
    writing.close()
    assert reading.search(["copper"], 1)[0].tolist() == [[4]]
    assert LexicalIndex(tmp_path).search(["copper"], 1)[0].tolist() == [[-1]]


@pytest.mark.parametrize("suffix", ["fast", "idx", "term", "fieldnorm", "pos"])
@pytest.mark.parametrize("harm", ["removed", "cut", "overwritten"])
def test_a_damaged_folder_is_named_with_the_remedy(
    index: LexicalIndex, tmp_path: Path, suffix: str, harm: str
) -> None:
    folder = shutil.copytree(index.folder, tmp_path / "lexical")
    for file in folder.glob(f"*.{suffix}"):
        content = file.read_bytes()
        file.unlink()
        if harm == "cut":
            file.write_bytes(content[:10])
        elif harm == "overwritten":
            file.write_bytes(content[:20] + b"\xff" * (len(content) - 20))
    with pytest.raises(DatabaseError, match=rf"lexical: .*repair it: openbook verify {tmp_path} --repair"):
        LexicalIndex(folder).search(["stone"], 1)


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "lexical").write_text("no folder")
    with pytest.raises(DatabaseError, match="lexical"):
        LexicalIndex(tmp_path / "lexical")


def test_scores_of_absent_chunks_are_zero(index: LexicalIndex) -> None:
    ids, scores = index.search(["copper"], 3)
    assert np.array_equal(scores[ids < 0], [0.0, 0.0])


def test_who_may_read_the_words_may_read_the_list_of_their_files(tmp_path: Path) -> None:
    """tantivy lets their owner alone read it; a book is often built by one user and served by another."""
    built = index_of(tmp_path, TEXTS)
    allowed = [path.stat().st_mode for path in sorted(tmp_path.glob("*.json"))]
    assert len(set(allowed)) == 1
    built.delete_chunks([0])
    built.commit()
    built.close()
    names = ("meta.json", ".managed.json")
    assert {(tmp_path / name).stat().st_mode for name in names} == set(allowed)


def test_where_nothing_can_be_locked_links_are_searched(
    index: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path.name for path in index.folder.iterdir())
    opened: list[str] = []
    tantivy_index = lexical.tantivy.Index
    monkeypatch.setattr("openbook.database.search.linked_index.os.access", lambda *_: False)
    monkeypatch.setattr(
        lexical.tantivy,
        "Index",
        lambda schema, path: (opened.append(path), tantivy_index(schema, path=path))[1],
    )
    links = LexicalIndex(index.folder, create=False)
    assert opened and not Path(opened[0]).exists()
    ids, scores = links.search(["river stone"], 4)
    expected = index.search(["river stone"], 4)
    assert np.array_equal(ids, expected[0]) and np.array_equal(scores, expected[1])
    links.check_files()
    assert sorted(path.name for path in index.folder.iterdir()) == before
