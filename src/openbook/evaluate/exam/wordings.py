"""The wordings of one part: statements and questions of each relation; sentences without answers.

The training worlds have all relations of the exam's and many more. The more wordings there are, the less of
them is learned by heart, and the more a reader learns to read wordings that it has not seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Literal

from openbook.errors import SettingsError
from openbook.evaluate.exam.part_files import Part, Section, part_folder, read_section

Kind = Literal["person", "place", "work", "thing"]
KINDS: tuple[Kind, ...] = ("person", "place", "work", "thing")

_FILES: dict[Kind, str] = {"person": "people", "place": "places", "work": "works", "thing": "things"}
_ENTITY = ("subject", "owner", "object")
_DRAWN = ("person", "other", "place", "year")


@dataclass(frozen=True, slots=True)
class RelationWordings:
    """Statements with {subject}, {owner} or {object} and {answer}; questions without the answer."""

    answers: str
    """Their sort, with its lowest and highest number: `year 1701 1850`."""
    statements: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wordings:
    """All that the documents and questions of one part are made of.

    facts: by `kind.relation`.
    openers: what may stand before a statement.
    fillers: by kind, sentences that answer nothing; under `any` those with {person}, {place}, {year} beside.
    others: by kind, who else a statement may be about, with {owner} and {name}.
    """

    facts: Mapping[str, RelationWordings]
    openers: tuple[str, ...]
    fillers: Mapping[str, tuple[str, ...]]
    others: Mapping[str, tuple[str, ...]]

    def templates(self) -> set[str]:
        """Every wording, of whatever use."""
        facts = {text for fact in self.facts.values() for text in (*fact.statements, *fact.questions)}
        return (
            facts
            | set(self.openers)
            | {text for texts in (*self.fillers.values(), *self.others.values()) for text in texts}
        )


@lru_cache
def wordings_of(part: Part) -> Wordings:
    """The wordings of one part, read once."""
    return read_wordings(part_folder(part))


def read_wordings(folder: Traversable) -> Wordings:
    """Read the wordings of a part.

    Args:
        folder: with people.yaml, places.yaml, works.yaml, things.yaml and remarks.yaml.

    Raises:
        SettingsError: something is missing, unknown or empty, or a wording lacks a slot or has one too many.
    """
    remarks = read_section(folder, "remarks")
    remarks.require(("openers", "fillers", "others"))
    fillers, others = remarks.section("fillers"), remarks.section("others")
    fillers.require((*KINDS, "any"))
    others.require(KINDS)
    return Wordings(
        facts={
            f"{kind}.{name}": _relation(relations.section(name))
            for kind in KINDS
            for relations in [read_section(folder, _FILES[kind])]
            for name in relations.values
        },
        openers=_wordings(remarks, "openers"),
        fillers={kind: _wordings(fillers, kind, one_of=_ENTITY) for kind in KINDS}
        | {"any": _wordings(fillers, "any", one_of=_ENTITY, free=_DRAWN)},
        others={kind: _wordings(others, kind, one_of=("name",), free=("owner",)) for kind in KINDS},
    )


def _relation(section: Section) -> RelationWordings:
    section.require(("answers", "statements", "questions"))
    return RelationWordings(
        answers=section.text("answers"),
        statements=_wordings(section, "statements", one_of=_ENTITY, once=("answer",)),
        questions=_wordings(section, "questions", one_of=("subject", "owner")),
    )


def _wordings(
    section: Section,
    name: str,
    *,
    one_of: tuple[str, ...] = (),
    once: tuple[str, ...] = (),
    free: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """The wordings under a name, their slots checked.

    Args:
        section: where they stand.
        name: of the list.
        one_of: slots of which each wording has one at least.
        once: slots that each has exactly once.
        free: slots that it may have beside.
    """
    texts = section.texts(name)
    for text in texts:
        where = f"{section.where}: {name}: {text!r}"
        slots = _slots(text, where)
        for slot in slots:
            if slot not in {*one_of, *once, *free}:
                raise SettingsError(f"{where}: {{{slot}}} has no place here; leave it out")
        for slot in once:
            if slots.count(slot) != 1:
                raise SettingsError(f"{where}: must have {{{slot}}} once, not {slots.count(slot)} times")
        if one_of and not set(one_of) & set(slots):
            needed = " or ".join(f"{{{slot}}}" for slot in one_of)
            raise SettingsError(f"{where}: has no slot for whom it is about; add {needed}")
    return texts


def _slots(text: str, where: str) -> list[str]:
    """The names in braces, in their order."""
    try:
        return [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise SettingsError(f"{where}: {error}; close each brace") from error
