"""Which relations the documents of one group are about."""

from random import Random

import pytest

from openbook.evaluate.exam.relations import KINDS, RELATIONS, Kind, draw_menu, relations_of


@pytest.mark.parametrize("kind", KINDS)
def test_the_menu_of_the_exam_is_all_there_is(kind: Kind) -> None:
    random = Random(1)
    before = random.getstate()
    assert draw_menu(RELATIONS[kind], random) == list(RELATIONS[kind])
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
