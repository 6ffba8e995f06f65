"""A learned look-up: which of the neighbors that a search found are worth reading, and in which order.

    search ─ K neighbors ─ features ─ the gain expected of each ─ those above a threshold, the best first

The gain is what the reader's loss falls by where it reads this neighbor alone, learned from a text by
`openbook rank` as a sum of the features, each with its weight: a JSON file of some numbers. Gains do not add
up, so the second neighbor that a chunk reads counts half, the third a third:

    expected gains of a chunk     4.0  3.0  1.2        of another     0.9  0.3
    counted                       4.0  1.5  0.4                       0.9  0.15
    read, threshold 0.8           x    x                              x

The threshold is such that of that text's neighbors a given share is read: a chunk whose neighbors promise
much gets many, and one whose neighbors promise nothing gets none.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.database.neighbors.neighbor_features import FEATURES, neighbor_features, token_weights
from openbook.database.search.dense import Ranking
from openbook.database.version import Version
from openbook.durable import naming_errors, replace_file
from openbook.errors import OutputError, SettingsError

_FORMAT = 1
_RIDGE = 10.0
"""Penalty on the weights, of features brought to a spread of 1."""
_FEWEST = 100
"""Neighbors to learn from; thousands are better."""


@dataclass(frozen=True, eq=False)
class NeighborRanker:
    """Expects gains, and chooses by them.

    mean, spread: float64 [features], of the text that it was learned from.
    weights: float64 [1 + features], of the constant and the features.
    threshold: the least counted gain that is worth reading, in nats a chunk.
    about: what it was learned from, for people.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    weights: NDArray[np.float64]
    threshold: float
    about: dict[str, Any]

    @classmethod
    def learn(
        cls,
        features: NDArray[np.float32],
        gains: NDArray[np.float32],
        exists: NDArray[np.bool_],
        *,
        keep: float,
        about: dict[str, Any] | None = None,
    ) -> "NeighborRanker":
        """Fit gains by least squares.

        Args:
            features: [n, K, features] of what n chunks found.
            gains: [n, K] what the loss of the next chunk fell by with each of them alone.
            exists: bool [n, K].
            keep: share of such neighbors to read.
            about: what they are of.

        Raises:
            SettingsError: fewer neighbors than weights, or a share that is none.
        """
        if not 0 < keep <= 1:
            raise SettingsError(f"keep {keep}: a share of the neighbors, above 0 and at most 1")
        known = features[exists]
        if len(known) < _FEWEST:
            raise SettingsError(
                f"{len(known):,} neighbors to learn from are too few: at least {_FEWEST}; "
                "give more text, or more neighbors of each chunk"
            )
        mean = known.mean(axis=0, dtype=np.float64)
        spread = np.maximum(known.std(axis=0, dtype=np.float64), 1e-6)
        terms = _terms((known - mean) / spread)
        penalty = _RIDGE * np.eye(terms.shape[1])
        penalty[0, 0] = 0
        solved = np.linalg.solve(terms.T @ terms + penalty, terms.T @ gains[exists].astype(np.float64))
        unlimited = cls(mean, spread, solved.astype(np.float64), -np.inf, {"keep": keep} | (about or {}))
        if keep == 1:
            return unlimited
        counted = unlimited._counted(features, exists)[1]
        return replace(unlimited, threshold=float(np.quantile(counted[np.isfinite(counted)], 1 - keep)))

    def gains(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """The gain expected of neighbors with these features [..., features]."""
        expected: NDArray[np.float64] = _terms((features - self.mean) / self.spread) @ self.weights
        return expected

    def choose(self, features: NDArray[np.float32], found: Ranking) -> Ranking:
        """Put those that are worth reading first, the best first, and leave out the others.

        Args:
            features: [n, K, features] of what was found.
            found: ids and scores [n, K].

        Returns:
            Ids and scores [n, K]; -1 in the place of what is not to be read.
        """
        ids, scores = found
        order, counted = self._counted(features, ids >= 0)
        kept = (counted >= self.threshold) & np.isfinite(counted)
        chosen = np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)
        return np.where(kept, chosen[0], -1), np.where(kept, chosen[1], 0).astype(np.float32)

    def _counted(
        self, features: NDArray[np.float32], exists: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The order of what chunks found [n, K] by expected gain, and what each counts, in that order."""
        expected = np.where(exists, self.gains(features), -np.inf)
        order = np.argsort(-expected, axis=1, kind="stable")
        ranked = np.take_along_axis(expected, order, axis=1)
        return order, np.where(ranked > 0, ranked / (1 + np.arange(ranked.shape[1])), ranked)

    # --- The file ---

    def save(self, path: Path) -> None:
        """Write it as JSON.

        Raises:
            OutputError: the file cannot be written.
        """
        values = {
            "format": _FORMAT,
            "features": list(FEATURES),
            "mean": self.mean.tolist(),
            "spread": self.spread.tolist(),
            "weights": self.weights.tolist(),
            "threshold": None if np.isneginf(self.threshold) else self.threshold,
            "about": self.about,
        }
        with naming_errors(path, OutputError):
            replace_file(path, f"{json.dumps(values, indent=1)}\n".encode())

    @classmethod
    def load(cls, path: Path) -> "NeighborRanker":
        """Read what `save` wrote.

        Raises:
            SettingsError: there is no such file, or it is none of these.
        """
        try:
            values = json.loads(path.read_bytes())
            mean, spread, weights = (
                np.array(values[name], dtype=np.float64) for name in ("mean", "spread", "weights")
            )
            count = len(FEATURES)
            is_ours = values["format"] == _FORMAT and values["features"] == list(FEATURES)
            shapes = (mean.shape, spread.shape, weights.shape)
            if not is_ours or shapes != ((count,), (count,), (1 + count,)):
                raise ValueError("of another version")
            if not all(np.isfinite(part).all() for part in (mean, spread, weights)):
                raise ValueError("a number is not finite")
            threshold = -np.inf if values["threshold"] is None else float(values["threshold"])
            return cls(mean, spread, weights, threshold, dict(values["about"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise SettingsError(
                f"{path}: is not a ranker ({error}); make one: openbook rank MODEL DB --output {path}"
            ) from error


class RankedBook:
    """A ranker at work on one version of a book.

    Args:
        ranker: that was learned.
        book: whose chunks were found.
    """

    def __init__(self, ranker: NeighborRanker, book: Version) -> None:
        self.ranker = ranker
        self.book = book

    @cached_property
    def _weights(self) -> NDArray[np.float32]:
        return token_weights(self.book)

    def features(self, texts: list[str], found: Ranking) -> NDArray[np.float32]:
        """Describe what was found for n texts: [n, K, features]."""
        queries = self.book.tokenizer.encode(texts)
        return neighbor_features(self.book, queries, found, self._weights)

    def choose(self, texts: list[str], found: Ranking) -> Ranking:
        """Choose of what was found [n, K] for n texts: see `NeighborRanker.choose`."""
        return self.ranker.choose(self.features(texts, found), found)


def _terms(features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """1 and the features: [..., 1 + F]; what lies far out counts as 4 spreads."""
    values = np.clip(features.astype(np.float64), -4, 4)
    return np.concatenate([np.ones((*values.shape[:-1], 1)), values], axis=-1)
