"""What users call sources: a part of their names, a pattern of them, or a path as it was given to `add`.

typed in /kim     means sources
gate              that contain it
*/notes/*.md      that match as a whole
./notes, .., .    that came from this file, or from below this folder
notes/*.md        that match as a whole; where none does, those of /kim/notes/*.md

What others ask over a network is compared with names alone: a path of theirs is none of this machine.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path

from openbook.database.documents.document_list import WILDCARDS, ListedDocument, name_matches
from openbook.text.document_ids import suggestion
from openbook.text.globs import composed
from openbook.text.origins import Place, folders_above, places_called, real_path

_PATHS = ("./", "../", "~/")
"""How begins what can only be meant as a path."""
_FOLDERS = (".", "..")


@dataclass(frozen=True, slots=True)
class SourcePattern:
    """What was typed, and where that leads from the folder of whoever typed it; see `of`."""

    typed: str
    places: tuple[Place, ...] = ()
    """What it may be as a file or folder, there or not."""
    path_pattern: str = ""
    """With `*`, `?` or `[...]` the same as an absolute path; empty: it has none of them."""

    @classmethod
    def of(cls, typed: str, *, is_for_others: bool = False) -> "SourcePattern":
        """Read what was typed in the current folder; of what others typed nothing is looked up here."""
        if is_for_others:
            return cls(typed)
        path = _below_home(typed)
        return cls(typed, tuple(places_called(path)), _path_pattern(path))

    @property
    def is_path(self) -> bool:
        """Whether it is written so that it can only be meant as a path."""
        return self.typed in _FOLDERS or self.typed.startswith(_PATHS)

    def matches(self, names: Sequence[str], origins: Sequence[str]) -> list[bool]:
        """Say which documents are meant: by their names, and where none is, by what they came from.

        What is written as a path is the other way round.

        Args:
            names: of their sources, or in their place ids.
            origins: see `openbook.text.origins`; empty: none is known.
        """
        ways: list[Callable[[Sequence[str], Sequence[str]], list[bool]]] = [self._by_name, self._by_path]
        for way in reversed(ways) if self.is_path else ways:
            found = way(names, origins)
            if any(found):
                break
        return found

    def _by_name(self, names: Sequence[str], origins: Sequence[str]) -> list[bool]:
        if not self.typed.strip("./") and self.is_path:  # else every name that has an ending
            return [False] * len(names)
        return [name_matches(name, self.typed) for name in names]

    def _by_path(self, names: Sequence[str], origins: Sequence[str]) -> list[bool]:
        """What Python added has its path as a source at most, so both are compared."""
        rows = list(zip(names, origins, strict=True))
        for written in (_as_it_is, composed):
            places = [replace(place, origin=written(place.origin)) for place in self.places]
            found = [any(_is_from(places, written(text)) for text in row) for row in rows]
            if any(found):
                return found
        pattern = composed(self.path_pattern)
        return [bool(pattern) and any(fnmatchcase(composed(text), pattern) for text in row) for row in rows]


def of_source(documents: Sequence[ListedDocument], pattern: SourcePattern) -> list[ListedDocument]:
    """Leave the documents of a source; an id stands in for one that is not there."""
    names = [document.source or document.document_id for document in documents]
    found = pattern.matches(names, [document.origin for document in documents])
    return [document for document, is_found in zip(documents, found, strict=True) if is_found]


def no_source(pattern: SourcePattern, names: Sequence[str]) -> str:
    """Say that no document has this source, and what is nearest to it.

    Args:
        pattern: that no document matches.
        names: of the sources that there are.
    """
    known = dict.fromkeys([*names, *_parts(pattern, names)])
    said = f"no document has the source {suggestion(pattern.typed, known)}"
    if not (pattern.is_path and pattern.places):
        return said
    return f"{said}; as a path it is {_absolute(pattern.typed)}"


def _parts(pattern: SourcePattern, names: Iterable[str]) -> Iterator[str]:
    """What else might have been meant: names of files and folders, and folders as seen from here."""
    bare = pattern.typed.removeprefix("./").rstrip("/")
    if "/" not in bare:
        # A part of a source is a pattern, too, so one name of a path is as good.
        yield from (part for name in names for part in reversed(name.split("/")) if part)
    if pattern.places:
        folders = dict.fromkeys(folder for name in names for folder in folders_above(name))
        yield from (os.path.relpath(folder) for folder in folders if folder.startswith("/"))


def _below_home(typed: str) -> str:
    """The path, also where quotes around a pattern have hidden `~` from the shell."""
    return str(Path(typed).expanduser()) if typed.startswith("~/") else typed


def _absolute(typed: str) -> str:
    return os.path.normpath(Path.cwd() / _below_home(typed))


def _path_pattern(path: str) -> str:
    """The same as an absolute path, links before the first wildcard followed; empty: it has no wildcard."""
    parts = path.split("/")
    first = next((place for place, part in enumerate(parts) if any(char in part for char in WILDCARDS)), None)
    if first is None:
        return ""
    head = "/".join(parts[:first]) or ("/" if path.startswith("/") else ".")
    return f"{escape(real_path(head).rstrip('/'))}/{'/'.join(parts[first:])}"


def _is_from(places: Iterable[Place], text: str) -> bool:
    return any(text.startswith(place.origin) and place.covers(text) for place in places)


def _as_it_is(text: str) -> str:
    return text
