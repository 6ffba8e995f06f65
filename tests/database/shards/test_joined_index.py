"""Indexes that were trained together find as one what an index of all their chunks finds."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from openbook.database.search.dense import ApproximateIndex, ExactIndex, add_rows
from openbook.database.search.dense_tuning import tune_index
from openbook.database.search.recall import exact_neighbors, recall_at_10
from openbook.database.shards import joined_index
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.shards.joined_index import join_indexes, trained_together
from openbook.database.shards.sharded_dense import JoinedDense
from openbook.database.storage.arrays import AppendOnlyArray, Rows

SIZE, COUNT, NAME = 16, 3000, "IVF16,PQ8x4fs,Refine(SQfp16)"
SPLITS = (1100, 400, 1500)


@pytest.fixture
def vectors(tmp_path: Path) -> Rows:
    """Unit vectors around some centers."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, SIZE))[rng.integers(40, size=COUNT)] + 0.4 * rng.normal(size=(COUNT, SIZE))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    array = AppendOnlyArray(tmp_path / "vectors.f16", dtype=np.float16, width=SIZE)
    array.append(values.astype(np.float16), first=0)
    return array.rows(COUNT)


def trained(vectors: Rows, name: str = NAME, rows: slice = slice(None)) -> Any:
    index = faiss.index_factory(SIZE, name, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[rows].astype(np.float32))
    return index


def filled(
    empty: Any, vectors: Rows, chunk_ids: NDArray[np.int64], *, name: str = NAME, tail: int = 0
) -> ApproximateIndex:
    """An index of these chunks, the last of which are its tail; numbered from the first on."""
    index, end = faiss.clone_index(empty), len(chunk_ids) - tail
    add_rows(index, vectors, chunk_ids[:end])
    rest = ExactIndex(chunk_ids[end:], ExactIndex.build(vectors, chunk_ids[end:]).index)
    return ApproximateIndex(chunk_ids[:end], index, rest, name, nprobe=4, rerank=1, digest=f"of {end}")


def parts_of(
    empty: Any, vectors: Rows, *, name: str = NAME, tail: int = 0
) -> tuple[list[ApproximateIndex], list[int]]:
    """Of consecutive chunks, each part with numbers of its own; and what is to be added to them."""
    ends = np.cumsum(SPLITS)
    starts = (ends - SPLITS).tolist()
    parts = []
    for start, end in zip(starts, ends.tolist(), strict=True):
        part = filled(empty, vectors, np.arange(start, end), name=name, tail=tail)
        rest = replace(part.tail, chunk_ids=part.tail.chunk_ids - start)
        parts.append(replace(part, chunk_ids=part.chunk_ids - start, tail=rest))
    return parts, starts


def require_equal(ours: ApproximateIndex, theirs: ApproximateIndex, queries: NDArray[np.float32]) -> None:
    for nprobe, rerank in ((1, 1), (4, 1), (4, 2), (16, 4)):
        for avoid in ((), (range(5, 900),), (range(3), range(1000, 1600), range(2990, 3000))):
            some = replace(ours, nprobe=nprobe, rerank=rerank).search(queries, 20, avoid=avoid)
            others = replace(theirs, nprobe=nprobe, rerank=rerank).search(queries, 20, avoid=avoid)
            np.testing.assert_allclose(some[1], others[1], atol=1e-5)
            assert (some[0] == others[0]).mean() > 0.99  # but for equal codes at the end


@pytest.mark.parametrize("name", [NAME, "OPQ8,IVF16_HNSW32,PQ8x4fs,Refine(SQfp16)"])
def test_they_find_what_one_index_of_all_finds(vectors: Rows, name: str) -> None:
    empty = trained(vectors, name)
    queries = vectors[np.arange(0, COUNT, 50)].astype(np.float32)
    one = filled(empty, vectors, np.arange(COUNT), name=name)
    parts, starts = parts_of(empty, vectors, name=name)
    assert trained_together(parts)
    require_equal(join_indexes(parts, starts), one, queries)
    require_equal(join_indexes(*parts_of(empty, vectors, name=name)), one, queries[:1])


def test_many_queries_take_no_more_memory_than_their_results(
    vectors: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = replace(join_indexes(*parts_of(trained(vectors), vectors)), nprobe=16, rerank=4)
    queries = vectors[np.arange(COUNT)].astype(np.float32)
    found = joined.search(queries, 20)
    monkeypatch.setattr(joined_index, "_SCORED_AT_ONCE", 100 * 4 * 20)
    tracemalloc.start()
    again = joined.search(queries, 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert all(np.array_equal(one, other) for one, other in zip(found, again, strict=True))
    assert peak < 0.8 * COUNT * 4 * 20 * SIZE * 4  # the vectors that are compared


def test_tails_are_searched(vectors: Rows) -> None:
    parts, starts = parts_of(trained(vectors), vectors, tail=30)
    joined = replace(join_indexes(parts, starts), nprobe=16, rerank=4)
    assert len(joined.tail.chunk_ids) == 90
    ids, _ = joined.search(vectors[np.arange(COUNT)].astype(np.float32), 20)
    assert (ids[:, 0] == np.arange(COUNT)).mean() > 0.99


def test_they_are_tuned_as_one_index_of_all(vectors: Rows) -> None:
    empty, queries = trained(vectors), vectors[np.arange(0, COUNT, 10)].astype(np.float32)
    tuned = tune_index(join_indexes(*parts_of(empty, vectors)), vectors)
    assert tuned == tune_index(filled(empty, vectors, np.arange(COUNT)), vectors)
    joined = replace(join_indexes(*parts_of(empty, vectors)), nprobe=tuned.nprobe, rerank=tuned.rerank)
    exact = exact_neighbors(vectors, np.arange(COUNT), queries, 11)
    assert recall_at_10(joined.search(queries, 74), exact, np.arange(0, COUNT, 10)) > 0.97


def test_what_was_trained_apart_is_not_joined(vectors: Rows) -> None:
    some, others, chunks = trained(vectors), trained(vectors, rows=slice(0, 1500)), np.arange(1000)
    apart = [filled(empty, vectors, chunks) for empty in (some, some, others)]
    assert not trained_together(apart)
    few = replace(filled(some, vectors, chunks), name="IVF8,PQ8x4fs,Refine(SQfp16)")
    assert not trained_together([apart[0], few])


@pytest.mark.parametrize(
    "extents", [[(0, 1100), (1, 400), (2, 1500)], [(2, 700), (0, 1100), (1, 400), (2, 800)]]
)
def test_hits_have_the_numbers_of_the_book(vectors: Rows, extents: Sequence[tuple[int, int]]) -> None:
    parts, starts = parts_of(trained(vectors), vectors)
    numbers = ChunkNumbers(extents)
    joined = JoinedDense.of(numbers, dict(enumerate(parts)), None)
    joined = replace(joined, index=replace(joined.index, nprobe=16, rerank=4))
    for place, (start, size) in enumerate(zip(starts, SPLITS, strict=True)):
        queries = vectors[np.arange(start, start + size)].astype(np.float32)
        wanted = numbers.in_book(place, np.arange(size))
        ids, scores = joined.search(queries, 20)
        assert (ids[:, 0] == wanted).mean() > 0.99
        avoided = joined.search(queries[-1:], 20, avoid=[range(int(ids[-1, 0]), int(ids[-1, 0]) + 1)])
        assert avoided[0][0, 0] == ids[-1, 1]
        assert avoided[1][0, 0] == pytest.approx(scores[-1, 1])
