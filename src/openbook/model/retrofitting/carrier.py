"""An argument for self-attention, through a layer that passes on only what it knows: inside another argument.

Hooks put it into a tuple that the layer does pass on, and take it out before self-attention. As the tuple is
among the layer's arguments, gradient checkpointing, which repeats the layer without its hooks, has it, too.
"""

from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle

_OURS = "openbook_"
"""How the names of our arguments begin."""

_Given = tuple[tuple[Any, ...], dict[str, Any]]


class _Carrier(tuple[Any, ...]):
    """The layer's own tuple, with our arguments as an attribute."""

    carried: dict[str, Any]


def carry_arguments(layer: nn.Module, attention: nn.Module, name: str) -> list[RemovableHandle]:
    """Hook into a layer, after all hooks that change our arguments.

    Args:
        layer: passes the keyword argument `name` on to self-attention, a tuple.
        attention: its self-attention.
        name: of that argument.

    Returns:
        The hooks.
    """

    def put_in(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Given | None:
        ours = {key: value for key, value in kwargs.items() if key.startswith(_OURS)}
        if not ours:
            return None
        carrier = _Carrier(kwargs[name])
        carrier.carried = ours
        return args, {**kwargs, name: carrier}

    def take_out(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Given | None:
        carrier = kwargs.get(name)
        if not isinstance(carrier, _Carrier):
            return None
        return args, {**kwargs, name: tuple(carrier), **carrier.carried}

    return [
        layer.register_forward_pre_hook(put_in, with_kwargs=True),
        attention.register_forward_pre_hook(take_out, with_kwargs=True, prepend=True),
    ]
