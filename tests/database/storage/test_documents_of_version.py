"""The documents of one version as the catalog has them, whatever later versions add and remove."""

from pathlib import Path

import pytest

from openbook.database.storage.catalog import Catalog
from openbook.database.storage.catalog_columns import DocumentRecord
from openbook.database.storage.documents_of_version import live_ids_in_order, names_after, number_of


def record(name: str, **said: str) -> DocumentRecord:
    about = {"title": "", "source": ""} | said
    return DocumentRecord(
        id=name, sha256="0", holdout=False, first_chunk=0, num_chunks=1, num_tokens=7, num_bytes=10, **about
    )


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The drawing of the module: version 1 adds a and c, 2 adds d, 3 removes a and d, 4 adds b."""
    Catalog.create(tmp_path, {})
    catalog = Catalog(tmp_path)
    catalog.commit(action="add", add=[record("c", source="c.md"), record("a", title="A")], num_chunks=2)
    catalog.commit(action="add", add=[record("d")], num_chunks=3)
    catalog.commit(action="remove", remove=["a", "d"], num_chunks=3)
    catalog.commit(action="add", add=[record("b")], num_chunks=4)
    return catalog


@pytest.mark.parametrize(("version", "expected"), [(0, ""), (1, "ac"), (2, "acd"), (3, "c"), (4, "bc")])
def test_each_version_keeps_its_documents(catalog: Catalog, version: int, expected: str) -> None:
    found = list(names_after(catalog, version, ""))
    assert [each.id for each in found] == list(expected)
    assert [number_of(catalog, version, each.id) for each in found] == [each.number for each in found]
    absent = set("abcd") - set(expected)
    assert [number_of(catalog, version, name) for name in absent] == [None] * len(absent)


def test_names_begin_after_an_id_and_an_id_stands_in_for_what_is_missing(catalog: Catalog) -> None:
    names = [(each.id, each.source, each.title) for each in names_after(catalog, 1, "")]
    assert names == [("a", "a", "A"), ("c", "c.md", "c")]
    assert [each.id for each in names_after(catalog, 1, "a")] == ["c"]
    assert [each.id for each in names_after(catalog, 1, "b")] == ["c"]


def test_live_ids_are_those_of_the_newest_version(catalog: Catalog) -> None:
    assert list(live_ids_in_order(catalog)) == ["b", "c"]
