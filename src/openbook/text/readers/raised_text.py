"""Raised and lowered text in one line: with a sign where it would be read as part of what stands before it.

10 and a raised 6           10^6
x and a lowered max         x_max
x and a raised n+1          x^(n+1)
1 and a raised st           1st
CO and a lowered 2          CO2
"""

import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

RAISED, LOWERED = "^", "_"
_SIMPLE = re.compile(r"[-+\u2212\u2013]?\w+(?:[.,]\w+)*[-+\u2212\u2013]?")
"""A name, or a number, maybe with a sign: it needs no parentheses."""
_ORDINAL = re.compile(r"[^\W\d_]{2,}|[aeor]")
"""As in 1st, Mme, XIXe, 2o, Dr: letters that are raised for beauty."""


def marks_around(before: str, text: str, sign: str) -> tuple[str, str]:
    """What is to be written before and after raised or lowered text.

    Letters above are the end of an ordinal or a short word, and digits below letters a formula, as they are
    written without raising: nobody looks for CO_2. What has neither letter nor digit is a sign of its own.

    >>> marks_around("10", "-3", RAISED), marks_around("x", "n+1", RAISED), marks_around("Acme", "®", RAISED)
    (('^', ''), ('^(', ')'), ('', ''))

    Args:
        before: what stands before it.
        text: what is raised or lowered.
        sign: `RAISED`, `LOWERED`, or empty: it is neither.
    """
    word = text.strip()
    if not sign or text[:1].isspace() or not before[-1:].isalnum() or not any(map(str.isalnum, word)):
        return "", ""
    if sign == RAISED:
        is_plain = bool(_ORDINAL.fullmatch(word))
    else:
        is_plain = word.isdecimal() and not before[-1].isdecimal()
    if is_plain:
        return "", ""
    return (sign, "") if _SIMPLE.fullmatch(word) else (f"{sign}(", ")")


def with_end(text: str, end: str) -> str:
    """A text with its second mark, before the spaces that it ends with.

    >>> with_end("n+1 ", ")")
    'n+1) '
    """
    word = text.rstrip()
    return f"{word}{end}{text[len(word) :]}"


def with_signs(pieces: Iterable[tuple[str, str]]) -> str:
    """One text of pieces, each with its sign before it; those side by side with the same are raised as one.

    >>> with_signs([("", "10"), (RAISED, "-"), (RAISED, "3"), ("", " m"), (RAISED, "n +"), (RAISED, "1 ")])
    '10^-3 m^(n +1) '
    """
    said: list[str] = []
    before = ""
    for sign, group in groupby((piece for piece in pieces if piece[1]), key=itemgetter(0)):
        text = "".join(piece[1] for piece in group)
        start, end = marks_around(before, text, sign)
        said.append(start + with_end(text, end))
        before = text
    return "".join(said)
