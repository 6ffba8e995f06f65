"""The arguments and options of what is served, each once."""

from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Address to bind; 0.0.0.0: all, for other machines, too.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="A name by which a proxy before the server answers, such as book.example.com; may be repeated.",
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY", help="Clients must send it; others on this machine can read it from the command line."
    ),
]
ApiKeyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The same, from the first line of a file.")
]
NamedBooks = Annotated[
    list[str] | None,
    typer.Option(
        "--book", metavar="NAME=DB", help="A further book, which requests choose by name; may be repeated."
    ),
]
AllowEdits = Annotated[
    bool, typer.Option("--allow-edits", help="Let clients add, replace and remove documents.")
]
ServedName = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Of the model, for clients. [default: as MODEL ends]"),
]
MaxBatch = Annotated[int, typer.Option(min=1, help="Texts that are written at a time.")]
MaxWaiting = Annotated[int, typer.Option(min=1, help="Texts that may wait; more are told to come again.")]
LongestText = Annotated[int, typer.Option(min=1, help="Longest text that a request may ask for, in tokens.")]

DEFAULT_FOLLOW = 60.0
Follow = Annotated[
    float,
    typer.Option(
        "--follow",
        min=0,
        metavar="SECONDS",
        help="How often to look whether a book at a URL has a newer version, which then is fetched and read; "
        "0: never. A folder is always read at its newest version.",
    ),
]

DEFAULT_KEPT_MIB = 512
KeptMiB = Annotated[
    int,
    typer.Option(
        "--keep-read",
        min=0,
        metavar="MIB",
        help="Memory for what a model that reads its neighbors itself makes of them, so that it need not "
        "read the same ones again, in MiB; 0: none.",
    ),
]
