"""Reading Megatron's flags: those that mean something here, those that do not, and unknown ones."""

from argparse import Namespace
from collections.abc import Sequence

from openbook.cli.megatron.arguments import PROGRAM, make_parser
from openbook.cli.megatron.unsupported import MEANINGLESS, is_without_effect
from openbook.errors import SettingsError, refuse_unknown


def parse(arguments: Sequence[str]) -> Namespace:
    """Read a command line.

    Raises:
        SettingsError: a flag that is unknown, or that has no meaning here; a value that is not allowed.
    """
    parser = make_parser()
    known = [name for action in parser._actions for name in action.option_strings]
    flags = parser.parse_args(_without_meaningless(arguments, known))
    _check_pairs(flags)
    return flags


def _without_meaningless(arguments: Sequence[str], known: Sequence[str]) -> list[str]:
    """The arguments less Megatron's other flags, where what these ask for is the case here anyway."""
    kept: list[str] = []
    position = 0
    while position < len(arguments):
        name, equals, value = arguments[position].partition("=")
        position += 1
        if name not in MEANINGLESS:
            if name.startswith("--"):
                refuse_unknown([name], [*known, *MEANINGLESS], where=PROGRAM)
            kept.append(arguments[position - 1])
            continue
        values = [value] if equals else []
        while position < len(arguments) and not arguments[position].startswith("--"):
            values.append(arguments[position])
            position += 1
        if not is_without_effect(name, values):
            raise SettingsError(f"{' '.join([name, *values])}: has no meaning here: {MEANINGLESS[name]}")
    return kept


def _check_pairs(flags: Namespace) -> None:
    for one, other in (
        ("train_iters", "train_samples"),
        ("lr_warmup_fraction", "lr_warmup_iters"),
        ("lr_warmup_fraction", "lr_warmup_samples"),
        ("lr_warmup_iters", "lr_warmup_samples"),
        ("bf16", "fp16"),
    ):
        if getattr(flags, one) and getattr(flags, other):
            raise SettingsError(f"--{one} and --{other}: give one of them".replace("_", "-"))
