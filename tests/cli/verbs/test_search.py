"""The verb `search`: what it finds, and what it refuses."""

from pathlib import Path

import pytest

from command_line import OpenBook


def test_a_k_larger_than_the_database_gives_what_there_is(openbook: OpenBook, database: Path) -> None:
    hits = openbook("search", database, "apples zebras quokka", "-k", "100000", "--json").json
    assert 2 <= len(hits) <= openbook("info", database, "--json").json["chunks"]
    assert len({hit["chunk_id"] for hit in hits}) == len(hits)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_search(openbook: OpenBook, database: Path, text: str) -> None:
    result = openbook("search", database, text)
    assert (result.code, result.out, "empty" in result.error) == (2, "", True)


@pytest.mark.parametrize("k", ["0", "-1"])
def test_a_search_for_nothing(openbook: OpenBook, database: Path, k: str) -> None:
    result = openbook("search", database, "apples", "-k", k)
    assert (result.code, f"k = {k}" in result.error) == (2, True)


def test_a_dense_search_without_vectors(openbook: OpenBook, database: Path) -> None:
    result = openbook("search", database, "apples", "--mode", "dense")
    assert (result.code, "lexical only" in result.error) == (2, True)
