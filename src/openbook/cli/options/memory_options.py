"""The options of a text's own memory, of the verbs that write and of the evaluation."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.options.option_checks import first_given
from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.generation.memory import Memory
    from openbook.text import Tokenizer

RememberText = Annotated[
    bool,
    typer.Option(
        "--remember",
        help="Add what leaves the window to a book of its own, of words alone, and look it up from then on: "
        "k neighbors beside those of the database, or with --no-retrieval alone.",
    ),
]
MemoryFolder = Annotated[
    Path | None,
    typer.Option(
        "--memory",
        metavar="DIR",
        help="As --remember, in this folder, which stays and is read again next time. [default: a temporary "
        "one]",
        show_default=False,
    ),
]
WindowTokens = Annotated[
    int | None,
    typer.Option(
        "--window",
        metavar="TOKENS",
        help="Read so many tokens at a time, whole chunks: where the text has become so long, its first half "
        "leaves. [default: all of it; with --remember as in training]",
        show_default=False,
    ),
]
ChatWindow = Annotated[
    int | None,
    typer.Option(
        "--window",
        metavar="TOKENS",
        help="Leave out the first turns where the conversation is longer than this. [default: what the model "
        "has room for]",
        show_default=False,
    ),
]
MeasureMemory = Annotated[
    bool,
    typer.Option(
        "--remember",
        help="Measure also what each document gains from looking up its own past, what has left the window: "
        "chunks of the same document are the neighbors here.",
    ),
]


def check_memory(
    remember: bool, folder: Path | None, window: int | None, others: Mapping[str, object] | None = None
) -> bool:
    """Refuse, before a model is loaded, what a text with a window or a memory cannot have.

    Args:
        remember: whether what leaves is remembered, in a temporary folder.
        folder: for it; None: none was named.
        window: in tokens; None: not named.
        others: options that need all of the text, by their names; None and False: not given.

    Returns:
        Whether there is a memory.

    Raises:
        SettingsError: naming the option.
    """
    if window is not None and window < 2:
        raise SettingsError(f"--window {window}: must be at least two chunks of the model")
    remembers = remember or folder is not None
    if not remembers and window is None:
        return False
    if other := first_given(others or {}):
        ours = "--window" if not remembers else "--memory" if folder is not None else "--remember"
        raise SettingsError(f"{ours} does not go with {other}; leave one of them out")
    return remembers


@contextmanager
def memory_of(
    remembers: bool, folder: Path | None, tokenizer: "Tokenizer", chunk_size: int
) -> "Iterator[Memory | None]":
    """Open a text's memory for the time of a command; a temporary one is deleted after it.

    Raises:
        DatabaseError: the folder holds something else.
        MismatchError: it is the memory of another model's text.
    """
    from openbook.database.storage.database_folder import require_outside_databases
    from openbook.generation.memory import Memory

    if not remembers:
        yield None
        return
    if folder is not None:
        require_outside_databases(folder, SettingsError)
    with Memory(tokenizer, chunk_size, folder) as memory:
        yield memory
