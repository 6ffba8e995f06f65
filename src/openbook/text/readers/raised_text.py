"""Raised and lowered text in one line: with a sign where it would be read as part of what stands before it.

10 and a raised 6           10^6
x and a lowered max         x_max
1 and a raised st           1st
CO and a lowered 2          CO2
"""

RAISED, LOWERED = "^", "_"
_OF_ORDINALS = "aeor"
"""Single letters that end numbers and short words: 1ª, 2e, 3o, Dr."""


def with_sign(before: str, text: str, sign: str) -> str:
    """The text with its sign, if it needs one.

    Letters above are the end of an ordinal or a short word, and digits below letters a formula, as they are
    written without raising: nobody looks for CO_2.

    >>> with_sign("10", "-3", RAISED), with_sign("x", "n", RAISED), with_sign("1", "st", RAISED)
    ('^-3', '^n', 'st')
    >>> with_sign("CO", "2", LOWERED), with_sign("101", "2", LOWERED), with_sign("see ", "1", RAISED)
    ('2', '_2', '1')

    Args:
        before: what stands before it.
        text: what is raised or lowered.
        sign: `RAISED`, `LOWERED`, or empty: it is neither.
    """
    word = text.strip()
    if not sign or not word or text[0].isspace() or not before[-1:].isalnum():
        return text
    if sign == RAISED:
        is_plain = word.isalpha() and (len(word) > 1 or word in _OF_ORDINALS)
    else:
        is_plain = word.isdecimal() and before[-1].isalpha()
    return text if is_plain else f"{sign}{text}"
