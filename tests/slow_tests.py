"""Which tests `make test` leaves to `make slow`: slow.yaml names them, file by file.

A file of slow.yaml has its slow functions, and what is quick of each:

    generation/test_memory.py:
      test_one: 0                       nothing
      test_two: 2                       its first two cases
      test_three: [llama, gpt2]         cases with such a name, or with such a part of one (`llama-joint`)
"""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
import yaml

TESTS = Path(__file__).parent
Quick = int | list[str]


@cache
def slow_functions() -> dict[str, dict[str, Quick]]:
    """By file below tests/ and function: how many of its cases are quick, or which."""
    listed: dict[str, dict[str, Quick]] = yaml.safe_load((TESTS / "slow.yaml").read_text("utf-8"))
    return listed


def mark_slow(items: Iterable[pytest.Item]) -> None:
    """Mark the slow ones among these tests, which are in the order of their files."""
    before: Counter[tuple[str, str]] = Counter()
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        place = (item.path.relative_to(TESTS).as_posix(), item.originalname)
        quick = slow_functions().get(place[0], {}).get(place[1])
        if quick is not None and not _is_quick(quick, item, before[place]):
            item.add_marker("slow")
        before[place] += 1


def _is_quick(quick: Quick, item: pytest.Function, before: int) -> bool:
    if isinstance(quick, int):
        return before < quick
    case: str = item.callspec.id
    return not {case, *case.split("-")}.isdisjoint(quick)
