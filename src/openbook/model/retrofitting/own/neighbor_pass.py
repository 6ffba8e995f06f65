"""The base reads neighbors: blocks of prefix and neighbors, whose keys and values are kept."""

from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from openbook.errors import SettingsError
from openbook.model.retrofitting.own.attention_pass import ARGUMENT
from openbook.model.retrofitting.own.blocks import BlockLayout


class NeighborPass:
    """One pass of the base over N blocks; see `AttentionPass`.

    Args:
        layout: of the blocks, B·C = N of them.
        readers: the layers that read neighbors, by their indices.
        joint: whether a neighbor sees those before it.
        adapts: whether the low-rank additions take part.

    Attributes:
        kept: keys and values [N, key-value heads, L, head_dim] of these layers, filled by the pass.
    """

    def __init__(
        self, layout: BlockLayout, readers: dict[int, nn.Module], *, joint: bool, adapts: bool
    ) -> None:
        self.readers = readers
        self.kept: dict[int, tuple[Tensor, Tensor]] = {}
        self._sees = layout.causal(joint=joint).flatten(0, 1)[:, None]
        self._positions = layout.positions.flatten(0, 1)
        self._adapted = layout.exists.flatten(0, 1)[..., None] if adapts else None
        self._in_window: dict[int, Tensor] = {}

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, *, scaling: float, window: int | None
    ) -> Tensor:
        if layer in self.readers:
            self.kept.setdefault(layer, (key, value))  # checkpointing computes them again, to be thrown away
        groups = query.shape[1] // key.shape[1]
        keys, values = (x.repeat_interleave(groups, 1) for x in (key, value))
        sees = self._sees_in(window)
        return F.scaled_dot_product_attention(query, keys, values, attn_mask=sees, scale=scaling)

    def adapted(self, reader: nn.Module) -> Tensor | None:
        return self._adapted if reader in self.readers.values() else None

    def _sees_in(self, window: int | None) -> Tensor:
        if window is None:
            return self._sees
        if window not in self._in_window:
            distance = self._positions[:, :, None] - self._positions[:, None, :]
            itself = torch.eye(distance.shape[-1], dtype=torch.bool, device=distance.device)
            self._in_window[window] = self._sees & ((distance < window) | itself)[:, None]
        return self._in_window[window]


def read_neighbors(
    backbone: nn.Module,
    layout: BlockLayout,
    readers: dict[int, nn.Module],
    *,
    joint: bool,
    adapts: bool,
    learns: bool,
) -> dict[int, Tensor]:
    """Have the base read blocks.

    Args:
        backbone: of the base.
        layout: of the blocks.
        readers: the layers whose keys and values are wanted, by their indices.
        joint: whether a neighbor sees those before it.
        adapts: whether the readers' low-rank additions take part.
        learns: whether gradients are to go through this reading.

    Returns:
        For each of these layers keys and values: [B, C, 2, key-value heads, L, head_dim].

    Raises:
        SettingsError: the pass did not reach the base's attention.
    """
    B, C = layout.ids.shape[:2]
    reads = layout.reads().flatten()
    reads[0] |= ~reads.any()  # the shapes of keys are known from reading alone
    rows = reads.nonzero()[:, 0]
    chosen = _rows_of(layout, rows)
    reading = NeighborPass(chosen, readers, joint=joint, adapts=adapts)
    anything: Any = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=layout.ids.device)
    with nullcontext() if learns else torch.no_grad():
        backbone(
            input_ids=chosen.ids[:, 0],
            attention_mask=anything,  # a mask of four dimensions spares the base making its own
            position_ids=chosen.positions[:, 0],
            use_cache=False,
            **{ARGUMENT: reading},
        )
    if reading.kept.keys() != readers.keys():
        raise not_reached(backbone, min(readers.keys() - reading.kept.keys()) + 1)
    blocks = {}
    for layer, pair in reading.kept.items():
        both = torch.stack(pair, 1)
        if len(rows) < B * C:
            both = both.new_zeros(B * C, *both.shape[1:]).index_copy(0, rows, both)
        blocks[layer] = both.unflatten(0, (B, C))
    return blocks


def not_reached(backbone: nn.Module, layer: int) -> SettingsError:
    """The error where arguments of the model's forward do not arrive."""
    kind = backbone.config.model_type  # type: ignore[union-attr]
    return SettingsError(
        f"layer {layer} of this {kind} has not joined in: the model's arguments do not reach its attention "
        "function, or another attention was set since; see docs/retrofit.md"
    )


def _rows_of(layout: BlockLayout, rows: Tensor) -> BlockLayout:
    ids, exists, positions = (
        x.flatten(0, 1)[rows][:, None] for x in (layout.ids, layout.exists, layout.positions)
    )
    return BlockLayout(ids, exists, positions, layout.num_prefix, layout.num_neighbors)
