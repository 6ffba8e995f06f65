"""Rows of questions: where chunks begin, what is cut off, and that each token is predicted once."""

from itertools import product

import pytest

from openbook.errors import SettingsError
from openbook.evaluate.harness.alignment import ChunkAlignment, Row

M, T, PADDING = 4, 20, 0
ALIGNMENT = ChunkAlignment(M, T, PADDING)
CONTEXTS = [list(range(100, 100 + length)) for length in (1, 3, 4, 5, 8, 11, 16, 17, 30, 41)]
ANSWERS = [list(range(200, 200 + length)) for length in (1, 2, 4, 5, 15, 16, 17, 33, 100)]
PAIRS = list(product(CONTEXTS, ANSWERS))


def text(row: Row) -> list[int]:
    return row.tokens[row.padding :]


@pytest.mark.parametrize(("context", "answer"), PAIRS)
def test_each_token_is_predicted_once_and_in_order(context: list[int], answer: list[int]) -> None:
    rows = list(ALIGNMENT.rows(context, answer))
    assert [token for row in rows for token in row.tokens[row.first :]] == answer


@pytest.mark.parametrize(("context", "answer"), PAIRS)
def test_rows_are_consecutive_text_on_the_contexts_grid(context: list[int], answer: list[int]) -> None:
    whole = context + answer
    for row in ALIGNMENT.rows(context, answer):
        assert M <= row.first < len(row.tokens) <= T
        assert row.first % M == 0
        assert row.tokens[: row.padding] == [PADDING] * row.padding
        start = whole.index(text(row)[0])
        assert text(row) == whole[start : start + len(text(row))]
        # Borders are counted from the context's end.
        assert row.padding == (-len(context) % M if start == 0 else 0)
        assert start == 0 or (start - len(context)) % M == 0


@pytest.mark.parametrize("context", CONTEXTS)
def test_all_choices_share_context_and_borders(context: list[int]) -> None:
    room = 7
    rows = [next(ALIGNMENT.rows(context, [200 + n] * n, room)) for n in range(1, room + 1)]
    assert len({row.first for row in rows}) == 1
    assert len({tuple(row.tokens[: row.first]) for row in rows}) == 1
    assert len({row.padding for row in rows}) == 1


def test_an_answer_that_fits_is_one_row_with_the_whole_context() -> None:
    (row,) = ALIGNMENT.rows([1, 2, 3, 4, 5, 6], [7, 8, 9])
    assert row == Row([PADDING, PADDING, 1, 2, 3, 4, 5, 6, 7, 8, 9], padding=2, first=8)


@pytest.mark.parametrize(
    ("length", "room", "kept"),
    [(16, 4, 16), (16, 5, 12), (17, 1, 16), (17, 4, 16), (15, 4, 15), (15, 5, 12), (6, 16, 4), (6, 90, 4)],
)
def test_too_long_a_context_loses_whole_chunks_from_the_left(length: int, room: int, kept: int) -> None:
    context = list(range(length))
    assert ALIGNMENT.truncated(context, room) == context[-kept:]


def test_a_long_answer_goes_on_with_as_many_chunks_before_as_there_is_room_for() -> None:
    answer = list(range(200, 238))
    first, second, third = ALIGNMENT.rows([1], answer)
    assert (first.padding, first.first, text(first)) == (3, 4, [1, *answer[:16]])
    assert (second.padding, second.first, text(second)) == (0, 4, answer[12:32])
    # The last one is no longer than it must be, so it reads more of what stands before.
    assert (third.padding, third.first, text(third)) == (0, 12, answer[20:38])


def test_nothing_to_predict_is_no_row() -> None:
    assert list(ALIGNMENT.rows([1, 2, 3], [])) == []


@pytest.mark.parametrize(
    ("row", "queries"),
    [
        (Row([0, 0, 1, 2, 3], padding=2, first=4), [[1, 2]]),
        (Row([0, 0, 0, 1, 2, 3, 4, 5], padding=3, first=4), [[1]]),
        (Row([0, 0, 0, 1, 2, 3, 4, 5, 6], padding=3, first=4), [[1], [2, 3, 4, 5]]),
        (Row([1, 2, 3, 4, 5, 6, 7, 8, 9], padding=0, first=8), [[1, 2, 3, 4], [5, 6, 7, 8]]),
    ],
)
def test_complete_chunks_that_tokens_follow_are_looked_up(row: Row, queries: list[list[int]]) -> None:
    assert row.queries(M) == queries


def test_a_length_between_chunks_is_rounded_down() -> None:
    longer = ChunkAlignment(M, T + 3, PADDING)
    assert list(longer.rows([1], list(range(50)))) == list(ALIGNMENT.rows([1], list(range(50))))


@pytest.mark.parametrize("max_length", [0, 7])
def test_there_must_be_room_for_two_chunks(max_length: int) -> None:
    with pytest.raises(SettingsError, match=f"max length {max_length}: must be at least two chunks, 8"):
        ChunkAlignment(M, max_length, PADDING)


def test_rows_of_a_text_predict_the_answer_once_whatever_the_context_is() -> None:
    alignment = ChunkAlignment(4, 12, 0)
    tokens = list(range(1, 31))
    for context in range(1, 30):
        rows = list(alignment.rows_of_text(tokens[:context], tokens[context:]))
        predicted = [token for row in rows for token in row.tokens[row.first :]]
        assert predicted == tokens[context:]
        whole = list(alignment.rows_of_text(tokens[:1], tokens[1:]))
        assert [row.tokens for row in rows] == [row.tokens for row in whole][-len(rows) :]
    assert list(alignment.rows_of_text(tokens[:3], [])) == []
