"""Which relations the documents of one group are about."""

from random import Random

import pytest

from openbook.evaluate.exam.relations import draw_menu, relations_of
from openbook.evaluate.exam.wordings import KINDS, Kind


@pytest.mark.parametrize("kind", KINDS)
def test_the_menu_of_the_exam_is_all_there_is(kind: Kind) -> None:
    random = Random(1)
    before = random.getstate()
    relations = relations_of("test")[kind]
    assert draw_menu(relations, random) == list(relations)
    assert random.getstate() == before, "so that the exam's worlds stay what they were"


@pytest.mark.parametrize("kind", KINDS)
def test_a_menu_holds_much_of_the_same_sort(kind: Kind) -> None:
    relations = relations_of("train")[kind]
    random, alike = Random(1), 0
    drawn: set[str] = set()
    for _ in range(200):
        menu = draw_menu(relations, random)
        assert len(set(menu)) == len(menu) == 9
        sorts = [relations[name].split()[0] for name in menu]
        alike += sum(sorts.count(sort) > 1 for sort in sorts)
        drawn |= set(menu)
    assert drawn == set(relations)
    assert alike > 0.7 * 200 * 9


@pytest.mark.parametrize("kind", KINDS)
def test_the_training_part_has_the_relations_of_the_exam_first(kind: Kind) -> None:
    of_the_exam = list(relations_of("test")[kind].items())
    of_training = list(relations_of("train")[kind].items())
    assert of_training[: len(of_the_exam)] == of_the_exam
    assert len(of_training) > 2 * len(of_the_exam)
