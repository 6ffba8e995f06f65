"""A document's own past: only what has left the window, of the same document, as it stands there."""

from pathlib import Path

import numpy as np
import pytest

from evaluations import evaluator_of, perplexity_of
from openbook.database import Database, NeighborTable, SequenceDataset
from openbook.errors import SettingsError
from openbook.evaluate import Windows
from openbook.evaluate.own_past import SamplesWithPast, look_up_past
from openbook.model import RetroForCausalLM
from openbook.text import Document

M = 16


@pytest.fixture(scope="session")
def long_book(tmp_path_factory: pytest.TempPathFactory, book: Database) -> Database:
    """Three long documents, all held out but the last; the first two say the same things again and again."""
    folder = tmp_path_factory.mktemp("long") / "db"
    words = [("kelimo nura", "setivo zuba"), ("rabate moke", "livonu tise"), ("nuzu", "keba")]
    texts = [" ".join(f"{first} {second} {n}." for n in range(40)) for first, second in words]
    database = Database.create(
        folder, tokenizer=book.tokenizer, embedder=None, chunk_size=M, holdout=["long0", "long1"]
    )
    database.add(Document(id=f"long{number}", text=text) for number, text in enumerate(texts))
    return database


def windows_of(database: Database, stride: int | None = None, rows: int | None = None) -> Windows:
    dataset = SequenceDataset(database.opened, "holdout", 4 * M, book=database.opened, stride=stride)
    return Windows.spread(dataset, rows)


@pytest.mark.parametrize(("stride", "rows"), [(None, None), (2 * M, None), (2 * M, 3)])
def test_what_is_found_has_left_the_window_and_is_of_its_document(
    long_book: Database, stride: int | None, rows: int | None
) -> None:
    windows = windows_of(long_book, stride, rows)
    past = look_up_past(windows, 3)
    assert past.ids.shape == (len(windows), 3, 3, 2 * M)
    going_on = [
        (place, number)
        for place, chunks in enumerate(windows.chunk_ids)
        for number in range(3)
        if chunks[number + 1] >= 0
        and windows.corpus.layout.document_of[chunks[number]]
        == windows.corpus.layout.document_of[chunks[number + 1]]
    ]
    assert len(going_on) < past.mask.shape[0] * 3  # others are the last of their document, or none
    assert past.share_found == pytest.approx(np.mean([past.mask[place].any() for place in going_on]))
    assert past.share_found > 0.2
    layout, found = windows.corpus.layout, 0
    for place, chunks in enumerate(windows.chunk_ids):
        document = layout.document_of[chunks[0]]
        first = layout.first_chunk[document]
        left = windows.corpus.tokens[np.arange(first, chunks[0])].astype(np.int64).ravel().tolist()
        pieces = {tuple(left[start : start + M]) for start in range(0, len(left), M)}
        for number in range(3):
            if layout.document_of[chunks[number]] != document or not left:
                assert not past.mask[place, number].any()
            neighbors = zip(past.ids[place, number], past.mask[place, number], strict=True)
            for text in (ids[mask].tolist() for ids, mask in neighbors if mask.any()):
                assert tuple(text[:M]) in pieces
                assert "".join(map(chr, text)) in "".join(map(chr, left))  # and goes on as the text does
                found += 1
    assert found > 5


def test_samples_have_the_neighbors_of_the_book_first(long_book: Database) -> None:
    windows = windows_of(long_book)
    past = look_up_past(windows, 2)
    neighbors = np.full((long_book.layout.num_chunks, 1), long_book.layout.num_chunks - 2)
    plain, with_book = windows.samples(), windows.samples(neighbors)
    row = int(windows.rows[-2])
    alone, both = SamplesWithPast(plain, past)[row], SamplesWithPast(with_book, past)[row]
    assert alone["neighbor_ids"].shape == (3, 2, 2 * M)
    assert np.array_equal(both["neighbor_ids"][:, 1:], alone["neighbor_ids"])
    assert np.array_equal(both["neighbor_ids"][:, :1], with_book[row]["neighbor_ids"])
    assert np.array_equal(both["neighbor_mask"][:, :1], with_book[row]["neighbor_mask"])


def test_the_modes_of_a_memory(trained: RetroForCausalLM, book: Database, table: NeighborTable) -> None:
    plain = perplexity_of(trained, book, table, k=2, sequence_length=2 * M)
    report = perplexity_of(trained, book, table, k=2, sequence_length=2 * M, remember=True)
    assert plain.memory is None
    assert {name: report.modes[name] for name in plain.modes} == plain.modes
    assert set(report.modes) - set(plain.modes) == {"memory", "on + memory"}
    gain = report.memory
    assert gain is not None
    assert gain.beside_book is not None
    of = {name: result.bits_per_byte for name, result in report.modes.items()}
    assert gain.without_book.bits_per_byte == pytest.approx(of["off"] - of["memory"], abs=1e-6)
    assert gain.beside_book.bits_per_byte == pytest.approx(of["on"] - of["on + memory"], abs=1e-6)
    assert gain.chunks_found > 0


def test_without_a_book_it_is_compared_with_off(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = perplexity_of(trained, book, table, modes=[], k=2, sequence_length=2 * M, remember=True)
    assert set(report.modes) == {"off", "memory"}
    assert report.memory is not None
    assert report.memory.beside_book is None


def test_a_model_that_cannot_read_is_refused(plain: RetroForCausalLM, book: Database) -> None:
    evaluator = evaluator_of(plain, book, None)
    assert Path(evaluator.database.path).exists()
    with pytest.raises(SettingsError, match="without chunked cross-attention"):
        perplexity_of(plain, book, None, modes=["off"], remember=True)
