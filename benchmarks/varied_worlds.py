"""Worlds to learn from whose names, and some of whose words, no other world has.

`openbook exam --part train` has one set of syllables and one of wordings. A small model that learns from
nothing would learn these by heart, and could spell or match nothing else. Here every world draws syllables
and endings of its own, none of the exam's; and in every second one what a statement and a question have in
common is another word, so that the question finds the statement by that word:

    Sohiljoburg was founded by Mona Naberg.      Who founded Sohiljoburg?
    Trukeva was harvended by Lisk Pomadok.       Who harvended Trukeva?
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from openbook.evaluate.exam import World, make_world, names, training
from openbook.evaluate.exam.question_rows import QuestionRow, questions_of
from openbook.evaluate.exam.wordings import wordings_of

CONSONANTS = [
    *"bcdfghjklmnprstvwz" * 3,
    "br",
    "cl",
    "dr",
    "fr",
    "gl",
    "kr",
    "pl",
    "qu",
    "sh",
    "st",
    "th",
    "tr",
]
VOWELS = [*"aeiou" * 5, "ai", "ea", "io", "ou"]
ENDS = [*[""] * 30, *"dklmnrst", "ck", "ld", "nd", "ng", "rn"]
FORBIDDEN = {*names.SYLLABLES["test"].split(), *" ".join(names.ENDINGS["test"].values()).split()}
KEPT = {"what", "which", "when", "where", "whom", "whose", "name", "year", "many", "does", "with", "from"}
"""Words of questions that stay, with all of three letters and fewer."""
SHARED = 4
"""Letters that words have in common which mean the same."""


def syllable(random: Random) -> str:
    while True:
        made = random.choice(CONSONANTS) + random.choice(VOWELS) + random.choice(ENDS)
        if made not in FORBIDDEN:
            return made


def made_up_name(random: Random, shape: str) -> str:
    """As many words as another name has, in capitals where it has them."""
    words = ("".join(syllable(random) for _ in range(random.randint(1, 3))) for _ in shape.split())
    return " ".join(
        word.capitalize() if old[0].isupper() else word
        for word, old in zip(words, shape.split(), strict=True)
    )


def other_words(text: str, random: Random) -> str:
    """A relation's wordings, with other words in the place of those that statements and questions share."""
    lines = text.strip().splitlines()
    asked, stated = (
        {
            word
            for line in lines
            if ("?" in line) is is_question
            for word in re.findall(r"\b[a-z]{4,}\b", line)
        }
        for is_question in (True, False)
    )
    shared = {
        word[:size] for word in asked - KEPT for other in stated if (size := in_common(word, other)) >= SHARED
    }
    for stem in sorted(shared, key=len):
        new = "".join(syllable(random) for _ in range(2))
        text = re.sub(rf"(?<![{{\w]){stem}(\w*)(?!\w|}})", rf"{new}\1", text)
    return text


def in_common(word: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(word, other, strict=False)) if a != b),
        min(len(word), len(other)),
    )


@contextmanager
def replaced(dictionary: dict[Any, Any], values: Mapping[Any, Any]) -> Iterator[None]:
    before = {key: dictionary[key] for key in values}
    dictionary.update(values)
    try:
        yield
    finally:
        dictionary.update(before)


def varied_world(seed: int, *, documents: int) -> World:
    """A world of the training part with names, and if its number is odd words, of its own."""
    random = Random(f"varied {seed}")
    endings = {kind: " ".join(syllable(random) for _ in range(6)) for kind in names.ENDINGS["train"]}
    syllables = " ".join(syllable(random) for _ in range(60))
    facts = dict(training.FACTS)
    if seed % 2:
        facts = {relation: other_words(text, random) for relation, text in facts.items()}
    with (
        replaced(names.SYLLABLES, {"train": syllables}),
        replaced(names.ENDINGS, {"train": endings}),
        replaced(training.FACTS, facts),
    ):
        wordings_of.cache_clear()
        try:
            return make_world(documents=documents, seed=seed, part="train")
        finally:
            wordings_of.cache_clear()


def varied_questions(world: World, seed: int) -> list[QuestionRow]:
    """Its questions, with invented answers among the swaps of those that are no numbers."""
    random = Random(f"swaps {seed}")
    return [
        QuestionRow(row.question, row.answers, row.document, _swaps(row.answers, row.swaps, random))
        for row in questions_of(world)
    ]


def _swaps(answers: Sequence[str], swaps: Sequence[str], random: Random) -> tuple[str, ...]:
    if not answers or any(character.isdigit() for character in answers[0]):
        return tuple(swaps)
    return (*swaps, *(made_up_name(random, answers[0]) for _ in range(3)))
