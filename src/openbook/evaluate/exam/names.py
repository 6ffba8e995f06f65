"""Invented names, made of syllables: of people, places, works, things and rivers.

The training worlds and the test worlds have no syllable in common, nor a title's noun or a place's ending.
"""

from collections.abc import Callable
from random import Random

from openbook.evaluate.exam.vocabulary import Part

SYLLABLES: dict[Part, str] = {
    "train": """
        ba bel bri cor cu da del do dra fa fen fi gal go gri ha hes hil jo ka kel kin la len lo lu ma mer mo
        na nel ni pa per po ra ri sa sel so su ta tel ti va ver vi
    """,
    "test": """
        be bor bu ce cla dem di dun e fo fru ga gen gla he hu i je jin ke ko kru le lin lis me mi mul ne nul
        nu o pe pli qua re rol ru se sho si te tor tu u vel vo wa xe zan zi zo
    """,
}

ENDINGS: dict[Part, dict[str, str]] = {
    "train": {
        "person": "n s r ra na rin lo",
        "surname": "man ner ski dahl berg low mont",
        "place": "dorn mere wick haven burg ley crest",
        "river": "a en ara",
        "thing": "x lor ta nis",
    },
    "test": {
        "person": "th l m sha mi dor ko",
        "surname": "quist vane rook thorpe gard pell strand",
        "place": "garth fell reach stow combe minster thal",
        "river": "ul im oss",
        "thing": "ph drix zen mar",
    },
}

TITLE_NOUNS: dict[Part, str] = {
    "train": """
        Bridge Candle Clock Crow Door Feast Garden Island Lantern Mirror Orchard Road Shadow Storm Tower
        Winter
    """,
    "test": """
        Anchor Bargain Ferry Fountain Harvest Labyrinth Ladder Night Oath Prisoner Quarrel Return Secret
        Silence Thief Window
    """,
}

THING_TYPES: dict[Part, str] = {
    "train": "ship, locomotive, organ, telescope, fountain, carriage, printing press, statue",
    "test": "airship, tower clock, bell, submarine, carousel, sailboat, astrolabe, lighthouse lamp",
}

NUMERALS: dict[Part, str] = {"train": "I III V VII IX", "test": "II IV VI VIII X"}

PREFIXES: dict[Part, str] = {"train": "Upper Lower New Great", "test": "North South Old Little"}


class NameMaker:
    """Draws names, none twice.

    Args:
        random: what they are drawn with.
        part: whose syllables.
    """

    def __init__(self, random: Random, part: Part) -> None:
        self._random = random
        self._part = part
        self._syllables = SYLLABLES[part].split()
        self._endings = {kind: endings.split() for kind, endings in ENDINGS[part].items()}
        self._nouns = TITLE_NOUNS[part].split()
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
        noun, name = self._random.choice(self._nouns), self._word("thing", 1, 3)
        return self._random.choice((f"The {noun} of {name}", f"{name} and the {noun}", f"{name}'s {noun}"))

    def _word(self, kind: str, fewest: int, most: int) -> str:
        syllables = self._random.choices(self._syllables, k=self._random.randint(fewest, most))
        return ("".join(syllables) + self._random.choice(self._endings[kind])).capitalize()

    def _new(self, draw: Callable[[], str]) -> str:
        """Draw until the name is a new one; after many tries in vain a further syllable makes it one."""
        name = draw()
        for _ in range(20):
            if name not in self._taken:
                break
            name = draw()
        while name in self._taken:
            name += self._random.choice(self._syllables)
        self._taken.add(name)
        return name
