"""Worlds to learn from whose names, and some of whose words, no other world has.

`openbook exam --part train` has one set of syllables and one of wordings. A small model that learns from
nothing would learn these by heart, and could spell or match nothing else. Here every world draws syllables
and endings of its own, none of the exam's; and in every second one what a statement and a question have in
common is another word, so that the question finds the statement by that word:

    Sohiljoburg was founded by Mona Naberg.      Who founded Sohiljoburg?
    Trukeva was harvended by Lisk Pomadok.       Who harvended Trukeva?
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from random import Random
from unittest.mock import patch

from openbook.evaluate.exam import World, entities, make_world, names, worlds
from openbook.evaluate.exam.names import NamePieces, name_pieces
from openbook.evaluate.exam.question_rows import QuestionRow, questions_of
from openbook.evaluate.exam.wordings import RelationWordings, Wordings, wordings_of

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
OF_THE_EXAM = name_pieces("test")
FORBIDDEN = {
    *OF_THE_EXAM.syllables,
    *(ending for endings in OF_THE_EXAM.endings.values() for ending in endings),
}
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


def other_words(wordings: RelationWordings, random: Random) -> RelationWordings:
    """A relation's wordings, with other words in the place of those that statements and questions share."""
    asked, stated = (
        {word for text in texts for word in re.findall(r"\b[a-z]{4,}\b", text)}
        for texts in (wordings.questions, wordings.statements)
    )
    shared = {
        word[:size] for word in asked - KEPT for other in stated if (size := in_common(word, other)) >= SHARED
    }
    statements, questions = wordings.statements, wordings.questions
    for stem in sorted(shared, key=lambda stem: (len(stem), stem)):
        new = "".join(syllable(random) for _ in range(2))
        pattern = re.compile(rf"(?<![{{\w]){stem}(\w*)(?!\w|}})")
        statements, questions = (
            tuple(pattern.sub(rf"{new}\1", text) for text in texts) for texts in (statements, questions)
        )
    return replace(wordings, statements=statements, questions=questions)


def in_common(word: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(word, other, strict=False)) if a != b),
        min(len(word), len(other)),
    )


def own_pieces(random: Random) -> NamePieces:
    """The training part's, with other endings and syllables."""
    pieces = name_pieces("train")
    endings = {kind: tuple(syllable(random) for _ in range(6)) for kind in pieces.endings}
    return replace(pieces, endings=endings, syllables=tuple(syllable(random) for _ in range(60)))


@contextmanager
def training_part(wordings: Wordings, pieces: NamePieces) -> Iterator[None]:
    """Have worlds be made of these."""
    with ExitStack() as changed:
        changed.enter_context(patch.object(worlds, "wordings_of", lambda part: wordings))
        for module in (names, entities):
            changed.enter_context(patch.object(module, "name_pieces", lambda part: pieces))
        yield


def varied_world(seed: int, *, documents: int) -> World:
    """A world of the training part with names, and if its number is odd words, of its own."""
    random = Random(f"varied {seed}")
    pieces, wordings = own_pieces(random), wordings_of("train")
    if seed % 2:
        facts = {relation: other_words(fact, random) for relation, fact in wordings.facts.items()}
        wordings = replace(wordings, facts=facts)
    with training_part(wordings, pieces):
        return make_world(documents=documents, seed=seed, part="train")


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
