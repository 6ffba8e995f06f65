"""kNN-LM (Khandelwal et al. 2020, arXiv 1911.00172): a plain decoder's prediction mixed with what followed
similar contexts in the book.

    p(token) = lambda * p_knn(token) + (1 - lambda) * p_lm(token)
    p_knn(token) = softmax(-distance / temperature) over the k nearest keys, summed over those it followed
"""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database import SequenceDataset, Version
from openbook.database.neighbors.same_documents import same_documents
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate.baselines.datastore import (
    Datastore,
    DatastoreOptions,
    build_datastore,
    read_documents,
)
from openbook.evaluate.baselines.plain_decoder import hidden_states, stack_ids, token_nats
from openbook.evaluate.evaluator import Evaluator
from openbook.evaluate.windows import Windows
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

_LAMBDAS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_TEMPERATURES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Times how much farther than the nearest the k nearest are on average."""
_TUNED_ON = 8192
"""Tokens."""


@dataclass(frozen=True, eq=False)
class KnnLmScorer:
    """A `Scorer`; `build_knn_lm` makes one and chooses its numbers.

    Args:
        model: that made the datastore.
        samples: of the text; `Windows.samples`.
        datastore: of the book.
        weight: lambda, from 0 (the model alone) up to but not 1.
        temperature: above 0, in squared distances.
        k: keys looked up for each token.

    Raises:
        SettingsError: a number out of its range.
    """

    model: "RetroForCausalLM"
    samples: SequenceDataset
    datastore: Datastore
    _: KW_ONLY
    weight: float
    temperature: float
    k: int = 64

    def __post_init__(self) -> None:
        if not 0 <= self.weight < 1:
            raise SettingsError(f"lambda {self.weight}: must be from 0 up to but not 1")
        if not self.temperature > 0:
            raise SettingsError(f"temperature {self.temperature}: must be above 0")
        if self.k < 1:
            raise SettingsError(f"k {self.k}: keys looked up for each token, must be at least 1")

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        samples = [self.samples[row] for row in rows]
        ids, labels = stack_ids(samples), np.stack([sample["labels"] for sample in samples])
        nearest = _NearestKeys.of(self.model, self.datastore, ids, labels, k=self.k)
        nats = np.zeros(labels.shape, dtype=np.float32)
        mixed = _mixed(nearest.nats, nearest.log_knn(self.temperature), self.weight)
        nats[:, 1:][labels[:, 1:] >= 0] = mixed
        return nats


@dataclass(frozen=True, eq=False)
class _NearestKeys:
    """What is known of n predicted tokens before lambda and temperature.

    nats: [n] of the model alone.
    distances: [n, k] to the nearest keys, squared.
    same_token: bool [n, k], keys that this very token followed.
    """

    nats: NDArray[np.float32]
    distances: NDArray[np.float32]
    same_token: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        model: "RetroForCausalLM",
        datastore: Datastore,
        ids: NDArray[np.int64],
        labels: NDArray[np.int64],
        *,
        k: int,
    ) -> "_NearestKeys":
        """Search for the labels [B, T] that are predicted, in reading order."""
        hidden, wanted = hidden_states(model, ids), labels[:, 1:] >= 0
        nats = token_nats(model, hidden, labels)[:, 1:][wanted]
        queries = hidden[:, :-1].float().cpu().numpy()[wanted]
        distances, tokens = datastore.search(queries, min(k, len(datastore)))
        return cls(nats, distances, tokens == labels[:, 1:][wanted][:, None])

    def log_knn(self, temperature: float) -> NDArray[np.float64]:
        """log p_knn [n] of each token; minus infinity where none of the keys was followed by it."""
        weights = np.exp((self.distances[:, :1] - self.distances) / np.float64(temperature))
        with np.errstate(divide="ignore"):
            log: NDArray[np.float64] = np.log((weights * self.same_token).sum(-1)) - np.log(weights.sum(-1))
        return log


def _mixed(nats: NDArray[np.float32], log_knn: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        mixed: NDArray[np.float64] = -np.logaddexp(np.log1p(-weight) - nats, np.log(weight) + log_knn)
    return mixed


def build_knn_lm(
    model: "RetroForCausalLM",
    evaluator: Evaluator,
    *,
    k: int = 64,
    options: DatastoreOptions | None = None,
    progress: Progress = silent,
) -> KnnLmScorer:
    """Store the tokens of an evaluator's book, and choose lambda and temperature.

    Documents are drawn at random. Those drawn first, some 8,000 tokens or at most half of the book, are not
    stored: on them the best pair of a grid is chosen. The model has trained on them, so lambda is rather too
    small than too large where it has memorized much. No document that is evaluated is stored.

    Args:
        model: the plain decoder.
        evaluator: of the text; what may be retrieved from its book is stored, its seed draws.
        k: keys looked up for each token.
        options: of the datastore.
        progress: called with how many tokens are read, and of how many.

    Raises:
        SettingsError: a number out of its range.
        DatabaseError: fewer than two documents can be stored.
    """
    if k < 1:
        raise SettingsError(f"k {k}: keys looked up for each token, must be at least 1")
    book, rng = evaluator.book, np.random.default_rng(evaluator.seed)
    documents = rng.permutation(_documents_to_store(book, evaluator.windows))
    if len(documents) < 2:
        raise DatabaseError(
            f"{book.path}: kNN-LM needs two documents that are neither held out nor evaluated; add documents"
        )
    tokens = np.cumsum(book.layout.document_tokens[documents])
    tuned_on = 1 + min(np.searchsorted(tokens, _TUNED_ON), np.searchsorted(tokens[:-2], tokens[-1] / 2))
    datastore = build_datastore(model, book, documents[tuned_on:], options, progress=progress)
    length = model.config.training_length
    length -= length % book.settings.chunk_size
    ids, labels = read_documents(book, documents[:tuned_on], sequence_length=length)
    sequences = -(-_TUNED_ON // length)
    nearest = _NearestKeys.of(model, datastore, ids[:sequences], labels[:sequences], k=k)
    weight, temperature = _best_numbers(nearest)
    samples = evaluator.windows.samples()
    return KnnLmScorer(model, samples, datastore, weight=weight, temperature=temperature, k=k)


def _documents_to_store(book: Version, windows: Windows) -> NDArray[np.int64]:
    """Places of the book's documents that may be retrieved and are not in the split that is evaluated."""
    corpus, layout = windows.corpus, windows.corpus.layout
    evaluated = layout.live & layout.holdout if windows.dataset.split == "holdout" else layout.live
    same = same_documents(corpus, book).of(np.flatnonzero(evaluated))
    return np.setdiff1d(book.layout.document_of[book.layout.retrievable], same)


def _best_numbers(nearest: _NearestKeys) -> tuple[float, float]:
    """The pair of lambda and temperature of the lowest loss, the smallest lambda of equals."""
    finite = np.isfinite(nearest.distances)
    beyond_nearest = (nearest.distances - nearest.distances[:, :1])[finite]
    spread = float(beyond_nearest.mean(dtype=np.float64)) or 1.0
    pairs = [(weight, factor * spread) for weight in _LAMBDAS for factor in _TEMPERATURES]
    log_knn = {temperature: nearest.log_knn(temperature) for _, temperature in pairs}
    return min(pairs, key=lambda pair: float(_mixed(nearest.nats, log_knn[pair[1]], pair[0]).mean()))
