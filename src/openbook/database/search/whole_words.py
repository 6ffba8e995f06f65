"""Chunks with whole words: what a border cuts off is completed from the chunks beside it.

    chunks           … the engi | neer met Ge | soto and a …
    for the index    the engineer | engineer met Gesoto | Gesoto and a
    for a query      the engi | engineer met Ge | Gesoto and a

So a word is found in every chunk that holds a part of it, by the whole of it alone. A query is completed on
the left only: what follows it is what a model is to predict from what it finds. Of scripts without spaces one
character is added, for the pair that the border cuts. Words that a hyphen divides too: `divided_words.py`.
"""

import re
from codecs import utf_8_decode
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.divided_words import with_divided_words
from openbook.database.search.folding import kinds
from openbook.database.search.joined_words import LONGEST_WORD
from openbook.database.storage.arrays import Rows
from openbook.database.storage.layout import ChunkLayout
from openbook.text import Tokenizer
from openbook.text.token_bytes import TokenBytes

_FARTHEST = 4 * LONGEST_WORD
"""Bytes looked through on each side."""
_SPACED = bytes(byte if byte >= 0x80 or chr(byte).isalnum() else 0x20 for byte in range(256))
"""For `bytes.translate`: a space for all of ASCII that is in no word."""
_LAST_OF = {"s": re.compile("(?:s|(?<= )m|^m)[sm]*$"), "u": re.compile("um*$")}
_FIRST_OF = {"s": re.compile("[sm]*"), "u": re.compile("m*(?:um*)?")}
"""By the kind of the word that a border cuts: what belongs to it of the kinds on the other side."""


Tokens = Rows | NDArray[np.uint16 | np.uint32]


def texts_to_index(
    tokens: Tokens, tokenizer: Tokenizer, layout: ChunkLayout, chunks: NDArray[np.int64]
) -> list[str]:
    """The text of each chunk [n] for the index."""
    documents = layout.document_of[chunks]
    first = layout.first_chunk[documents]
    return _texts(tokens, tokenizer, chunks, first, first + layout.document_chunks[documents])


def texts_to_search_for(
    tokens: Tokens, tokenizer: Tokenizer, layout: ChunkLayout, chunks: NDArray[np.int64]
) -> list[str]:
    """The text of each chunk [n] as a query, which knows nothing of what follows the chunk."""
    return _texts(tokens, tokenizer, chunks, layout.first_chunk[layout.document_of[chunks]], chunks + 1)


def texts_of_documents(tokens: Tokens, tokenizer: Tokenizer, documents: Sequence[range]) -> list[str]:
    """The text of each chunk of some documents for the index.

    Args:
        tokens: rows of chunks.
        tokenizer: of the tokens.
        documents: the rows of each, at least one.
    """
    sizes = [len(document) for document in documents]
    first = np.repeat(np.array([document.start for document in documents], dtype=np.int64), sizes)
    end = np.repeat(np.array([document.stop for document in documents], dtype=np.int64), sizes)
    chunks = np.concatenate([np.arange(document.start, document.stop) for document in documents])
    return _texts(tokens, tokenizer, chunks, first, end)


def _texts(
    tokens: Tokens,
    tokenizer: Tokenizer,
    chunks: NDArray[np.int64],
    first: NDArray[np.int64],
    end: NDArray[np.int64],
) -> list[str]:
    """The text of each chunk [n], looking at no chunk before `first` [n] and at none from `end` [n] on."""
    pieces = _ChunkBytes(tokens, tokenizer.token_bytes)
    pieces.read(np.unique([np.maximum(chunks - 1, first), chunks, np.minimum(chunks + 1, end - 1)]))
    bounds = zip(chunks.tolist(), first.tolist(), end.tolist(), strict=True)
    return [
        _completed(pieces, chunk, range(start, chunk), range(chunk + 1, stop))
        for chunk, start, stop in bounds
    ]


