"""The wordings, names and words of the two parts: complete, and with nothing in common."""

import string

import pytest

from openbook.evaluate.exam import PARTS, Part
from openbook.evaluate.exam.names import ENDINGS, NUMERALS, PREFIXES, SYLLABLES, THING_TYPES, TITLE_NOUNS
from openbook.evaluate.exam.relations import KINDS, RELATIONS
from openbook.evaluate.exam.vocabulary import WORDS, words_of
from openbook.evaluate.exam.wordings import wordings_of


def fields(template: str) -> set[str]:
    """The names of a wording's places."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_no_wording_of_the_test_worlds_is_in_the_training_worlds() -> None:
    train, test = (wordings_of(part).templates() for part in PARTS)
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


@pytest.mark.parametrize("part", PARTS)
def test_every_relation_has_wordings(part: Part) -> None:
    wordings = wordings_of(part)
    assert set(wordings.facts) == {f"{kind}.{relation}" for kind in KINDS for relation in RELATIONS[kind]}
    for relation in wordings.facts.values():
        assert len(relation.statements) >= 4
        assert len(relation.questions) >= 3
        for statement in relation.statements:
            assert "answer" in fields(statement)
            assert fields(statement) & {"subject", "owner", "object"}
            assert statement.count("{answer}") == 1
            assert not statement.endswith(".")
        for question in relation.questions:
            assert fields(question) <= {"subject", "owner", "object"}
            assert question.endswith("?")


@pytest.mark.parametrize("part", PARTS)
def test_only_names_and_numbers_begin_a_statement(part: Part) -> None:
    for relation, wordings in wordings_of(part).facts.items():
        kind, name = relation.split(".")
        if RELATIONS[kind][name].split()[0] in WORDS:  # type: ignore[index]
            assert not any(statement.startswith("{answer}") for statement in wordings.statements)


@pytest.mark.parametrize("kind", ["occupation", "genre"])
def test_words_after_an_article_begin_with_a_consonant(kind: str) -> None:
    assert [word for part in PARTS for word in words_of(kind, part) if word[0] in "aeiou"] == []
