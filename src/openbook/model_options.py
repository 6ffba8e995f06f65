"""What the options of models may be, known without torch: a wrong `--set model.…` is answered at once.

The classes that have these options check them by the same functions.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from openbook.errors import SettingsError

PositionOption = Literal["rotary", "relative"]
CCAPositionOption = Literal["rotary", "relative", "none"]
NormalizationOption = Literal["pre", "deepnorm"]
ReaderOption = Literal["own", "encoder"]
ReadingOption = Literal["joint", "independent"]
PlaceOption = Literal["chunk", "text"]

_CHOICES: dict[str, Any] = {
    "positions": PositionOption,
    "cca_positions": CCAPositionOption,
    "normalization": NormalizationOption,
    "reader": ReaderOption,
    "reading": ReadingOption,
    "neighbors_before": PlaceOption,
}
_COUNTS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "head_dim",
    "intermediate_size",
    "chunk_size",
    "num_neighbors",
    "encoder_hidden_size",
    "encoder_num_layers",
    "encoder_num_attention_heads",
    "encoder_intermediate_size",
    "max_position_embeddings",
)
_RANKS = ("rank", "mlp_rank", "copy_rank")
_POSITIVE = ("rms_norm_eps", "rotary_base", "initializer_range")
_SHARES = ("dropout", "encoder_dropout")
_SWITCHES = (
    "encoder_conditioned",
    "share_embeddings",
    "tie_word_embeddings",
    "copy_head",
    "use_cache",
    "adapt_neighbors",
    "train_base",
)
_LAYERS = {"cca_layers": "num_hidden_layers", "encoder_cross_attention_layers": "encoder_num_layers"}
"""Lists of layers, and how many there are."""
_WORKED_OUT = (
    "head_dim",
    "encoder_hidden_size",
    "encoder_num_attention_heads",
    "encoder_intermediate_size",
    "encoder_dropout",
    "cca_positions",
    "cca_layers",
    "encoder_cross_attention_layers",
    "prefix_ids",
)
"""Options that may be None: they follow from others."""
_NEEDED = ("hidden_size", "num_hidden_layers", "num_attention_heads")
"""Of a model of its own, to see whether its sizes fit together."""
_LENGTH_IF_UNKNOWN = 512
"""Tokens of a retrofit's training sequence; as in the shipped recipe."""


def check_options(options: Mapping[str, Any]) -> None:
    """Check each option by itself; names that are not known here are passed over.

    Raises:
        SettingsError: a value of another type, or out of its range.
    """
    for name, value in options.items():
        if name in _KINDS and not (value is None and name in _WORKED_OUT):
            fits, wanted = _KINDS[name]
            if not fits(value):
                raise SettingsError(f"{name} {value!r}: must be {wanted}")
    for name, count in _LAYERS.items():
        if options.get(name) is not None:
            _check_layers(name, options[name], options.get(count))


