"""Answers that are words: what people are and collect, what towns sell, what things are made of.

All begin with a consonant, so that "a" stays right when one takes another's place. The two parts have no word
of a sort in common; further sorts belong to the training worlds alone.
"""

from collections.abc import Mapping
from functools import lru_cache

from openbook.evaluate.exam.part_files import Part, part_folder, read_section

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def sorts_of(part: Part) -> tuple[str, ...]:
    """The sorts of words that answer something in one part."""
    return tuple(_words(part))


def words_of(sort: str, part: Part) -> tuple[str, ...]:
    """The words of a sort that belong to one part; none if the part does not have the sort."""
    return _words(part).get(sort, ())


@lru_cache
def _words(part: Part) -> Mapping[str, tuple[str, ...]]:
    """By sort, read once."""
    section = read_section(part_folder(part), "words")
    return {sort: section.texts(sort) for sort in section.values}
