"""The verb that derives a database for a model with another tokenizer."""

from pathlib import Path
from typing import Annotated

import typer

from openbook.cli.console import bar, note, print_json, print_line
from openbook.cli.verbs.maintain import DatabaseArgument, Json


def retokenize(
    db: DatabaseArgument,
    tokenizer: Annotated[
        str, typer.Option(metavar="BASE", help="The model, or its tokenizer: a folder, or a name on the hub.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A new folder. [default: beside DB, named DB-BASE]"),
    ] = None,
    chunk_size: Annotated[
        int | None, typer.Option(metavar="M", help="Tokens in a chunk. [default: as in DB]")
    ] = None,
    json: Json = False,
) -> None:
    """Derive a database for a model with another tokenizer; chunks keep their texts and vectors.

    Example: openbook retokenize mybook --tokenizer HuggingFaceTB/SmolLM2-135M
    """
    from openbook.database import Database
    from openbook.database import retokenize as derive
    from openbook.errors import SettingsError

    if tokenizer.startswith("train:"):
        raise SettingsError(f"tokenizer {tokenizer!r}: give the model that is to read the database")
    folder = _beside(db, tokenizer) if output is None else output
    database = Database.open(db)
    try:
        with bar("tokenizing") as progress:
            report = derive(database, folder, tokenizer, chunk_size=chunk_size, tell=note, progress=progress)
    except KeyboardInterrupt:
        note("nothing is left of what was done; the same command begins anew")
        raise
    if json:
        print_json(report)
    else:
        print_line(str(report.output))


def _beside(db: Path, tokenizer: str) -> Path:
    """DB-BASE, where BASE is the last part of the tokenizer's name."""
    place = Path(tokenizer).resolve()
    name = place.parent.name if place.is_file() else place.name
    return (db if db.name else db.resolve()).with_name(f"{db.resolve().name}-{name}")
