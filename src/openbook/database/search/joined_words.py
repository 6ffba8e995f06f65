"""Names and numbers of several parts: 2.4.0, os.path.join, max_tokens, AP-41.

| what joins | where |
|---|---|
| a point, low lines | between letters and digits |
| a hyphen | likewise, in what has a digit |

Of a time as 2024-11-28T14:00 the date is a whole too.

Each part is a word too: who asks for 2.4 finds 2.4.0, after what has 2.4 itself.
"""

import re
import unicodedata
from collections.abc import Iterator

from openbook.database.search.folding import SPACED_LETTER, UNSPACED_RUN, fold

LONGEST_WORD = 255
"""Characters; a longer word counts as pieces of this length, and is no part of a name."""
_UNSEEN = "\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff"
"""Accents by themselves, and what has no width: inside a word."""
_PART = f"(?:{SPACED_LETTER}[{_UNSEEN}]*){{1,{LONGEST_WORD}}}"
_PLAIN = {"\u2010": "-", "\u2011": "-", "\uff0d": "-", "\uff0e": ".", "\uff3f": "_"}
"""Signs that are others in NFKC, or mean the same."""
_SIGNS = "-." + "".join(_PLAIN)
_JOINT = f"(?:[{_SIGNS}]|_{{1,{LONGEST_WORD}}})[{_UNSEEN}]*"
_BEGIN = f"(?<!{SPACED_LETTER})(?<!{SPACED_LETTER}[{_UNSEEN}])(?<!{SPACED_LETTER}[{_UNSEEN}]{{2}})"
"""Not inside a word; of letters with more marks, which nobody writes, the search only takes longer."""
_JOINED = re.compile(f"{_BEGIN}{_PART}(?:{_JOINT}{_PART})+")
_JOINED_ASCII = re.compile(
    f"(?<![0-9A-Za-z])[0-9A-Za-z]{{1,{LONGEST_WORD}}}(?:(?:[-.]|_{{1,{LONGEST_WORD}}})[0-9A-Za-z]{{1,{LONGEST_WORD}}})+"
)
_HINTS = {
    ".": re.compile(rf"\.[{_UNSEEN}]*[^\W_]"),
    "_": re.compile(rf"_[{_UNSEEN}]*[^\W_]"),
    "-": re.compile(rf"-[{_UNSEEN}]*[^\W_]*\d|\d[{_UNSEEN}]*\w{{0,{LONGEST_WORD}}}-[{_UNSEEN}]*[^\W_]"),
    **{sign: re.compile(rf"{sign}[{_UNSEEN}]*[^\W_]") for sign in _PLAIN},
}
"""What a text with such words has, by the sign: most texts have none, and to look at the signs is faster."""
_TO_PLAIN = str.maketrans(_PLAIN)
_HYPHEN = re.compile("[-\u2010\u2011\uff0d]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?=[Tt_])")
_NO_JOINT = re.compile(f"{_PART}")
_HAS_DIGIT = re.compile(r"\d")
_JOINTS = re.compile("([-._])")


def may_be_joined(text: str) -> bool:
    """Whether a text may have such words; of nearly all that have none it says so, at a glance."""
    return any(sign in text and hint.search(text) for sign, hint in _HINTS.items())


def joined_words(text: str) -> Iterator[tuple[int, str]]:
    """Names and numbers of several parts, and where each begins.

    A hyphen joins them only where there is a digit: state-of-the-art is four words.

    >>> list(joined_words("AP-41 needs re_use-max_tokens of 2.4.0."))
    [(0, 'AP-41'), (12, 're_use'), (19, 'max_tokens'), (33, '2.4.0')]
    """
    for found in (_JOINED_ASCII if text.isascii() else _JOINED).finditer(text):
        if _is_cut(text, found):
            continue
        if _HAS_DIGIT.search(found[0]):
            yield found.start(), found[0]
            if date := _DATE.match(found[0]):
                yield found.start(), date[0]
            continue
        begin = found.start()
        for part in _HYPHEN.split(found[0]):
            if not _NO_JOINT.fullmatch(part):
                yield begin, part
            begin += len(part) + 1


def _is_cut(text: str, found: re.Match[str]) -> bool:
    """Whether a word goes on with a vowel mark, as of Devanagari, which here is no letter.

    Those of scripts without spaces, as of Thai, end words of their own.
    """
    around = text[max(0, found.start() - 1) : found.start()] + text[found.end() : found.end() + 1]
    marks = (character for character in around if unicodedata.category(character)[0] == "M")
    return not around.isascii() and any(not UNSPACED_RUN.match(mark) for mark in marks)


def folded_whole(whole: str) -> str:
    """A word of several parts, as it is compared."""
    whole = whole.translate(_TO_PLAIN)
    if not whole.isascii():
        whole = "".join(part if part in "-._" else fold(part).strip() for part in _JOINTS.split(whole))
    whole = whole.lower()
    return whole[1:] if whole[0] == "v" and whole[1].isdigit() else whole
