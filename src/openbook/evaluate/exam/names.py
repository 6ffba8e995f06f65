"""Invented names, made of syllables: of people, places, works, things and rivers.

The training worlds and the test worlds have no syllable in common, nor a title's noun or a place's ending.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from random import Random

from openbook.evaluate.exam.part_files import Part, part_folder, read_section

_ENDINGS = ("person", "surname", "place", "river", "thing")


@dataclass(frozen=True, slots=True)
class NamePieces:
    """What the names of one part are made of.

    syllables: of all names.
    endings: by what is named: person (a first name), surname, place, river, thing.
    title_nouns: of works.
    thing_types: what a thing is: a ship, an organ.
    numerals: behind the names of works and things with look-alikes.
    prefixes: before those of places.
    """

    syllables: tuple[str, ...]
    endings: Mapping[str, tuple[str, ...]]
    title_nouns: tuple[str, ...]
    thing_types: tuple[str, ...]
    numerals: tuple[str, ...]
    prefixes: tuple[str, ...]


@lru_cache
def name_pieces(part: Part) -> NamePieces:
    """The pieces of one part, read once."""
    section = read_section(part_folder(part), "names")
    section.require(field.name for field in fields(NamePieces))
    endings = section.section("endings")
    endings.require(_ENDINGS)
    return NamePieces(
        syllables=section.texts("syllables"),
        endings={kind: endings.texts(kind) for kind in _ENDINGS},
        title_nouns=section.texts("title_nouns"),
        thing_types=section.texts("thing_types"),
        numerals=section.texts("numerals"),
        prefixes=section.texts("prefixes"),
    )


class NameMaker:
    """Draws names, none twice.

    Args:
        random: what they are drawn with.
        part: whose syllables.
    """

    def __init__(self, random: Random, part: Part) -> None:
        self._random = random
        self._pieces = name_pieces(part)
        self._taken: set[str] = set()

    def person(self) -> str:
        """A first and a last name."""
        return self._new(lambda: f"{self.first_name()} {self._word('surname', 1, 2)}")

    def first_name(self) -> str:
        """A first or middle name; it may come again."""
        return self._word("person", 1, 2)

    def place(self) -> str:
        """A town's name."""
        return self._new(lambda: self._word("place", 2, 3))

    def river(self) -> str:
        """A river's name."""
        return self._new(lambda: self._word("river", 2, 3))

    def thing(self) -> str:
        """A ship's or machine's name."""
        return self._new(lambda: self._word("thing", 2, 3))

    def work(self) -> str:
        """A title with a noun and an invented name: The Lantern of Cordelo."""
        return self._new(self._title)

    def relative(self, kind: str, name: str) -> str:
        """A name of the same kind for somebody else: of people with the same last name.

        Args:
            kind: person, place, work or thing.
            name: of the one who is there already.
        """
        if kind != "person":
            return {"place": self.place, "work": self.work, "thing": self.thing}[kind]()
        last = name.rsplit(maxsplit=1)[-1]
        return self._new(lambda: f"{self.first_name()} {last}")

    def _title(self) -> str:
        noun, name = self._random.choice(self._pieces.title_nouns), self._word("thing", 1, 3)
        return self._random.choice((f"The {noun} of {name}", f"{name} and the {noun}", f"{name}'s {noun}"))

    def _word(self, kind: str, fewest: int, most: int) -> str:
        syllables = self._random.choices(self._pieces.syllables, k=self._random.randint(fewest, most))
        return ("".join(syllables) + self._random.choice(self._pieces.endings[kind])).capitalize()

    def _new(self, draw: Callable[[], str]) -> str:
        """Draw until the name is a new one; after many tries in vain a further syllable makes it one."""
        name = draw()
        for _ in range(20):
            if name not in self._taken:
                break
            name = draw()
        while name in self._taken:
            name += self._random.choice(self._pieces.syllables)
        self._taken.add(name)
        return name
