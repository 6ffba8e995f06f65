"""The verb `retokenize`: derive a database for a model with another tokenizer."""

from pathlib import Path

from openbook.cli.bars import bar
from openbook.cli.console import note
from openbook.cli.options.database_options import BaseTokenizer, DerivedChunkSize, DerivedFolder
from openbook.cli.options.shared_options import DatabaseArgument, Json
from openbook.cli.output import print_retokenized
from openbook.errors import SettingsError


def retokenize(
    db: DatabaseArgument,
    tokenizer: BaseTokenizer,
    output: DerivedFolder = None,
    chunk_size: DerivedChunkSize = None,
    json: Json = False,
) -> None:
    """Derive a database for a model with another tokenizer; chunks keep their texts and vectors.

    Example: openbook retokenize mybook --tokenizer HuggingFaceTB/SmolLM2-135M-Instruct
    """
    from openbook.database import Database
    from openbook.database import retokenize as derive
    from openbook.database.retokenize.retokenize import made_before

    if tokenizer.startswith("train:"):
        raise SettingsError(f"tokenizer {tokenizer!r}: give the model that is to read the database")
    folder = _beside(db, tokenizer) if output is None else output
    database = Database.open(db)
    if (before := made_before(database, folder, tokenizer, chunk_size=chunk_size)) is not None:
        note(f"{folder}: was complete already")
        print_retokenized(before, json=json)
        return
    try:
        with bar("tokenizing") as progress:
            report = derive(database, folder, tokenizer, chunk_size=chunk_size, tell=note, progress=progress)
    except KeyboardInterrupt:
        note("nothing is left of what was done; the same command begins again")
        raise
    print_retokenized(report, json=json)


def _beside(db: Path, tokenizer: str) -> Path:
    """DB-BASE, where BASE is the last part of the tokenizer's name."""
    place = Path(tokenizer).resolve()
    name = place.parent.name if place.is_file() else place.name
    database = db.resolve()
    parent = db.parent if db.name else database.parent
    return parent / f"{database.name}-{name}"
