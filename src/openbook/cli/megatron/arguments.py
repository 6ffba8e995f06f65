"""Megatron's flags: those that have a meaning here, and how a command line with all of them is read.

Defaults are Megatron's unless the help says otherwise.
"""

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any, NoReturn

from openbook.cli.megatron.unsupported import UNSUPPORTED, is_without_effect
from openbook.errors import SettingsError, refuse_unknown

PROGRAM = "pretrain_retro.py"
_ABOUT = """\
Train a RETRO with Megatron-LM's flags. The neighbors come from a database that `openbook build` has made:

  python pretrain_retro.py --num-layers 12 --hidden-size 768 --retro-work-dir mybook --retro-add-retriever
      --seq-length 1024 --data-path my_text_data

Without --retro-add-retriever it trains the plain GPT on the same samples. Run again, the same command resumes
where it was interrupted. With several GPUs: torchrun --nproc-per-node 8 pretrain_retro.py ...

What is not as in Megatron: positions are rotary, normalization is RMSNorm, linear layers have no biases.
"""


def parse(arguments: Sequence[str]) -> Namespace:
    """Read a command line.

    Raises:
        SettingsError: a flag that is unknown, or that has no meaning here; a value that is not allowed.
    """
    parser = make_parser()
    known = [name for action in parser._actions for name in action.option_strings]
    flags = parser.parse_args(_supported(arguments, known))
    _check_pairs(flags)
    return flags


def _supported(arguments: Sequence[str], known: Sequence[str]) -> list[str]:
    """Leave out Megatron's other flags where what they ask for is the case here anyway; refuse the rest."""
    kept: list[str] = []
    position = 0
    while position < len(arguments):
        name, equals, value = arguments[position].partition("=")
        position += 1
        if name not in UNSUPPORTED:
            if name.startswith("--"):
                refuse_unknown([name], [*known, *UNSUPPORTED], where=PROGRAM)
            kept.append(arguments[position - 1])
            continue
        values = [value] if equals else []
        while position < len(arguments) and not arguments[position].startswith("--"):
            values.append(arguments[position])
            position += 1
        if not is_without_effect(name, values):
            raise SettingsError(
                f"{' '.join([name, *values])}: has no meaning here: {UNSUPPORTED[name]}; leave the flag out"
            )
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


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}; see: {PROGRAM} --help")


def _whole(lowest: int) -> Any:
    def convert(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise ArgumentTypeError(f"{text!r} must be a whole number, at least {lowest}")
        return int(text)

    return convert


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"{text!r} must be a number, at least 0")
    return value


def _share(text: str) -> float:
    value = _number(text)
    if value > 1:
        raise ArgumentTypeError(f"{text!r} must lie between 0 and 1")
    return value


def make_parser() -> ArgumentParser:
    """Make the parser; it raises SettingsError where argparse would print and leave."""
    parser = _Parser(
        prog=PROGRAM,
        description=_ABOUT,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="%(prog)s --num-layers N --hidden-size N --retro-work-dir DB --seq-length T --data-path DATA …",
    )
    _add_model(parser)
    _add_retrieval(parser)
    _add_data(parser)
    _add_steps(parser)
    _add_learning_rate(parser)
    _add_optimizer(parser)
    _add_checkpoints(parser)
    return parser


