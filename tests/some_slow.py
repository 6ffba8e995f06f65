"""Which cases of a test `make slow` is left with: they are many, and a few of them say nearly as much."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pytest


def some_slow(cases: Iterable[str] | Mapping[str, Any], *, quick: Collection[str]) -> list[Any]:
    """Parameters by name; all but the `quick` ones are marked as slow.

    A mapping gives each name what the test receives, else it receives the name.
    """
    of_name = cases if isinstance(cases, Mapping) else {name: name for name in cases}
    assert of_name.keys() & set(quick), "none of the cases is quick"
    return [
        pytest.param(value, id=name, marks=() if name in quick else pytest.mark.slow)
        for name, value in of_name.items()
    ]
