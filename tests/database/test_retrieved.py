"""What a neighbor brings along equals a loop over neighbors."""

from collections.abc import Callable

import numpy as np
import pytest

from openbook.database import Database
from openbook.database.retrieved import retrieved_tokens


@pytest.fixture(scope="module")
def database(make: Callable[..., Database], corpus: Callable[..., dict[str, str]]) -> Database:
    return make(corpus(12))


def plain_value(database: Database, chunk: int) -> tuple[list[int], list[bool]]:
    """The chunk's tokens and those of the next chunk of its document, and which of them exist."""
    M, layout = database.settings.chunk_size, database.layout
    ids, mask = [0] * 2 * M, [False] * 2 * M
    for half, number in enumerate((chunk, chunk + 1)):
        within = 0 <= number < layout.num_chunks
        if chunk >= 0 and within and layout.document_of[number] == layout.document_of[chunk]:
            for place in range(int(layout.lengths[number])):
                ids[half * M + place] = int(database.tokens[number][place])
                mask[half * M + place] = True
    return ids, mask


@pytest.mark.parametrize("shape", [(60,), (10, 6), (2, 5, 6), (0, 2)])
def test_equal_to_a_loop_over_neighbors(database: Database, shape: tuple[int, ...]) -> None:
    chunks = np.random.default_rng(0).integers(-1, database.layout.num_chunks, size=shape)
    ids, mask = retrieved_tokens(database.tokens, database.layout, chunks)
    R = 2 * database.settings.chunk_size
    assert ids.shape == mask.shape == (*shape, R)
    assert (ids.dtype, mask.dtype) == (np.int64, np.bool_)
    for chunk, row, exists in zip(chunks.ravel(), ids.reshape(-1, R), mask.reshape(-1, R), strict=True):
        expected_ids, expected_mask = plain_value(database, int(chunk))
        assert exists.tolist() == expected_mask
        assert row[exists].tolist() == np.array(expected_ids)[expected_mask].tolist()


def test_a_missing_neighbor_is_not_the_last_chunk(database: Database) -> None:
    _, mask = retrieved_tokens(database.tokens, database.layout, np.array([-1]))
    assert not mask.any()


def test_the_last_chunk_of_all_has_no_continuation(database: Database) -> None:
    M = database.settings.chunk_size
    _, mask = retrieved_tokens(database.tokens, database.layout, np.array([database.layout.num_chunks - 1]))
    assert mask[0, 0]
    assert not mask[0, M:].any()


def test_a_continuation_is_never_of_another_document(make: Callable[..., Database]) -> None:
    database = make({"a": "river", "b": "stone"})
    _, mask = retrieved_tokens(database.tokens, database.layout, np.array([0, 1]))
    assert not mask[:, database.settings.chunk_size :].any()
