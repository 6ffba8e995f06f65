"""Facts in varied prose: order, openers, pronouns, joined sentences, paragraphs, and what distracts.

The text of a document is laid out with a mark in the place of each answer, so that an answer is exchanged by
writing the text again, and nothing else can change:

    layout    Besho Tor Dunvane was born in <0>. By all reports, he made a career as a <1>.
    answers   0: Gencombe, 1: tailor
"""

from collections.abc import Sequence
from random import Random
from typing import Literal, get_args

from openbook.evaluate.exam.entities import Entity, Mention
from openbook.evaluate.exam.names import NameMaker
from openbook.evaluate.exam.relations import AnswerMaker
from openbook.evaluate.exam.wordings import Wordings

_FIRST_MARK = 0xE000
"""Private use: no text of ours has such a character."""

_WORDS = (205, 385)
_WORDS_OF_SENTENCE = 12
"""About; so that all documents have 150 to 400 words, but for a few."""
_SENTENCES_OF_PARAGRAPH = (3, 5)
_ABOUT_OTHERS = 0.25
"""Share of the sentences beside the facts that say the like of somebody else."""
_OPENED, _JOINED = 0.15, 0.5
_BY_PRONOUN, _BY_SHORT_NAME = 0.4, 0.15
_PRONOUNS_IN_A_ROW = 2


Naming = Literal["often", "once", "title"]
"""Where a document names its entity: again and again; in its first sentence alone; in its title alone. Else
there is a pronoun, or, after a sentence about somebody else, a last name or "the town"."""
NAMINGS: tuple[Naming, ...] = get_args(Naming)


def fill_answers(layout: str, answers: Sequence[str]) -> str:
    """Put the answers into a layout, the i-th for the i-th mark."""
    return layout.translate({_FIRST_MARK + place: answer for place, answer in enumerate(answers)})


class ProseWriter:
    """Writes documents, each about one entity.

    Args:
        random: what everything is drawn with.
        wordings: of the part.
        names: for whom statements that distract are about.
        answers: for what they say.
        naming: where documents name their entities.
    """

    def __init__(
        self,
        random: Random,
        wordings: Wordings,
        names: NameMaker,
        answers: AnswerMaker,
        naming: Naming = "often",
    ) -> None:
        self._random = random
        self._wordings = wordings
        self._names = names
        self._answers = answers
        self._naming = naming

    def write(self, entity: Entity, relations: Sequence[str], menu: Sequence[str]) -> str:
        """Lay out a document that states these relations of an entity, and no other of its relations.

        Args:
            entity: whom or what it is about.
            relations: names without the kind; the i-th has the i-th mark as its answer.
            menu: what may be said of somebody else.
        """
        paragraphs: list[list[str]] = []
        left = 0  # sentences until the next paragraph
        unnamed = 0  # sentences since the last one that named the entity
        after_another = False
        for template in self._templates(entity, relations):
            if template is None:
                paragraphs[-1].append(self._about_another(entity, menu))
                after_another = True
                unnamed = _PRONOUNS_IN_A_ROW  # "she" would be the other one
                continue
            if left == 0:
                paragraphs.append([])
                left, unnamed = self._random.randint(*_SENTENCES_OF_PARAGRAPH), _PRONOUNS_IN_A_ROW
            if self._naming == "often":
                mention = self._mention(entity, may_be_pronoun=unnamed < _PRONOUNS_IN_A_ROW)
            else:
                mention = self._rare_mention(entity, is_first=not any(paragraphs), clear=not after_another)
            unnamed = unnamed + 1 if mention is entity.pronoun else 0
            may_join = unnamed > 0 and bool(paragraphs[-1])
            self._append(paragraphs[-1], mention.fill(template), may_join=may_join)
            after_another = False
            left -= 1
        return "\n\n".join(" ".join(sentences) for sentences in paragraphs)

    def _templates(self, entity: Entity, relations: Sequence[str]) -> list[str | None]:
        """Statements and fillers in random order; None for a sentence about somebody else, never first."""
        stated = []
        for place, relation in enumerate(relations):
            statement = self._random.choice(self._wordings.facts[f"{entity.kind}.{relation}"].statements)
            stated.append(statement.replace("{answer}", chr(_FIRST_MARK + place)))
        more = max(self._random.randint(*_WORDS) // _WORDS_OF_SENTENCE - len(stated), 0)
        others = round(more * _ABOUT_OTHERS)
        fillers = [*self._wordings.fillers[entity.kind], *map(self._peopled, self._wordings.fillers["any"])]
        self._random.shuffle(fillers)
        own = [*stated, *fillers[: more - others]]
        self._random.shuffle(own)
        rest: list[str | None] = [*own[1:], *[None] * others]
        self._random.shuffle(rest)
        return [own[0], *rest]

    def _peopled(self, filler: str) -> str:
        """With people, places and years that have nothing to do with the facts; the entity still to come."""
        drawn = {
            "{person}": self._answers.draw("work", "author"),
            "{other}": self._answers.draw("work", "author"),
            "{place}": self._answers.draw("work", "setting"),
            "{year}": self._answers.draw("work", "year"),
        }
        for slot, text in drawn.items():
            filler = filler.replace(slot, text)
        return filler

    def _about_another(self, entity: Entity, menu: Sequence[str]) -> str:
        """A statement of the same kind about somebody whose name may be like the entity's."""
        name = self._names.relative(entity.kind, entity.title)
        other = self._random.choice(self._wordings.others[entity.kind])
        mention = Mention.by_name(other.format(owner=entity.pronoun.owner, name=name))
        relation = self._random.choice(menu)
        statement = self._random.choice(self._wordings.facts[f"{entity.kind}.{relation}"].statements)
        return _sentence(mention.fill(statement, answer=self._answers.draw(entity.kind, relation)))

    def _mention(self, entity: Entity, *, may_be_pronoun: bool) -> Mention:
        """How the next sentence names the entity."""
        chance = self._random.random()
        if chance < _BY_PRONOUN:
            return entity.pronoun if may_be_pronoun else entity.full
        return entity.short if may_be_pronoun and chance < _BY_PRONOUN + _BY_SHORT_NAME else entity.full

    def _rare_mention(self, entity: Entity, *, is_first: bool, clear: bool) -> Mention:
        """How a sentence names an entity that is named once at most; clear: a pronoun can be nobody else."""
        if is_first:
            return entity.full if self._naming == "once" else entity.short
        return entity.pronoun if clear else entity.short

    def _append(self, sentences: list[str], sentence: str, *, may_join: bool) -> None:
        """As a sentence of its own, with an opener or without, or joined to the one before."""
        if may_join and self._random.random() < _JOINED and ", and " not in sentences[-1]:
            sentences[-1] = f"{sentences[-1].removesuffix('.')}, and {sentence}."
            return
        if self._random.random() < _OPENED:
            sentence = f"{self._random.choice(self._wordings.openers)} {sentence}"
        sentences.append(_sentence(sentence))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
