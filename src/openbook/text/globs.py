"""Patterns for the files of a folder. Letters in parts (`u` and two dots) equal those in one piece."""

import unicodedata
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase


def matches(path: str, pattern: str) -> bool:
    """Say whether a path below a folder matches.

    Args:
        path: relative, with `/` between the names.
        pattern: `*`, `?` and `[...]` stand within one name, `**` for any number of folders. Without a `/` it
            is about the file's name, in any folder.

    >>> matches("guide/intro/a.md", "*.md"), matches("guide/intro/a.md", "guide/*.md")
    (True, False)
    >>> matches("guide/intro/a.md", "guide/**/*.md"), matches("guide/a.md", "guide/**/*.md")
    (True, True)
    """
    return matches_composed(_matches, path, pattern)


def matches_composed(matches: Callable[[str, str], bool], name: str, pattern: str) -> bool:
    """Say whether a name matches a pattern as both are, or with letters in one piece each."""
    if matches(name, pattern):
        return True
    whole = composed(name), composed(pattern)
    return whole != (name, pattern) and matches(*whole)


def composed(text: str) -> str:
    """The text with letters in one piece each (NFC): macOS and its archives write those of names in parts.

    >>> len("u\\u0308"), len(composed("u\\u0308"))
    (2, 1)
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _matches(path: str, pattern: str) -> bool:
    names = path.split("/")
    if "/" not in pattern:
        return fnmatchcase(names[-1], pattern)
    wanted = [part for part in pattern.split("/") if part not in ("", ".")]
    # Every place in the pattern that the names so far may have led to.
    places = _past_folders({0}, wanted)
    for name in names:
        reached = {
            place if wanted[place] == "**" else place + 1
            for place in places
            if place < len(wanted) and (wanted[place] == "**" or fnmatchcase(name, wanted[place]))
        }
        places = _past_folders(reached, wanted)
    return len(wanted) in places


def is_excluded(path: str, patterns: Iterable[str]) -> bool:
    """Say whether a path below a folder, or one of the folders on it, matches one of the patterns.

    >>> is_excluded("old/drafts/a.md", ["drafts"]), is_excluded("old/drafts/a.md", ["drafts/"])
    (True, False)
    """
    names = path.split("/")
    return any(
        matches("/".join(names[:count]), pattern)
        for pattern in patterns
        for count in range(1, len(names) + 1)
    )


def _past_folders(places: set[int], wanted: list[str]) -> set[int]:
    """These places, and those behind a `**`, which may stand for no folder."""
    places = set(places)
    for place in range(len(wanted)):
        if place in places and wanted[place] == "**":
            places.add(place + 1)
    return places
