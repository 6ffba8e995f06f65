"""What a database holds, in numbers: documents, chunks, tokens, bytes, its indexes and its neighbor table.

Counted from the layout and from what files say of themselves; no text is read, no index is loaded, and
whether anything is damaged is not known here, see `verify`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openbook.database.search.analyzer import WordAnalyzer
from openbook.database.search.dense_store import is_large, stored_index
from openbook.database.search.lexical import version_of_words
from openbook.database.shards.book_files import BookFiles
from openbook.database.shards.book_manifest import BookManifest, is_sharded
from openbook.database.shards.joined_index import joined_digest
from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import Commit
from openbook.database.storage.files import Files
from openbook.database.storage.layout import ChunkLayout
from openbook.database.storage.neighbor_files import table_stamp
from openbook.database.storage.settings import DatabaseSettings
from openbook.errors import DatabaseError
from openbook.search_modes import SearchMode


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighborsInfo:
    """What is known of a neighbor table."""

    state: Literal["current", "stale", "book missing", "damaged"]
    """stale: of another version of the database, or of its book, than theirs now."""
    mode: SearchMode | None = None
    """Of the search; None, as all that follows, of a damaged table."""
    k: int | None = None
    """Neighbors of each chunk."""
    version: int | None = None
    """Of the database that it was computed for."""
    book: Path | None = None
    """The other database that the neighbors are chunks of; None: they are chunks of the database itself."""
    book_version: int | None = None
    """Of that database, when the table was computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsInfo:
    """What is known of the index of words."""

    state: Literal["current", "older", "newer", "damaged"]
    """Of what lies in the folder now: a version that is held searches what it has open, though a compaction
    took it away. older: an earlier analyzer made it, and who next opens the database for writing makes it
    again."""
    version: int | None = None
    """Of the analyzer, of several shards the lowest; None of what is missing or damaged."""


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """What `openbook info` prints."""

    documents: int
    """Live ones, held-out and excluded ones included."""
    chunks: int
    """Of live documents."""
    version: int
    tokenizer: str
    vocabulary: int
    """Tokens that the tokenizer knows."""
    embedder: str | None
    embedder_source: str | None
    chunk_size: int
    holdout_documents: int
    excluded_documents: int
    """Kept out of retrieval and training, because they nearly equal held-out or earlier ones."""
    partly_excluded_chunks: int
    """Kept out of retrieval, of documents that are not excluded themselves."""
    removed_chunks: int
    """Whose space `compact` reclaims."""
    dense_index: str | None
    """`exact`, or faiss' name of the index; None in a lexical-only database."""
    recall_at_10: float | None
    """Of the dense index against exact search, measured when it was built."""
    words: WordsInfo
    neighbors: NeighborsInfo | None
    """None if there is no neighbor table."""
    tokens: int
    bytes: int
    """Of text, in UTF-8."""
    disk: dict[str, int]
    """Bytes of each part of the folder."""
    shards: int | None = None
    """Of a sharded book, with those that are missing; None: it is one database."""
    missing_shards: tuple[str, ...] = ()
    """Those that are missing or damaged, and of which nothing is counted."""


def describe(
    settings: DatabaseSettings,
    layout: ChunkLayout,
    files: Files,
    *,
    vocabulary: int,
    words_version: int | None = None,
) -> DatabaseInfo:
    """Count and measure what one version holds.

    Args:
        settings: of the database.
        layout: of the version.
        files: of its generation.
        vocabulary: tokens that its tokenizer knows.
        words_version: of the index of words that the version has open; None: as the folder says.
    """
    retrieved = layout.count(holdout=False)
    held_out = layout.count(holdout=True)
    index, recall = _dense_index(settings, layout, files)
    chunks = retrieved["chunks"] + held_out["chunks"]
    absent = int(layout.document_chunks[layout.number < 0].sum())  # of missing shards
    return DatabaseInfo(
        documents=retrieved["documents"] + held_out["documents"],
        chunks=chunks,
        version=layout.version,
        tokenizer=settings.tokenizer,
        vocabulary=vocabulary,
        embedder=settings.embedder,
        embedder_source=settings.embedder_source,
        chunk_size=settings.chunk_size,
        holdout_documents=held_out["documents"],
        excluded_documents=int((layout.live & layout.excluded).sum()),
        partly_excluded_chunks=_partly_excluded(layout),
        removed_chunks=layout.num_chunks - chunks - absent,
        dense_index=index,
        recall_at_10=recall,
        words=_stored_words(files) if words_version is None else _words_of(words_version),
        neighbors=_neighbors(layout, files),
        tokens=retrieved["tokens"] + held_out["tokens"],
        bytes=retrieved["bytes"] + held_out["bytes"],
        disk=files.sizes(),
    )


def _dense_index(
    settings: DatabaseSettings, layout: ChunkLayout, files: Files
) -> tuple[str | None, float | None]:
    if not settings.embedding_size:
        return None, None
    if isinstance(files, BookFiles):
        if not is_large(layout):
            return "exact", 1.0
        names, recalls = zip(*map(_stored_index, files.shards), strict=True)
        known = [recall for recall in recalls if recall is not None]
        together = _recall_together(files)
        return ", ".join(dict.fromkeys(names)), min(known, default=None) if together is None else together
    return _stored_index(files)


def _recall_together(files: BookFiles) -> float | None:
    """Of the shards' indexes as one; None: that was not measured, or not of these."""
    if files.effort is None or not files.effort.nprobe:
        return None
    try:
        stored = [stored_index(shard.dense) for shard in files.shards]
    except DatabaseError:
        return None
    digests = [found.digest for found in stored if found is not None]
    return files.effort.recall_at_10 if files.effort.indexes == joined_digest(digests) else None


def _stored_index(files: Files) -> tuple[str, float | None]:
    try:
        found = stored_index(files.dense)
    except DatabaseError:
        return "damaged", None
    return ("exact", 1.0) if found is None else (found.name, found.recall_at_10)


def _stored_words(files: Files) -> WordsInfo:
    parts = files.shards if isinstance(files, BookFiles) else (files,)
    versions = []
    for part in parts:
        try:
            version = version_of_words(part.lexical)
        except DatabaseError:
            version = None
        if version is None or not part.lexical.is_dir():
            return WordsInfo(state="damaged")
        versions.append(version)
    return _words_of(min(versions))


def _words_of(version: int) -> WordsInfo:
    today = WordAnalyzer.version
    state: Literal["current", "older", "newer"] = "older" if version < today else "newer"
    return WordsInfo(state="current" if version == today else state, version=version)


def _neighbors(layout: ChunkLayout, files: Files) -> NeighborsInfo | None:
    try:
        stamp = table_stamp(files.neighbors)
    except DatabaseError:
        return NeighborsInfo(state="damaged")
    if stamp is None:
        return None
    state: Literal["current", "stale", "book missing"]
    state = "current" if stamp.version == layout.version else "stale"
    place = None if stamp.book is None else stamp.book.place(files.folder)
    if stamp.book is not None and place is not None:
        try:
            state = state if _head_of(place).version == stamp.book.version else "stale"
        except DatabaseError:
            state = "book missing"
    return NeighborsInfo(
        state=state,
        mode=stamp.mode,
        k=stamp.k,
        version=stamp.version,
        book=place,
        book_version=None if stamp.book is None else stamp.book.version,
    )


def _head_of(place: Path) -> Commit:
    return BookManifest.read(place).head if is_sharded(place) else Catalog(place).head()


def _partly_excluded(layout: ChunkLayout) -> int:
    partly = layout.partly_excluded
    return 0 if partly is None else int(partly.sum())