def complete_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what follows from other options, and check that they fit together.

    Args:
        options: of a model of its own, each of them checked; with its width, layers and heads.

    Raises:
        SettingsError: they do not.
    """
    found = {name: value for name, value in options.items() if value is not None}
    width, heads = found["hidden_size"], found["num_attention_heads"]
    if "head_dim" not in found:
        _divides(width, heads, "hidden_size", "num_attention_heads")
    encoder_width = found.setdefault("encoder_hidden_size", width)
    found.setdefault("head_dim", width // heads)
    found.setdefault("encoder_num_attention_heads", heads)
    found.setdefault("encoder_intermediate_size", 4 * encoder_width)
    found.setdefault("encoder_dropout", found.get("dropout", 0.0))
    found.setdefault("cca_positions", found.get("positions", "rotary"))
    found.setdefault("cca_layers", paper_cca_layers(found["num_hidden_layers"]))
    found.setdefault("encoder_cross_attention_layers", [1])
    _check_fit(found)
    return found


def check_own_model(options: Mapping[str, Any], *, retrieves: bool) -> None:
    """Check the options that a recipe gives to a model of its own, as far as they say its sizes.

    Raises:
        SettingsError: one is not allowed, or they do not fit together.
    """
    check_options(options)
    if all(name in options for name in _NEEDED):
        without = {} if retrieves else {"cca_layers": [], "copy_head": False}
        complete_options({**options, **without})


def retrofit_training_length(*, longest: int, trained_length: int | None, chunk_size: int) -> int:
    """Count the tokens in a sequence of a retrofit's training, whole chunks.

    Args:
        longest: that the base reads, which may be a hundred times as much.
        trained_length: as its configuration says it; None: it is not known.
        chunk_size: M.

    >>> retrofit_training_length(longest=8192, trained_length=None, chunk_size=64)
    512
    """
    length = min(longest, trained_length or _LENGTH_IF_UNKNOWN)
    return max(length - length % chunk_size, chunk_size)


def paper_cca_layers(num_layers: int) -> list[int]:
    """Choose P by the paper's rule: its section 2.4 and table 10, carried on to fewer than 12 layers.

    >>> paper_cca_layers(12), paper_cca_layers(24), paper_cca_layers(4)
    ([6, 9, 12], [9, 12, 15, 18, 21, 24], [4])
    """
    if num_layers > 12:
        return list(range(9, num_layers + 1, 3))
    return [layer for layer in range(num_layers, 0, -3) if layer * 2 >= num_layers][::-1]


def _check_fit(options: Mapping[str, Any]) -> None:
    width, encoder_width = options["hidden_size"], options["encoder_hidden_size"]
    heads = options["encoder_num_attention_heads"]
    _divides(encoder_width, heads, "encoder_hidden_size", "encoder_num_attention_heads")
    kinds = {options.get("positions", "rotary"), options["cca_positions"]}
    head, encoder_head = options["head_dim"], encoder_width // heads
    if "rotary" in kinds and (head % 2 or encoder_head % 2):
        raise SettingsError(
            f"head widths {head} and {encoder_head} (encoder): rotary positions need even ones; change "
            "widths or numbers of heads"
        )
    if "relative" in kinds and (width % 2 or encoder_width % 2):
        raise SettingsError(
            f"hidden_size {width} and encoder_hidden_size {encoder_width}: relative positions need even "
            "ones; change the odd one"
        )
    for name, count in _LAYERS.items():
        _check_layers(name, options[name], options.get(count, 2))
    if options.get("copy_head") and not options["cca_layers"]:
        raise SettingsError("copy_head needs retrieval, but cca_layers is empty; name some layers")


def _divides(whole: int, parts: int, whole_name: str, parts_name: str) -> None:
    if whole % parts:
        raise SettingsError(
            f"{whole_name} {whole} is not divisible by {parts_name} {parts}; change one of them"
        )


def _check_layers(name: str, layers: Any, highest: int | None) -> None:
    """Refuse what is no list of rising numbers, or higher than there are layers, if that is known."""
    rising = isinstance(layers, list) and all(_is_count(layer) for layer in layers)
    if not rising or layers != sorted(set(layers)) or (highest and layers and layers[-1] > highest):
        to = f" to {highest}" if highest else ""
        raise SettingsError(f"{name} {layers}: must be a list of rising layer numbers, from 1{to}")


def _is_count(value: Any, lowest: int = 1) -> bool:
    return type(value) is int and value >= lowest


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and all(_is_count(token, 0) for token in value)


def _one_of(choices: Any) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value in get_args(choices), " or ".join(get_args(choices))


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(_COUNTS, (_is_count, "a whole number, at least 1")),
    **dict.fromkeys(_RANKS, (lambda value: _is_count(value, 0), "a whole number, at least 0")),
    **dict.fromkeys(
        _POSITIVE, (lambda value: _is_number(value) and 0 < value < math.inf, "a number above 0")
    ),
    **dict.fromkeys(
        _SHARES, (lambda value: _is_number(value) and 0 <= value < 1, "a number, at least 0 and below 1")
    ),
    **dict.fromkeys(_SWITCHES, (lambda value: isinstance(value, bool), "true or false")),
    **{name: _one_of(choices) for name, choices in _CHOICES.items()},
    "prefix_ids": (_is_tokens, "a list of tokens"),
}
"""By name whether a value fits, and what it must be."""
