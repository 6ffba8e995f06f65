"""Megatron's flags: which are known, which have no meaning here, and what is refused.

Anything that one of them changes is in test_recipe.py.
"""

import pytest

from megatron_command import COMMAND
from openbook.cli.megatron import command
from openbook.cli.megatron.arguments import make_parser, parse
from openbook.cli.megatron.flags_to_recipe import holdout_of, recipe_of
from openbook.cli.megatron.unsupported import UNSUPPORTED
from openbook.errors import SettingsError

REFUSED = [
    ("--num-layer 3", r"unknown name '--num-layer'; did you mean '--num-layers'\?"),
    ("--tensor-model-paralel-size 2", "did you mean '--tensor-model-parallel-size'"),
    (
        "--tensor-model-parallel-size 2",
        "--tensor-model-parallel-size 2: has no meaning here: the model is not",
    ),
    ("--distributed-backend nccl", "--distributed-backend nccl: has no meaning here: torch and the machine"),
    ("--use-flash-attn", "--use-flash-attn: has no meaning here: attention"),
    ("--position-embedding-type=learned_absolute", "has no meaning here: positions are rotary"),
    ("--normalization LayerNorm", "has no meaning here: normalization is RMSNorm"),
    ("--retro-num-retrieved-chunks 3", "only 2 is possible here"),
    ("--retro-attention-gate 0.5", "only 1 .* and 0 .* have a meaning"),
    ("--hidden-dropout 0.2", "--hidden-dropout 0.2 and --attention-dropout 0.1: there is one dropout"),
    ("--retro-encoder-hidden-dropout 0.2", "--retro-encoder-attention-dropout 0.1: there is one dropout"),
    ("--train-iters 3 --train-samples 12", "--train-iters and --train-samples: give one of them"),
    ("--bf16 --fp16", "--bf16 and --fp16"),
    ("--lr-warmup-fraction 0.1 --lr-warmup-iters 3", "give one of them"),
    ("--train-samples 3", "--train-samples 3: fewer than --global-batch-size 4"),
    ("--lr-decay-iters 9", "--lr-decay-iters 9: .* 1000; leave it out"),
    ("--lr-decay-samples 9", "--lr-decay-samples 9: .* 4000; leave it out"),
    ("--lr-decay-style inverse-square-root", "choose one of constant, linear, cosine"),
    ("--min-lr 1", "--min-lr 1: must not be above --lr 0.0006"),
    ("--max-position-embeddings 512", "must be at least --seq-length 1024"),
    ("--num-attention-heads 7", "not divisible by 7 heads"),
    ("--micro-batch-size 0", "'0' must be a whole number, at least 1"),
    ("--lr fast", "'fast' must be a number, at least 0"),
    ("--lr nan", "'nan' must be a number"),
    ("--adam-beta1 2", "'2' must lie between 0 and 1"),
    ("--save", "expected one argument"),
    ("--split 0,1,0", "the first must be above 0"),
    ("--split all", "three numbers are expected"),
    ("--finetune", "--finetune: needs --load"),
    ("--load elsewhere", "give --save elsewhere too"),
    ("stray.txt --lr 1", None),
]


@pytest.mark.parametrize(("flags", "message"), REFUSED, ids=[refused[0] for refused in REFUSED])
def test_what_is_refused(flags: str, message: str | None) -> None:
    def read() -> None:
        found = parse([*COMMAND, *flags.split()])
        recipe_of(found, processes=1)
        holdout_of(found.split)
        command.output_of(found)

    if message is None:  # one more word after --data-path is one more source
        return read()
    with pytest.raises(SettingsError, match=message):
        read()
    return None


def test_without_a_needed_flag() -> None:
    with pytest.raises(SettingsError, match="required: --retro-work-dir/--retro-project-dir"):
        parse([*COMMAND[:4], *COMMAND[6:]])


def test_what_asks_for_what_is_so_anyway_is_accepted() -> None:
    so_anyway = "--tensor-model-parallel-size 1 --pipeline-model-parallel-size=1 --normalization RMSNorm"
    so_anyway += " --position-embedding-type rope --disable-bias-linear --optimizer adam"
    assert vars(parse([*COMMAND, *so_anyway.split()])) == vars(parse(COMMAND))


def test_no_flag_is_both_known_and_without_meaning() -> None:
    known = {name for action in make_parser()._actions for name in action.option_strings}
    assert not known & UNSUPPORTED.keys()
    assert not [flag for flag in UNSUPPORTED if not flag.startswith("--")]


def test_the_later_name_of_the_work_dir_is_known() -> None:
    arguments = ["--retro-project-dir" if word == "--retro-work-dir" else word for word in COMMAND]
    assert parse(arguments) == parse(COMMAND)
