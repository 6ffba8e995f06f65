"""What is excluded for the sake of documents of another shard, and how it comes back."""

from pathlib import Path

import pytest

from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.excluded_chunks import ExcludedChunks
from openbook.database.storage.excluded_documents import (
    bring_back,
    excluded_documents,
    has_copies_of,
    live_numbers,
)

FOREIGN = 10**13


def record(name: str, first: int) -> DocumentRecord:
    return DocumentRecord(
        id=name,
        title=name.upper(),
        source="",
        sha256="0",
        holdout=False,
        first_chunk=first,
        num_chunks=2,
        num_tokens=15,
        num_bytes=10,
    )


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Of a, b, c and d, numbers 1 to 4: b copies c, a copies a foreign one, and a part of d the same."""
    Catalog.create(tmp_path, {})
    catalog = Catalog(tmp_path)
    catalog.commit(
        action="add", add=[record(name, 2 * place) for place, name in enumerate("abcd")], num_chunks=8
    )
    whole = [("similar", 3, 2), ("common run", FOREIGN, 1)]
    catalog.exclude([1, 2, 3, 4], whole, {4: [ExcludedChunks(0, 1, FOREIGN)]})
    return catalog


def test_each_excluded_document_has_a_reason_and_an_original(catalog: Catalog) -> None:
    assert excluded_documents(catalog) == [("a", "A", "common run", FOREIGN), ("b", "B", "similar", 3)]
    assert [has_copies_of(catalog, [number]) for number in (1, 2, 3, FOREIGN)] == [False, False, True, True]
    assert live_numbers(catalog, ["d", "a", "x"]) == [1, 4]


def test_all_that_was_excluded_for_a_foreign_original_comes_back(catalog: Catalog) -> None:
    before = catalog.head()
    bring_back(catalog, [FOREIGN])
    after = catalog.head()
    assert (after.version, after.action) == (before.version + 1, "bring back")
    assert (before.totals.excluded, after.totals.excluded) == (2, 1)
    assert catalog.uncompared() == {1, 4}
    assert excluded_documents(catalog) == [("b", "B", "similar", 3)]
    assert catalog.excluded_chunks() == {}
    assert catalog.unsound_rows() == []
    catalog.snapshot()


def test_a_removed_original_brings_its_copies_back(catalog: Catalog) -> None:
    catalog.commit(action="remove", remove=["c"], num_chunks=8)
    assert catalog.uncompared() == {2}
    assert [name for name, *_ in excluded_documents(catalog)] == ["a"]
    assert catalog.unsound_rows() == []
