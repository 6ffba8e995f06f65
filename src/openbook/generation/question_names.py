"""The names in a question, and which of them nothing that was read mentions: a sign that it is about others.

    Who built the mill of Harrow?     a passage about the mill of Elder Ford: Harrow is not mentioned

A name is taken for what is written like one, so this knows nothing of words in small letters, nor of meaning.
What has digits counts as a whole, for its parts stand in many texts:

| in the question | mentioned by | and not by |
|---|---|---|
| AP-41 | AP 41, AP41, ap_41, AP-41s | AP-40 and 41 pumps |
| CVE-2024-1234 | CVE 2024-1234 | a CVE of 2024 |
| 2.4.0, v2.4.0 | v2.4.0, 2.4.0rc1 | 2.4.1 |
| 12,500 | 12500, 12 500, 12.500 | 2,500 |
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from openbook.database.search.analyzer import WordAnalyzer
from openbook.generation.citations import Citation

_HYPHENS = "-\u00ad\u2010-\u2013\u2212"
_WORD = "[^\\W_]+(?:['\u2019][^\\W_]+|(?<=\\d)\\.(?=\\d)[^\\W_]+|(?<=\\d)(?<!\\d{4}),\\d{3}(?![^\\W_]))*"
"""Also a number with points or with commas before its thousands."""
_PIECE = "[^\\W_a-z]+(?:(?<=\\d)\\.(?=\\d)[^\\W_a-z]+)*"
_CODE = f"{_PIECE}(?:[{_HYPHENS}]{_PIECE})+(?:['\u2019]?s)?(?![^\\W_])"
"""Pieces without small letters that hyphens join."""
_SINGLE_WORD = re.compile(_WORD)
_CODE_OR_WORD = re.compile(f"{_CODE}|{_WORD}")
_JOINT = re.compile(f"[{_HYPHENS}.,]")
_DATE = re.compile("^\\d\\d?\\.\\d\\d?\\.(\\d{4})$")
_POSSESSIVE = re.compile("['\u2019]s$", re.IGNORECASE)
_BEGINS_SENTENCE = re.compile("(?:^|[.!?:;]\\s*)[\"'\u201c\u2018\u00ab(]*$")
_LEAST_SMALL = 2
"""Words in small letters that a question has; with fewer all of it may be written like names."""
_LEAST_DIGITS = 3
"""Of a number; shorter ones stand for counts, which texts write in words."""
_STEM = 4
"""Letters at the beginning that two forms of a word share."""
_LONGEST_ENDING = 3

_PLURAL = re.compile("(?<=\\d)s$")
_PART = re.compile("(\\W*)(\\d+|[^\\W\\d_]+)")
"""Letters or digits of a name, and what stands before them."""
_POINT = "[.,:_-]"
_THOUSANDS = "[.,'\u2019\\s]?"
_GAP = f"(?:[{_HYPHENS}_/]\\s*|\\s+)"
"""What texts write in the place of a point, of a comma and of a hyphen."""


def names_in(question: str) -> list[str]:
    """Find what a question writes like a name, in order, each once.

    These are words with a capital letter that does not begin a sentence, or with several; words of letters
    and digits; capital letters and digits that hyphens join; and numbers of three digits and more, of a date
    the year. Not the pronoun I. Nothing where nearly all are so.

    >>> names_in("When did Ada Lovelace's aunt sell the B7, and to whom in 1923?")
    ['Ada', 'Lovelace', 'B7', '1923']
    >>> names_in("Does the AP-41's driver need Python 3.12?")
    ['AP-41', 'Python', '3.12']
    >>> names_in("Who Is The Mayor Of Harrow?")
    []
    """
    found = list(_words(question))
    small = sum(word[0][0].islower() for word in found)
    if small < _LEAST_SMALL:
        return []
    names = [
        _DATE.sub("\\1", _POSSESSIVE.sub("", word[0]))
        for word in found
        if _is_name(word[0], begins=_BEGINS_SENTENCE.search(question, 0, word.start()) is not None)
    ]
    return list(dict.fromkeys(names))


def _words(question: str) -> Iterator[re.Match[str]]:
    """The words of a question, and its codes, each as one."""
    for found in _CODE_OR_WORD.finditer(question):
        if _is_code(_POSSESSIVE.sub("", found[0])):
            yield found
        else:
            yield from _SINGLE_WORD.finditer(question, *found.span())


def _is_code(text: str) -> bool:
    """Whether it has a piece of capital letters alone, and digits: AP-41, not 1914-1918, A1-A4 or US-UK."""
    pieces = re.split(f"[{_HYPHENS}]", _PLURAL.sub("", text))
    capitals = any(piece.isalpha() and piece.isupper() for piece in pieces)
    letters = "".join(pieces)
    return (
        len(pieces) > 1 and capitals and any(map(str.isdigit, letters)) and not any(map(str.islower, letters))
    )


def _is_name(word: str, *, begins: bool) -> bool:
    if digits := sum(letter.isdigit() for letter in word):
        return any(letter.isalpha() for letter in word) or digits >= _LEAST_DIGITS
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
    missing = [
        name for name in names if _JOINT.search(name) or not _is_mentioned(analyzer.words(name), words)
    ]
    return tuple(name for name in missing if not _stands_in(name, said))


def unmentioned_in(
    question: str, citations: Iterable[Citation], *, heads: Iterable[Sequence[str]] = ()
) -> tuple[str, ...]:
    """The same of all that spans of an answer were read from, and of the heads that were read before it."""
    neighbors = [neighbor for citation in citations for neighbor in citation.neighbors]
    read = [(one.text, one.continuation, one.title, one.source) for one in neighbors]
    return unmentioned(question, [*read, *heads] if read else [])


def _stands_in(name: str, texts: Iterable[str]) -> bool:
    """Whether it stands there as it is, though with its surroundings it is another word ("a0" in "a0:b").

    One with digits also in another spelling.
    """
    written = re.compile(rf"(?<![^\W_]){re.escape(name.casefold())}(?![^\W_])")
    if any(written.search(text.casefold()) for text in texts):
        return True
    if not any(map(str.isdigit, name)):
        return False
    spellings = _spellings(name)
    return any(spellings.search(_folded(text)) for text in texts)


def _spellings(name: str) -> re.Pattern[str]:
    """How folded texts may write a name with digits, among letters that are none of it (v2.4.0, 1923年)."""
    parts = _PART.findall(re.sub("^v(?=\\d+\\.)", "", _PLURAL.sub("", _folded(name))))
    pattern, last = "", ""
    for joint, part in parts:
        pattern += _joint(joint, between_digits=last.isdigit() and part.isdigit()) if last else ""
        pattern += re.escape(part)
        last = part
    around = "\\d" if all(part.isdigit() for _, part in parts) else "[a-z\\d]"
    return re.compile(f"(?<!{around}){pattern}(?:(?<=\\d)s)?(?!{around})")


def _joint(joint: str, *, between_digits: bool) -> str:
    """What may stand in a text where a name has this between its parts."""
    if joint in (".", ","):
        return _POINT if joint == "." else _THOUSANDS
    return _GAP if between_digits else f"{_GAP}?"


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


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
