"""What texts of a batch look up at the same time is searched for at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from openbook.generation.neighbor_fetcher import NeighborFetcher


class NeighborSource(Protocol):
    """What gives a text its neighbors."""

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Neighbors' ids [C, K, R] of C chunks of tokens without padding, and their mask."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """The chunks that one text looks up, and where."""

    source: NeighborSource
    chunks: list[list[int]]


Found = tuple[Tensor, Tensor] | Exception
"""Ids and mask [C, K, R]; or why they could not be had."""


def fetch_together(wanted: Sequence[Wanted]) -> list[Found]:
    """Fetch neighbors for several texts: one search for all that search the same book in the same way.

    Returns:
        For each what it gets. Where a joint search fails, each is searched for alone, so that what fails is
        one text's own.
    """
    found: dict[int, Found] = {}
    groups: dict[object, list[int]] = {}
    for place, one in enumerate(wanted):
        if isinstance(one.source, NeighborFetcher):
            groups.setdefault(one.source.search_key, []).append(place)
        else:
            found[place] = _alone(one)
    for places in groups.values():
        found |= zip(places, _of_group([wanted[place] for place in places]), strict=True)
    return [found[place] for place in range(len(wanted))]


def _alone(one: Wanted) -> Found:
    try:
        return one.source.fetch(one.chunks)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
        return error


def _of_group(wanted: Sequence[Wanted]) -> list[Found]:
    """Of texts whose sources search alike."""
    sources = [one.source for one in wanted if isinstance(one.source, NeighborFetcher)]
    if len(wanted) == 1:
        return [_alone(wanted[0])]
    try:
        queries = [source.queries(one.chunks) for source, one in zip(sources, wanted, strict=True)]
        ids, scores = sources[0].search_texts([text for texts in queries for text in texts])
    except Exception:  # noqa: BLE001 - which text is at fault shows where each is searched alone
        return [_alone(one) for one in wanted]
    results: list[Found] = []
    done = 0
    for source, one, texts in zip(sources, wanted, queries, strict=True):
        rows = slice(done, done + len(texts))
        done += len(texts)
        try:
            results.append(source.read(ids[rows], scores[rows], count=len(one.chunks)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            results.append(error)
    return results
