"""Making a database's folder: catalog, settings, tokenizer and an empty lexical index."""

from pathlib import Path
from typing import Any

from openbook.database.search.embedder import Embedder
from openbook.database.search.lexical import LexicalIndex
from openbook.database.storage.catalog import FILE_NAME, UNFINISHED_NAME, Catalog
from openbook.database.storage.database_folder import DatabaseFolder
from openbook.database.storage.manifest import write_manifest
from openbook.database.storage.sealed import naming_errors
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError
from openbook.text import Tokenizer, load_tokenizer

_INTERRUPTED = {"tokenizer", "lexical", UNFINISHED_NAME, f"{UNFINISHED_NAME}-journal"}
"""What making a database leaves behind when it is killed: the next try may write over it."""


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
        DatabaseError: the folder holds something, or cannot be written to.
        SettingsError: a setting out of range, a tokenizer that cannot be loaded.
    """
    if (folder / FILE_NAME).exists():
        raise DatabaseError(f"{folder}: is a database already; open it, or choose another folder")
    if folder.exists() and not (folder.is_dir() and {p.name for p in folder.iterdir()} <= _INTERRUPTED):
        raise DatabaseError(f"{folder}: exists and is no database; choose another folder")
    if isinstance(tokenizer, str):
        tokenizer = load_tokenizer(tokenizer)
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
        tokenizer.save(folder / "tokenizer")
        LexicalIndex(folder / "lexical")
        Catalog.create(folder, complete.to_dict())
    catalog = Catalog(folder)
    write_manifest(catalog)
    return DatabaseFolder(folder, catalog, complete, tokenizer)
