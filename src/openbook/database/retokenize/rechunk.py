"""Chunks of the same text in another tokenizer's tokens: where they begin, and how they fill rows.

    text          a b c d e f g h i j k l       two old chunks, which begin at the characters 0 and 7
    new tokens    ab c de fgh ij k l            which begin at the characters 0 2 3 5 8 10 11
    counts        4 begin in the first chunk (fgh is the last), 3 in the second
    rows, M = 3   ab c E     de fgh E           the first chunk takes two rows, each padded with end of text
                  ij k l

It knows tokenizers and arrays, no database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.segments import segment_owners, segment_places
from openbook.text import Tokenizer

_INCOMPLETE = 3
"""Bytes of a character of which one is missing, and so tokens, at most."""


@dataclass(frozen=True, slots=True)
class ChunkedText:
    """A document's text, and the character that each of its chunks begins with."""

    text: str
    starts: list[int]
    """Never falls; as long as the text where a chunk has no text of its own."""


def chunked_text(tokenizer: Tokenizer, chunks: Sequence[Sequence[int]]) -> ChunkedText:
    """Decode a document, and find its chunks in what that gives.

    A border between the bytes of a character goes before the character. Each chunk is decoded twice, with
    the one before it and without, for decoders treat the beginning of a text differently. Of "Café." as its
    bytes, with é = C3 A9 in two chunks:

        tokens      C a f C3     A9 .
        up to 4     "Caf\ufffd"             which the text does not begin with
        up to 3     "Caf"                    so the second chunk begins at character 3

    Args:
        tokenizer: of the tokens.
        chunks: the tokens of each, without padding.
    """
    ids = [token for chunk in chunks for token in chunk]

    def decoded(start: int, end: int) -> str:
        return tokenizer.decode([ids[start:end]])[0]

    text = decoded(0, len(ids))
    starts = [0]
    before = border = 0  # the tokens before:border are the last chunk that has text of its own
    for end in np.cumsum([len(chunk) for chunk in chunks])[:-1].tolist():
        known = len(decoded(before, border))
        for at in range(end, max(border, end - _INCOMPLETE) - 1, -1):
            new = decoded(before, at)[known:]
            if text.startswith(new, starts[-1]):
                break
        else:  # what came as tokens need not be text
            at, new = end, decoded(before, end)[known:]
        starts.append(starts[-1] + len(new))
        if at > border:
            before = border
            border = at
    return ChunkedText(text, [min(start, len(text)) for start in starts])


def tokens_of_chunks(chunked: ChunkedText, token_starts: Sequence[int]) -> NDArray[np.int64]:
    """Count the tokens that begin in each chunk of a text: [chunks].

        chunks begin at     0          7
        tokens begin at     0 2 3 5    8 10 11
        chunk of each       0 0 0 0    1  1  1      the last that begins there or before
        counts              4          3

    Args:
        chunked: the text.
        token_starts: the character that each token begins in, as `Tokenizer.encode_with_starts` gives them.
    """
    inside = np.minimum(np.array(token_starts, dtype=np.int64), max(0, len(chunked.text) - 1))
    places = np.searchsorted(chunked.starts, inside, side="right") - 1
    return np.bincount(places, minlength=len(chunked.starts))


def come_back(
    tokenizer: Tokenizer,
    chunked: ChunkedText,
    tokens: tuple[Sequence[int], Sequence[int]],
    counts: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Find the chunks whose tokens decode to their text, but for white space at its ends: bool [chunks].

    Letters that Unicode takes for the same (é as one character or two) are.

    Args:
        tokenizer: of the new tokens.
        chunked: the text.
        tokens: the new tokens, and the character that each begins in.
        counts: [chunks] tokens of each.
    """
    ids, starts = tokens
    if _comparable(tokenizer.decode([ids])[0]) == _comparable(chunked.text):
        return np.ones(len(counts), dtype=np.bool_)
    ends = np.cumsum(counts).tolist()
    spans = list(zip([0, *ends[:-1]], ends, strict=True))
    places = [0, *starts[1:], len(chunked.text)] if starts else [0]
    decoded = tokenizer.decode([ids[start:end] for start, end in spans])
    pieces = [chunked.text[places[start] : places[end]] for start, end in spans]
    same = [_comparable(new) == _comparable(old) for new, old in zip(decoded, pieces, strict=True)]
    return np.array(same, dtype=np.bool_)


def _comparable(text: str) -> str:
    return normalize("NFC", text).strip()


def parts_of(counts: NDArray[np.int64], chunk_size: int) -> NDArray[np.int64]:
    """Count the rows that each chunk of so many tokens takes: [chunks]; none if it has no token."""
    return -(-counts // chunk_size)


def fill_rows(
    tokens: NDArray[np.int64], counts: NDArray[np.int64], *, chunk_size: int, padding: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each chunk a row, or as many of about equal length as its tokens need.

        tokens      a b c d e           f g h
        counts      5                   3             M = 4
        parts       2                   1             rows that a chunk takes
        place       0         1         0             of a row among those of its chunk
        lengths     3         2         3             5 // 2, and one more in the first 5 % 2 rows
        rows        a b c E   d e E E   f g h E

    Args:
        tokens: [T], of all chunks.
        counts: [chunks] of each.
        chunk_size: M.
        padding: the token that rows are padded with.

    Returns:
        int64 [rows, M], and the tokens in each that are not padding: int64 [rows], 1 … M.
    """
    parts = parts_of(counts, chunk_size)
    place = segment_places(parts)
    of_row = segment_owners(parts)
    counts, parts = counts[of_row], parts[of_row]
    lengths = counts // parts + (place < counts % parts)
    rows = np.full((len(lengths), chunk_size), padding, dtype=np.int64)
    rows[np.arange(chunk_size) < lengths[:, None]] = tokens
    return rows, lengths
