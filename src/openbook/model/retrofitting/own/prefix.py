"""The shared prefix: tokens that a retrofit puts before a text, after its padding.

    . . t t t     p = 2     . . P P t t t
    t t t t t               P P t t t t t

So a text is as far from its prefix as without padding; windows of attention count in tokens.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class PrefixedText:
    """What a pass of the base is given.

    input_ids: int64 [B, T], with the prefix where the text begins in this pass.
    mask: [B, past + T], 0 for padding; None: there is none.
    positions: int64 [B, T]; None: the base counts, there is no padding.
    num_added: tokens of the prefix among these T, p or 0.
    prefix_begins: int64 [B], place of its first token in the whole text.
    """

    input_ids: Tensor
    mask: Tensor | None
    positions: Tensor | None
    num_added: int
    prefix_begins: Tensor


def add_prefix(
    prefix: Tensor,
    input_ids: Tensor,
    mask: Tensor | None,
    positions: Tensor | None,
    *,
    begins: Tensor | None = None,
) -> PrefixedText:
    """Put the prefix before a text.

    Args:
        prefix: int64 [p].
        input_ids: int64 [B, T].
        mask: [B, past + T], 0 for padding, which stands on the left; None: there is none.
        positions: int64 [B, T], the first token at 0; None: counted from the padding on.
        begins: int64 [B], where an earlier pass put it; None: this is the first.
    """
    p = len(prefix)
    if positions is None and mask is not None:
        positions = _positions_after(_padding_of(input_ids, mask), mask.shape[1], input_ids.shape[1])
    places = _padding_of(input_ids, mask) if begins is None else begins
    if mask is not None:
        mask = _insert(mask, mask.new_ones(p), places)
    if positions is not None:
        positions = positions + p
    if begins is not None:
        return PrefixedText(input_ids, mask, positions, 0, places)
    if positions is not None:
        positions = _insert(positions, torch.arange(p, device=positions.device), places)
    return PrefixedText(_insert(input_ids, prefix, places), mask, positions, p, places)


def _padding_of(input_ids: Tensor, mask: Tensor | None) -> Tensor:
    """Tokens of padding in each row: int64 [B]."""
    if mask is None:
        return input_ids.new_zeros(len(input_ids))
    exists = mask != 0
    return torch.where(exists.any(-1), exists.int().argmax(-1), mask.shape[1])


def _positions_after(padding: Tensor, length: int, count: int) -> Tensor:
    """Positions of the last tokens of a text after so much padding in each row [B]: int64 [B, count].

    What does not exist inside of a text counts: the base alone, which needs no positions there, counts it.
    """
    places = torch.arange(length - count, length, device=padding.device)
    return (places - padding[:, None]).clamp_min(0)


def _insert(rows: Tensor, inserted: Tensor, places: Tensor) -> Tensor:
    """Put the same numbers [p] into each row [B, n], before its place: [B, n + p]."""
    p = len(inserted)
    if not p:
        return rows
    columns = torch.arange(rows.shape[1] + p, device=rows.device) - places[:, None]
    there = torch.where(columns < 0, columns, (columns - p).clamp_min(0)) + places[:, None]
    old = rows.expand(len(places), -1).gather(1, there.clamp_max(rows.shape[1] - 1))
    return torch.where((columns >= 0) & (columns < p), inserted[columns.clamp(0, p - 1)], old)
