"""The texts of chunks, as people read them: with whole characters, also where a chunk border cuts one.

Tokens of bytes share a character out among two chunks; it then belongs to the one in which it begins:

    tokens    … t h e   F0 9F │ A6 89   s a t …        F0 9F A6 89 is an owl
    texts     "… the 🦉"      │ " sat …"

So the texts of a document's chunks, joined, are the document's text.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.arrays import Rows
from openbook.database.storage.layout import ChunkLayout
from openbook.text import Tokenizer

_LOST = "\N{REPLACEMENT CHARACTER}"
"""What decoders put in the place of a part of a character."""


def texts_of_chunks(
    tokens: Rows | NDArray[np.uint16 | np.uint32],
    tokenizer: Tokenizer,
    layout: ChunkLayout,
    chunk_ids: NDArray[np.int64],
) -> list[str]:
    """The text of each chunk [n], without padding, with the space that it begins with; empty for -1.

    Args:
        tokens: rows of chunks.
        tokenizer: of the tokens.
        layout: of the chunks.
        chunk_ids: [n].
    """
    exists = chunk_ids >= 0
    there = chunk_ids[exists]
    rows = tokens[there].tolist()
    lengths = layout.lengths[there].tolist()
    pieces = [row[:length] for row, length in zip(rows, lengths, strict=True)]
    begins = (layout.first_chunk[layout.document_of[there]] == there).tolist()
    known = list(zip(pieces, begins, strict=True))
    first = iter(tokenizer.decode([row for row, at_start in known if at_start]))
    inside = iter(tokenizer.decode_inside([row for row, at_start in known if not at_start]))
    texts = [next(first if at_start else inside) for _, at_start in known]
    for place, text in enumerate(texts):
        if text.startswith(_LOST) or text.endswith(_LOST):
            following = int(there[place]) + 1
            goes_on = bool(layout.has_continuation[there[place]])
            after = tokens[following].tolist()[: layout.lengths[following]] if goes_on else []
            texts[place] = _whole(text, pieces[place], after, tokenizer, is_first=begins[place])
    found = iter(texts)
    return [next(found) if is_there else "" for is_there in exists.tolist()]


def _whole(
    text: str, tokens: Sequence[int], after: Sequence[int], tokenizer: Tokenizer, *, is_first: bool
) -> str:
    """A chunk's text with its last character whole, and without the rest of one that began before it.

    Args:
        text: as decoded.
        tokens: of the chunk.
        after: of the chunk that continues it; none where none does.
        tokenizer: of both.
        is_first: nothing stands before the chunk.
    """
    own = tokenizer.token_bytes.of(list(tokens))
    rest = 0 if is_first else _rest_of_character(own)
    following = tokenizer.token_bytes.of(list(after))
    last = following[: _rest_of_character(following)]
    if not rest and not last:
        return text
    whole = (own[rest:] + last).decode(errors="replace")
    # Decoders leave out the space before a text, which is among the bytes.
    return whole.removeprefix(" ") if is_first and not text.startswith(" ") else whole


def _rest_of_character(spelled: bytes) -> int:
    """How many bytes at the beginning belong to a character before."""
    return next((place for place, byte in enumerate(spelled) if byte & 0xC0 != 0x80), len(spelled))
