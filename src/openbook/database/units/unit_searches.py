"""The searches by unit of one version: which there are, which is the default; each is made when asked for."""

from collections.abc import Iterator
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.layout import ChunkLayout
from openbook.database.units.section_units import sections_of
from openbook.database.units.unit_search import HasVectors, Units, UnitSearch
from openbook.errors import SettingsError
from openbook.search_modes import SearchUnit


def documents_of(version: HasVectors) -> Units:
    """Each document of a version as a unit."""

    def names(places: NDArray[np.int64]) -> Iterator[str]:
        records = version.catalog.describe(version.layout.number[places].tolist())
        return (record.title for record in records)

    return Units(version.layout, names, version.layout.document_of)


_UNITS = {"document": documents_of, "section": sections_of}
_FEW = 10_000
"""Units of a book that are made without being asked for: it takes half a second."""
_SHORT = 8
"""Chunks of a unit on average, up to which it is about one thing."""
_READ = _FEW * _SHORT
"""Chunks of a book whose headings are looked for without being asked: it takes a second or two."""


class UnitSearches:
    """By documents and by sections; chunks are searched by the version itself.

    Args:
        version: what it holds is read when it is first searched.
    """

    def __init__(self, version: HasVectors) -> None:
        self._version = version
        self._made: dict[SearchUnit, UnitSearch] = {}

    @cached_property
    def default(self) -> SearchUnit:
        """What questions find first where nobody says.

        Documents where they are short, up to 8 chunks on average: notes, articles, each about one thing. Else
        the sections of long ones, if these are as short. So that making them takes no time to speak of, there
        must not be more than 10,000. What is longer is about many things, which its passages name: chunks.
        """
        layout = self._version.layout
        if _is_short(layout):
            return "document"
        if not 0 < layout.num_chunks <= _READ:
            return "chunk"
        return "section" if _is_short(self.by("section").units.layout) else "chunk"

    def by(self, unit: SearchUnit) -> UnitSearch:
        """The search of these units.

        Raises:
            SettingsError: there is no such unit.
        """
        if unit not in _UNITS:
            raise SettingsError(f"by {unit!r}: choose one of {', '.join(get_args(SearchUnit))}")
        if unit not in self._made:
            self._made[unit] = UnitSearch(self._version, _UNITS[unit](self._version))
        return self._made[unit]


def _is_short(layout: ChunkLayout) -> bool:
    """Whether units, in the place of a layout's documents, are short and few."""
    live = layout.document_chunks[layout.live]
    return 0 < len(live) <= _FEW and float(live.mean()) <= _SHORT
