"""Searches that begin early: what they ask for, where they run, and what is then written."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from openbook.database import Database, Version
from openbook.errors import DatabaseError, SettingsError
from openbook.generation import Sampling, generate
from openbook.generation.batch_row import BatchRow
from openbook.model import RetroForCausalLM

GREEDY = Sampling(temperature=0)
M = 16


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that searched."""
    names: list[str] = []
    search = Version.search_chunks

    def spied(self: Version, *queries: Any, **options: Any) -> Any:
        names.append(threading.current_thread().name)
        return search(self, *queries, **options)

    monkeypatch.setattr(Version, "search_chunks", spied)
    return names


@pytest.mark.parametrize("stride", [None, 8])
@pytest.mark.parametrize("ahead", [1, 5])
def test_the_text_is_that_of_queries_without_the_last_tokens(
    trained: RetroForCausalLM,
    book: Database,
    spy: Any,
    threads: list[str],
    monkeypatch: pytest.MonkeyPatch,
    prompt_of: Callable[[int], str],
    ahead: int,
    stride: int | None,
) -> None:
    options: dict[str, Any] = {"max_new_tokens": 36, "k": 2, "stride": stride, "sampling": GREEDY}
    prompt = prompt_of(20)
    found = generate(trained, book, prompt, look_ahead=ahead, **options)
    begun = [name.startswith("look-ahead") for name in threads]
    assert begun == [False] + [True] * (len(begun) - 1)
    queries = list(spy.queries)
    spy.queries.clear()
    last_tokens = BatchRow.last_tokens

    def stale(self: BatchRow, count: int) -> list[int]:
        return last_tokens(self, count + ahead)[:count] if count == M else last_tokens(self, count)

    monkeypatch.setattr(BatchRow, "last_tokens", stale)
    assert generate(trained, book, prompt, **options) == found
    assert spy.queries == queries
    assert len(queries) == (3 if stride is None else 5)


def test_no_look_ahead_searches_where_it_decodes(
    trained: RetroForCausalLM, book: Database, threads: list[str]
) -> None:
    generate(trained, book, "Number 3", max_new_tokens=20, sampling=GREEDY)
    assert set(threads) == {threading.current_thread().name}


def test_no_search_begins_for_what_is_not_written(
    trained: RetroForCausalLM, book: Database, threads: list[str]
) -> None:
    generate(trained, book, "Number 3", max_new_tokens=M, look_ahead=4, sampling=GREEDY)
    assert len(threads) == 1


def test_a_search_that_fails_ends_the_text(
    trained: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Version.search_chunks

    def failing(self: Version, *queries: Any, **options: Any) -> Any:
        if threading.current_thread().name.startswith("look-ahead"):
            raise DatabaseError("the book is gone")
        return search(self, *queries, **options)

    monkeypatch.setattr(Version, "search_chunks", failing)
    with pytest.raises(DatabaseError, match="the book is gone"):
        generate(trained, book, "Number 3", max_new_tokens=20, look_ahead=4, sampling=GREEDY)


@pytest.mark.parametrize(("ahead", "stride"), [(16, None), (4, 4), (-1, None)])
def test_a_look_ahead_is_less_than_the_stride(
    trained: RetroForCausalLM, book: Database, ahead: int, stride: int | None
) -> None:
    with pytest.raises(SettingsError, match=f"look-ahead of {ahead} tokens"):
        generate(trained, book, "Number 3", look_ahead=ahead, stride=stride)
