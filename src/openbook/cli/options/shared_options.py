"""What verbs of all kinds take: the database, the model, JSON, and books without some of their shards."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of lines.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]

DatabaseArgument = Annotated[
    Path, typer.Argument(metavar="DB", help="Folder of the database; to read it, also its URL.")
]
ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a trained model.")]

_OPTION = "--allow-missing-shards"
_ADVICE = f", or go on without it: {_OPTION}"
"""What is said of a missing shard wherever a book is opened; see `open_book`."""

AllowMissingShards = Annotated[
    bool,
    typer.Option(
        _OPTION,
        help="Go on without shards of a book that are missing or damaged; what they hold is not found.",
    ),
]


def advice_for(message: str, options: Collection[str]) -> str:
    """An error's message without the advice to give this option, where a verb has other options alone."""
    return message if _OPTION in options else message.replace(_ADVICE, "")
