"""Fetching neighbors of chunks of tokens."""

from collections.abc import Callable

from openbook.database import Database, DocumentFilter
from openbook.generation.neighbor_fetcher import NeighborFetcher


def test_a_huge_k_takes_no_room_for_neighbors_that_do_not_exist(small: Callable[..., Database]) -> None:
    ids, mask = NeighborFetcher(small("ba ke", "ba li").opened, 10**9, "bm25").fetch([[1, 2]])
    assert ids.shape[1] == mask.shape[1] == 2


def test_no_room_for_neighbors_that_the_filter_takes_away(small: Callable[..., Database]) -> None:
    version = small("ba ke", "ba li", "ba mo").opened
    tokens = version.tokenizer.encode(["ba"])
    fetcher = NeighborFetcher(version, 3, "bm25", DocumentFilter(ids=["0", "2"]))
    ids, mask = fetcher.fetch(tokens)
    assert ids.shape[1] == mask.shape[1] == 2
    assert sorted(hit.document_id for hit in fetcher.hits[0]) == ["0", "2"]
