"""What can be said of people, places, works and things, and how an answer is drawn.

A relation is named `kind.relation`, as in the wordings. Its answers are all of one sort, so that any of them
can take another's place: that is what an edit of a fact does. Words among them begin with a consonant, so
that "a" stays right. The two parts have no word of a sort in common; further sorts belong to the training
worlds alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from openbook.evaluate.exam.names import NameMaker
from openbook.evaluate.exam.part_files import Part, part_folder, read_section
from openbook.evaluate.exam.wordings import KINDS, Kind, wordings_of

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def sorts_of(part: Part) -> tuple[str, ...]:
    """The sorts of words that answer something in one part."""
    return tuple(_words(part))


def words_of(sort: str, part: Part) -> tuple[str, ...]:
    """The words of a sort that belong to one part; none if the part does not have the sort."""
    return _words(part).get(sort, ())


@lru_cache
def _words(part: Part) -> Mapping[str, tuple[str, ...]]:
    """By sort, read once."""
    section = read_section(part_folder(part), "words")
    return {sort: section.texts(sort) for sort in section.values}


@lru_cache
def relations_of(part: Part) -> Mapping[Kind, Mapping[str, str]]:
    """By kind and name the sort of the answers, with its lowest and highest number: `year 1701 1850`.

    The training worlds have all that the exam's have, first, and more.
    """
    facts = wordings_of(part).facts
    return {
        kind: {
            name.removeprefix(f"{kind}."): fact.answers
            for name, fact in facts.items()
            if name.startswith(f"{kind}.")
        }
        for kind in KINDS
    }


_MENU, _SAME_SORT = 9, 0.6


def draw_menu(relations: Mapping[str, str], random: Random) -> list[str]:
    """Relations that documents about look-alikes state, leave open, or state of somebody else.

    Nine, as many as the exam's worlds have of a kind, however many there are; most of the same sort as
    another one, for a teacher is to be told from a godparent by what was asked, not by being a person.

    Args:
        relations: by name the sort of the answers, as `relations_of` has them.
        random: what they are drawn with; nothing is drawn where nine or fewer are there.
    """
    if len(relations) <= _MENU:
        return list(relations)
    left = list(relations)
    random.shuffle(left)
    menu = [left.pop()]
    while len(menu) < _MENU:
        sorts = {relations[name].split()[0] for name in menu}
        alike = [name for name in left if relations[name].split()[0] in sorts]
        name = alike[0] if alike and random.random() < _SAME_SORT else left[0]
        left.remove(name)
        menu.append(name)
    return menu


@dataclass(frozen=True, slots=True)
class Characters:
    """People, places and rivers that facts name; many facts may name the same."""

    people: tuple[str, ...]
    places: tuple[str, ...]
    rivers: tuple[str, ...]

    @classmethod
    def drawn(cls, names: NameMaker, count: int) -> "Characters":
        """Draw so many people and places, and a quarter as many rivers."""
        return cls(
            people=tuple(names.person() for _ in range(count)),
            places=tuple(names.place() for _ in range(count)),
            rivers=tuple(names.river() for _ in range(count // 4 + 1)),
        )


class AnswerMaker:
    """Draws answers of a relation.

    Args:
        random: what they are drawn with.
        part: whose words.
        characters: people, places and rivers to choose from.

    Attributes:
        relations: of the part, by kind and name.
    """

    def __init__(self, random: Random, part: Part, characters: Characters) -> None:
        self.relations = relations_of(part)
        self._random = random
        self._choices: dict[str, tuple[str, ...]] = {
            "person": characters.people,
            "place": characters.places,
            "river": characters.rivers,
        } | {sort: words_of(sort, part) for sort in sorts_of(part)}
        self._numbers: dict[str, Callable[[int, int], str]] = {
            "year": lambda low, high: str(random.randint(low, high)),
            "number": lambda low, high: f"{random.randint(low, high):,}",
        }

    def draw(self, kind: Kind, relation: str) -> str:
        """One answer: a name, a word, a year, a number such as 4,312, or a day such as May 7."""
        sort, *bounds = self.relations[kind][relation].split()
        if sort in self._numbers:
            low, high = map(int, bounds)
            return self._numbers[sort](low, high)
        if sort == "day":
            return f"{self._random.choice(MONTHS)} {self._random.randint(1, 28)}"
        return self._random.choice(self._choices[sort])
