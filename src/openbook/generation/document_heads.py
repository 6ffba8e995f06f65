"""The head of a passage, from its document and section: of what "It was founded in 1912" is said.

    the passage     It was founded in 1912. Its walls …
    with its head   The valley - The upper mill\\nIt was founded in 1912. Its walls …

A head is the document's title, else its first line, and the headings above the passage. What of it the
passage holds already is left out.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.database import Version
from openbook.database.units.section_units import headings_above
from openbook.text import Tokenizer
from openbook.text.headings import headings

_JOINT = " - "
LONGEST_HEAD = 120
"""Characters; a longer first line is cut at a word."""


def heads_of(book: Version, chunks: Sequence[int]) -> list[tuple[str, ...]]:
    """Read the parts of each chunk's head; none for -1."""
    layout = book.layout
    places = [int(layout.document_of[chunk]) if chunk >= 0 else -1 for chunk in chunks]
    known = sorted(set(places) - {-1})
    records = dict(zip(known, book.catalog.describe(layout.number[known].tolist()), strict=True))
    heads = {place: record.title.strip() for place, record in records.items()}
    untitled = [place for place in known if not heads[place]]
    for place, text in zip(untitled, book.chunk_texts(layout.first_chunk[untitled]), strict=True):
        heads[place] = _first_line(text.strip(), records[place].source)
    above = headings_above(book, chunks)
    parts = ((heads.get(place, ""), *path) for place, path in zip(places, above, strict=True))
    return [tuple(dict.fromkeys(part for part in each if part)) for each in parts]


def with_heads(book: Version, chunks: Sequence[int], texts: Sequence[str]) -> list[str]:
    """Put each chunk's head before its text, as far as it does not stand there."""
    heads = missing_heads(book, chunks, texts)
    return [after_head(head, text) for head, text in zip(heads, texts, strict=True)]


def missing_heads(book: Version, chunks: Sequence[int], texts: Sequence[str]) -> list[str]:
    """Read each chunk's head, without what its text holds already."""
    return [
        _JOINT.join(part for part in parts if part not in text)
        for parts, text in zip(heads_of(book, chunks), texts, strict=True)
    ]


def after_head(head: str, text: str) -> str:
    """A text after a head, which may be empty."""
    return f"{head}\n{text.lstrip()}" if head else text


def read_with_heads(
    book: Version, chunks: NDArray[np.int64], tokenizer: Tokenizer, *, num_tokens: int, heads: bool = True
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Tokenize chunks with their continuations, after their heads.

    Args:
        book: of any tokenizer.
        chunks: [..., K], -1 for one that does not exist.
        tokenizer: the reader's.
        num_tokens: R; what is longer is cut.
        heads: False: without them.

    Returns:
        ids int64 [..., K, R] and mask bool [..., K, R].
    """
    flat = chunks.ravel()
    rows = np.where(flat >= 0, flat, 0)
    after = np.where((flat >= 0) & book.layout.has_continuation[rows], flat + 1, -1)
    pairs = zip(book.chunk_texts(flat), book.chunk_texts(after), strict=True)
    texts = [f"{text}{continuation}" for text, continuation in pairs]
    if heads:
        texts = with_heads(book, flat.tolist(), texts)
    ids = np.zeros((len(flat), num_tokens), dtype=np.int64)
    mask = np.zeros(ids.shape, dtype=np.bool_)
    for row, tokens in enumerate(tokenizer.encode(texts)):
        kept = tokens[:num_tokens]
        ids[row, : len(kept)], mask[row, : len(kept)] = kept, True
    shape = (*chunks.shape, num_tokens)
    return ids.reshape(shape), mask.reshape(shape)


def _first_line(text: str, source: str) -> str:
    """The first line of a text that begins with it, of a heading without its marks."""
    found = headings(text, source=source)
    line = found[0].title if found and found[0].start == 0 else text.partition("\n")[0].strip()
    return (
        line if len(line) <= LONGEST_HEAD else line[:LONGEST_HEAD].rpartition(" ")[0] or line[:LONGEST_HEAD]
    )
