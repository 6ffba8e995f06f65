"""What a new database is made with, one that is derived, and how exactly its encoder computes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.options.reading_options import Precision
from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.database import Database

# A new database

NewTokenizer = Annotated[
    str | None,
    typer.Option(
        help="A model's or a tokenizer's name or folder; or train:VOCAB to train a byte-level BPE on the "
        "text. [default: train:16000]"
    ),
]
NewChunkSize = Annotated[int | None, typer.Option(help="Tokens in a chunk. [default: 64]")]

NewEmbedder = Annotated[
    str | None,
    typer.Option(
        help="Name or path of the frozen text encoder; none: words only. [default: all-MiniLM-L6-v2]"
    ),
]
EmbedderPrecision = Annotated[
    Precision,
    typer.Option(
        "--embedder-precision",
        help="Of the encoder's products: bfloat16 takes three fifths of the time on processors that multiply "
        "it, and finds the same but for near ties.",
    ),
]
Holdout = Annotated[
    str | None,
    typer.Option(
        help="Share of documents kept out of retrieval, for evaluation; or a file with one id a line. "
        "[default: 0]"
    ),
]
AllowUnknownHoldout = Annotated[
    bool,
    typer.Option(
        "--allow-unknown-holdout",
        help="The file of held-out ids may name documents that come later; without this they are an error.",
    ),
]
Decontaminate = Annotated[
    bool | None,
    typer.Option(
        "--decontaminate/--no-decontaminate",
        help="Keep near-copies of held-out documents out of retrieval and training. [default: on]",
    ),
]
Deduplicate = Annotated[
    bool | None,
    typer.Option(
        "--deduplicate/--no-deduplicate",
        help="Keep near-copies of earlier documents out of retrieval and training. [default: off]",
    ),
]

# One of another model's tokens

BaseTokenizer = Annotated[
    str, typer.Option(metavar="BASE", help="The model, or its tokenizer: a folder, or a name on the hub.")
]
DerivedFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="A new folder. [default: beside DB, named DB-BASE]")
]
DerivedChunkSize = Annotated[
    int | None, typer.Option(metavar="M", help="Tokens in a chunk. [default: as in DB]")
]

# One that is damaged

Repair = Annotated[bool, typer.Option("--repair", help="Repair what can be made from the other files.")]


def require_vectors(precision: Precision, embedder: str | None) -> None:
    """Refuse a precision where nothing is encoded.

    Args:
        precision: as the user gave it.
        embedder: name of the encoder; None: words only.

    Raises:
        SettingsError: another than the default is asked for.
    """
    if embedder is None and precision != "float32":
        raise SettingsError(
            f"--embedder-precision {precision}: without vectors nothing is encoded; leave it out, or give an "
            "--embedder when the database is built"
        )


def encode_in(database: "Database", precision: Precision) -> None:
    """Have this database's encoder compute in a precision.

    Raises:
        SettingsError: see `require_vectors`.
    """
    require_vectors(precision, database.settings.embedder)
    if precision != "float32":
        database.encode_in(precision)
