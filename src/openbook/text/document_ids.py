"""Which known id was meant by one that no document has."""

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import islice

from openbook.text.globs import composed

_LEAST_RATIO = 0.6
"""Of `SequenceMatcher`: below it two ids have nothing to do with each other."""
_MOST_COMPARED = 100_000
"""Ids that are compared letter by letter; beyond it a typo goes without a suggestion, and needs no minute."""
_LONGEST = 1000
"""Characters of an id that is compared and shown."""
_SHOWN = 100
_MOST_NAMED = 3


def nearest_ids(wanted: str, known: Iterable[str]) -> list[str]:
    """Find the ids that are most likely meant, the likeliest first.

    First those that are equal but for case, width or the kind of slash; then paths that end alike; then
    those of nearly the same letters.

    >>> nearest_ids("DOC-3", ["doc-3", "doc-30", "x"])
    ['doc-3', 'doc-30']
    >>> nearest_ids("a.md", ["notes/b.md", "notes/a.md"])[0]
    'notes/a.md'
    """
    folded = _folded(wanted)
    matcher = SequenceMatcher(b=folded, autojunk=False)
    ranked = []
    for number, name in enumerate(known):
        likeness = _likeness(folded, _folded(name), matcher if number < _MOST_COMPARED else None)
        if likeness >= _LEAST_RATIO:
            ranked.append((-likeness, number, name))
    return [name for _, _, name in islice(sorted(ranked), _MOST_NAMED)]


def suggestion(wanted: str, known: Iterable[str]) -> str:
    """The id that no document has, and what it might stand for.

    >>> suggestion("DOC-3", ["doc-3", "x"])
    "'DOC-3' (nearest: 'doc-3')"
    """
    if len(wanted) > _LONGEST:
        return f"{wanted[:_SHOWN]!r}… ({len(wanted):,} characters)"
    nearest = [_shown(name, beside=wanted) for name in nearest_ids(wanted, known)]
    return f"{wanted!r} (nearest: {', '.join(nearest)})" if nearest else repr(wanted)


def _shown(name: str, *, beside: str) -> str:
    """The name in quotes; one that looks the same and is written in other characters by their numbers."""
    return ascii(name) if name != beside and composed(name) == composed(beside) else repr(name)


def _folded(name: str) -> str:
    """Without what differs from system to system: case, composed letters, slashes, `./` before a path."""
    return unicodedata.normalize("NFKC", name).casefold().replace("\\", "/").removeprefix("./").strip("/ ")


def _likeness(wanted: str, known: str, matcher: SequenceMatcher[str] | None) -> float:
    """3 if equal, 2 if one path is the end of the other, with or without the known one's ending, above 1 for
    the same file name; else the ratio."""
    if wanted == known:
        return 3.0
    if known.endswith(f"/{wanted}") or wanted.endswith(f"/{known}"):
        return 2.0
    if wanted and f"/{known.rpartition('.')[0]}".endswith(f"/{wanted}"):
        return 2.0
    ratio = 0.0
    if matcher is not None:
        matcher.set_seq1(known)
        if matcher.real_quick_ratio() >= _LEAST_RATIO and matcher.quick_ratio() >= _LEAST_RATIO:
            ratio = matcher.ratio()
    is_named_alike = "/" in wanted and known.rpartition("/")[2] == wanted.rpartition("/")[2]
    return ratio + is_named_alike
