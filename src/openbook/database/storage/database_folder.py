"""A database's folder, opened: catalog, settings and tokenizer, all there or an error."""

from dataclasses import dataclass
from pathlib import Path

from openbook.database.storage.catalog import FILE_NAME, Catalog
from openbook.database.storage.document_catalog import DocumentCatalog
from openbook.database.storage.files import Files
from openbook.database.storage.sealed import BOOK
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError, MismatchError, OpenbookError, SettingsError
from openbook.text import Tokenizer, load_tokenizer


@dataclass(frozen=True)
class OpenedFolder:
    """What a database and a sharded book have, opened."""

    path: Path
    catalog: DocumentCatalog
    settings: DatabaseSettings
    tokenizer: Tokenizer


@dataclass(frozen=True)
class DatabaseFolder(OpenedFolder):
    """What all versions of a database share."""

    catalog: Catalog

    def files(self, generation: int) -> Files:
        """The arrays and indexes of a generation."""
        return Files.of(self.path, self.settings, vocab_size=self.tokenizer.vocab_size, generation=generation)


def require_outside_databases(folder: Path, error: type[OpenbookError]) -> None:
    """Refuse a place inside a database, whose files are its own, for something else.

    Args:
        folder: there or not.
        error: what to raise.
    """
    for parent in folder.absolute().parents:
        if is_database(parent) and (parent / "tokenizer").is_dir():
            raise error(f"{folder}: lies in the database {parent}; choose a folder outside of it")


def is_database(folder: Path) -> bool:
    """Whether a folder holds a database or a sharded book."""
    return (folder / FILE_NAME).is_file() or (folder / BOOK).is_file()


def require_no_shard(folder: Path) -> None:
    """Refuse to write to a database that is a shard: its book would not know of it.

    Raises:
        DatabaseError: it lies in a sharded book.
    """
    if (folder.absolute().parent / BOOK).is_file():
        raise DatabaseError(
            f"{folder}: is a shard of the book {folder.absolute().parent}, which alone may change it; add to "
            "the book, or remove from it"
        )


def open_folder(path: Path) -> DatabaseFolder:
    """Open what `create_folder` made.

    Raises:
        DatabaseError: there is no database, or it is damaged.
        MismatchError: its tokenizer's files are not those it was made with.
    """
    catalog = Catalog(path)
    settings = DatabaseSettings.from_dict(catalog.settings(), where=str(path))
    if not (path / "tokenizer" / "tokenizer.json").is_file():
        raise DatabaseError(f"{path}: its tokenizer/tokenizer.json is missing; restore it from a copy")
    try:
        tokenizer = load_tokenizer(str(path / "tokenizer"))
    except SettingsError as error:
        raise DatabaseError(f"{path / 'tokenizer'}: is damaged; restore it from a copy ({error})") from error
    if not tokenizer.has_fingerprint(settings.tokenizer_fingerprint):
        raise MismatchError(
            f"{path / 'tokenizer'}: not the tokenizer that the database was made with; restore it from a copy"
        )
    return DatabaseFolder(path, catalog, settings, tokenizer)
