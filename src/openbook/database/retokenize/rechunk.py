"""Chunks of the same text in another tokenizer's tokens: where they begin, and how they fill rows.

It knows tokenizers and arrays, no database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    the one before it and without, for decoders treat the beginning of a text differently.

    Args:
        tokenizer: of the tokens.
        chunks: the tokens of each, without filling.
    """
    ids = [token for chunk in chunks for token in chunk]

    def decoded(start: int, end: int) -> str:
        return tokenizer.decode([ids[start:end]])[0]

    text = decoded(0, len(ids))
    starts, before, border = [0], 0, 0
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
            before, border = border, at
    return ChunkedText(text, [min(start, len(text)) for start in starts])


def tokens_of_chunks(chunked: ChunkedText, token_starts: Sequence[int]) -> NDArray[np.int64]:
    """How many tokens begin in each chunk of a text: [chunks].

    Args:
        chunked: the text.
        token_starts: the character that each token begins in, as `Tokenizer.encode_with_starts` gives them.
    """
    inside = np.minimum(np.array(token_starts, dtype=np.int64), max(0, len(chunked.text) - 1))
    places = np.searchsorted(chunked.starts, inside, side="right") - 1
    return np.bincount(places, minlength=len(chunked.starts))


def parts_of(counts: NDArray[np.int64], chunk_size: int) -> NDArray[np.int64]:
    """[chunks]: how many rows each chunk of so many tokens takes; none if it has no token."""
    return -(-counts // chunk_size)


def fill_rows(
    tokens: NDArray[np.int64], counts: NDArray[np.int64], *, chunk_size: int, fill: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each chunk a row, or as many of about equal length as its tokens need.

    Args:
        tokens: [T], of all chunks.
        counts: [chunks] of each.
        chunk_size: M.
        fill: the token that fills rows up.

    Returns:
        int64 [rows, M], and the tokens in each that are no filling: int64 [rows], 1 … M.
    """
    parts = parts_of(counts, chunk_size)
    place = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    counts, parts = np.repeat(counts, parts), np.repeat(parts, parts)
    lengths = counts // parts + (place < counts % parts)
    rows = np.full((len(lengths), chunk_size), fill, dtype=np.int64)
    rows[np.arange(chunk_size) < lengths[:, None]] = tokens
    return rows, lengths
