"""Chunked cross-attention on a layer of the base, by hooks: the layer's own code stays as it is.

A pass with retrieval travels as a keyword argument from the backbone's forward to each layer and on to its
self-attention, as transformers passes such arguments. The hooks take it out there. A call of the base without
it is the base's own.
"""

import threading
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from openbook.model.chunked_cross_attention import ChunkedCrossAttention
from openbook.model.config import RetroConfig
from openbook.model.decoder import EncodeNeighbors
from openbook.model.neighbors import PassNeighbors
from openbook.model.retrofitting.families import Family
from openbook.model.stack import Residual, Stack

GRAFT_ARGUMENT = "openbook_pass"
"""The keyword argument by which a pass with grafts travels."""


class GraftedPass:
    """One forward pass, as the grafts see it.

    Args:
        grafts: those of the model that passes.
        retrieve: called by layer min P.
        shares: collects attention shares, see `RetroDecoderLayer`; None: they are not computed.

    Attributes:
        neighbors: what `retrieve` returned.
        joined: whether it was called.
    """

    # Not a dataclass: FSDP copies those among a layer's arguments, and this must stay the one it is.
    def __init__(
        self, grafts: frozenset["Graft"], retrieve: EncodeNeighbors, shares: list[Tensor] | None
    ) -> None:
        self.grafts = grafts
        self.retrieve = retrieve
        self.shares = shares
        self.neighbors: PassNeighbors | None = None
        self.joined = False


@dataclass(frozen=True, slots=True, eq=False)
class _LayerPass:
    """A pass in the layer of one graft, which was given `hidden`."""

    graft: "Graft"
    grafted_pass: GraftedPass
    hidden: Tensor


class _Slot(threading.local):
    """What self-attention leaves for the module after it, in the same thread."""

    layer_pass: _LayerPass | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Slot":
        return _Slot()


class Graft(nn.Module):
    """What is added to one layer: norm and chunked cross-attention, which starts as the identity.

    Args:
        config: of the whole model.
        number: of the layer, from 1.
    """

    def __init__(self, config: RetroConfig, number: int) -> None:
        super().__init__()
        assert config.cca_layers is not None
        stack = Stack.of_decoder(config)
        self.number = number
        self.retrieves = number == min(config.cca_layers)
        self.cca_norm = Residual(stack)
        self.cca = ChunkedCrossAttention(config, stack)
        self._slot = _Slot()

    def attach(self, layer: nn.Module, family: Family) -> list[RemovableHandle]:
        """Hook into a layer; returns the hooks."""
        return [
            layer.register_forward_pre_hook(self._before_layer, with_kwargs=True),
            family.attention(layer).register_forward_pre_hook(self._before_attention, with_kwargs=True),
            family.added(layer).register_forward_hook(self._after_attention),
        ]

    def forward(self, hidden: Tensor, neighbors: PassNeighbors, shares: list[Tensor] | None) -> Tensor:
        """Compute what to add to the stream [B, T, D] after self-attention, in its dtype."""
        projected = neighbors.project(self.cca, f"cca{self.number}")
        mask, grid = neighbors.retrieved.mask, neighbors.grid
        stream = hidden.to(self.cca_norm.weight.dtype)
        added, share = self.cca(
            stream,
            self.cca_norm.read,
            projected,
            mask,
            grid,
            shares=shares is not None,
            table=neighbors.table(f"cca{self.number}"),
        )
        if shares is not None:
            shares.append(share)
        return self.cca_norm.dropout(added).to(hidden.dtype)

    def _before_layer(
        self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Note what the layer is given."""
        given = kwargs.get(GRAFT_ARGUMENT)
        if not isinstance(given, GraftedPass) or self not in given.grafts:
            return None
        hidden = args[0] if args else kwargs["hidden_states"]
        return args, {**kwargs, GRAFT_ARGUMENT: _LayerPass(self, given, hidden)}

    def _before_attention(
        self, attention: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Take our argument away, which self-attention does not know."""
        given = kwargs.get(GRAFT_ARGUMENT)
        mine = isinstance(given, _LayerPass) and given.graft is self
        self._slot.layer_pass = given if mine else None
        return (args, _without_argument(kwargs)) if mine else None

    def _after_attention(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        """Add what the neighbors say."""
        layer_pass = self._slot.layer_pass
        self._slot.layer_pass = None
        if layer_pass is None:
            return None
        attended = output[0] if isinstance(output, tuple) else output
        hidden = layer_pass.hidden + attended
        here = layer_pass.grafted_pass
        if self.retrieves:
            here.neighbors = here.retrieve(hidden)
            here.joined = True
        if here.neighbors is None:
            return None
        joined = attended + self(hidden, here.neighbors, here.shares)
        return (joined, *output[1:]) if isinstance(output, tuple) else joined


def drop_argument(
    attention: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Take our argument away before the self-attention of a layer without a graft of this pass."""
    if isinstance(kwargs.get(GRAFT_ARGUMENT), GraftedPass):
        return args, _without_argument(kwargs)
    return None


def _without_argument(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name != GRAFT_ARGUMENT}
