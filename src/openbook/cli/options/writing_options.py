"""What is written and how, beside its book: of all verbs that write."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.options.option_checks import first_given
from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.generation.book_drafts import DraftCounts

# A text

PromptArgument = Annotated[str, typer.Argument(metavar="PROMPT", help="Text to continue.")]
PutAsQuestion = Annotated[
    bool,
    typer.Option(
        "--chat", help="Put PROMPT as a question, in the chat template of the model, and look it up as one."
    ),
]

# An answer

QuestionArgument = Annotated[str, typer.Argument(metavar="QUESTION", help="What to ask.")]
WritingModel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Folder of a retrofit or a native RETRO; or a BASE (folder, hub name, .gguf file), as openbook "
        "ask takes it.",
    ),
]
AskedModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Folder of a retrofit or a native RETRO; or a BASE as openbook retrofit takes it (folder, hub "
        "name, .gguf file), which then reads untrained. [default: SmolLM2-135M-Instruct, with the adapter "
        "that comes with openbook]",
        show_default=False,
    ),
]
InPrompt = Annotated[
    bool,
    typer.Option("--in-prompt", help="Put what is found into the prompt, for comparison; with any model."),
]

# Both

_LONGEST_TEXT = ("--max-tokens", "--max-new-tokens")
"""Two names for the same, as APIs have it and as libraries do."""
MaxNewTokens = Annotated[int, typer.Option(*_LONGEST_TEXT[::-1], help="Longest continuation, in tokens.")]
MaxTokens = Annotated[int, typer.Option(*_LONGEST_TEXT, help="Longest answer, in tokens.")]
WriteRetrieval = Annotated[bool, typer.Option(help="Look things up, or write from memory alone.")]
AskRetrieval = Annotated[
    bool, typer.Option("--retrieval/--no-retrieval", help="Look things up, or have the model answer alone.")
]

# How it is written beside the book

LookupStride = Annotated[
    int | None,
    typer.Option(
        "--stride",
        metavar="TOKENS",
        help="Look up again after so many tokens, at most a chunk, what the last M tokens find, M being the "
        "model's chunk length. [default: M]",
        show_default=False,
    ),
]
LookAheadTokens = Annotated[
    int,
    typer.Option(
        "--look-ahead",
        metavar="TOKENS",
        help="Begin each search so many tokens before its neighbors are read, beside the writing; the query "
        "lacks these tokens.",
    ),
]
CheckDrafts = Annotated[
    bool,
    typer.Option(
        "--drafts",
        help="Write several tokens at a time where the text quotes what it reads: the same text, sooner; "
        "with a temperature of 0.",
    ),
]
MeasureInfluence = Annotated[
    bool,
    typer.Option(
        "--influence",
        help="Measure how much less likely each span would be without each of its neighbors; takes as long "
        "as reading it again for each.",
    ),
]
Reread = Annotated[
    bool,
    typer.Option(
        "--reread",
        help="Read each passage alone as well, and answer what both readings agree on: for books whose "
        "passages are easily confused; takes two to three times as long. With a temperature of 0.",
    ),
]

Judge = Annotated[
    bool,
    typer.Option(
        "--judge",
        help="Have all-MiniLM-L6-v2, which learned to read question and passages together, say first whether "
        "any of these answers; if none does, the book does not say. For questions in English after a name, a "
        "date, a number or a few words.",
    ),
]


def check_writing(
    *,
    stride: int | None,
    look_ahead: int,
    drafts: bool,
    influence: bool,
    reread: bool = False,
    temperature: float,
    reads_beside: bool,
) -> None:
    """Refuse, before a model is loaded, what does not go together.

    Args:
        stride: tokens from one look-up to the next; None: as the model has it.
        look_ahead: tokens by which a search begins before its neighbors are read.
        drafts: whether the book's continuations are tried as drafts.
        influence: whether each neighbor's influence is measured.
        reread: whether each passage is read alone as well.
        temperature: of the draws; 0: the likeliest token each time.
        reads_beside: whether anything is looked up beside the prompt.

    Raises:
        SettingsError: naming the option.
    """
    if stride is not None and stride < 1:
        raise SettingsError(f"stride {stride}: must be at least 1, and at most the model's chunk length")
    if drafts and temperature > 0:
        raise SettingsError(
            "--drafts needs the likeliest token each time; give --temperature 0, or leave --drafts out"
        )
    if look_ahead < 0:
        raise SettingsError(f"look-ahead {look_ahead}: must be at least 0")
    given = {
        "--stride": stride is not None,
        "--look-ahead": look_ahead > 0,
        "--drafts": drafts,
        "--influence": influence,
        "--reread": reread,
    }
    if not reads_beside and (option := first_given(given)):
        raise SettingsError(
            f"{option} is about what is looked up beside the prompt; leave it out, or --no-retrieval and "
            "--in-prompt"
        )


def check_looked_up(given: Mapping[str, object], *, retrieval: bool) -> None:
    """Refuse, before a model is loaded, what is about look-ups where nothing is looked up.

    Args:
        given: options by their names; None and False: not given.
        retrieval: whether anything is looked up.

    Raises:
        SettingsError: naming the option.
    """
    if not retrieval and (option := first_given(given)):
        raise SettingsError(f"{option} is about what is looked up; leave it out, or --no-retrieval")


def drafts_saved(drafts: "DraftCounts") -> str:
    """Say what drafts saved, in a line."""
    share = drafts.share_accepted
    accepted = "none was proposed" if share is None else f"{share:.0%} of those proposed"
    return f"drafts: {drafts.passes} passes, {drafts.accepted} tokens from the book ({accepted})"
