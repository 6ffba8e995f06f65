"""Making the database that `openbook build` names, or opening it if it is there with these settings."""

from pathlib import Path

from openbook.cli.checked_sources import Sources, make_tokenizer
from openbook.database import Database
from openbook.database.search.embedder import DEFAULT_EMBEDDER
from openbook.database.storage.catalog_reading import FILE_NAME
from openbook.errors import DatabaseError, SettingsError
from openbook.text import load_tokenizer


def create_or_open(
    path: Path,
    reader: Sources,
    *,
    tokenizer: str | None,
    embedder: str | None,
    chunk_size: int | None,
    holdout: str | None,
    decontaminate: bool | None,
    deduplicate: bool | None,
) -> Database:
    """Open the database if it is there with these settings, else make it.

    Args:
        path: of the database.
        reader: to train a tokenizer on.
        tokenizer: None: the database's own, or a new one.
        embedder: None: the database's own, or the default; "none": lexical only.
        chunk_size: None: the database's own, or 64.
        holdout: a share, or a file of ids. None: the database's own, or no document.
        decontaminate: None: the database's own, or True.
        deduplicate: None: the database's own, or False.

    Raises:
        DatabaseError: it has other settings.
        SettingsError: `holdout` is neither a number nor a file.
    """
    held_out = None if holdout is None else _holdout(holdout)
    if (path / FILE_NAME).exists():
        database = Database.open(path)
        asked: dict[str, object] = {
            "chunk_size": chunk_size,
            "decontaminate": decontaminate,
            "deduplicate": deduplicate,
        }
        if isinstance(held_out, tuple):
            asked["holdout_ids"] = held_out
        else:
            asked["holdout"] = held_out
        _refuse_other_settings(database, tokenizer, embedder, asked)
        return database
    return Database.create(
        path,
        tokenizer=make_tokenizer(tokenizer or "train:16000", reader),
        embedder=None if embedder == "none" else embedder or DEFAULT_EMBEDDER,
        chunk_size=64 if chunk_size is None else chunk_size,
        holdout=0.0 if held_out is None else held_out,
        decontaminate=decontaminate is not False,
        deduplicate=deduplicate is True,
    )


def _holdout(given: str) -> float | tuple[str, ...]:
    """A share of the documents, or the ids in a file, one a line."""
    try:
        return float(given)
    except ValueError:
        pass
    try:
        lines = Path(given).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"--holdout {given}: neither a share between 0 and 1 nor a file of ids, one a line ({error})"
        ) from error
    ids = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not ids:
        raise SettingsError(f"--holdout {given}: the file holds no id")
    return ids


def _refuse_other_settings(
    database: Database, tokenizer: str | None, embedder: str | None, wanted: dict[str, object]
) -> None:
    asked = {name: value for name, value in wanted.items() if value is not None}
    if embedder is not None:
        asked["embedder"] = None if embedder == "none" else embedder
    if tokenizer is not None and tokenizer.startswith("train:"):
        asked["tokenizer"] = tokenizer
    elif tokenizer is not None:
        asked["tokenizer_fingerprint"] = load_tokenizer(tokenizer).fingerprint
    differences = database.settings.differences(**asked)
    if differences:
        raise DatabaseError(
            f"{database.path}: exists with other settings: {'; '.join(differences)}; "
            "leave these options out to go on with it, or choose another folder"
        )
