"""Words that a hyphen divides at a line's end, and a border between chunks too.

    chunks           … the tadup- | obetu and a …
    for the index    the tadup- tadupobetu | obetu and a tadupobetu

What stands in one chunk the analyzer finds itself. Here is found what it cannot see: the whole word is added
to every chunk that holds a letter of it. A query has it only if it ends in the chunk, for nothing is known of
what follows.
"""

import re
from collections.abc import Iterator, Mapping

from openbook.database.search.analyzer import DIVIDED, LONGEST_WORD

_FARTHEST = 4 * LONGEST_WORD
"""Bytes looked through on each side."""
_WORDS = 3
"""Of ASCII's spaces and signs between them: two are whole where there are so many on one side."""
_IN_WORDS = bytes(byte if byte >= 0x80 or chr(byte).isalnum() else 0x20 for byte in range(256))
_LINE_END = re.compile(rb"(?:-|\xe2\x80\x90|\xc2\xad)\r?\n")
_INSIDE_CHARACTER = bytes(range(0x80, 0xC0))


def divided_words(
    pieces: Mapping[int, bytes], own: bytes, before: range, after: range, seen: tuple[int, int]
) -> str:
    """The words that are to be added to a chunk's text, a comma before each: it may end with a hyphen.

    Args:
        pieces: the bytes of chunks, by number.
        own: those of the chunk.
        before: the chunks before it, of its document.
        after: those after it that may be looked at.
        seen: how many characters are in the chunk's text before its own, and all.
    """
    left, right = _before(pieces, before), _after(pieces, after)
    whole = left + own + right
    if not _LINE_END.search(whole):
        return ""
    text, start = whole.decode("utf-8", "ignore"), len(left.decode("utf-8", "ignore"))
    end = len(text) - len(right.lstrip(_INSIDE_CHARACTER).decode("utf-8", "ignore"))
    first, last = start - seen[0], start - seen[0] + seen[1]
    added = ""
    for found in _divided(text):
        is_cut = (found.start() == 0 and len(left) == _FARTHEST) or (
            found.end() == len(text) and len(right) == _FARTHEST
        )
        is_part = any(found.start(word) < end and found.end(word) > start for word in (1, 2))
        is_seen = first <= found.start() and found.end() <= last
        if is_part and not is_seen and not is_cut:
            added += f", {found[1]}{found[2]}"
    return added


def _divided(text: str) -> Iterator[re.Match[str]]:
    """Each word that is divided, and of one over three lines every two parts."""
    place = 0
    while found := DIVIDED.search(text, place):
        yield found
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