class _ChunkBytes(dict[int, bytes]):
    """The bytes of chunks, by number, read when they are first needed.

    Padding is end-of-text tokens, which have no bytes.
    """

    def __init__(self, tokens: Tokens, token_bytes: TokenBytes) -> None:
        super().__init__()
        self._tokens = tokens
        self._token_bytes = token_bytes

    def read(self, chunks: NDArray[np.int64]) -> None:
        """Read some at once."""
        for chunk, row in zip(chunks.tolist(), self._tokens[chunks].tolist(), strict=True):
            self[chunk] = self._token_bytes.of(row)

    def __missing__(self, chunk: int) -> bytes:
        self.read(np.array([chunk]))
        return self[chunk]


def _completed(pieces: Mapping[int, bytes], chunk: int, before: range, after: range) -> str:
    own = pieces[chunk]
    left, right = _run_before(pieces, own, before), _run_after(pieces, own, after)
    if len(left) == _FARTHEST:  # a word that begins nowhere near: where its pieces begin is not known
        left, right = b"", right if b" " in own.translate(_SPACED) else b""
    if own.isascii() and left.isascii() and right.isascii():
        parts = left.decode("ascii"), own.decode("ascii"), right.decode("ascii")
    else:
        parts = _parts_by_kinds(left, own, right)
    completion, text = _within_pieces(*parts)
    return with_divided_words(pieces, own, before, after, text=text, completed=len(completion))


def _within_pieces(left: str, own: str, right: str) -> tuple[str, str]:
    """What completes a chunk on the left, and its text between that and what completes it on the right.

    Of a word of several pieces it is those that the chunk is part of.
    """
    completion = left[len(left) // LONGEST_WORD * LONGEST_WORD :]
    return completion, completion + own + right[:LONGEST_WORD]


def _run_before(pieces: Mapping[int, bytes], own: bytes, before: range) -> bytes:
    """The bytes between the last ASCII space or sign before a chunk and its beginning, or enough of them."""
    if not own or _SPACED[own[0]] == 0x20:
        return b""
    found = b""
    for chunk in reversed(before):
        piece = pieces[chunk]
        run = len(piece.translate(_SPACED).rpartition(b" ")[2])
        found = piece[len(piece) - run :] + found
        if run < len(piece) or _is_enough(found):
            break
    return found[-_FARTHEST:]


def _run_after(pieces: Mapping[int, bytes], own: bytes, after: range) -> bytes:
    """The bytes between a chunk's end and the first ASCII space or sign after it, or enough of them."""
    if not own or _SPACED[own[-1]] == 0x20:
        return b""
    found = b""
    for chunk in after:
        piece = pieces[chunk]
        run = len(piece.translate(_SPACED).partition(b" ")[0])
        found += piece[:run]
        if run < len(piece) or _is_enough(found):
            break
    return found[:_FARTHEST]


def _is_enough(found: bytes) -> bool:
    """Whether a word ends in these bytes, or they are more than a word has."""
    if len(found) >= _FARTHEST:
        return True
    kinds_found = "" if found.isascii() else kinds(found.decode("utf-8", "ignore"))
    return " " in kinds_found or ("u" in kinds_found and len(kinds_found.replace("m", "")) > 1)


def _parts_by_kinds(before: bytes, own: bytes, after: bytes) -> tuple[str, str, str]:
    """The text of a chunk in any script, between what completes it on the left and on the right.

    A character that a border cuts belongs to both sides.
    """
    left, used = utf_8_decode(before, "replace", False)
    own = before[used:] + own
    middle, used = utf_8_decode(own, "replace", False)
    right = (own[used:] + after).decode("utf-8", "replace")
    if used < len(own):
        middle, right = middle + right[:1], right[1:]
    left = _last_word(left, kinds(middle))
    return left, middle, _first_word(right, kinds(left + middle))


def _last_word(text: str, following: str) -> str:
    """What of the text before a border belongs to the word after it, of which these are the kinds."""
    found = kinds(text)
    kind = "u" if found.rstrip("m").endswith("u") else "s"
    if following.lstrip("m")[:1] != kind and following[:1] != "m":
        return ""
    match = _LAST_OF[kind].search(found)
    return text[match.start() :] if match else ""


def _first_word(text: str, preceding: str) -> str:
    """What of the text after a border belongs to the word before it, of which these are the kinds."""
    if preceding[-1:] in ("", " "):
        return ""
    kind = "u" if preceding.rstrip("m").endswith("u") else "s"
    match = _FIRST_OF[kind].match(kinds(text))
    return text[: match.end()] if match else ""
