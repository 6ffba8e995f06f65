"""The arithmetic over chunks equals loops over documents."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.database.storage.catalog_columns import SNAPSHOT_TYPE, Commit, Snapshot, Totals
from openbook.database.storage.layout import ChunkLayout

M = 4


@dataclass(frozen=True)
class Stored:
    """A document as the catalog knows it."""

    tokens: int
    holdout: bool
    live: bool
    excluded: bool

    @property
    def chunks(self) -> int:
        return -(-self.tokens // M)


stored = st.lists(
    st.builds(Stored, st.integers(1, 3 * M + 1), st.booleans(), st.booleans(), st.booleans()), max_size=12
)


def layout_of(documents: list[Stored]) -> ChunkLayout:
    rows, first = [], 0
    for place, document in enumerate(documents):
        sizes = (document.chunks, document.tokens, 2 * document.tokens)
        flags = (document.holdout, document.live, document.excluded, True)
        rows.append((100 + place, first, *sizes, *flags, 3 + place))
        first += document.chunks
    head = Commit(version=7, time="", action="add", generation=0, num_chunks=first, totals=Totals())
    return ChunkLayout.from_snapshot(Snapshot(head, np.array(rows, dtype=SNAPSHOT_TYPE)), chunk_size=M)


def walk(documents: list[Stored]) -> Iterator[tuple[int, Stored, int]]:
    """Every chunk: the place of its document, the document, and how many of its tokens come before."""
    for place, document in enumerate(documents):
        for before in range(0, document.tokens, M):
            yield place, document, before


@given(stored)
@settings(max_examples=60, deadline=None)
def test_every_chunk_is_what_a_walk_over_the_documents_says(documents: list[Stored]) -> None:
    layout = layout_of(documents)
    chunks = list(walk(documents))
    assert (layout.version, layout.num_chunks) == (7, len(chunks))
    assert layout.document_of.tolist() == [place for place, _, _ in chunks]
    assert layout.lengths.tolist() == [min(M, document.tokens - before) for _, document, before in chunks]
    everything = layout.token_mask(slice(None))
    assert everything.shape == (len(chunks), M)
    assert everything.tolist() == [
        [before + place < document.tokens for place in range(M)] for _, document, before in chunks
    ]
    backwards = np.arange(len(chunks))[::-1, None]
    assert layout.token_mask(backwards).tolist() == everything[backwards].tolist()
    assert layout.has_continuation.tolist() == [
        before + M < document.tokens for _, document, before in chunks
    ]
    assert layout.retrievable.tolist() == [
        document.live and not document.holdout and not document.excluded for _, document, _ in chunks
    ]
    assert layout.indexed.tolist() == [
        number for number, (_, document, _) in enumerate(chunks) if not document.holdout
    ]
    assert layout.number.tolist() == [100 + place for place in range(len(documents))]
    assert layout.added.tolist() == [3 + place for place in range(len(documents))]


@given(stored)
@settings(max_examples=30, deadline=None)
def test_splits_and_counts_hold_live_documents_only(documents: list[Stored]) -> None:
    """What is excluded is counted, but of no split."""
    layout = layout_of(documents)
    for holdout in (False, True):
        wanted = [document for document in documents if document.live and document.holdout == holdout]
        numbers = [
            number
            for number, (_, document, _) in enumerate(walk(documents))
            if document.live and document.holdout == holdout and not document.excluded
        ]
        assert layout.chunks_of_split(holdout=holdout).tolist() == numbers
        assert layout.count(holdout=holdout) == {
            "documents": len(wanted),
            "chunks": sum(document.chunks for document in wanted),
            "tokens": sum(document.tokens for document in wanted),
            "bytes": 2 * sum(document.tokens for document in wanted),
        }


@given(stored)
@settings(max_examples=30, deadline=None)
def test_the_chunks_of_a_document_are_one_range(documents: list[Stored]) -> None:
    layout = layout_of(documents)
    for place in range(len(documents)):
        assert list(layout.chunks_of(place)) == np.flatnonzero(layout.document_of == place).tolist()
