"""A sharded book's folder, opened: the manifest, and the shards at the versions that it names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from openbook.database.search.indexes import Indexes
from openbook.database.search.tantivy_files import damaged_segments
from openbook.database.shards.book_catalog import BookCatalog
from openbook.database.shards.book_files import BookFiles
from openbook.database.shards.book_indexes import BookIndexes, OpenedShard
from openbook.database.shards.book_layout import book_layout
from openbook.database.shards.book_manifest import BookManifest, ShardEntry, is_sharded
from openbook.database.shards.fetched_book import fetched_copy
from openbook.database.shards.held_catalog import HeldCatalog
from openbook.database.shards.sharded_rows import ShardedRows
from openbook.database.storage.catalog import FILE_NAME
from openbook.database.storage.database_folder import DatabaseFolder, OpenedFolder, open_folder
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.remote_folder import url_of
from openbook.database.storage.sealed import database_of
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError, OpenbookError, SettingsError, type_error
from openbook.phrases import command
from openbook.text import Tokenizer, load_tokenizer

_TRIES = 5


@dataclass(frozen=True)
class BookFolder(OpenedFolder):
    """What `DatabaseFolder` is to one database, at one version of the book."""

    catalog: BookCatalog
    manifest: BookManifest = field(kw_only=True)
    shards: Mapping[int, OpenedShard] = field(kw_only=True)
    """By their places; without those that are missing."""
    missing: Mapping[str, str] = field(kw_only=True)
    """What is wrong with each missing shard, by its folder."""
    allow_missing: bool = field(kw_only=True)

    def newest(self) -> "BookFolder":
        """The same at the newest version."""
        return open_book(self.path, allow_missing_shards=self.allow_missing, before=self)

    def layout(self) -> ChunkLayout:
        """Which chunk is of which document."""
        lengths = None
        if self.settings.stores_lengths:
            stored = {
                place: shard.files.lengths.rows(shard.layout.num_chunks)
                for place, shard in self.shards.items()
                if shard.files.lengths is not None
            }
            lengths = ShardedRows.of(self.path, self.manifest.numbers, stored, self._names)
        return book_layout(
            self.manifest.head.version,
            self.manifest.numbers,
            {place: shard.layout for place, shard in self.shards.items()},
            chunk_size=self.settings.chunk_size,
            stored_lengths=lengths,
            commits_of=self.manifest.commits_of,
        )

    @property
    def _names(self) -> list[str]:
        return [shard.folder for shard in self.manifest.shards]

    def tokens(self) -> ShardedRows:
        """[num_chunks, M]."""
        parts = {place: shard.tokens for place, shard in self.shards.items()}
        return ShardedRows.of(self.path, self.manifest.numbers, parts, self._names)

    def vectors(self) -> ShardedRows | None:
        """float16 [num_chunks, E]; None in a lexical-only book."""
        parts = {place: shard.vectors for place, shard in self.shards.items() if shard.vectors is not None}
        return ShardedRows.of(self.path, self.manifest.numbers, parts, self._names) if parts else None

    def book_files(self) -> BookFiles:
        """What stands where."""
        return BookFiles.of_shards(
            self.path,
            self.settings,
            vocab_size=self.tokenizer.vocab_size,
            generation=self.manifest.head.generation,
            shards=tuple(shard.files for shard in self.shards.values()),
            effort=self.manifest.effort,
        )

    def with_indexes(self, before: Indexes | None = None) -> tuple["BookFolder", BookIndexes]:
        """Open the indexes, dense and lexical, over all shards; see `BookIndexes`.

        Commits may have come since the manifest was read, and have deleted shards that it names: then the
        indexes of the newest version are opened.

        Returns:
            The folder at the version that the indexes are of, and these.
        """
        folder = self
        for tries_left in reversed(range(_TRIES)):
            manifest = folder.manifest
            indexes = BookIndexes(
                folder.path, folder.shards, manifest.numbers, folder.vectors(), before, manifest.effort
            )
            if indexes.has_words or not tries_left or BookManifest.read(self.path) == manifest:
                break
            folder = folder.newest()
        return folder, indexes


def open_book(
    path: Path,
    *,
    allow_missing_shards: bool = False,
    to_change: bool = False,
    before: BookFolder | None = None,
) -> BookFolder:
    """Open a sharded book.

    Args:
        path: its folder.
        allow_missing_shards: go on without shards that are missing or damaged, if one is sound.
        to_change: for this all shards are needed, so errors do not advise to go on without one.
        before: the book as it was opened before: what has not changed is taken from it.

    Raises:
        DatabaseError: there is no book, its manifest is damaged; a shard is missing or damaged.
    """
    for tries_left in reversed(range(_TRIES)):
        manifest = BookManifest.read(path)
        is_same = before is not None and before.settings == manifest.settings
        tokenizer = before.tokenizer if before and is_same else _tokenizer(path, manifest.settings)
        shards: dict[int, OpenedShard] = {}
        missing: dict[str, str] = {}
        for place, entry in enumerate(manifest.shards):
            if before and (held := _held(before, place, entry)):
                shards[place] = held
                continue
            try:
                shards[place] = open_shard(
                    path / entry.folder, entry, manifest.settings, tokenizer, check=allow_missing_shards
                )
            except OpenbookError as error:
                missing[entry.folder] = str(error)
        if missing and tries_left and BookManifest.read(path) != manifest:
            continue  # a writer has put others in their place meanwhile
        break
    if missing and (not allow_missing_shards or not shards):
        name, problem = next(iter(missing.items()))
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        advice = "restore it from a copy"
        if shards and not to_change:
            advice += ", or go on without it: --allow-missing-shards"
        raise DatabaseError(f"{path}: the shard {name}{others} cannot be read: {problem}; {advice}")
    catalogs = {place: shard.folder.catalog for place, shard in shards.items()}
    return BookFolder(
        path,
        BookCatalog(path, manifest, catalogs),
        manifest.settings,
        tokenizer,
        manifest=manifest,
        shards=shards,
        missing=missing,
        allow_missing=allow_missing_shards,
    )


def _held(before: BookFolder, place: int, entry: ShardEntry) -> OpenedShard | None:
    """A shard that is open and still there, in the folder in which nothing changes."""
    if place >= len(before.manifest.shards) or before.manifest.shards[place] != entry:
        return None
    found = before.shards.get(place)
    return found if found is not None and found.folder.catalog.path.is_file() else None


def open_shard(
    path: Path, entry: ShardEntry, wanted: DatabaseSettings, tokenizer: Tokenizer, *, check: bool = False
) -> OpenedShard:
    """Open a shard at the version that the manifest names.

    Args:
        path: its folder.
        entry: what the manifest says of it.
        wanted: the settings of the book.
        tokenizer: of the book.
        check: compare the files of the lexical index with their checksums now, not when it is first used.

    Raises:
        DatabaseError: it is missing, damaged, or not what the manifest says.
    """
    if not (path / FILE_NAME).is_file():  # else the catalog would say how one is made
        raise DatabaseError(f"{path}: there is no such shard any more")
    catalog = HeldCatalog(path)
    settings = DatabaseSettings.from_dict(catalog.settings(), where=str(path))
    head = catalog.head()
    if (head.version, catalog.history(head.version)) != (entry.version, entry.history):
        raise DatabaseError(
            f"{path}: is at version {head.version} of {catalog.history(head.version)}, and the book names "
            f"version {entry.version} of {entry.history}: it was changed or replaced by itself"
        )
    names = {"tokenizer", "embedder", "embedder_source"}
    same = {name: value for name, value in wanted.to_dict().items() if name not in names}
    if different := settings.differences(**same):
        raise DatabaseError(f"{path}: its {different[0]}: it is not of this book")
    folder = DatabaseFolder(path, catalog, settings, tokenizer)
    snapshot = catalog.snapshot()
    files = folder.files(head.generation)
    layout = files.layout(snapshot)
    if check:
        for file, problem in damaged_segments(files.lexical):
            again = command("verify", database_of(path), "--repair")
            raise DatabaseError(f"{file}: {problem}; repair it: {again}")
    return OpenedShard(
        folder=folder,
        files=files,
        layout=layout,
        tokens=files.tokens.rows(layout.num_chunks),
        vectors=None if files.vectors is None else files.vectors.rows(layout.num_chunks),
    )


def _tokenizer(book: Path, settings: DatabaseSettings) -> Tokenizer:
    try:
        tokenizer = load_tokenizer(str(book / "tokenizer"))
    except SettingsError as error:
        raise DatabaseError(
            f"{book / 'tokenizer'}: is missing or damaged; restore it from a copy ({error})"
        ) from error
    if not tokenizer.has_fingerprint(settings.tokenizer_fingerprint):
        raise DatabaseError(
            f"{book / 'tokenizer'}: not the tokenizer that the book was made with; restore it from a copy"
        )
    return tokenizer


def local_folder(path: Path) -> Path:
    """The same folder; of a URL the copy on this machine, brought to the newest version.

    Raises:
        DatabaseError: see `fetched_copy`.
    """
    url = url_of(path)
    return path if url is None else fetched_copy(url)


def open_any(path: str | PathLike[str], *, allow_missing_shards: bool = False) -> DatabaseFolder | BookFolder:
    """Open the folder of a database, or of a sharded book, also by its URL.

    Raises:
        DatabaseError: see `open_folder`, `open_book` and `fetched_copy`.
        TypeError: it is no path.
    """
    if not isinstance(path, str | PathLike):
        raise type_error(path, "a path", where="path", remedy="give the folder of a database")
    path = local_folder(Path(path))
    if is_sharded(path):
        return open_book(path, allow_missing_shards=allow_missing_shards)
    return open_folder(path)
