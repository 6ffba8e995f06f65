"""Edits of a book: facts get another answer of the same sort, everything else stays word for word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openbook.evaluate.exam.worlds import Fact, World, WorldDocument
from openbook.text import Document


@dataclass(frozen=True, slots=True)
class AskedFact:
    """A fact of a document, by its place among the document's facts."""

    document: WorldDocument
    place: int

    @property
    def fact(self) -> Fact:
        """What is stated."""
        return self.document.facts[self.place]

    @property
    def new_answer(self) -> str:
        """What the document says after the edit."""
        return self.fact.swaps[0]


def facts_of(world: World) -> list[AskedFact]:
    """Every fact of every document, in their order."""
    return [
        AskedFact(document, place) for document in world.documents for place in range(len(document.facts))
    ]


def edited_documents(facts: Iterable[AskedFact]) -> list[Document]:
    """The documents of these facts with the new answer of each, other facts as they were; a document once.

    Its id and title stay, so that adding it to a database replaces the older text.
    """
    changes: dict[str, dict[int, str]] = {}
    documents: dict[str, WorldDocument] = {}
    for asked in facts:
        documents[asked.document.id] = asked.document
        changes.setdefault(asked.document.id, {})[asked.place] = asked.new_answer
    return [
        Document(id=id, title=document.title, text=document.text(changes[id]))
        for id, document in documents.items()
    ]


def untouched_facts(facts: Sequence[AskedFact]) -> list[AskedFact]:
    """Of each document of these facts one other fact, the first that is not among them, if there is one."""
    places: dict[str, set[int]] = {}
    for asked in facts:
        places.setdefault(asked.document.id, set()).add(asked.place)
    documents = {asked.document.id: asked.document for asked in facts}
    return [
        AskedFact(document, rest[0])
        for id, document in documents.items()
        if (rest := [place for place in range(len(document.facts)) if place not in places[id]])
    ]
