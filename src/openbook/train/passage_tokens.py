"""Tokens of passages, encoded once: a passage is drawn again and again, for many questions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.text.tokenizer import Tokenizer

_CAPACITY = 200_000
"""Passages to keep, of which those that came first go first: 50 MB with R = 128."""


class PassageTokens:
    """Encodes passages, and keeps the tokens of those that it has seen.

    Args:
        tokenizer: the model's.
        length: R; longer passages are cut.
    """

    def __init__(self, tokenizer: Tokenizer, length: int) -> None:
        self.tokenizer = tokenizer
        self.length = length
        self._kept: dict[str, NDArray[np.uint32]] = {}

    def stacked(self, texts: Sequence[str], count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Encode at most `count` passages: tokens int64 [count, R], 0 where there is none, and a mask."""
        ids = np.zeros((count, self.length), dtype=np.int64)
        lengths = np.zeros(count, dtype=np.int64)
        for place, tokens in enumerate(self._encode(texts)):
            ids[place, : len(tokens)] = tokens
            lengths[place] = len(tokens)
        return ids, np.arange(self.length) < lengths[:, None]

    def _encode(self, texts: Sequence[str]) -> list[NDArray[np.uint32]]:
        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        found = {text: self._kept[text] for text in texts if text in self._kept}
        for text, tokens in zip(new, self.tokenizer.encode(new), strict=True):
            found[text] = self._kept[text] = np.array(tokens[: self.length], dtype=np.uint32)
        while len(self._kept) > _CAPACITY:
            del self._kept[next(iter(self._kept))]
        return [found[text] for text in texts]
