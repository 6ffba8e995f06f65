"""What can be told of a neighbor from the search alone: numbers by which its use to a reader is guessed.

All come from the search's scores and the tokens of query and neighbor; nothing is encoded, no model is asked.
Words are tokens here, weighted by how rare they are in the book.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openbook.database.search.dense import Ranking
from openbook.database.version import Version

FEATURES = (
    "relative score",  # of the query's best
    "score",  # its logarithm
    "best score",
    "step down",  # to the next neighbor, of the best score
    "rank",  # 1, 1/2, 1/3 …
    "shared words",  # of the query's weight, what stands in the neighbor's chunk
    "shared words after",  # and in its continuation
    "shared ending",  # of the weight of the query's last quarter, what stands in either
    "shared pairs",  # of the query's pairs of tokens, what stands in either
    "new words after",  # weight of the continuation that the query lacks, for each of its tokens
    "length",  # of 2M
    "document again",  # a better neighbor is of the same document
    "text again",  # a better neighbor shows some of this text
)
_CHUNKS_COUNTED = 16_384
"""Spread over the book, to say how rare its tokens are."""


def token_weights(book: Version) -> NDArray[np.float32]:
    """How rare each token is: [V], the logarithm of chunks for each chunk that has it, from a sample."""
    count = min(book.layout.num_chunks, _CHUNKS_COUNTED)
    chunks = np.linspace(0, book.layout.num_chunks - 1, count).round().astype(np.int64)
    rows = np.sort(book.tokens[chunks].astype(np.int64), axis=1)
    first = np.ones(rows.shape, dtype=np.bool_)
    first[:, 1:] = rows[:, 1:] != rows[:, :-1]  # each token once in its chunk
    found = np.bincount(rows[first], minlength=book.tokenizer.vocab_size)
    weights: NDArray[np.float32] = np.log((1 + count) / (1 + found)).astype(np.float32)
    weights[book.tokenizer.eos_id] = 0
    return weights


def neighbor_features(
    book: Version, queries: Sequence[Sequence[int]], found: Ranking, weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Describe what was found.

    Args:
        book: that was searched.
        queries: n of them, as tokens of the book.
        found: ids and scores [n, K], best first, -1 where there are no more.
        weights: [V], `token_weights`.

    Returns:
        float32 [n, K, features]; 0 for a neighbor that does not exist.
    """
    ids, scores = found
    features = np.zeros((*ids.shape, len(FEATURES)), dtype=np.float32)
    features[..., :5] = _of_scores(ids, scores)
    tokens, mask = book.retrieved_tokens(ids)
    for row, query in enumerate(queries):
        features[row, :, 5:10] = _of_words(np.asarray(query, dtype=np.int64), tokens[row], mask[row], weights)
    features[..., 10] = mask.mean(axis=2)
    features[..., 11:] = _of_better(book, ids)
    features[ids < 0] = 0
    return features


def _of_scores(ids: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of scores [n, K]: [n, K, 5]."""
    scores = np.where(ids >= 0, scores, 0).astype(np.float32)
    best = np.maximum(scores[:, :1], 1e-6)
    after = np.concatenate([scores[:, 1:], scores[:, -1:]], axis=1)
    rank = np.broadcast_to(1 / (1 + np.arange(ids.shape[1])), ids.shape)
    logs = np.log1p(np.maximum(scores, 0)), np.broadcast_to(np.log1p(best), ids.shape)
    return np.stack([scores / best, *logs, (scores - after) / best, rank], axis=-1).astype(np.float32)


def _of_words(
    query: NDArray[np.int64], tokens: NDArray[np.int64], mask: NDArray[np.bool_], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Of one query and its neighbors [K, 2M]: [K, 5]."""
    M = tokens.shape[1] // 2
    words, ending = np.unique(query), np.unique(query[-max(1, len(query) // 4) :])
    pairs = np.unique(_pairs(query, len(weights)))
    in_query = np.zeros(len(weights), dtype=np.bool_)
    in_query[words] = True
    described = np.zeros((len(tokens), 5), dtype=np.float32)
    for place, (row, shown) in enumerate(zip(tokens, mask, strict=True)):
        chunk, after = row[:M][shown[:M]], row[M:][shown[M:]]
        there = row[shown]
        described[place] = (
            _share(words, chunk, weights),
            _share(words, after, weights),
            _share(ending, there, weights),
            np.isin(pairs, _pairs(there, len(weights))).mean() if len(pairs) else 0,
            weights[after][~in_query[after]].sum() / M,
        )
    return described


def _share(words: NDArray[np.int64], there: NDArray[np.int64], weights: NDArray[np.float32]) -> float:
    """Of the weight of some words, how much stands there."""
    total = float(weights[words].sum())
    return float(weights[words][np.isin(words, there)].sum()) / total if total > 0 else 0.0


def _pairs(tokens: NDArray[np.int64], vocab_size: int) -> NDArray[np.int64]:
    pairs: NDArray[np.int64] = tokens[:-1] * vocab_size + tokens[1:]
    return pairs


def _of_better(book: Version, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Whether a better neighbor of the same query is of the same document, or beside it: [n, K, 2]."""
    documents = np.where(ids >= 0, book.layout.document_of[np.maximum(ids, 0)], -1)
    again = np.zeros((*ids.shape, 2), dtype=np.float32)
    for place in range(1, ids.shape[1]):
        same = documents[:, :place] == documents[:, place : place + 1]
        beside = np.abs(ids[:, :place] - ids[:, place : place + 1]) <= 1
        again[:, place, 0] = same.any(axis=1)
        again[:, place, 1] = (same & beside).any(axis=1)
    return again
