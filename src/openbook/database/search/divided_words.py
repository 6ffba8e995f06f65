"""Words of several parts that a border between chunks divides, and the line end after a hyphen too.

    chunks           … the tadup- | obetu and a | bout 2. | 4.0 …
    for the index    the tadup- tadupobetu | obetu and about tadupobetu | about 2. 2.4.0 | 4.0 2.4.0

What stands in one chunk the analyzer finds itself. Here is found what it cannot see: the whole word is added
to every chunk that holds a letter of it. A query has it only if it ends in the chunk, for nothing is known of
what follows.
"""

import re
from collections.abc import Iterator, Mapping

from openbook.database.search.analyzer import DIVIDED
from openbook.database.search.joined_words import LONGEST_WORD, joined_words

_FARTHEST = 4 * LONGEST_WORD
"""Bytes looked through on each side."""
_WORDS = 3
"""Of ASCII's spaces and signs between them: two are whole where there are so many on one side."""
_JOINTS = b"-._"
_IN_WORDS = bytes(
    byte if byte >= 0x80 or chr(byte).isalnum() or byte in _JOINTS else 0x20 for byte in range(256)
)
_HYPHENS = (b"-", "\u2010".encode(), "\u00ad".encode())
_LINE_ENDS = tuple(hyphen + end for hyphen in _HYPHENS for end in (b"\n", b"\r\n"))
_OTHER_JOINTS = tuple(sign.encode() for sign in "\u2010\u2011\uff0d\uff0e\uff3f")
_JOINT = re.compile("[-._\u2010\u2011\uff0d\uff0e\uff3f]")
_AT_LINE_END = re.compile("[-\u2010\u00ad]\r?\n[ \\t]*")
_INSIDE_CHARACTER = bytes(range(0x80, 0xC0))


def with_divided_words(
    pieces: Mapping[int, bytes], own: bytes, before: range, after: range, *, text: str, completed: int
) -> str:
    """A chunk's text with the words that borders divide, a comma before each: it may end with a hyphen.

    What it holds of a name or number of several parts is none itself: `4.0` of 2.4.0 becomes `4 0, 2.4.0`.

    Args:
        pieces: the bytes of chunks, by number.
        own: those of the chunk.
        before: the chunks before it, of its document.
        after: those after it that may be looked at.
        text: of the chunk, its first and last word completed.
        completed: characters of it before the chunk's own.
    """
    left, right = _before(pieces, before), _after(pieces, after)
    whole = left + own + right
    # Most texts have none; to look for each of these is faster than for all at once.
    has_line_end = b"\n" in whole and any(end in whole for end in _LINE_ENDS)
    if not (has_line_end or _is_joined(left, own) or _is_joined(own, right)):
        return text
    around, start = whole.decode("utf-8", "ignore"), len(left.decode("utf-8", "ignore"))
    end = len(around) - len(right.lstrip(_INSIDE_CHARACTER).decode("utf-8", "ignore"))
    first = start - completed
    last = first + len(text)
    added = ""
    for begin, found in _of_parts(around):
        until = begin + len(found)
        is_cut = (begin == 0 and len(left) == _FARTHEST) or (until == len(around) and len(right) == _FARTHEST)
        is_part = any(map(str.isalnum, around[max(begin, start) : min(until, end)]))
        is_seen = first <= begin and until <= last
        if is_part and not is_seen and not is_cut:
            inside = slice(max(begin - first, 0), max(until - first, 0))
            text = text[: inside.start] + _JOINT.sub(" ", text[inside]) + text[inside.stop :]
            added += f", {_AT_LINE_END.sub('', found)}"
    return text + added


def _is_joined(before: bytes, after: bytes) -> bool:
    """Whether one word may go on from one side of a border to the other, with a sign in it."""
    left = before.translate(_IN_WORDS).rpartition(b" ")[2]
    right = after.translate(_IN_WORDS).partition(b" ")[0]
    if not (left and right):
        return False
    word = (left + right).strip(_JOINTS)
    return any(sign in _JOINTS for sign in word) or any(sign in word for sign in _OTHER_JOINTS)


def _of_parts(text: str) -> Iterator[tuple[int, str]]:
    """Each word of several parts and where it begins; of one over three lines every two parts."""
    yield from joined_words(text)
    place = 0
    while found := DIVIDED.search(text, place):
        yield found.start(), found[0]
        place = found.start(2)


def _before(pieces: Mapping[int, bytes], before: range) -> bytes:
    """The end of the text before a chunk: a few words."""
    found = b""
    for chunk in reversed(before):
        found = pieces[chunk] + found
        if _is_enough(found):
            break
    return found[-_FARTHEST:].lstrip(_INSIDE_CHARACTER)


def _after(pieces: Mapping[int, bytes], after: range) -> bytes:
    """The beginning of the text after a chunk."""
    found = b""
    for chunk in after:
        found += pieces[chunk]
        if _is_enough(found):
            break
    return found[:_FARTHEST]


def _is_enough(found: bytes) -> bool:
    return len(found) >= _FARTHEST or len(found.translate(_IN_WORDS).split(maxsplit=_WORDS)) >= _WORDS
