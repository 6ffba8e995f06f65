"""How a pass reaches the attention of the base: by transformers' registry of attention functions.

A keyword argument of the model's forward travels to each layer's attention function, which here asks it: what
is a layer to compute? Without one, or where it has nothing to say, the function is the base's own.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Protocol

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel

from openbook.errors import SettingsError

ATTENTION_ARGUMENT = "openbook_attention"
"""The keyword argument by which an `AttentionPass` travels."""
_MARK = "openbook_"
_SUPPORTED = ("sdpa", "eager")
_UNKNOWN = frozenset({"softcap", "s_aux", "position_bias", "score_mod"})
"""Options of attention functions that change a softmax in ways that ours does not know."""


Adapted = Tensor | Literal[True] | None
"""Where something takes part: bool [B, T, 1]; True: everywhere; None: nowhere."""


class AttentionPass(Protocol):
    """One pass of the base, with attention of ours in some layers. Not a dataclass: FSDP would copy it."""

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, *, scaling: float, window: int | None
    ) -> Tensor | None:
        """Attend in one layer.

        Args:
            layer: its index, from 0.
            query: [B, H, T, head_dim], with positions.
            key, value: [B, key-value heads, past + T, head_dim].
            scaling: of the logits.
            window: keys that a query sees, itself among them; None: all before it.

        Returns:
            [B, H, T, head_dim]; None: the base shall do as it always does.
        """
        ...

    def adapted(self, reader: nn.Module) -> Adapted:
        """Where the low-rank additions of this `LayerReader` take part."""
        ...


def everywhere_or(where: Tensor) -> Adapted:
    """Say that it is everywhere, where it is: then nothing is to be multiplied."""
    return True if bool(where.all()) else where


def let_passes_in(base: PreTrainedModel) -> None:
    """Have the base's layers ask a pass, if there is one.

    Raises:
        SettingsError: its attention is computed in a way that cannot.
    """
    implementation = str(base.config._attn_implementation)
    if implementation.startswith(_MARK):
        return
    if implementation not in _SUPPORTED:
        raise SettingsError(
            f"attn_implementation {implementation!r}: reader 'own' needs {' or '.join(_SUPPORTED)}; load the "
            "base with one of them"
        )
    name = _MARK + implementation
    AttentionInterface.register(name, partial(_attention, implementation))
    AttentionMaskInterface.register(name, AttentionMaskInterface()[implementation])
    base.config._attn_implementation = name


def _attention(
    implementation: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **options: Any,
) -> tuple[Tensor, Tensor | None]:
    """An attention function, as transformers calls them."""
    asked: AttentionPass | None = options.pop(ATTENTION_ARGUMENT, None)
    if asked is not None:
        if not _UNKNOWN.isdisjoint(options):
            _refuse_unknown(module, options)
        scaling = options.get("scaling") or query.shape[-1] ** -0.5
        window = options.get("sliding_window")
        layer: int = module.layer_idx  # type: ignore[assignment]
        attended = asked.attend(layer, query, key, value, scaling=scaling, window=window)
        if attended is not None:
            return attended.transpose(1, 2).contiguous(), None
    own = _eager(module) if implementation == "eager" else AttentionInterface()[implementation]
    result: tuple[Tensor, Tensor | None] = own(module, query, key, value, attention_mask, **options)
    return result


def _refuse_unknown(module: nn.Module, options: dict[str, Any]) -> None:
    for name in sorted(_UNKNOWN):
        if options.get(name) is not None:
            raise SettingsError(
                f"{type(module).__name__}: attends with {name}, which reader 'own' does not know; retrofit "
                "this base with reader='encoder' (--recipe retrofit-encoder)"
            )


def _eager(module: nn.Module) -> Callable[..., Any]:
    """The function that an architecture has in its own file."""
    for kind in type(module).__mro__:
        found = getattr(sys.modules[kind.__module__], "eager_attention_forward", None)
        if found is not None:
            return found
    raise SettingsError(f"{type(module).__name__}: has no eager attention; load the base with sdpa")
