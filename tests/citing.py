"""Citations of a text that was written by hand, without the numbers of its chunks."""

from collections.abc import Sequence

from openbook.database import Hit
from openbook.generation.citations import Citation, cite_chunks
from openbook.generation.decoded_token import DecodedToken
from openbook.text import Tokenizer


def cite(
    tokens: Sequence[DecodedToken],
    hits: Sequence[Sequence[Hit]],
    tokenizer: Tokenizer,
    retrieved: Sequence[Sequence[Sequence[int]]] = (),
) -> tuple[str, list[Citation]]:
    """The text and its citations, see `cite_chunks`."""
    text, found = cite_chunks(tokens, hits, tokenizer, retrieved)
    return text, [citation for _, citation in found]
