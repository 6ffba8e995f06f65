"""Where two records differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from before.fingerprints import CATALOG

_SHOWN = 100
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place."""

    where: str
    what: str
    allowed: bool = False
    """A column of the catalogue that only one side has, and that says nothing there."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}{' (allowed)' if self.allowed else ''}"


def differences(a: Any, b: Any, where: str = "") -> Iterator[Difference]:
    """Compare two JSON values; numbers are equal if they are written alike, so 1 is not 1.0."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            place = f"{where} / {key}" if where else key
            if key in a and key in b:
                yield from differences(a[key], b[key], place)
            else:
                yield _lonely(a.get(key, b.get(key)), place, "first" if key in a else "second")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for number, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from differences(one, other, f"{where} [{number}]")
    elif isinstance(a, list) and isinstance(b, list):
        yield Difference(where, f"{len(a)} items, {len(b)} items")
    elif repr(a) != repr(b):
        yield Difference(where, f"{_shown(a)} -> {_shown(b)}")


def _lonely(value: Any, where: str, side: str) -> Difference:
    empty = isinstance(value, list) and all(item is None for item in value)
    if f"{CATALOG} / " in where and empty:
        return Difference(where, f"only the {side} has this column, without a value", allowed=True)
    return Difference(where, f"only in the {side}: {_shown(value)}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
