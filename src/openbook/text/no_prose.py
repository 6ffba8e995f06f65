"""Text that nobody reads: minified scripts and styles, base64, hexadecimal. Whose it is is not known here.

!function(e,t){"object"==typeof module&&…        a line of 87,533 characters with hardly a space
TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5…        lines without any, of letters mixed with digits
00000010: 6e6f 7420 6f6e 6c79 2062 7920 …        a dump

What may be prose is prose: Chinese, Japanese and Thai have no spaces, a paragraph may be one line of any
length, and a text may hold the data of its pictures.
"""

import re
from collections import Counter

_LONG_LINE = 5_000
_FEWEST_WORDS = 0.05
"""Of a long line, so many words to a character at least are prose: Greenlandic, whose words are the longest,
has some 0.07, minified scripts and styles have 0.01 to 0.04."""
_MOST_OF_OTHER_SCRIPTS = 0.1
"""Of the characters of a long line, from which it may be prose in a script that writes no spaces."""
_FEWEST_LINES = 20
"""That are encoded each by itself."""
_MOST_BESIDE_SHARE, _MOST_BESIDE = 0.1, 10_000
"""So much of a text, and so many characters, may stand beside such lines: a license, what the data are."""
_ENCODED = re.compile(r"(?=\D*\d)(?=[^A-Za-z]*[A-Za-z])[\w+/=-]{60,}", re.ASCII)
_DUMP = re.compile(r"[0-9A-Fa-f]{5,15}0:?[ \t]+(?:(?:[0-9A-Fa-f]{2}){1,4}[ \t]+){4}")
"""A place in a file that is a multiple of 16, and what stands there."""
_EMBEDDED = re.compile(r"data:[\w/+.;=-]*,[^\s\"'()<>]*")
"""Data of a picture or font, in Markdown, pages and styles."""

_MINIFIED = "a line of {longest:,} characters with hardly a space"
_IN_LINES = "lines of base64, hexadecimal or the like"
_DUMPED = "a dump of bytes"


def why_no_prose(text: str) -> str:
    """Say why nobody reads a text; empty: it may be prose, or is short.

    >>> why_no_prose("a=b;" * 2000)
    'a line of 8,000 characters with hardly a space'
    >>> why_no_prose("A line of prose. " * 1000), why_no_prose("a=b;")
    ('', '')
    """
    sizes: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    longest = beside = 0
    for line in _EMBEDDED.sub("", text).splitlines():
        if kind := _kind(line):
            sizes[kind] += len(line)
            lines[kind] += 1
            longest = max(longest, len(line))
        elif (beside := beside + len(line)) > _MOST_BESIDE:
            return ""
    if beside > _MOST_BESIDE_SHARE * (beside + sizes.total()):
        return ""
    for kind, _ in sizes.most_common(1):
        if kind == _MINIFIED or lines.total() >= _FEWEST_LINES:
            return kind.format(longest=longest)
    return ""


def _kind(line: str) -> str:
    """What a line is that is no prose; empty: it may be."""
    line = line.strip()
    if len(line) >= _LONG_LINE:
        return _MINIFIED if _is_minified(line) else ""
    if _ENCODED.fullmatch(line):
        return _IN_LINES
    return _DUMPED if _DUMP.match(line) else ""


def _is_minified(line: str) -> bool:
    others = len(line) - len(line.encode("ascii", "ignore"))
    return len(line.split()) < _FEWEST_WORDS * len(line) and others < _MOST_OF_OTHER_SCRIPTS * len(line)
