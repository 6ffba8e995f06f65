"""The datastore of kNN-LM: what a plain decoder computes before each token of a book, and that token.

It knows nothing of what is evaluated, but for the documents that it must not hold.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openbook.database import Version
from openbook.database.neighbors.sequences import IGNORED_LABEL
from openbook.database.search.dense_tuning import index_name
from openbook.errors import DatabaseError
from openbook.evaluate.baselines.plain_decoder import hidden_states
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

_EXACT_BELOW = 100_000
_LISTS_VISITED = 32
"""As in the paper (arXiv 1911.00172, section 3)."""
_RERANK = 4
"""Times the hits asked for that are compared by their keys of float16."""
_TRAINED_ON = 100
"""Keys for each inverted list."""
_ROWS_AT_ONCE = 16_384


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
        """The k nearest of each query [n, D].

        Returns:
            squared distances [n, k], nearest first, infinite where there are no more; and tokens [n, k].
        """
        distances, places = self.index.search(np.ascontiguousarray(queries), k)
        found = places >= 0
        return np.where(found, distances, np.float32(np.inf)), self.tokens[np.where(found, places, 0)]


def read_documents(
    book: Version, documents: NDArray[np.int64], *, sequence_length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Documents one after the other, as training reads them.

    Args:
        book: their database.
        documents: [n] places in its layout.
        sequence_length: T, a multiple of M.

    Returns:
        token ids int64 [sequences, T] as `read_ids` gives them, and labels: -100 for filling, for each
        sequence's first token, and for one after filling that no token may attend to.
    """
    layout, M = book.layout, book.settings.chunk_size
    chunks = np.flatnonzero(np.isin(layout.document_of, documents))
    ids, missing = book.tokens[chunks].astype(np.int64), -len(chunks) % (sequence_length // M)
    there = np.arange(M) < layout.lengths[chunks, None]
    labels = np.where(there, ids, IGNORED_LABEL)
    if layout.stored_lengths is not None:
        ids[~there] = -1
    ids = np.pad(ids, ((0, missing), (0, 0)), constant_values=book.tokenizer.eos_id)
    labels = np.pad(labels, ((0, missing), (0, 0)), constant_values=IGNORED_LABEL)
    ids, labels = (x.reshape(-1, sequence_length) for x in (ids, labels))
    labels[:, 0] = IGNORED_LABEL
    labels[:, 1:][ids[:, :-1] < 0] = IGNORED_LABEL
    return ids, labels


def keys_and_tokens(
    model: "RetroForCausalLM", ids: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What the model computes before each token that has a label [B, T]: [n, D]; and these tokens [n]."""
    wanted = labels[:, 1:] >= 0
    hidden = hidden_states(model, ids)[:, :-1].float().cpu().numpy()
    return hidden[wanted], labels[:, 1:][wanted]


def build_datastore(
    model: "RetroForCausalLM",
    book: Version,
    documents: NDArray[np.int64],
    *,
    max_tokens: int,
    batch_size: int = 8,
    progress: Progress = silent,
) -> Datastore:
    """Read documents of a book until `max_tokens` are stored.

    Args:
        model: reads sequences of its `max_position_embeddings` tokens.
        book: its database.
        documents: int64 [n] places in its layout, read in this order.
        max_tokens: 2·D bytes each in memory, and while the index is made twice that.
        batch_size: sequences at a time.
        progress: told how many tokens are read, and of how many.

    Raises:
        DatabaseError: there is no token to store.
    """
    length, M = model.config.max_position_embeddings, book.settings.chunk_size
    enough = np.searchsorted(np.cumsum(book.layout.document_tokens[documents]), max_tokens) + 1
    ids, labels = read_documents(book, documents[:enough], sequence_length=length - length % M)
    total = min(max_tokens, int((labels[:, 1:] >= 0).sum()))
    if total < 1:
        raise DatabaseError(
            f"{book.path}: no text for the datastore of kNN-LM: all of it is held out, or evaluated"
        )
    keys = np.empty((total, model.config.hidden_size), dtype=np.float16)
    tokens, done = np.empty(total, dtype=np.int64), 0
    for start in range(0, len(ids), batch_size):
        part = slice(start, start + batch_size)
        new_keys, new_tokens = (x[: total - done] for x in keys_and_tokens(model, ids[part], labels[part]))
        keys[done : done + len(new_keys)], tokens[done : done + len(new_keys)] = new_keys, new_tokens
        done += len(new_keys)
        progress(done, total)
    return Datastore(_index(keys), tokens)


def _index(keys: NDArray[np.float16]) -> Any:
    """Exact over few keys; inverted lists of 4-bit codes, re-ranked, over many."""
    import faiss

    count, size = keys.shape
    name = "Flat" if count < _EXACT_BELOW else index_name(count, size)
    index: Any = faiss.index_factory(size, name, faiss.METRIC_L2)
    if count >= _EXACT_BELOW:
        lists = faiss.extract_index_ivf(index)
        sample = min(count, _TRAINED_ON * lists.nlist)
        drawn = np.random.default_rng(0).choice(count, size=sample, replace=False)
        index.train(keys[np.sort(drawn)].astype(np.float32))
        lists.nprobe = min(lists.nlist, _LISTS_VISITED)
        index.k_factor = _RERANK
    for start in range(0, count, _ROWS_AT_ONCE):
        index.add(keys[start : start + _ROWS_AT_ONCE].astype(np.float32))
    return index
