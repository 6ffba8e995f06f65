"""The names in a question, and which of them nothing that was read mentions: a sign that it is about others.

    Who built the mill of Harrow?     a passage about the mill of Elder Ford: Harrow is not mentioned

A name is taken for what is written like one, so this knows nothing of words in small letters, nor of meaning.
"""

import re
from collections.abc import Iterable, Sequence

from openbook.database.search.analyzer import WordAnalyzer
from openbook.generation.citations import Citation

_WORD = re.compile("[^\\W_]+(?:['\u2019][^\\W_]+)*")
_POSSESSIVE = re.compile("['\u2019]s$", re.IGNORECASE)
_BEGINS_SENTENCE = re.compile("(?:^|[.!?:;]\\s*)[\"'\u201c\u2018\u00ab(]*$")
_LEAST_SMALL = 2
"""Words in small letters that a question has; with fewer all of it may be written like names."""
_LEAST_DIGITS = 3
"""Of a number; shorter ones stand for counts, which texts write in words."""
_STEM = 4
"""Letters at the beginning that two forms of a word share."""
_LONGEST_ENDING = 3


def names_in(question: str) -> list[str]:
    """Find what a question writes like a name, in order, each once.

    These are words with a capital letter that does not begin a sentence, or with several; words of letters
    and digits; and numbers of three digits and more. Not the pronoun I. Nothing where nearly all are so.

    >>> names_in("When did Ada Lovelace's aunt sell the B7, and to whom in 1923?")
    ['Ada', 'Lovelace', 'B7', '1923']
    >>> names_in("Who Is The Mayor Of Harrow?")
    []
    """
    found = list(_WORD.finditer(question))
    small = sum(word[0][0].islower() for word in found)
    if small < _LEAST_SMALL:
        return []
    names = [
        _POSSESSIVE.sub("", word[0])
        for word in found
        if _is_name(word[0], begins=_BEGINS_SENTENCE.search(question, 0, word.start()) is not None)
    ]
    return list(dict.fromkeys(names))


def _is_name(word: str, *, begins: bool) -> bool:
    if any(letter.isdigit() for letter in word):
        return any(letter.isalpha() for letter in word) or len(word) >= _LEAST_DIGITS
    capitals = sum(letter.isupper() for letter in word)
    return len(word) > 1 and (capitals > 1 or (capitals == 1 and not begins))


def unmentioned(question: str, read: Sequence[Iterable[str]]) -> tuple[str, ...]:
    """Find the names of a question that nothing of what was read mentions, in any form.

    Args:
        question: as it was asked.
        read: of each neighbor its texts: what it says, its title, its source.

    Returns:
        As the question has them; none where nothing was read.
    """
    names = names_in(question) if read else []
    if not names:
        return ()
    analyzer = WordAnalyzer()
    said = [text for texts in read for text in texts]
    words = {word for text in said for word in analyzer.words(text)}
    missing = [name for name in names if not _is_mentioned(analyzer.words(name), words)]
    return tuple(name for name in missing if not _stands_in(name, said))


def unmentioned_in(
    question: str, citations: Iterable[Citation], *, heads: Iterable[Sequence[str]] = ()
) -> tuple[str, ...]:
    """The same of all that spans of an answer were read from, and of the heads that were read before it."""
    neighbors = [neighbor for citation in citations for neighbor in citation.neighbors]
    read = [(one.text, one.continuation, one.title, one.source) for one in neighbors]
    return unmentioned(question, [*read, *heads] if read else [])


def _stands_in(name: str, texts: Iterable[str]) -> bool:
    """Whether it stands there as it is, though with its surroundings it is another word ("a0" in "a0:b")."""
    written = re.compile(rf"(?<![^\W_]){re.escape(name.casefold())}(?![^\W_])")
    return any(written.search(text.casefold()) for text in texts)


def _is_mentioned(name: list[str], words: set[str]) -> bool:
    """Whether all parts of a name are there, or words that end otherwise: Odessa, Odessas."""
    return all(part in words or any(_alike(part, word) for word in words) for part in name)


def _alike(name: str, word: str) -> bool:
    """Whether two words may be forms of one: they differ in a short ending alone."""
    stem = max(_STEM, min(len(name), len(word)) - _LONGEST_ENDING)
    return (
        not any(letter.isdigit() for letter in name)
        and abs(len(name) - len(word)) <= _LONGEST_ENDING
        and len(name) >= _STEM
        and name[:stem] == word[:stem]
    )
