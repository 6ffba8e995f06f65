"""The neighbors that one forward pass reads: those of the last chunk before it, and those given with it."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from openbook.model.attended_chunks import ChunkGrid
from openbook.model.cache import Retrieved, RetroCache
from openbook.model.distance_table import DistanceTable


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


def join_chunks(
    previous: Retrieved | None, ids: Tensor | None, mask: Tensor | None, first_new: int, num_new: int
) -> tuple[Tensor, Tensor, int] | None:
    """Put the neighbors of the last chunk before this pass and of the new chunks in one row.

    Args:
        previous: of chunk `first_new` - 1, or None.
        ids: int64 [B, num_new, K, R] of the new chunks, or None: they have none.
        mask: bool, of the same shape.
        first_new: number of the first chunk that this pass completes.
        num_new: how many it completes.

    Returns:
        ids and mask [B, C, K, R] and the number of the first chunk; None if there is nothing to attend to.
    """
    if ids is None or mask is None:
        if previous is None:
            return None
        if not num_new:
            return previous.ids, previous.mask, previous.first_chunk
        B, _, K, R = previous.ids.shape
        ids = previous.ids.new_zeros(B, num_new, K, R)
        mask = previous.mask.new_zeros(B, num_new, K, R)
    if previous is None:
        return ids, mask, first_new
    return torch.cat([previous.ids, ids], 1), torch.cat([previous.mask, mask], 1), previous.first_chunk
