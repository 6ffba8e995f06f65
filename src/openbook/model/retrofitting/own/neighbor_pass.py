"""The base reads neighbors after the prefix, by itself or after others; what it made of them is kept."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from openbook.errors import SettingsError
from openbook.model.retrofitting.own.attention_pass import ATTENTION_ARGUMENT, Adapted, everywhere_or
from openbook.model.retrofitting.own.softmax import attend_visible

_QUERIES = 64
"""That attend at a time; of 259 tokens, a third less time than all of them together."""

ReadingPrecision = Literal["float32", "bfloat16"]
"""bfloat16: linear maps round what they are given to it; elsewhere a base computes in its own."""


@dataclass(frozen=True, slots=True)
class ReadNeighbors:
    """What the base made of N sequences, each a prefix and one neighbor or several.

    by_layer: keys, rotated as counted from the first token on, and values: for each layer that was asked for
        [N, 2, key-value heads, L, head_dim].
    hidden: [N, L, D] the last activations, normalized; [N, L, 0] where they are not wanted.
    """

    by_layer: dict[int, Tensor]
    hidden: Tensor


@dataclass(frozen=True, slots=True)
class Packing:
    """Sequences without the holes that short neighbors leave: what does not exist costs no pass.

        tokens    p a b - - c d - -        prefix p, neighbors "a b" and "c d" of up to four tokens
        places    0 1 2 5 6                of those that exist, and of some that do not where others have more
        packed    p a b c d

    places: int64 [N, P] of L, P the most tokens that a sequence has, at least 1.
    length: L.
    """

    places: Tensor
    length: int

    @classmethod
    def of(cls, exists: Tensor) -> "Packing | None":
        """For sequences with these tokens, bool [N, L]; None: one of them has no hole."""
        most = max(int(exists.sum(-1).max()), 1)
        if most == exists.shape[1]:
            return None
        places = (~exists).to(torch.uint8).argsort(dim=-1, stable=True)
        return cls(places[:, :most], exists.shape[1])

    def pack(self, tokens: Tensor) -> Tensor:
        """[N, L] as [N, P]."""
        return tokens.gather(1, self.places)

    def unpack(self, values: Tensor) -> Tensor:
        """[N, …, P, D] as [N, …, L, D], 0 where no token was read."""
        spread = values.new_zeros(*values.shape[:-2], self.length, values.shape[-1])
        between = (1,) * (values.dim() - 3)
        places = self.places.view(len(self.places), *between, -1, 1).expand_as(values)
        return spread.scatter(-2, places, values)


class NeighborPass:
    """One pass of the base over N sequences; see `AttentionPass`.

    Args:
        exists: bool [N, L], which tokens there are.
        readers: the layers whose keys and values are wanted, by their indices.
        adapts: whether the low-rank additions take part.

    Attributes:
        kept: keys and values [N, key-value heads, L, head_dim] of these layers, filled by the pass.
    """

    def __init__(self, exists: Tensor, readers: dict[int, nn.Module], *, adapts: bool) -> None:
        self.readers = readers
        self.kept: dict[int, tuple[Tensor, Tensor]] = {}
        self.positions = exists.cumsum(-1) - 1
        self._adapted = everywhere_or(exists[..., None]) if adapts else None
        places = torch.arange(exists.shape[1], device=exists.device)
        # A token that does not exist sees itself, lest its softmax be over nothing.
        self._itself = places == places[:, None]
        self._sees = ((places <= places[:, None]) & exists[:, None] | self._itself)[:, None]
        self._in_window: dict[int, Tensor] = {}

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, *, scaling: float, window: int | None
    ) -> Tensor:
        if layer in self.readers:
            self.kept.setdefault(layer, (key, value))  # checkpointing computes them again, to be thrown away
        sees = self._sees_in(window)
        if torch.is_grad_enabled():
            return attend_visible(query, key, value, visible=sees, scaling=scaling)
        groups = query.shape[1] // key.shape[1]
        keys, values = (x.repeat_interleave(groups, 1) for x in (key, value))
        # No query sees what stands after it: blocks of them are given what stands before.
        parts = []
        for begin in range(0, query.shape[2], _QUERIES):
            end = begin + _QUERIES
            given = query[:, :, begin:end], keys[:, :, :end], values[:, :, :end]
            mask = sees[:, :, begin:end, :end]
            parts.append(F.scaled_dot_product_attention(*given, attn_mask=mask, scale=scaling))
        return torch.cat(parts, 2)

    def adapted(self, reader: nn.Module) -> Adapted:
        return self._adapted if reader in self.readers.values() else None

    def _sees_in(self, window: int | None) -> Tensor:
        if window is None:
            return self._sees
        if window not in self._in_window:
            distance = self.positions[:, :, None] - self.positions[:, None, :]
            self._in_window[window] = self._sees & ((distance < window) | self._itself)[:, None]
        return self._in_window[window]


def read_neighbors(
    backbone: nn.Module,
    ids: Tensor,
    exists: Tensor,
    readers: dict[int, nn.Module],
    *,
    adapts: bool,
    learns: bool,
    wants_hidden: bool,
    precision: ReadingPrecision = "float32",
) -> ReadNeighbors:
    """Have the base read sequences of neighbors.

    Args:
        backbone: of the base.
        ids: int64 [N, L], each a prefix and one neighbor or several.
        exists: bool [N, L], False: this token does not exist.
        readers: the layers whose keys and values are wanted, by their indices.
        adapts: whether the readers' low-rank additions take part.
        learns: whether gradients are to go through this reading.
        wants_hidden: whether the last activations are wanted, too.
        precision: of the factors of linear maps.

    Raises:
        SettingsError: the pass did not reach the base's attention.
    """
    # A compiled pass would be compiled again for each number of tokens.
    packing = None if torch.compiler.is_compiling() else Packing.of(exists)
    if packing is not None:
        ids, exists = packing.pack(ids), packing.pack(exists)
    reading = NeighborPass(exists, readers, adapts=adapts)
    dtype = next(backbone.parameters()).dtype
    anything: Any = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=ids.device)
    rounds = precision == "bfloat16"
    rounding = torch.autocast(ids.device.type, torch.bfloat16) if rounds else nullcontext()
    with nullcontext() if learns else torch.no_grad(), rounding:
        out = backbone(
            input_ids=ids,
            attention_mask=anything,  # a mask of four dimensions spares the base making its own
            position_ids=reading.positions.clamp_min(0),
            use_cache=False,
            **{ATTENTION_ARGUMENT: reading},
        )
    if reading.kept.keys() != readers.keys():
        raise not_reached(backbone, min(readers.keys() - reading.kept.keys()) + 1)
    hidden: Tensor = out.last_hidden_state
    by_layer = {layer: torch.stack(pair, 1) for layer, pair in reading.kept.items()}
    if rounds:
        hidden = hidden.to(dtype)
        by_layer = {layer: pair.to(dtype) for layer, pair in by_layer.items()}
    if packing is not None:
        hidden = packing.unpack(hidden)
        by_layer = {layer: packing.unpack(pair) for layer, pair in by_layer.items()}
    return ReadNeighbors(by_layer, hidden if wants_hidden else hidden.new_zeros(*hidden.shape[:2], 0))


def not_reached(backbone: nn.Module, layer: int) -> SettingsError:
    """The error where arguments of the model's forward do not arrive."""
    kind = backbone.config.model_type  # type: ignore[union-attr]
    return SettingsError(
        f"layer {layer} of this {kind} has not joined in: the model's arguments do not reach its attention "
        "function, or another attention was set since; see docs/retrofit.md"
    )
