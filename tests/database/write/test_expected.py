"""Changes of what was read: where a document is another one by now, nothing is written."""

from collections.abc import Callable

import pytest

from openbook.database import Database
from openbook.errors import ConflictError
from openbook.text import Document

Make = Callable[..., Database]


def revision_of(database: Database, name: str) -> str:
    return next(each.revision for each in database.documents() if each.document_id == name)


def test_a_document_that_is_as_expected_is_replaced_and_removed(make: Make) -> None:
    database = make({"a": "river stone", "b": "copper orchard"})
    first = revision_of(database, "a")
    assert database.add([Document(id="a", text="castle")], expected={"a": first}).replaced == 1
    second = revision_of(database, "a")
    assert second != first
    with pytest.raises(ConflictError, match="'a': was changed since it was read; nothing was written"):
        database.remove(["a", "b"], expected={"a": first})
    assert [each.document_id for each in database.documents()] == ["b", "a"]
    database.remove(["a"], expected={"a": second})
    with pytest.raises(ConflictError, match="'a': was removed since it was read"):
        database.add([Document(id="a", text="castle")], expected={"a": second})
    database.add([Document(id="a", text="castle")], expected={"a": ""})
    with pytest.raises(ConflictError, match="'a': is there already"):
        database.add([Document(id="a", text="meadow")], expected={"a": ""})


def test_a_revision_is_of_what_a_reader_sees(make: Make) -> None:
    database = make({"a": "river stone", "b": "copper orchard"})
    seen = [revision_of(database, "a")]
    for said in ({"title": "A"}, {"source": "a.md"}, {"language": "en"}):
        database.add([Document(id="a", text="river stone", **said)])
        seen.append(revision_of(database, "a"))
    assert len(set(seen)) == 4
    database.remove(["b"])
    database.compact()
    assert Database.open(database.path).documents()[0].revision == seen[-1]
