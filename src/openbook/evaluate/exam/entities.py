"""Who and what documents are about: people, places, works and things, many with look-alikes.

A look-alike has the same name with another middle name, numeral or prefix: Besho Mel Dunvane and Besho Tor
Dunvane.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from openbook.evaluate.exam.names import NameMaker, name_pieces
from openbook.evaluate.exam.part_files import Part
from openbook.evaluate.exam.wordings import KINDS, Kind

_GROUPS = 0.25
"""Share of the drawn names that two or three bear: of the documents 45 % have a look-alike."""
_PLAIN = 0.5
"""Share of the others without middle name, numeral or prefix."""

_PRONOUNS = {"she": ("she", "her", "her"), "he": ("he", "his", "him"), "it": ("it", "its", "it")}


@dataclass(frozen=True, slots=True)
class Mention:
    """How a sentence names somebody: as its subject, as an owner, as its object."""

    subject: str
    owner: str
    object: str

    @classmethod
    def by_name(cls, name: str) -> "Mention":
        """A name in its three cases."""
        return cls(name, f"{name}'s", name)

    def fill(self, template: str, **others: str) -> str:
        """Put it into a wording, with what else has a place there."""
        return template.format(subject=self.subject, owner=self.owner, object=self.object, **others)


@dataclass(frozen=True, slots=True)
class Entity:
    """What one document is about."""

    kind: Kind
    title: str
    full: Mention
    """With the whole name, as questions name it."""
    short: Mention
    """A last name, or "the town"; shared by look-alikes."""
    pronoun: Mention
    group: int
    """Look-alikes have the same."""


class EntityMaker:
    """Draws entities.

    Args:
        random: what they are drawn with.
        names: where their names come from.
        part: whose words.
    """

    def __init__(self, random: Random, names: NameMaker, part: Part) -> None:
        self._random = random
        self._names = names
        self._pieces = name_pieces(part)
        self._absent: list[Entity] = []
        self._draw: dict[Kind, Callable[[], Callable[[str], tuple[str, str, str]]]] = {
            "person": self._person,
            "place": self._place,
            "work": self._work,
            "thing": self._thing,
        }

    def draw(self, count: int) -> list[Entity]:
        """So many, look-alikes among them if there are two or more; in random order."""
        entities: list[Entity] = []
        group = 0
        while len(entities) < count:
            alike = group == 0 or self._random.random() < _GROUPS
            size = min(self._random.choice((2, 2, 3)) if alike else 1, count - len(entities))
            # One more than there are: the last is a look-alike of whom no document speaks.
            made = self._group(self._random.choice(KINDS), size + alike, group)
            entities.extend(made[:size])
            self._absent.extend(made[size:])
            group += 1
        self._random.shuffle(entities)
        return entities

    def strangers(self, count: int) -> Iterator[Entity]:
        """So many of whom no document speaks; half of them look-alikes, as far as there are any."""
        alike = self._random.sample(self._absent, min(count // 2, len(self._absent)))
        yield from alike
        for _ in range(count - len(alike)):
            yield from self._group(self._random.choice(KINDS), 1, -1)

    def _group(self, kind: Kind, size: int, group: int) -> list[Entity]:
        spell = self._draw[kind]()
        marks = self._marks(kind, size)
        pronoun = self._random.choice(("she", "he")) if kind == "person" else "it"
        made = []
        for mark in marks:
            title, full, short = spell(mark)
            mentions = Mention.by_name(full), Mention.by_name(short), Mention(*_PRONOUNS[pronoun])
            made.append(Entity(kind, title, *mentions, group))
        return made

    def _marks(self, kind: Kind, size: int) -> list[str]:
        """What tells the members of a group apart."""
        if size == 1 and self._random.random() < _PLAIN:
            return [""]
        if kind == "person":
            middle: list[str] = []
            while len(middle) < size:
                name = self._names.first_name()
                middle += [name] if name not in middle else []
            return middle
        return self._random.sample(self._pieces.prefixes if kind == "place" else self._pieces.numerals, size)

    def _person(self) -> Callable[[str], tuple[str, str, str]]:
        first, last = self._names.person().split()

        def spell(mark: str) -> tuple[str, str, str]:
            name = f"{first} {mark} {last}" if mark else f"{first} {last}"
            return name, name, last

        return spell

    def _place(self) -> Callable[[str], tuple[str, str, str]]:
        base = self._names.place()

        def spell(mark: str) -> tuple[str, str, str]:
            name = f"{mark} {base}".strip()
            return name, name, "the town"

        return spell

    def _work(self) -> Callable[[str], tuple[str, str, str]]:
        base = self._names.work()

        def spell(mark: str) -> tuple[str, str, str]:
            name = f"{base} {mark}".strip()
            return name, name, "the book"

        return spell

    def _thing(self) -> Callable[[str], tuple[str, str, str]]:
        base, sort = self._names.thing(), self._random.choice(self._pieces.thing_types)

        def spell(mark: str) -> tuple[str, str, str]:
            name = f"{base} {mark}".strip()
            return name, f"the {sort} {name}", f"the {sort}"

        return spell
