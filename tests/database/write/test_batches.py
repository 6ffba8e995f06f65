"""How much is written between two commits: some seconds of work, whatever was stored before."""

from collections.abc import Iterator, Sequence

import pytest

from openbook.database.write import batches
from openbook.database.write.batches import Batch, in_batches
from openbook.text import Document

CHARACTERS_A_SECOND = 1_000


def documents(first: int, last: int, length: int = 1_000) -> Iterator[Document]:
    for number in range(first, last):
        yield Document(id=str(number), text=f"{number:<8}" + "x" * (length - 8))


def lengths(found: Iterator[Batch], clock: list[float]) -> list[int]:
    """Characters to write of each batch, writing them at a steady speed."""
    written = []
    for batch in found:
        size = sum(len(document.text) for document in batch.changed if isinstance(document, Document))
        clock[0] += size / CHARACTERS_A_SECOND
        if size:
            written.append(size)
    return written


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(batches.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("every", [1, 2, 10])
def test_what_is_stored_already_says_nothing_about_the_speed(clock: list[float], every: int) -> None:
    """Of 1,000 documents every so many are stored; then come 1,000 new ones."""
    stored = {
        document.id: document.sha256 for document in documents(0, 1_000) if int(document.id) % every == 0
    }

    def live(ids: Sequence[str]) -> dict[str, str]:
        return {name: stored[name] for name in ids if name in stored}

    written = lengths(in_batches(documents(0, 2_000), stored=live), clock)
    first, *later = written
    assert first == 50_000
    assert max(later) <= 15 * CHARACTERS_A_SECOND + 1_000
    assert sum(written) == (2_000 - len(stored)) * 1_000


def test_unchanged_new_and_changed_are_told_apart() -> None:
    old = {document.id: document.sha256 for document in documents(0, 4)}
    old["1"] = "another text's"
    found = list(in_batches(documents(0, 6), stored=lambda ids: old, characters=3_000))
    assert [name.id for batch in found for name in batch.unchanged] == ["0", "2", "3"]
    assert [name.id for batch in found for name in batch.changed] == ["1", "4", "5"]
    assert set().union(*(batch.replaced for batch in found)) == {"1"}
    assert all(bool(batch.unchanged) != bool(batch.changed) for batch in found)


def test_new_documents_wait_for_enough_text_between_stored_ones() -> None:
    """One in ten is new: a batch has its size of new text, not of text that was passed over."""
    old = {document.id: document.sha256 for document in documents(0, 100) if int(document.id) % 10}
    found = in_batches(documents(0, 100), stored=lambda ids: old, characters=5_000)
    assert [len(batch.changed) for batch in found if batch.changed] == [5, 5]
