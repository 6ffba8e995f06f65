"""The option of a book that is read without some of its shards, and what is said of them."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openbook.cli.console import note
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.database import Version

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


def note_missing_shards(database: "Version") -> None:
    """Say which shards a book is read without; nothing where it has all."""
    if missing := database.missing_shards:
        note(
            f"warning: read without {counted(len(missing), 'shard')} ({', '.join(missing)}), "
            "of which nothing is found"
        )


def said_of_shards(database: "Version", *, allowed: bool) -> dict[str, Any]:
    """What a JSON value says of missing shards, where they are allowed to be."""
    return {"missing_shards": list(database.missing_shards)} if allowed else {}
