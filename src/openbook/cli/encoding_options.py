"""The options of the frozen encoder: which one a database gets, and how exactly it computes."""

from typing import TYPE_CHECKING, Annotated

import typer

from openbook.cli.reading_options import Precision
from openbook.errors import SettingsError

if TYPE_CHECKING:
    from openbook.database import Database

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
