"""Neighbors of a batch's rows as one tensor, though some rows have fewer, or none."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def neighbors_of_rows(
    found: Sequence[tuple[Tensor, Tensor] | None], device: torch.device
) -> tuple[Tensor, Tensor] | tuple[None, None]:
    """Stack the neighbors of rows.

    Args:
        found: for each row ids and mask [C, K, R], K its own; None: it has none.
        device: where they are to be.

    Returns:
        ids and mask [B, C, K, R], K the largest; what a row lacks does not exist. None where no row has any.
    """
    having = [pair for pair in found if pair is not None]
    if not having:
        return None, None
    K = max(ids.shape[1] for ids, _ in having)
    C, _, R = having[0][0].shape
    nothing = torch.zeros(C, 0, R, dtype=torch.int64), torch.zeros(C, 0, R, dtype=torch.bool)
    rows = [nothing if pair is None else pair for pair in found]
    ids, mask = (
        torch.stack([F.pad(row[i], (0, 0, 0, K - row[i].shape[1])) for row in rows]).to(device)
        for i in range(2)
    )
    return ids, mask
