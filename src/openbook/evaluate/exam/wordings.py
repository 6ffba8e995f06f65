"""The wordings of one part, read: statements and questions of each relation; sentences without answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from openbook.evaluate.exam import training, wordings_test
from openbook.evaluate.exam.vocabulary import Part


@dataclass(frozen=True, slots=True)
class RelationWordings:
    """Statements with {subject}, {owner} or {object} and {answer}; questions without the answer."""

    statements: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wordings:
    """All that the documents and questions of one part are made of.

    facts: by `kind.relation`.
    openers: what may stand before a statement.
    fillers: by kind, sentences that answer nothing.
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


@cache
def wordings_of(part: Part) -> Wordings:
    """Read the wordings of one part."""
    module = training if part == "train" else wordings_test
    return Wordings(
        facts={relation: _relation(text) for relation, text in module.FACTS.items()},
        openers=_lines(module.OPENERS),
        fillers={kind: _lines(text) for kind, text in module.FILLERS.items()},
        others={kind: tuple(map(str.strip, text.split("/"))) for kind, text in module.OTHERS.items()},
    )


def _relation(text: str) -> RelationWordings:
    lines = _lines(text)
    return RelationWordings(
        statements=tuple(line for line in lines if not line.startswith("?")),
        questions=tuple(line.removeprefix("? ") for line in lines if line.startswith("?")),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())
