"""A world: documents about entities that nobody has heard of, the facts they state, and what they do not say.

    world = make_world(documents=1000, seed=1, part="train")
    world.documents[0].text()              # the prose
    world.documents[0].facts[0].question   # Where was Cordo Bel Halowski born?

The same numbers give the same world on every machine. Worlds of different seeds have different people in
them, worlds of different parts also other wordings, syllables and words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from openbook.errors import SettingsError
from openbook.evaluate.exam.entities import Entity, EntityMaker, Mention
from openbook.evaluate.exam.names import NameMaker
from openbook.evaluate.exam.part_files import PARTS, Part
from openbook.evaluate.exam.prose import NAMINGS, Naming, ProseWriter, fill_answers
from openbook.evaluate.exam.relations import AnswerMaker, Characters, draw_menu
from openbook.evaluate.exam.wordings import Kind, wordings_of

_SWAPS = 3
"""Other answers of each fact; the first is what an edit writes."""
_FEWEST_FACTS, _MOST_FACTS, _ONE_LESS = 5, 8, 0.3
_TRIES = 1000
"""Draws until an answer is found that stands nowhere else in its document; two or three are the rule."""
_ABOUT_UNSAID, _ABOUT_STRANGERS = 0.5, 0.3
"""Questions for each document about what it does not say, and about entities that do not exist."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a document states once, and how it is asked for."""

    relation: str
    """As in the wordings: `person.birthplace`."""
    question: str
    answer: str
    swaps: tuple[str, ...]
    """Other answers of the same sort; neither stands in the document."""


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """A question that the book does not answer."""

    question: str
    document: str | None
    """Of the entity asked about, which does not say this of it; None: there is no such entity."""


@dataclass(frozen=True, slots=True)
class WorldDocument:
    """One document."""

    id: str
    title: str
    group: int
    """Documents about look-alikes have the same."""
    layout: str
    """The text with a mark for each answer."""
    facts: tuple[Fact, ...]

    def text(self, changes: Mapping[int, str] | None = None) -> str:
        """The prose.

        Args:
            changes: other answers by the number of their fact; None: as the world has it.
        """
        answers = [fact.answer for fact in self.facts]
        for place, answer in (changes or {}).items():
            answers[place] = answer
        return fill_answers(self.layout, answers)


@dataclass(frozen=True, slots=True)
class World:
    """Documents, and questions that they do not answer."""

    documents: tuple[WorldDocument, ...]
    unanswerable: tuple[Unanswerable, ...]


def make_world(*, documents: int, seed: int, part: Part = "test", naming: Naming = "often") -> World:
    """Make a world.

    Args:
        documents: how many, at least 1.
        seed: of everything drawn.
        part: whose wordings, syllables and words: those of training, or those of the exam.
        naming: where documents name what they are about: often, once (in the first sentence), or in their
            title alone.

    Raises:
        SettingsError: no documents, a negative seed, an unknown part or way to name.
    """
    if documents < 1:
        raise SettingsError(f"{documents} documents: a world has at least 1")
    if seed < 0:
        raise SettingsError(f"seed {seed}: must be 0 or more")
    if part not in PARTS:
        raise SettingsError(f"part {part!r}: choose from {', '.join(PARTS)}")
    if naming not in NAMINGS:
        raise SettingsError(f"naming {naming!r}: choose from {', '.join(NAMINGS)}")
    return _WorldMaker(seed, part, documents, naming).make()


class _WorldMaker:
    """All that draws from one source of chance, in a fixed order."""

    def __init__(self, seed: int, part: Part, documents: int, naming: Naming) -> None:
        self._random = Random(f"{part} {seed}")
        self._prefix = f"{part}-{seed}"
        self._wordings = wordings_of(part)
        names = NameMaker(self._random, part)
        self._entity_maker = EntityMaker(self._random, names, part)
        self._entities = self._entity_maker.draw(documents)
        self._answers = AnswerMaker(self._random, part, Characters.drawn(names, 60 + documents // 2))
        self._relations = self._answers.relations
        self._prose = ProseWriter(self._random, self._wordings, names, self._answers, naming)

    def make(self) -> World:
        """Write all documents, then ask what they do not say."""
        documents, unanswerable = [], []
        menus: dict[int, list[str]] = {}
        stated: dict[int, list[str]] = {}  # look-alikes have the same relations, but for one sometimes
        for number, entity in enumerate(self._entities):
            if entity.group not in stated:
                menus[entity.group] = draw_menu(self._relations[entity.kind], self._random)
                stated[entity.group] = self._some_relations(menus[entity.group])
            menu = menus[entity.group]
            relations = list(stated[entity.group])
            self._random.shuffle(relations)
            if len(relations) > _FEWEST_FACTS and self._random.random() < _ONE_LESS:
                relations.pop()
            document = self._document(f"{self._prefix}-{number:06d}", entity, relations, menu)
            documents.append(document)
            if self._random.random() < _ABOUT_UNSAID:
                unsaid = [relation for relation in menu if relation not in relations]
                question = self._question(entity.kind, self._random.choice(unsaid), entity.full)
                unanswerable.append(Unanswerable(question, document.id))
        for stranger in self._entity_maker.strangers(round(_ABOUT_STRANGERS * len(documents))):
            menu = menus.get(stranger.group, list(self._relations[stranger.kind]))
            relation = self._random.choice(menu)
            question = self._question(stranger.kind, relation, stranger.full)
            unanswerable.append(Unanswerable(question, None))
        return World(tuple(documents), tuple(unanswerable))

    def _some_relations(self, menu: Sequence[str]) -> list[str]:
        """Five to eight of these relations, but not all."""
        most = min(len(menu) - 1, _MOST_FACTS)
        return self._random.sample(menu, self._random.randint(_FEWEST_FACTS, most))

    def _question(self, kind: Kind, relation: str, mention: Mention) -> str:
        question = mention.fill(self._random.choice(self._wordings.facts[f"{kind}.{relation}"].questions))
        return question[:1].upper() + question[1:]

    def _document(
        self, id: str, entity: Entity, relations: Sequence[str], menu: Sequence[str]
    ) -> WorldDocument:
        layout = self._prose.write(entity, relations, menu)
        candidates = self._distinct_answers(entity.kind, relations, layout)
        facts = tuple(
            Fact(
                relation=f"{entity.kind}.{relation}",
                question=self._question(entity.kind, relation, entity.full),
                answer=answers[0],
                swaps=tuple(answers[1:]),
            )
            for relation, answers in zip(relations, candidates, strict=True)
        )
        return WorldDocument(id, entity.title, entity.group, layout, facts)

    def _distinct_answers(self, kind: Kind, relations: Sequence[str], layout: str) -> list[list[str]]:
        """For each relation the answer and its swaps, none part of another or of the prose around them.

        So an answer stands in the text where its fact is stated and nowhere else, whatever has been edited:
        not as the year of another fact, nor as the "12" of "1912".
        """
        taken = [layout.casefold()]
        drawn: list[list[str]] = []
        for relation in relations:
            answers: list[str] = []
            for _ in range(_TRIES):
                answer = self._answers.draw(kind, relation)
                folded = answer.casefold()
                if not any(folded in other or other in folded for other in taken):
                    answers.append(answer)
                    taken.append(folded)
                if len(answers) == 1 + _SWAPS:
                    break
            assert len(answers) == 1 + _SWAPS, (relation, answers)
            drawn.append(answers)
        return drawn
