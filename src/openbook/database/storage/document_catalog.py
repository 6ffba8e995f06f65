"""What readers ask of a catalog, whether it is one file or those of all shards of a book."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import Commit, DocumentRecord, Exclusion
from openbook.database.storage.excluded_chunks import ExcludedChunks


class DocumentCatalog(Protocol):
    """The documents and commits of a database; what each method does is said by `Catalog`."""

    @property
    def path(self) -> Path:
        """The file, which lies in the database's folder."""

    def parts(self, version: int) -> list[tuple[Catalog, int, int]]: ...

    def head(self) -> Commit: ...

    def commits(self) -> list[Commit]: ...

    def history(self, version: int) -> str: ...

    def describe(self, numbers: Sequence[int]) -> list[DocumentRecord]: ...

    def ids(self, numbers: Sequence[int]) -> list[str]: ...

    def live_records(self, ids: Sequence[str]) -> dict[str, DocumentRecord]: ...

    def live(self, ids: Sequence[str]) -> dict[str, str]: ...

    def live_ids(self) -> list[str]: ...

    def uncompared(self) -> set[int]: ...

    def excluded(self) -> list[Exclusion]: ...

    def excluded_chunks(self) -> dict[int, list[ExcludedChunks]]: ...
