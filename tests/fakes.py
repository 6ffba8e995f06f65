"""What stands in for large things in tests: a list of words, and an encoder that needs no weights."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from openbook.database.search.embedder import Embedder

SOME_WORDS = (
    "river stone copper orchard lantern winter harbour engine violin marble thunder meadow silver compass "
    "garden mirror candle forest anchor velvet pepper island feather castle"
)
WORDS = SOME_WORDS.split()


class FakeEncoder:
    """Stands in for a SentenceTransformer: texts of like letters have like unit vectors, no two the same."""

    size = 16

    def encode(self, texts: Sequence[str], **_: object) -> NDArray[np.float32]:
        table = np.random.default_rng(0).normal(size=(256, self.size))
        vectors = np.empty((len(texts), self.size), dtype=np.float32)
        for row, text in enumerate(texts):
            letters = table[np.frombuffer(text.encode(), dtype=np.uint8)].sum(axis=0) + 1e-3
            own = np.random.default_rng(list(hashlib.sha256(text.encode()).digest())).normal(size=self.size)
            vectors[row] = 0.5 * letters / np.linalg.norm(letters) + own / np.linalg.norm(own)
        normal: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normal


def use_fake_encoder(patch: pytest.MonkeyPatch) -> Embedder:
    """Give every database that wants an encoder this one, whatever its name; returns it."""
    fake = Embedder("fake", "path", "f" * 16, FakeEncoder.size, FakeEncoder())
    patch.setattr("openbook.database.search.embedder.load_embedder", lambda name: fake)
    patch.setattr("openbook.database.search.embedder.locate", lambda name: (Path(name), "path"))
    return fake
