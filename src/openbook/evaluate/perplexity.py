"""Bits per byte on held-out documents, in modes that tell whether retrieval helps and why.

on: the neighbors of the table. off: none. random: chunks drawn at random from what may be retrieved.
shuffled: the neighbors of other held-out chunks. All modes read the same tokens in one pass.
"""

import math
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, NeighborTable, SequenceDataset
from openbook.database.arrays import Rows
from openbook.database.retrieved import retrieved_tokens
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate.intervals import Difference, paired_difference
from openbook.evaluate.leakage import OVERLAPS, LeakageRow, longest_common_runs
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openbook.model import RetroForCausalLM

MODES = ("on", "off", "random", "shuffled")
_OVERLAP_NEIGHBORS = 10
_OVERLAP_BATCH = 512


@dataclass(frozen=True, slots=True)
class ModeResult:
    """One mode over all tokens evaluated."""

    bits_per_byte: float
    """Of the documents' UTF-8 text; their end-of-text tokens are predicted too."""
    perplexity: float
    """Per token."""
    tokens: int
    """Predicted tokens: all but the first of each sequence."""


@dataclass(frozen=True, slots=True)
class PerplexityReport:
    """What `openbook eval perplexity` prints."""

    modes: dict[str, ModeResult]
    leakage: list[LeakageRow]
    """Empty unless both on and off were evaluated."""
    differences: dict[str, Difference]
    """Of every other mode from on; empty where on was not evaluated."""
    k: int
    sequences: int


