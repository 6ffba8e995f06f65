"""Counting what a tokenizer cannot spell while documents are written: that text is lost.

It becomes the unknown token, or no token at all where the tokenizer has none for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.text import AnyDocument, TokenizedDocument, Tokenizer

_EXAMPLES = 5


@dataclass
class UnknownTokens:
    """What was unknown so far."""

    tokens: int = 0
    """And parts of texts that got no token."""
    of: int = 0
    """All tokens that were written, and these parts."""
    examples: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of all tokens."""
        return self.tokens / self.of if self.of else 0.0

    def count(
        self,
        documents: Sequence[AnyDocument],
        rows: NDArray[np.integer],
        records: Sequence[DocumentRecord],
        tokenizer: Tokenizer,
    ) -> None:
        """Count a batch.

        Args:
            documents: of the batch.
            rows: [chunks, M] their tokens.
            records: of the documents, in their order.
            tokenizer: made the tokens.
        """
        self.of += sum(record.num_tokens for record in records)
        if tokenizer.spelling.leaves_out:
            self._count_left_out(documents, tokenizer)
            return
        # A tokenizer may take one token for the unknown and for the end, which also pads.
        if tokenizer.unknown_id is None or tokenizer.unknown_id == tokenizer.eos_id:
            return
        in_rows = (rows == tokenizer.unknown_id).sum(axis=1)
        self.tokens += int(in_rows.sum())
        if not in_rows.any():
            return
        for document, record in zip(documents, records, strict=True):
            start = record.first_chunk - records[0].first_chunk
            if len(self.examples) == _EXAMPLES:
                return
            if in_rows[start : start + record.num_chunks].any() and not isinstance(
                document, TokenizedDocument
            ):
                self._show(tokenizer.unknown_words(document.text, count=_EXAMPLES))

    def include(self, other: "UnknownTokens") -> None:
        """Count what another process has counted."""
        self.tokens += other.tokens
        self.of += other.of
        self._show(other.examples)

    def _count_left_out(self, documents: Sequence[AnyDocument], tokenizer: Tokenizer) -> None:
        for document in documents:
            if not isinstance(document, TokenizedDocument):
                parts = tokenizer.spelling.left_out(document.text)
                self.tokens += len(parts)
                self.of += len(parts)
                self._show(parts)

    def _show(self, words: Iterable[str]) -> None:
        """Take some of them as examples."""
        new = (word for word in dict.fromkeys(words) if word not in self.examples)
        self.examples += islice(new, _EXAMPLES - len(self.examples))
