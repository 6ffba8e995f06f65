"""The wordings, names and words of the two parts: complete, and with nothing in common."""

import shutil
import string
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from openbook.errors import SettingsError
from openbook.evaluate.exam import PARTS, Part
from openbook.evaluate.exam.names import NameMaker, name_pieces
from openbook.evaluate.exam.part_files import part_folder
from openbook.evaluate.exam.relations import AnswerMaker, Characters, relations_of, sorts_of, words_of
from openbook.evaluate.exam.wordings import KINDS, read_wordings, wordings_of


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
    train, test = map(name_pieces, PARTS)
    syllables = [set(pieces.syllables).union(*pieces.endings.values()) for pieces in (train, test)]
    assert not syllables[0] & syllables[1]
    assert not set(train.title_nouns) & set(test.title_nouns)
    assert not set(train.numerals) & set(test.numerals)
    assert not set(train.prefixes) & set(test.prefixes)
    assert not set(train.thing_types) & set(test.thing_types)
    for sort in sorts_of("test"):
        of_training, of_the_exam = (words_of(sort, part) for part in PARTS)
        assert not set(of_training) & set(of_the_exam)
        assert len(set(of_training)) == len(of_training) >= 25


def test_the_words_of_further_sorts_are_in_the_training_part_alone() -> None:
    of_the_exam = sorts_of("test")
    assert len(of_the_exam) == 7
    assert sorts_of("train")[:7] == of_the_exam
    of_the_test = {word for sort in of_the_exam for word in words_of(sort, "test")}
    for sort in sorts_of("train")[7:]:
        assert words_of(sort, "test") == ()
        words = words_of(sort, "train")
        assert len(set(words)) == len(words) >= 30, sort
        assert not set(words) & of_the_test, sort
        assert [word for word in words if word[0].casefold() in "aeiou"] == [], sort


def test_only_the_training_part_has_more_relations() -> None:
    assert len(wordings_of("test").facts) == 32
    assert len(wordings_of("train").facts) == 246
    assert set(wordings_of("test").facts) < set(wordings_of("train").facts)


def test_the_training_part_has_plenty_of_remarks() -> None:
    wordings = wordings_of("train")
    for kind in (*KINDS, "any"):
        assert len(wordings.fillers[kind]) > 10
    assert all(set(wordings.others) == set(KINDS) and len(others) > 3 for others in wordings.others.values())
    assert "" not in wordings.templates()


@pytest.mark.parametrize("part", PARTS)
def test_every_relation_has_wordings(part: Part) -> None:
    wordings = wordings_of(part)
    relations = relations_of(part)
    assert set(wordings.facts) == {f"{kind}.{relation}" for kind in KINDS for relation in relations[kind]}
    of_the_exam = wordings_of("test").facts
    for name, relation in wordings.facts.items():
        assert len(relation.statements) >= (4 if name in of_the_exam else 6), name
        assert len(relation.questions) >= (3 if name in of_the_exam else 6), name
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


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("people", "statements:", "statement:", "test/people.yaml: birthplace: unknown name 'statement'"),
        ("people", "  answers: place\n", "", "test/people.yaml: birthplace: answers is missing"),
        ("people", "answers: place", "answers: ", "test/people.yaml: birthplace: answers: must be a text"),
        (
            "places",
            "{subject} was established by {answer}",
            "{subject} was established",
            "test/places.yaml: founder: statements: '{subject} was established': must have {answer} once",
        ),
        (
            "people",
            "native of {answer}",
            "native of {answer",
            "test/people.yaml: birthplace: statements: .*brace",
        ),
        (
            "people",
            "What town or village was {subject} a native of?",
            "What town was it?",
            r"test/people.yaml: birthplace: questions: 'What town was it\?': .* add {subject} or {owner}",
        ),
        (
            "people",
            "Where did {owner} birth take place?",
            "Was {owner} birth in {answer}?",
            "test/people.yaml: birthplace: questions: .*{answer} has no place here",
        ),
        (
            "remarks",
            "by all reports,",
            "by {name},",
            "test/remarks.yaml: openers: 'by {name},': {name} has no",
        ),
        ("remarks", "  any:", "  all:", "test/remarks.yaml: fillers: unknown name 'all'"),
        (
            "remarks",
            "a namesake called {name}",
            "a namesake",
            "test/remarks.yaml: others: person: .*add {name}",
        ),
    ],
)
def test_wrong_wordings_are_refused_by_file_and_name(
    tmp_path: Path, name: str, before: str, after: str, message: str
) -> None:
    folder = tmp_path / "test"
    shutil.copytree(str(part_folder("test")), folder)
    text = (folder / f"{name}.yaml").read_text("utf-8")
    assert before in text
    (folder / f"{name}.yaml").write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(SettingsError, match=message):
        read_wordings(folder)
