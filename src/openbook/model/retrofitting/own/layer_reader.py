"""What is new in one layer: how much it looks at neighbors, and low-rank additions where it does."""

import threading
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from openbook.errors import SettingsError
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.families import Family
from openbook.model.retrofitting.own.attention_pass import ATTENTION_ARGUMENT, Adapted, AttentionPass

BIAS_STEP = 20.0
"""A bias learns so many times faster than the weights beside it, with the same learning rate."""


class LowRank(nn.Module):
    """A linear map of low rank, which starts as 0 (LoRA, arXiv 2106.09685)."""

    def __init__(self, num_inputs: int, num_outputs: int, rank: int) -> None:
        super().__init__()
        # Parameters, not linear maps: transformers draws the weights of those again.
        self.down = nn.Parameter(torch.randn(rank, num_inputs) * num_inputs**-0.5)
        self.up = nn.Parameter(torch.zeros(num_outputs, rank))

    def forward(self, x: Tensor) -> Tensor:
        """[..., num_inputs] → [..., num_outputs]."""
        down, up = self.down, self.up
        return F.linear(self._inside(F.linear(_as_read_by(down, x), down)), up)

    def _inside(self, x: Tensor) -> Tensor:
        """What happens between both."""
        return x


class Bottleneck(LowRank):
    """Neurons beside a feed-forward sub-layer, which start as 0 (parallel adapter, arXiv 2110.04366)."""

    def _inside(self, x: Tensor) -> Tensor:
        return F.silu(x)


class _Slot(threading.local):
    """Where the additions take part in the attention that runs in this thread; None: nowhere."""

    adapted: Adapted = None
    adapted_mlp: Adapted = None
    """The same for the feed-forward sub-layer of that layer, which runs after its attention."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Slot":
        return _Slot()


class LayerReader(nn.Module):
    """New weights of one layer.

    Args:
        config: of the whole model.
        number: of the layer, from 1.
        family: of the base.
    """

    def __init__(self, config: RetrofitConfig, number: int, family: Family) -> None:
        super().__init__()
        assert config.head_dim is not None
        self.layer = number - 1
        self.num_heads = config.num_attention_heads
        self.fused_query = family.fused_query
        self.dropout = float(config.dropout)
        inner = self.num_heads * config.head_dim
        self.neighbor_bias = nn.Parameter(torch.zeros(self.num_heads))
        self.query = LowRank(config.hidden_size, inner, config.rank) if config.rank else None
        self.output = LowRank(inner, config.hidden_size, config.rank) if config.rank else None
        D = config.hidden_size
        self.mlp = Bottleneck(D, D, config.mlp_rank) if config.mlp_rank else None
        self._slot = _Slot()

    def attach(self, layer: nn.Module, family: Family) -> list[RemovableHandle]:
        """Hook into a layer of the base; returns the hooks.

        Raises:
            SettingsError: the layer has no linear maps, or no feed-forward sub-layer, where the family says.
        """
        if self.query is None and self.mlp is None:
            return []
        attention = family.attention(layer)
        hooks = [
            attention.register_forward_pre_hook(self._enter, with_kwargs=True),
            attention.register_forward_hook(self._leave, always_call=True),
        ]
        if self.query is not None:
            hooks += self._attach(attention, family)
        if self.mlp is not None:
            hooks.append(self._attach_mlp(layer, family))
        return hooks

    @property
    def bias(self) -> Tensor:
        """What is added to the logits of neighbors, of each head [H]: 0 as if they stood in the prompt."""
        return self.neighbor_bias * BIAS_STEP

    def _attach(self, attention: nn.Module, family: Family) -> list[RemovableHandle]:
        try:
            query, output = family.query(attention), family.output(attention)
        except AttributeError as error:
            raise SettingsError(
                f"{type(attention).__name__}: {error}; say in {type(family).__name__} which linear maps make "
                "queries and follow the heads (query, output), or go without: rank=0"
            ) from error
        return [
            query.register_forward_hook(self._add_to_query),
            output.register_forward_hook(self._add_to_output),
        ]

    def _attach_mlp(self, layer: nn.Module, family: Family) -> RemovableHandle:
        try:
            mlp = family.mlp(layer)
        except AttributeError as error:
            raise SettingsError(
                f"{type(layer).__name__}: {error}; say in {type(family).__name__} where its feed-forward "
                "sub-layer is (mlp), or go without: mlp_rank=0"
            ) from error
        return mlp.register_forward_hook(self._add_to_mlp)

    def _enter(self, attention: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        asked: AttentionPass | None = kwargs.get(ATTENTION_ARGUMENT)
        self._slot.adapted = None if asked is None else asked.adapted(self)
        self._slot.adapted_mlp = self._slot.adapted

    def _leave(self, attention: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        self._slot.adapted = None

    def _add_to_query(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> Tensor | None:
        added = self._added(self.query, args[0], self._slot.adapted)
        if added is None:
            return None
        if self.fused_query:
            # Of each head: query, key, value; the addition is to the first.
            by_head = added.unflatten(-1, (self.num_heads, -1))
            added = F.pad(by_head, (0, 2 * by_head.shape[-1])).flatten(-2)
        elif added.shape != output.shape:
            # Keys and values after all queries.
            added = F.pad(added, (0, output.shape[-1] - added.shape[-1]))
        return _sum(output, added)

    def _add_to_output(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> Tensor | None:
        added = self._added(self.output, args[0], self._slot.adapted)
        return None if added is None else _sum(output, added)

    def _add_to_mlp(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        where, self._slot.adapted_mlp = self._slot.adapted_mlp, None
        added = self._added(self.mlp, args[0], where)
        if added is None:
            return output
        if isinstance(output, tuple):  # a mixture of experts, with what its router says
            return (_sum(output[0], added), *output[1:])
        return _sum(output, added)

    def _added(self, low_rank: LowRank | None, x: Tensor, where: Adapted) -> Tensor | None:
        if where is None or low_rank is None:
            return None
        if self.training and self.dropout:
            x = F.dropout(x, self.dropout)
        # Not as a module is called: that takes half a percent of a token's time, three times in each layer.
        added = low_rank.forward(x)
        return added if where is True else added * where.to(added.dtype)


def _as_read_by(weight: Tensor, x: Tensor) -> Tensor:
    """In the dtype of a weight, unless autocast turned it back."""
    if x.dtype is weight.dtype or torch.is_autocast_enabled(x.device.type):
        return x
    return x.to(weight.dtype)


def _sum(output: Tensor, added: Tensor) -> Tensor:
    """In the dtype of the base."""
    return output + (added if added.dtype is output.dtype else added.to(output.dtype))
