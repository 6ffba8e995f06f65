"""Making a database's folder: catalog, settings, tokenizer and an empty lexical index."""

import warnings
from pathlib import Path
from typing import Any

from openbook.database.search.embedder import Embedder
from openbook.database.search.lexical import LexicalIndex
from openbook.database.storage.catalog import UNFINISHED_NAME, Catalog
from openbook.database.storage.database_folder import (
    DatabaseFolder,
    is_database,
    require_outside_databases,
)
from openbook.database.storage.manifest import write_manifest
from openbook.database.storage.remote_folder import require_no_url
from openbook.database.storage.sealed import naming_errors
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError, type_error
from openbook.lock import take_lock
from openbook.text import Tokenizer, load_tokenizer

_TOKENS_AT_THE_ENDS = 2
"""That an encoder adds to a text."""
_LOCK = "write.lock"
_LEFT_BY_A_KILL = {_LOCK, "tokenizer", "lexical", UNFINISHED_NAME, f"{UNFINISHED_NAME}-journal"}
"""What making a database leaves behind when it is killed. The next try may write over it where the unfinished
catalog, which is there from first to last, says that it is ours."""


def create_folder(
    folder: Path, tokenizer: Tokenizer | str, embedder: Embedder | None, **settings: Any
) -> DatabaseFolder:
    """Make a database without documents.

    Args:
        folder: does not exist or is empty.
        tokenizer: its name or path, or one that is loaded.
        embedder: None: lexical only.
        settings: the other fields of `DatabaseSettings`.

    Raises:
        DatabaseError: the folder holds something, another process makes one there, or it cannot be written.
        SettingsError: a setting out of range, a tokenizer that cannot be loaded.
    """
    require_free(folder)
    if embedder is not None:
        warn_of_long_chunks(settings.get("chunk_size", 0), embedder.name, embedder.longest)
    tokenizer = given_tokenizer(tokenizer)
    complete = DatabaseSettings(
        tokenizer=tokenizer.name,
        tokenizer_fingerprint=tokenizer.fingerprint,
        embedder=embedder.name if embedder else None,
        embedder_source=embedder.source if embedder else None,
        embedder_fingerprint=embedder.fingerprint if embedder else None,
        embedding_size=embedder.size if embedder else 0,
        **settings,
    )
    with naming_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = take_lock(folder / _LOCK)
    try:
        require_free(folder)  # another process may have been faster
        return _write(folder, complete, tokenizer)
    finally:
        lock.release()


def given_tokenizer(tokenizer: Tokenizer | str) -> Tokenizer:
    """Load a tokenizer, unless it is loaded already.

    Raises:
        SettingsError: it cannot be loaded.
        TypeError: it is neither a name nor one of ours.
    """
    if isinstance(tokenizer, str):
        return load_tokenizer(tokenizer)
    if not isinstance(tokenizer, Tokenizer):
        raise type_error(
            tokenizer, "a name or path", where="tokenizer", remedy="give it as a str, or load_tokenizer(name)"
        )
    return tokenizer


def warn_of_long_chunks(chunk_size: int, embedder: str, longest: int | None) -> None:
    """What an encoder does not read of a chunk, dense search cannot find.

    Args:
        chunk_size: M.
        embedder: its name.
        longest: tokens that it reads, see `Embedder.longest`.
    """
    if longest is None:
        return
    read = longest - _TOKENS_AT_THE_ENDS
    if chunk_size > read:
        warnings.warn(
            f"chunk size {chunk_size}: the embedder {embedder} reads some {read} tokens of a chunk, and "
            f"the rest is in no vector; choose chunks of {read} or less, or an embedder that reads more",
            stacklevel=3,
        )


def require_free(folder: Path) -> None:
    """Refuse a folder in which no database can be made.

    Raises:
        DatabaseError: it is a URL, a database, lies in one, or holds anything but what a killed try left.
    """
    require_no_url(folder)
    if is_database(folder):
        raise DatabaseError(f"{folder}: is a database already; open it, or choose another folder")
    names: set[str] = set()
    with naming_errors(folder):
        if folder.is_dir():
            names = {path.name for path in folder.iterdir()}
    is_foreign = names - _LEFT_BY_A_KILL or (names - {_LOCK} and UNFINISHED_NAME not in names)
    if is_foreign or (folder.exists() and not folder.is_dir()):
        raise DatabaseError(f"{folder}: exists and is not a database; choose another folder")
    require_outside_databases(folder, DatabaseError)


def _write(folder: Path, settings: DatabaseSettings, tokenizer: Tokenizer) -> DatabaseFolder:
    """Write the files; the catalog comes last, complete or absent."""
    with naming_errors(folder):
        (folder / UNFINISHED_NAME).touch()
        tokenizer.save(folder / "tokenizer")
        LexicalIndex(folder / "lexical")
        Catalog.create(folder, settings.to_dict())
    catalog = Catalog(folder)
    write_manifest(catalog)
    return DatabaseFolder(folder, catalog, settings, tokenizer)
