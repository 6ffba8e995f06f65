"""The neighbors that one forward pass reads: those of the last chunk before it, and those given with it."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from openbook.model.attended_chunks import ChunkGrid
from openbook.model.cache import Retrieved, RetroCache
from openbook.model.checks import check_ids, new_chunks
from openbook.model.pass_place import PassPlace
from openbook.model.positions import DistanceTable


class Reader(Protocol):
    """What reads neighbors (chunked cross-attention, the copy head) has its own projection of them."""

    def project(self, encoded: Tensor) -> Tensor:
        """Project [B, C, K, R, E] → [B, C, ...]."""
        ...


@dataclass(frozen=True, slots=True)
class PassNeighbors:
    """Neighbors as the layers of one forward pass see them.

    retrieved: of all chunks that some position of this pass attends to.
    grid: which position attends to which chunk.
    cache: remembers projections between passes; None where nothing is to be remembered.
    carried: how many chunks come from the pass before this one: 0 or 1.
    """

    retrieved: Retrieved
    grid: ChunkGrid
    cache: RetroCache | None
    carried: int = 0

    @property
    def of_new_chunks(self) -> tuple[Tensor, Tensor]:
        """Ids and mask [B, N, K, R] of the chunks that this pass completes."""
        return self.retrieved.ids[:, self.carried :], self.retrieved.mask[:, self.carried :]

    def with_encoded(self, encoded: Tensor) -> "PassNeighbors":
        """The same, of which those of the new chunks are encoded as [B, N, K, R, E]."""
        found = self.retrieved
        retrieved = Retrieved(found.ids, found.mask, found.first_chunk, encoded)
        return PassNeighbors(retrieved, self.grid, self.cache, self.carried)

    def project(self, reader: Reader, name: str) -> Tensor:
        """Project all chunks for a reader; only new ones are computed."""
        encoded = self.retrieved.encoded
        if self.cache is None:
            return reader.project(encoded)
        new = reader.project(encoded) if encoded.shape[1] else None
        return self.cache.extend(name, new, carried=self.carried > 0)

    def table(self, name: str) -> DistanceTable | None:
        """Return what a reader of this name keeps of distances; None where nothing is to be remembered."""
        return None if self.cache is None else self.cache.table(name)


def join_new_chunks(
    ids: Tensor | None,
    mask: Tensor | None,
    place: PassPlace,
    cache: RetroCache | None,
    *,
    vocab_size: int,
) -> PassNeighbors | None:
    """Put the neighbors of the last chunk before a pass and of the chunks that it completes in one row.

    Args:
        ids: int64 [B, C, K, R] as given with the pass, C from num_new - 1 to num_new + 1; None: none are.
        mask: bool, of the same shape; None: see `new_chunks`.
        place: of the pass.
        cache: of the tokens before it.
        vocab_size: V.

    Returns:
        Of all these chunks, with nothing encoded yet; None if there is nothing to attend to.

    Raises:
        SettingsError: an id outside the vocabulary.
    """
    ids, mask = new_chunks(ids, mask, place.num_new, pad=cache is not None)
    if ids is not None:
        check_ids("neighbor_ids", ids, vocab_size)
    last = None if cache is None else cache.last
    joined = _join(last, ids, mask, place.num_new)
    if joined is None:
        return None
    ids, mask = joined
    first_chunk = place.first_new if last is None else last.first_chunk
    carried = place.first_new - first_chunk
    grid = place.grid(first_chunk=first_chunk, num_chunks=ids.shape[1])
    retrieved = Retrieved(ids, mask, first_chunk, nothing_encoded(ids[:, carried:]))
    return PassNeighbors(retrieved, grid, cache, carried)


def _join(
    last: Retrieved | None, ids: Tensor | None, mask: Tensor | None, num_new: int
) -> tuple[Tensor, Tensor] | None:
    """Ids and mask [B, C, K, R] of the last chunk before a pass, if that has neighbors, and of new chunks."""
    if ids is None or mask is None:
        if last is None:
            return None
        if not num_new:
            return last.ids, last.mask
        # New chunks without neighbors: the tokens that attend to them see nothing.
        B, _, K, R = last.ids.shape
        ids, mask = last.ids.new_zeros(B, num_new, K, R), last.mask.new_zeros(B, num_new, K, R)
    if last is None:
        return ids, mask
    return torch.cat([last.ids, ids], 1), torch.cat([last.mask, mask], 1)


def nothing_encoded(ids: Tensor) -> Tensor:
    """For each neighbor token of new chunks [B, N, K, R] no number yet: [B, N, K, R, 0]."""
    return torch.zeros(*ids.shape, 0, device=ids.device)


def remember_last_chunk(cache: RetroCache, neighbors: PassNeighbors | None, *, given: bool) -> None:
    """Keep the newest complete chunk's neighbors for the tokens to come.

    Args:
        cache: after the pass, with the length it then has.
        neighbors: that the pass read.
        given: whether the pass was given neighbors; if not, a chunk that it completed has none.
    """
    if neighbors is None:
        cache.last = None
        return
    retrieved = neighbors.retrieved
    completed = retrieved.encoded.shape[1] > 0
    if completed and not given:
        cache.last = None
    elif completed:
        number = retrieved.first_chunk + retrieved.num_chunks - 1
        # What was encoded is done with; clones, for a view would hold all chunks of this pass.
        last = (retrieved.ids[:, -1:], retrieved.mask[:, -1:], retrieved.encoded[:, :0])
        ids, mask, encoded = (x.clone() for x in last)
        cache.last = Retrieved(ids, mask, number, encoded)
