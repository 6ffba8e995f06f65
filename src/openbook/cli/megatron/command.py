"""What `python pretrain_retro.py` does: tokenize the data, find its neighbors in the book, train."""

import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.bars import bar
from openbook.cli.console import (
    accept_any_encoding,
    hold_back_control_characters,
    note,
    print_error,
    quiet_libraries,
    warnings_as_notes,
)
from openbook.cli.inputs import require_text
from openbook.cli.megatron.arguments import parse
from openbook.cli.megatron.corpus import open_corpus
from openbook.cli.megatron.flags_to_recipe import holdout_of, recipe_of
from openbook.cli.megatron.tokenizer_check import check_tokenizer
from openbook.cli.signals import INTERRUPTED
from openbook.cli.verbs.train import run_training
from openbook.errors import OpenbookError, SettingsError
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.train import Recipe

_SAVED_NEIGHBORS = 10
"""Of each chunk at least, as `openbook neighbors` does: evaluation looks at so many for overlap."""
_MEGATRONS_WORDS = {
    "--output": "--save",
    "train.start_from": "--load",
    "train.learning_rate": "--lr",
    "train.warmup_steps": "--lr-warmup-fraction",
    "train.precision float16: needs a GPU; take bfloat16": "--fp16: needs a GPU; take --bf16",
}
"""What errors advise to users of the command `openbook`, in the words of this one."""
_NOT_IN_MEGATRON = re.compile(
    r"( \(|[,;] )[^,;()]*--(on-error|text-key|id-key|allow-missing-shards)\b[^,;()]*\)?"
)
"""A part of an error's message that advises an option which this command has not."""


def main() -> None:
    """The entry point of pretrain_retro.py."""
    hold_back_control_characters()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line.

    Returns:
        The exit code: 0 done, 1 a fault of ours, 2 the user's input, 128 + signal stopped by one.
    """
    accept_any_encoding()
    quiet_libraries()
    try:
        require_text(arguments)
        with warnings_as_notes():
            return pretrain(parse(arguments))
    except SystemExit:  # --help was printed
        return 0
    except (OpenbookError, OSError) as error:
        print_error(in_megatrons_words(str(error)))
        return 2
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED


def in_megatrons_words(message: str) -> str:
    """Rewrite an error's message for who knows Megatron's flags, and not openbook's options."""
    message = _NOT_IN_MEGATRON.sub("", message)
    for ours, theirs in _MEGATRONS_WORDS.items():
        message = message.replace(ours, theirs)
    return message


def pretrain(flags: Namespace) -> int:
    """Train what these flags ask for; returns the exit code.

    Raises:
        OpenbookError: the user has to correct something.
    """
    from openbook.database import Version
    from openbook.train import distributed
    from openbook.train.run_files import require_output

    output = output_of(flags)
    recipe = recipe_of(flags, processes=distributed.world_size())
    distributed.join()
    if distributed.is_first():
        require_output(output, start_from=recipe.train.start_from)
        prepare(flags, recipe, output / "corpus")
    distributed.wait()
    return run_training(recipe, Version.open(output / "corpus"), output, overwrite=flags.overwrite)


def output_of(flags: Namespace) -> Path:
    """Choose the folder for the model.

    Raises:
        SettingsError: --load or --finetune asks for what is not possible.
    """
    name = "retro-checkpoint" if flags.retro_add_retriever else "gpt-checkpoint"
    output = Path(flags.save or name)
    if flags.finetune and flags.load is None:
        raise SettingsError("--finetune: needs --load, the folder of a model to begin with")
    if flags.load is not None and not flags.finetune and Path(flags.load).resolve() != output.resolve():
        raise SettingsError(
            f"--load {flags.load}: a training run resumes in its own folder: give --save {flags.load} too; "
            "or begin with that model's weights: --finetune"
        )
    return output


def prepare(flags: Namespace, recipe: "Recipe", folder: Path) -> None:
    """Make the corpus in this folder ready to train on, with its neighbors in the book.

    Raises:
        OpenbookError: book, tokenizer or data cannot be used.
    """
    from openbook.database import Database, SequenceDataset, build_neighbors
    from openbook.train.initialize import model_config

    holdout = holdout_of(flags.split)
    book = Database.open(flags.retro_work_dir)
    check_tokenizer(flags, book.opened)
    model_config(recipe, book.opened)  # refuses what cannot be trained before anything is made
    with bar("reading the data", counts_text=True) as progress:
        corpus = open_corpus(folder, flags.data_path, book.opened, holdout=holdout, progress=progress)
    counts = corpus.info()
    note(
        f"{counted(counts.documents, 'document')}, {counted(counts.tokens, 'token')}, "
        f"{counts.holdout_documents:,} held out"
    )
    SequenceDataset(corpus.opened, "train", flags.seq_length)  # the same, before neighbors are searched
    if recipe.data.num_neighbors:
        k = max(_SAVED_NEIGHBORS, flags.retro_num_neighbors)
        with bar("finding neighbors") as progress:
            build_neighbors(corpus, book=book, k=k, progress=progress)