def evaluate_perplexity(
    model: "RetroForCausalLM",
    database: Database,
    table: NeighborTable | None,
    *,
    modes: Sequence[str] = MODES,
    k: int | None = None,
    sequence_length: int = 512,
    batch_size: int = 8,
    max_sequences: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> PerplexityReport:
    """Evaluate a model on the database's held-out documents.

    Args:
        model: trained with the database's tokenizer and chunk length; it is left in the mode it was in.
        database: built with a holdout.
        table: its neighbor table; None: only the mode off is possible.
        modes: any of on, off, random, shuffled.
        k: neighbors of each chunk; None: as in the model's training.
        sequence_length: T.
        batch_size: sequences at a time.
        max_sequences: read this many, spread evenly over the split; None: all.
        seed: of random and shuffled neighbors.
        progress: told how many sequences are done, and of how many.

    Raises:
        SettingsError: an unknown mode, or a number out of its range.
        MismatchError: model and database do not belong together.
        DatabaseError: nothing is held out.
    """
    database.settings.require_match(
        tokenizer_fingerprint=model.config.tokenizer_fingerprint, chunk_size=model.config.chunk_size
    )
    for mode in modes:
        if mode not in MODES:
            raise SettingsError(f"evaluation mode {mode!r}: choose from {', '.join(MODES)}")
    for name, number in (("k", k), ("batch size", batch_size), ("max sequences", max_sequences)):
        if number is not None and number < 1:
            raise SettingsError(f"{name} {number}: must be at least 1")
    k = model.config.num_neighbors if k is None else k
    book = None if table is None else table.book
    base = SequenceDataset(database, "holdout", sequence_length, book=book)
    datasets = {
        mode: replace(base, neighbors=neighbors_of_mode(mode, database, table, k, seed)) for mode in modes
    }
    count = min(len(base), max_sequences or len(base))
    chosen = np.linspace(0, len(base) - 1, count).round().astype(int)
    losses = {mode: np.zeros((count, sequence_length), dtype=np.float32) for mode in modes}
    with _evaluating(model):
        for start in range(0, count, batch_size):
            rows = chosen[start : start + batch_size]
            for mode, dataset in datasets.items():
                losses[mode][start : start + len(rows)] = _token_losses(model, dataset, rows)
            progress(min(start + batch_size, count), count)
    predicted = np.stack([base[row]["labels"] for row in chosen]) >= 0
    bytes_per_token = _bytes_per_token(database)
    results = {mode: _result(loss[predicted], bytes_per_token) for mode, loss in losses.items()}
    leakage: list[LeakageRow] = []
    if table is not None and "on" in modes and "off" in modes:
        runs = _overlaps(database, table, base.chunk_ids[chosen])
        leakage = _leakage_rows(losses, predicted, runs, database.settings.chunk_size, bytes_per_token)
    differences = {}
    if "on" in modes:
        documents = _documents(database, base.chunk_ids[chosen])[predicted]
        by_mode = {mode: loss[predicted] for mode, loss in losses.items()}
        differences = _differences(by_mode, documents, bytes_per_token, seed)
    return PerplexityReport(results, leakage, differences, k, count)


def neighbors_of_mode(
    mode: str, database: Database, table: NeighborTable | None, k: int, seed: int
) -> NDArray[np.int64] | Rows | None:
    """The neighbors [num_chunks, k] that a mode shows for the held-out chunks; None: none at all.

    random and shuffled leave a chunk's missing neighbors missing, so that only what is shown differs.
    """
    if mode == "off":
        return None
    if table is None:
        raise SettingsError(f"evaluation mode {mode!r}: needs a neighbor table")
    true = table.first(k)
    if mode == "on":
        return true
    rng = np.random.default_rng(seed)
    held_out = database.layout.chunks_of_split(holdout=True)
    shown = np.full(true.shape, -1, dtype=np.int64)
    if mode == "random":
        candidates = np.flatnonzero(table.book.layout.retrievable)
        if len(candidates) == 0:
            raise DatabaseError(f"{table.book.path}: every document is held out; nothing can be retrieved")
        drawn = rng.choice(candidates, size=(len(held_out), k))
        shown[held_out] = np.where(true[held_out] >= 0, drawn, -1)
    else:
        shown[held_out] = true[held_out[rng.permutation(len(held_out))]]
    return shown


def _token_losses(
    model: "RetroForCausalLM", dataset: SequenceDataset, rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Nats of each token [len(rows), T], 0 where none is predicted."""
    import torch

    samples = [dataset[row] for row in rows]
    batch = {key: torch.from_numpy(np.stack([sample[key] for sample in samples])) for key in samples[0]}
    batch = {key: value.to(model.device) for key, value in batch.items()}
    with torch.inference_mode():
        losses = model(**batch, return_logits=False).token_losses
    assert losses is not None
    nats: NDArray[np.float32] = losses.float().cpu().numpy()
    return nats


@contextmanager
def _evaluating(model: "RetroForCausalLM") -> "Iterator[None]":
    training = model.training
    model.train(False)
    try:
        yield
    finally:
        model.train(training)


def _bytes_per_token(database: Database) -> float:
    counts = database.layout.count(holdout=True)
    return float(counts["bytes"] / counts["tokens"])


def _result(nats: NDArray[np.float32], bytes_per_token: float) -> ModeResult:
    mean = float(nats.mean(dtype=np.float64))
    return ModeResult(mean / math.log(2) / bytes_per_token, math.exp(mean), len(nats))


def _documents(database: Database, chunk_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The document of each token [sequences, T], of chunks [sequences, C]."""
    of_chunks = database.layout.document_of[np.where(chunk_ids >= 0, chunk_ids, 0)]
    return np.repeat(of_chunks, database.settings.chunk_size, axis=1)


def _differences(
    nats: dict[str, NDArray[np.float32]], documents: NDArray[np.int64], bytes_per_token: float, seed: int
) -> dict[str, Difference]:
    """Of the modes from on; nats and documents of each predicted token [n]."""
    _, document, counts = np.unique(documents, return_inverse=True, return_counts=True)
    bits = {mode: np.bincount(document, weights=loss) / math.log(2) for mode, loss in nats.items()}
    on, size = bits.pop("on"), (counts * bytes_per_token).astype(np.float64)
    return {mode: paired_difference(on, other, size, seed=seed) for mode, other in bits.items()}


def _overlaps(database: Database, table: NeighborTable, chunk_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Longest run that each chunk [sequences, C] shares with its neighbors, in tokens; -1 for no chunk."""
    k = min(_OVERLAP_NEIGHBORS, table.ids.shape[1])
    runs = np.full(chunk_ids.shape, -1, dtype=np.int64)
    places = np.argwhere(chunk_ids >= 0)
    M = database.settings.chunk_size
    for start in range(0, len(places), _OVERLAP_BATCH):
        rows, columns = places[start : start + _OVERLAP_BATCH].T
        ids = chunk_ids[rows, columns]
        tokens = database.tokens[ids].astype(np.int64)
        tokens[np.arange(M) >= database.layout.lengths[ids][:, None]] = -1
        neighbors, mask = retrieved_tokens(table.book.tokens, table.book.layout, table.first(k)[ids])
        runs[rows, columns] = longest_common_runs(tokens, neighbors, mask)
    return runs


def _leakage_rows(
    losses: dict[str, NDArray[np.float32]],
    predicted: NDArray[np.bool_],
    runs: NDArray[np.int64],
    chunk_size: int,
    bytes_per_token: float,
) -> list[LeakageRow]:
    rows = []
    for overlap in OVERLAPS:
        little = (runs >= 0) & (runs <= overlap * chunk_size)
        wanted = np.repeat(little, chunk_size, axis=1) & predicted
        if wanted.any():
            on, off = (_result(losses[mode][wanted], bytes_per_token).bits_per_byte for mode in ("on", "off"))
            rows.append(LeakageRow(overlap, int(little.sum()), on, off))
        else:
            rows.append(LeakageRow(overlap, int(little.sum()), None, None))
    return rows
