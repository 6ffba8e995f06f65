"""The datastore of kNN-LM: what a plain decoder computes before each token of a book, and that token.

It knows nothing of what is evaluated, but for the documents that it must not hold.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openbook.database import Version
from openbook.database.neighbors.sequences import IGNORED_LABEL
from openbook.database.search.dense_tuning import index_name, train_on_sample
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate.baselines.plain_decoder import hidden_states
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

_LISTS_VISITED = 32
"""As in the paper (arXiv 1911.00172, section 3)."""
_RERANK = 4
"""Times the hits asked for that are compared by their keys of float16."""
_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class DatastoreOptions:
    """How much is stored, and how it is searched.

    Raises:
        SettingsError: no token.
    """

    max_tokens: int = 1_000_000
    """2·D bytes each in memory, and while the index is made twice that."""
    batch_size: int = 8
    """Sequences read at a time."""
    exact_below: int = 100_000
    """Keys from which on an approximate index finds the nearest."""

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise SettingsError(f"max tokens {self.max_tokens}: the datastore must hold at least 1")


@dataclass(frozen=True, eq=False)
class Datastore:
    """Keys behind a faiss index, and their values.

    index: of [N, D], squared Euclidean distances.
    tokens: int64 [N], the token that followed each.
    """

    index: Any
    tokens: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tokens)

    def search(self, queries: NDArray[np.float32], k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Find the k nearest keys of each query [n, D].

        Returns:
            squared distances [n, k], nearest first, infinite where there are no more; and tokens [n, k].
        """
        distances, places = self.index.search(np.ascontiguousarray(queries), k)
        found = places >= 0
        return np.where(found, distances, np.float32(np.inf)), self.tokens[np.where(found, places, 0)]


def read_documents(
    book: Version, documents: NDArray[np.int64], *, sequence_length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Read documents one after the other, as training does, without their excluded chunks.

    With M = 2 and T = 4, documents of 3 and of 2 tokens are two chunks and one, and fill two sequences:

        ids         a b c .    d e . .        . is padding: of a chunk, of the last sequence
        labels      - b c -    - e - -        a and d are first in their sequence

    Args:
        book: their database.
        documents: [n] places in its layout.
        sequence_length: T, a multiple of M.

    Returns:
        token ids int64 [sequences, T] as `stack_ids` gives them, and labels: -100 for padding, for each
        sequence's first token, and for one after padding that no token may attend to.
    """
    layout, M = book.layout, book.settings.chunk_size
    chunks = np.flatnonzero(np.isin(layout.document_of, documents) & ~layout.kept_out)
    ids = book.tokens[chunks].astype(np.int64)
    there = layout.token_mask(chunks)
    labels = np.where(there, ids, IGNORED_LABEL)
    if layout.stored_lengths is not None:
        ids[~there] = -1
    chunks_missing = -len(chunks) % (sequence_length // M)
    ids = np.pad(ids, ((0, chunks_missing), (0, 0)), constant_values=book.tokenizer.eos_id)
    labels = np.pad(labels, ((0, chunks_missing), (0, 0)), constant_values=IGNORED_LABEL)
    ids, labels = (values.reshape(-1, sequence_length) for values in (ids, labels))
    labels[:, 0] = IGNORED_LABEL
    labels[:, 1:][ids[:, :-1] < 0] = IGNORED_LABEL
    return ids, labels


def keys_and_tokens(
    model: "RetroForCausalLM", ids: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Compute the state [n, D] before each token that has a label [B, T]; and these tokens [n]."""
    wanted = labels[:, 1:] >= 0
    hidden = hidden_states(model, ids)[:, :-1].float().cpu().numpy()
    return hidden[wanted], labels[:, 1:][wanted]


def build_datastore(
    model: "RetroForCausalLM",
    book: Version,
    documents: NDArray[np.int64],
    options: DatastoreOptions | None = None,
    *,
    progress: Progress = silent,
) -> Datastore:
    """Read documents of a book until the datastore is full.

    Args:
        model: reads sequences as long as those of its training.
        book: its database.
        documents: int64 [n] places in its layout, read in this order.
        options: how much is stored, and how it is searched.
        progress: called with how many tokens are read, and of how many.

    Raises:
        DatabaseError: there is no token to store.
    """
    options = options or DatastoreOptions()
    length, M = model.config.training_length, book.settings.chunk_size
    enough = np.searchsorted(np.cumsum(book.layout.document_tokens[documents]), options.max_tokens) + 1
    ids, labels = read_documents(book, documents[:enough], sequence_length=length - length % M)
    total = min(options.max_tokens, int((labels[:, 1:] >= 0).sum()))
    if total < 1:
        raise DatabaseError(
            f"{book.path}: no text for the datastore of kNN-LM: all of it is held out, or evaluated; "
            "add documents"
        )
    keys = np.empty((total, model.config.hidden_size), dtype=np.float16)
    tokens = np.empty(total, dtype=np.int64)
    done = 0
    for start in range(0, len(ids), options.batch_size):
        batch = slice(start, start + options.batch_size)
        new_keys, new_tokens = keys_and_tokens(model, ids[batch], labels[batch])
        stored = slice(done, min(total, done + len(new_keys)))
        done = stored.stop
        keys[stored] = new_keys[: done - stored.start]
        tokens[stored] = new_tokens[: done - stored.start]
        progress(done, total)
    return Datastore(_index(keys, options.exact_below), tokens)


def _index(keys: NDArray[np.float16], exact_below: int) -> Any:
    """Exact over few keys; inverted lists of 4-bit codes, re-ranked, over many."""
    import faiss

    count, size = keys.shape
    exact = count < exact_below
    index: Any = faiss.index_factory(size, "Flat" if exact else index_name(count, size), faiss.METRIC_L2)
    if not exact:
        train_on_sample(index, keys, np.arange(count))
        lists = faiss.extract_index_ivf(index)
        lists.nprobe = min(lists.nlist, _LISTS_VISITED)
        index.k_factor = _RERANK
    for start in range(0, count, _ROWS_AT_ONCE):
        index.add(keys[start : start + _ROWS_AT_ONCE].astype(np.float32))
    return index
