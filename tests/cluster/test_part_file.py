"""What stands in a file for a worker is what the command had, whatever the texts hold."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook.cluster.part_file import read_part_file, write_part_file
from openbook.database.shards.shard_part import ShardPart
from openbook.errors import DatabaseError
from openbook.text import AnyDocument, Document, TokenizedDocument

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
named = {"id": words, "title": words, "source": words, "origin": words, "language": st.none() | words}
documents = st.builds(
    Document, text=words.filter(str.strip), named_by_path=st.booleans(), **named
) | st.builds(
    TokenizedDocument,
    token_ids=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9).map(np.array),
    named_by_path=st.booleans(),
    **named,
)


def said_of(document: AnyDocument) -> tuple[object, ...]:
    """Also what does not count for equality."""
    return document, document.sha256, document.origin, document.named_by_path


@given(given_documents=st.lists(documents, max_size=4), replaced=st.frozensets(words, max_size=3))
def test_a_part_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, given_documents: list[AnyDocument], replaced: frozenset[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "part.lock"
    write_part_file(path, ShardPart(tuple(given_documents), replaced))
    read = read_part_file(path)
    assert read.replaced == replaced
    assert list(map(said_of, read.documents)) == list(map(said_of, given_documents))


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no-such-folder" / "part.lock"
    with pytest.raises(DatabaseError, match="no-such-folder"):
        write_part_file(path, ShardPart((), frozenset()))