def _add_model(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("model").add_argument
    add("--num-layers", type=_whole(1), required=True, metavar="N", help="Decoder layers.")
    add("--hidden-size", type=_whole(1), required=True, metavar="N", help="Width of decoder and encoder.")
    add(
        "--num-attention-heads",
        type=_whole(1),
        metavar="N",
        help="Of both. [default: hidden size / 64; Megatron wants it given]",
    )
    add("--kv-channels", type=_whole(1), metavar="N", help="Width of a head. [default: hidden size / heads]")
    add("--ffn-hidden-size", type=_whole(1), metavar="N", help="[default: 4 times the hidden size]")
    add(
        "--max-position-embeddings",
        type=_whole(1),
        metavar="N",
        help="At least the sequence length; rotary positions need no table, so nothing else follows from it.",
    )
    add("--hidden-dropout", type=_share, default=0.1, metavar="P", help="Of the decoder. [default: 0.1]")
    add(
        "--attention-dropout",
        type=_share,
        default=0.1,
        metavar="P",
        help="The same again: a decoder has one dropout here, so both must be equal. [default: 0.1]",
    )
    add("--init-method-std", type=_number, default=0.02, metavar="X", help="[default: 0.02]")
    add("--norm-epsilon", type=_number, default=1e-5, metavar="X", help="[default: 1e-5]")
    add("--rotary-base", type=_number, default=10_000.0, metavar="X", help="[default: 10000]")
    add("--untie-embeddings-and-output-weights", action="store_true", help="Two matrices instead of one.")


def _add_retrieval(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("retrieval").add_argument
    add(
        "--retro-work-dir",
        "--retro-project-dir",
        required=True,
        metavar="DB",
        help="A database of `openbook build`: the book in which neighbors are found.",
    )
    add("--retro-add-retriever", action="store_true", help="Train a RETRO; without it, the plain GPT.")
    add("--retro-encoder-layers", type=_whole(1), default=2, metavar="N", help="[default: 2]")
    for part in ("hidden", "attention"):
        add(
            f"--retro-encoder-{part}-dropout",
            type=_share,
            default=0.1,
            metavar="P",
            help="An encoder has one dropout here: both must be equal. [default: 0.1]",
        )
    add("--retro-num-neighbors", type=_whole(1), default=2, metavar="K", help="Of a chunk. [default: 2]")
    add(
        "--retro-num-retrieved-chunks",
        type=_whole(1),
        default=2,
        metavar="N",
        help="2, the neighbor and its continuation; nothing else is possible here. [default: 2]",
    )
    add(
        "--retro-attention-gate",
        type=_number,
        default=1.0,
        metavar="X",
        help="Megatron multiplies by it what cross-attention adds; here 1, or 0: no retrieval. [default: 1]",
    )


def _add_data(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("data").add_argument
    add(
        "--data-path",
        nargs="+",
        required=True,
        metavar="DATA",
        help="What to train on: a text or JSON-lines file, with or without suffix, or a .bin/.idx prefix.",
    )
    add("--seq-length", type=_whole(1), required=True, metavar="T", help="Tokens in a sample.")
    add(
        "--split",
        default="969,30,1",
        metavar="A,B,C",
        help="Shares of training, validation and test; the last two together are held out, by whole "
        "documents. [default: 969,30,1]",
    )
    add(
        "--num-workers", type=_whole(0), default=0, metavar="N", help="Data loaders. [default: 0, Megatron 2]"
    )
    add("--tokenizer-type", metavar="NAME", help="Must agree with the database's. [default: the database's]")
    add("--tokenizer-model", metavar="NAME", help="Name or folder of a Hugging Face tokenizer.")
    add("--vocab-file", metavar="FILE", help="vocab.json of GPT-2's BPE, or BERT's vocab.txt.")
    add("--merge-file", metavar="FILE", help="merges.txt of GPT-2's BPE.")


def _add_steps(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("batches and steps").add_argument
    add(
        "--micro-batch-size",
        type=_whole(1),
        default=4,
        metavar="N",
        help="Sequences at a time, of each process. [default: 4; Megatron wants it given]",
    )
    add(
        "--global-batch-size",
        type=_whole(1),
        metavar="N",
        help="Sequences in a step; the rest is accumulated. [default: micro batch size times processes]",
    )
    add("--train-iters", type=_whole(1), metavar="N", help="Steps. [default: 1000; Megatron wants it given]")
    add("--train-samples", type=_whole(1), metavar="N", help="Instead: sequences, in whole steps.")
    add("--seed", type=_whole(0), default=1234, metavar="N", help="[default: 1234]")


def _add_learning_rate(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("learning rate").add_argument
    add("--lr", type=_number, default=6e-4, metavar="X", help="Peak. [default: 6e-4; Megatron: to be given]")
    add("--min-lr", type=_number, default=0.0, metavar="X", help="[default: 0]")
    add(
        "--lr-decay-style",
        default="linear",
        metavar="NAME",
        help="constant, linear, cosine. [default: linear]",
    )
    add("--lr-decay-iters", type=_whole(1), metavar="N", help="Can only be the number of steps.")
    add("--lr-decay-samples", type=_whole(1), metavar="N", help="Can only be the number of sequences.")
    add("--lr-warmup-fraction", type=_share, metavar="P", help="Share of the steps. [default: no warm-up]")
    add("--lr-warmup-iters", type=_whole(0), metavar="N", help="Instead: steps.")
    add("--lr-warmup-samples", type=_whole(0), metavar="N", help="Instead: sequences.")


def _add_optimizer(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("optimizer").add_argument
    add("--weight-decay", type=_number, default=0.01, metavar="X", help="[default: 0.01]")
    add("--clip-grad", type=_number, default=1.0, metavar="X", help="Norm; 0: no clipping. [default: 1]")
    add("--adam-beta1", type=_share, default=0.9, metavar="X", help="[default: 0.9]")
    add("--adam-beta2", type=_share, default=0.999, metavar="X", help="[default: 0.999]")
    add("--bf16", action="store_true", help="Compute in bfloat16.")
    add("--fp16", action="store_true", help="Compute in float16; needs a GPU.")
    add("--recompute-activations", action="store_true", help="Compute layers again in the backward pass.")
    add("--use-torch-fsdp2", action="store_true", help="Shard the weights over the processes.")


def _add_checkpoints(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("checkpoints and evaluation").add_argument
    add(
        "--save",
        metavar="DIR",
        help="Folder for the model; its corpus/ keeps the tokens of the data. [default: retro-checkpoint, or "
        "gpt-checkpoint without --retro-add-retriever, in the current folder]",
    )
    add(
        "--load",
        metavar="DIR",
        help="The folder of --save, to resume there, as happens without it; any other with --finetune.",
    )
    add("--finetune", action="store_true", help="Begin with the weights of --load, and nothing else of it.")
    add("--overwrite", action="store_true", help="Not Megatron's: replace what --save holds.")
    add("--save-interval", type=_whole(1), metavar="N", help="Steps between checkpoints. [default: 500]")
    add("--eval-interval", type=_whole(1), default=1000, metavar="N", help="In steps. [default: 1000]")
    add("--eval-iters", type=_whole(0), default=100, metavar="N", help="Steps' worth of data. [default: 100]")
    add("--log-interval", type=_whole(1), default=100, metavar="N", help="In steps. [default: 100]")
