"""The wordings, names and words of the two parts: complete, and with nothing in common."""

import string
from collections import Counter
from random import Random

import pytest

from openbook.evaluate.exam import PARTS, Part, training, wordings_test, wordings_train
from openbook.evaluate.exam.names import (
    ENDINGS,
    NUMERALS,
    PREFIXES,
    SYLLABLES,
    THING_TYPES,
    TITLE_NOUNS,
    NameMaker,
)
from openbook.evaluate.exam.relations import KINDS, RELATIONS, AnswerMaker, Characters, relations_of
from openbook.evaluate.exam.vocabulary import WORDS, sorts_of, words_of
from openbook.evaluate.exam.wordings import wordings_of

FURTHER = [f"{kind}.{relation}" for kind in KINDS for relation in training.ANSWERS[kind]]
"""Relations of the training part alone."""


def fields(template: str) -> set[str]:
    """The names of a wording's places."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def sort_of(relation: str, part: Part) -> str:
    """Place, person, year, or the name of a list of words."""
    kind, name = relation.split(".")
    return relations_of(part)[kind][name].split()[0]  # type: ignore[index]


def plain(template: str) -> str:
    """Without what may differ though the wording is the same."""
    return template.casefold().strip(" .,?")


def test_no_wording_of_the_test_worlds_is_in_the_training_worlds() -> None:
    train, test = (set(map(plain, wordings_of(part).templates())) for part in PARTS)
    assert len(train) > 280
    assert len(test) > 280
    assert not train & test


def test_no_syllable_or_word_is_in_both_parts() -> None:
    syllables = [{*SYLLABLES[part].split(), *" ".join(ENDINGS[part].values()).split()} for part in PARTS]
    assert not syllables[0] & syllables[1]
    for table in (TITLE_NOUNS, NUMERALS, PREFIXES):
        assert not set(table["train"].split()) & set(table["test"].split())
    assert not set(THING_TYPES["train"].split(", ")) & set(THING_TYPES["test"].split(", "))
    for kind in WORDS:
        train, test = (words_of(kind, part) for part in PARTS)
        assert not set(train) & set(test)
        assert len(set(train)) == len(train) >= 25


def test_the_words_of_further_sorts_are_in_the_training_part_alone() -> None:
    assert not set(training.WORDS) & set(WORDS)
    assert sorts_of("test") == tuple(WORDS)
    of_the_test = {word for sort in WORDS for word in words_of(sort, "test")}
    for sort in training.WORDS:
        assert words_of(sort, "test") == ()
        words = words_of(sort, "train")
        assert len(set(words)) == len(words) >= 30, sort
        assert not set(words) & of_the_test, sort
        assert [word for word in words if word[0].casefold() in "aeiou"] == [], sort


def test_only_the_training_part_has_more_relations() -> None:
    assert relations_of("test") == RELATIONS
    assert len(wordings_of("test").facts) == 32
    assert set(wordings_of("train").facts) == {*wordings_of("test").facts, *FURTHER}
    assert not set(wordings_test.FACTS) & set(FURTHER)


def test_the_training_part_has_all_of_its_files() -> None:
    wordings = wordings_of("train")
    for relation, text in wordings_train.FACTS.items():
        for line in text.split("\n"):
            assert line.strip().removeprefix("? ") in {
                "",
                *wordings.facts[relation].statements,
                *wordings.facts[relation].questions,
            }
    for kind in (*KINDS, "any"):
        assert len(wordings.fillers[kind]) > 10
    assert all(set(wordings.others) == set(KINDS) and len(others) > 3 for others in wordings.others.values())
    assert "" not in wordings.templates()


@pytest.mark.parametrize("part", PARTS)
def test_every_relation_has_wordings(part: Part) -> None:
    wordings = wordings_of(part)
    relations = relations_of(part)
    assert set(wordings.facts) == {f"{kind}.{relation}" for kind in KINDS for relation in relations[kind]}
    for name, relation in wordings.facts.items():
        assert len(relation.statements) >= (6 if name in FURTHER else 4), name
        assert len(relation.questions) >= (6 if name in FURTHER else 3), name
        for statement in relation.statements:
            assert fields(statement) & {"subject", "owner", "object"}, statement
            assert fields(statement) <= {"subject", "owner", "object", "answer"}, statement
            assert statement.count("{answer}") == 1, statement
            assert not statement.endswith((".", "?")), statement
        for question in relation.questions:
            assert fields(question) and fields(question) <= {"subject", "owner"}, question
            # "Name the town in which {subject} was born." is one of those that only the training part has.
            assert question.endswith(("?", ".") if part == "train" else "?"), question


@pytest.mark.parametrize("part", PARTS)
def test_no_wording_stands_twice(part: Part) -> None:
    wordings = wordings_of(part)
    # "{subject} died in {answer}" may say where or when: a question that asks for both would not do.
    questions = [
        f"{name.split('.')[0]}: {text}" for name, fact in wordings.facts.items() for text in fact.questions
    ]
    around = [*wordings.openers, *(text for fillers in wordings.fillers.values() for text in fillers)]
    for texts in (questions, around, *(fact.statements for fact in wordings.facts.values())):
        assert [text for text, count in Counter(map(plain, texts)).items() if count > 1] == []


@pytest.mark.parametrize("part", PARTS)
def test_only_names_and_numbers_begin_a_statement(part: Part) -> None:
    for relation, wordings in wordings_of(part).facts.items():
        if sort_of(relation, part) in sorts_of(part):
            assert not any(statement.startswith("{answer}") for statement in wordings.statements), relation


@pytest.mark.parametrize("part", PARTS)
def test_no_question_says_a_word_that_answers_it(part: Part) -> None:
    for relation, wordings in wordings_of(part).facts.items():
        sort = sort_of(relation, part)
        if sort in sorts_of(part):
            asked = " ".join(wordings.questions)
            assert [word for word in words_of(sort, part) if word in asked] == [], relation


@pytest.mark.parametrize("part", PARTS)
def test_other_answers_are_always_found(part: Part) -> None:
    # Of each relation a dozen answers, none of which is part of another.
    random = Random(1)
    answers = AnswerMaker(random, part, Characters.drawn(NameMaker(random, part), 60))
    for kind, relations in answers.relations.items():
        for relation in relations:
            apart: list[str] = []
            for _ in range(1000):
                drawn = answers.draw(kind, relation).casefold()
                if not any(drawn in other or other in drawn for other in apart):
                    apart.append(drawn)
            assert len(apart) >= 12, (kind, relation)


@pytest.mark.parametrize("kind", ["occupation", "genre"])
def test_words_after_an_article_begin_with_a_consonant(kind: str) -> None:
    assert [word for part in PARTS for word in words_of(kind, part) if word[0] in "aeiou"] == []
