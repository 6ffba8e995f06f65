"""Worlds: the same from the same seed, every answer in its document once, look-alikes, what is not said."""

import hashlib
import re
from collections import Counter

import pytest

from openbook.errors import SettingsError
from openbook.evaluate.exact_match import holds_answer
from openbook.evaluate.exam import PARTS, Part, World, make_world
from openbook.evaluate.exam.prose import Naming
from openbook.evaluate.exam.relations import relations_of
from openbook.evaluate.exam.wordings import KINDS, wordings_of


@pytest.fixture(scope="module", params=PARTS)
def world(request: pytest.FixtureRequest) -> World:
    """A world of each part."""
    return make_world(documents=300, seed=3, part=request.param)


def fingerprint(world: World) -> str:
    """Of everything in it."""
    return hashlib.sha256(repr(world).encode()).hexdigest()[:16]


@pytest.mark.parametrize(("part", "expected"), [("train", "ea10b457d410616c"), ("test", "c09dfdab3e7b23d4")])
def test_the_same_world_on_every_machine(part: Part, expected: str) -> None:
    # A new wording, name or word changes these.
    assert fingerprint(make_world(documents=40, seed=7, part=part)) == expected


def test_another_seed_is_another_world() -> None:
    people = [{document.title for document in make_world(documents=60, seed=n).documents} for n in (1, 2)]
    assert not people[0] & people[1]


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"documents": 0, "seed": 1}, "0 documents"),
        ({"documents": 1, "seed": -1}, "seed -1"),
        ({"documents": 1, "seed": 1, "part": "dev"}, "'dev'"),
        ({"documents": 1, "seed": 1, "naming": "never"}, "'never'"),
    ],
)
def test_no_such_world(arguments: dict[str, int], value: str) -> None:
    with pytest.raises(SettingsError, match=value):
        make_world(**arguments)  # type: ignore[arg-type]


def test_a_world_of_one_document() -> None:
    [document] = make_world(documents=1, seed=1).documents
    assert len(document.facts) >= 5


def test_every_answer_stands_in_its_document_once(world: World) -> None:
    for document in world.documents:
        text = document.text()
        for fact in document.facts:
            assert text.count(fact.answer) == 1, (document.id, fact)
            assert text.casefold().count(fact.answer.casefold()) == 1
            assert holds_answer(text, [fact.answer])
            assert not any(swap.casefold() in text.casefold() for swap in fact.swaps)
            assert len({fact.answer, *fact.swaps}) == 4


def test_nothing_is_left_of_the_templates(world: World) -> None:
    for document in world.documents:
        text = document.text() + "".join(fact.question for fact in document.facts)
        assert not re.search(r"[{}\ue000-\uf8ff]|\?\?|  |'s's| ,|\.\.", text), text
        assert all(fact.question[0].isupper() and fact.question[-1] in "?." for fact in document.facts)


def test_a_question_names_its_entity_and_not_the_answer(world: World) -> None:
    for document in world.documents:
        assert document.title in document.text()
        for fact in document.facts:
            assert document.title in fact.question
            assert fact.answer not in fact.question


def test_documents_are_of_several_chunks(world: World) -> None:
    words = sorted(len(document.text().split()) for document in world.documents)
    assert words[0] >= 100
    assert words[-1] <= 500
    assert 200 < words[len(words) // 2] < 320
    assert all("\n\n" in document.text() for document in world.documents)


@pytest.mark.parametrize("part", PARTS)
def test_all_relations_are_stated_and_all_are_missing_somewhere(part: Part) -> None:
    world = make_world(documents=500, seed=3, part=part)
    stated = Counter(fact.relation for document in world.documents for fact in document.facts)
    relations = relations_of(part)
    assert set(stated) == {f"{kind}.{relation}" for kind in KINDS for relation in relations[kind]}
    assert all(5 <= len(document.facts) <= 8 for document in world.documents)


def test_many_have_look_alikes_with_the_same_relations(world: World) -> None:
    groups: dict[int, list[int]] = {}
    for number, document in enumerate(world.documents):
        groups.setdefault(document.group, []).append(number)
    alike = [[world.documents[number] for number in group] for group in groups.values() if len(group) > 1]
    assert sum(map(len, alike)) > len(world.documents) / 4
    for documents in alike:
        titles = [set(document.title.split()) for document in documents]
        assert set.intersection(*titles), "a part of the name in common"
        assert len({document.title for document in documents}) == len(documents)
        relations = [{fact.relation for fact in document.facts} for document in documents]
        assert len(set.intersection(*relations)) >= 3
        answers = [fact.answer for document in documents for fact in document.facts]
        assert len(set(answers)) > len(answers) * 0.8


def test_what_look_alikes_leave_open_is_of_few_relations() -> None:
    """However many a kind has; so what is asked of one look-alike is said of another."""
    world = make_world(documents=600, seed=3, part="train")
    relation_of = {
        template.format(subject="@", owner="@'s").casefold(): relation
        for relation, wordings in wordings_of("train").facts.items()
        for template in wordings.questions
    }
    groups: dict[int, set[str]] = {}
    for document in world.documents:
        groups.setdefault(document.group, set()).update(fact.relation for fact in document.facts)
    documents = {document.id: document for document in world.documents}
    asked = 0
    for row in world.unanswerable:
        if row.document is not None:
            document = documents[row.document]
            relation = relation_of.get(row.question.replace(document.title, "@").casefold())
            if relation is not None:  # things are named with their type
                groups[document.group].add(relation)
                asked += 1
    assert asked > 150
    assert max(map(len, groups.values())) == 9


def test_titles_are_unique(world: World) -> None:
    assert len({document.title for document in world.documents}) == len(world.documents)
    assert len({document.id for document in world.documents}) == len(world.documents)


def test_unanswerable_questions_have_no_answer_in_the_book(world: World) -> None:
    documents = {document.id: document for document in world.documents}
    asked = {fact.question for document in world.documents for fact in document.facts}
    strangers = [row for row in world.unanswerable if row.document is None]
    unsaid = [row for row in world.unanswerable if row.document is not None]
    assert len(strangers) > 20
    assert len(unsaid) > 50
    for row in world.unanswerable:
        assert row.question not in asked
    for row in unsaid:
        assert row.document is not None
        assert documents[row.document].title in row.question
    titles = {document.title for document in world.documents}
    for row in strangers:
        found = [
            title for title in titles if re.search(rf"\b{re.escape(title)}(?! [IVX]+\b)\b", row.question)
        ]
        assert found == []


def test_pronouns_and_full_names(world: World) -> None:
    text = " ".join(document.text() for document in world.documents)
    for word in (" she ", " he ", " it ", " her ", " his ", " its "):
        assert text.count(word) > 20


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("naming", ["once", "title"])
def test_documents_that_hardly_name_their_subject(part: Part, naming: Naming) -> None:
    world = make_world(documents=60, seed=3, part=part, naming=naming)
    for document in world.documents:
        text = document.text()
        first, _, rest = text.partition(".")
        assert (document.title in first) == (naming == "once")
        assert document.title not in rest
        for fact in document.facts:
            assert document.title in fact.question
            assert text.count(fact.answer) == 1
