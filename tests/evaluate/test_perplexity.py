"""Perplexity: the numbers of a plain loop, and modes that differ in their neighbors alone."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from evaluations import evaluator_of, perplexity_of
from openbook.database import Database, NeighborTable, SequenceDataset, build_neighbors
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate import (
    MODES,
    ModelScorer,
    evaluate_growing_book,
    evaluate_perplexity,
    evaluate_search_effort,
)
from openbook.evaluate.overlap import OVERLAPS
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.text import Document

LENGTH = 64


def plain_losses(
    model: RetroForCausalLM, dataset: SequenceDataset
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Nats [sequences, T] of one sequence after the other, from the logits; and which tokens count."""
    nats = np.zeros((len(dataset), dataset.sequence_length))
    counted = np.zeros(nats.shape, dtype=bool)
    for row in range(len(dataset)):
        sample = {key: torch.from_numpy(value)[None] for key, value in dataset[row].items()}
        labels = sample.pop("labels")[0].tolist()
        with torch.no_grad():
            log_probs = model(**sample).logits[0].double().log_softmax(-1)
        for place in range(1, len(labels)):
            if labels[place] >= 0:
                nats[row, place] = -log_probs[place - 1, labels[place]].item()
                counted[row, place] = True
    return nats, counted


def bytes_per_token(book: Database, documents: list[Document]) -> float:
    held_out = {d.id for d in documents} - {hit.document_id for hit in all_hits(book)}
    texts = [document.text for document in documents if document.id in held_out]
    tokens = sum(len(ids) + 1 for ids in book.tokenizer.encode(texts))
    return sum(len(text.encode()) for text in texts) / tokens


def all_hits(book: Database) -> list[Any]:
    """Every chunk that can be retrieved."""
    ids = np.flatnonzero(book.layout.retrievable)
    return book.hits(ids, np.zeros(len(ids), dtype=np.float32))


@pytest.mark.parametrize("mode", ["on", "off"])
def test_numbers_equal_a_plain_loop(
    mode: str, trained: RetroForCausalLM, book: Database, table: NeighborTable, book_documents: list[Document]
) -> None:
    report = perplexity_of(trained, book, table, modes=[mode], sequence_length=LENGTH, batch_size=3)
    result = report.modes[mode]
    neighbors = table.first(2) if mode == "on" else None
    nats, counted = plain_losses(trained, SequenceDataset(book, "holdout", LENGTH, neighbors))
    mean = nats.sum() / counted.sum()
    assert result.tokens == counted.sum()
    assert result.perplexity == pytest.approx(math.exp(mean), rel=1e-4)
    expected = mean / math.log(2) / bytes_per_token(book, book_documents)
    assert result.bits_per_byte == pytest.approx(expected, rel=1e-4)


def test_the_book_has_something_to_evaluate(book: Database, table: NeighborTable) -> None:
    assert 4 <= book.info().holdout_documents <= 16
    held_out = book.layout.chunks_of_split(holdout=True)
    assert (table.ids[held_out] >= 0).mean() > 0.9


def test_batches_do_not_matter(trained: RetroForCausalLM, book: Database, table: NeighborTable) -> None:
    one, many = (
        perplexity_of(trained, book, table, sequence_length=LENGTH, batch_size=size) for size in (1, 100)
    )
    for mode in MODES:
        assert one.modes[mode].bits_per_byte == pytest.approx(many.modes[mode].bits_per_byte, rel=1e-5)


def test_all_modes_read_the_same_tokens(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[list[int], NDArray[Any] | None]] = []
    forward = trained.forward

    def spy(**batch: Any) -> Any:
        neighbors = batch.get("neighbor_ids")
        read.append((batch["input_ids"].flatten().tolist(), None if neighbors is None else neighbors.numpy()))
        return forward(**batch)

    monkeypatch.setattr(trained, "forward", spy)
    report = perplexity_of(trained, book, table, sequence_length=LENGTH, batch_size=1000)
    assert list(report.modes) == list(MODES)
    assert len({result.tokens for result in report.modes.values()}) == 1
    (on, off, random, shuffled), none_left = read[:4], read[4:]
    assert not none_left
    assert on[0] == off[0] == random[0] == shuffled[0]
    assert off[1] is None
    assert not np.array_equal(on[1], random[1])  # type: ignore[arg-type]
    assert not np.array_equal(on[1], shuffled[1])  # type: ignore[arg-type]


def test_a_mode_alone_gives_what_it_gives_among_others(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    together = perplexity_of(trained, book, table, sequence_length=LENGTH, seed=3)
    for mode in MODES:
        alone = perplexity_of(trained, book, table, modes=[mode], sequence_length=LENGTH, seed=3)
        assert alone.modes == {mode: together.modes[mode]}
        assert alone.leakage == []


def test_without_any_neighbor_all_modes_equal_off(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    empty = replace(table, ids=np.full_like(table.ids, -1))
    report = perplexity_of(trained, book, empty, sequence_length=LENGTH)
    for result in report.modes.values():
        assert result.bits_per_byte == pytest.approx(report.modes["off"].bits_per_byte, rel=1e-5)


def test_leakage_counts_rise_to_all_chunks(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = perplexity_of(trained, book, table, sequence_length=LENGTH)
    assert [row.max_overlap for row in report.leakage] == list(OVERLAPS)
    counts = [row.chunks for row in report.leakage]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] == len(book.layout.chunks_of_split(holdout=True))
    last = report.leakage[-1]
    assert last.on == pytest.approx(report.modes["on"].bits_per_byte)
    assert last.off == pytest.approx(report.modes["off"].bits_per_byte)


def test_a_leakage_row_is_the_mean_over_its_chunks(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, book_documents: list[Document]
) -> None:
    report = perplexity_of(trained, book, table, sequence_length=LENGTH)
    dataset = SequenceDataset(book, "holdout", LENGTH)
    nats, counted = plain_losses(trained, dataset)
    total, tokens, chunks = 0.0, 0, 0
    for (row, column), chunk in np.ndenumerate(dataset.chunk_ids):
        if chunk >= 0 and longest_run(book, int(chunk), table.ids[chunk]) <= 0.5 * 16:
            place = slice(column * 16, (column + 1) * 16)
            total += float(nats[row, place].sum())
            tokens += int(counted[row, place].sum())
            chunks += 1
    half = next(found for found in report.leakage if found.max_overlap == 0.5)
    assert half.chunks == chunks > 0
    expected = total / tokens / math.log(2) / bytes_per_token(book, book_documents)
    assert half.off == pytest.approx(expected, rel=1e-4)


def longest_run(book: Database, chunk: int, neighbors: NDArray[np.int64]) -> int:
    """In tokens, over all neighbors with their continuations; as text of token numbers."""
    ours = book.tokens[chunk][: book.layout.lengths[chunk]].tolist()
    longest = 0
    for neighbor in neighbors[neighbors >= 0].tolist():
        document = book.layout.chunks_of(int(book.layout.document_of[neighbor]))
        rows = range(neighbor, min(neighbor + 2, document.stop))
        theirs = [int(token) for row in rows for token in book.tokens[row][: book.layout.lengths[row]]]
        text = f" {' '.join(map(str, theirs))} "
        for start in range(len(ours)):
            for end in range(start + longest + 1, len(ours) + 1):
                if f" {' '.join(map(str, ours[start:end]))} " in text:
                    longest = end - start
    return longest


def test_max_sequences_bounds_the_work(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    calls: list[tuple[int, int | None]] = []
    evaluator = evaluator_of(trained, book, table, sequence_length=32, batch_size=2, max_sequences=3)
    report = evaluate_perplexity(evaluator, ["off"], progress=lambda *call: calls.append(call))
    assert report.sequences == 3
    assert set(calls[:-2]) == {(0, 3)}  # the total is known from the start
    assert calls[-2:] == [(2, 3), (3, 3)]
    assert report.modes["off"].tokens <= 3 * 31


@pytest.mark.parametrize("training", [True, False])
def test_leaves_the_model_in_its_mode(
    training: bool, book: Database, table: NeighborTable, trained: RetroForCausalLM
) -> None:
    trained.train(training)
    perplexity_of(trained, book, table, modes=["off"], sequence_length=LENGTH, max_sequences=1)
    assert trained.training is training


def test_dropout_is_off(book: Database, table: NeighborTable, trained: RetroForCausalLM) -> None:
    dropping = RetroForCausalLM(RetroConfig(**trained.config.to_diff_dict() | {"dropout": 0.5})).train()
    dropping.load_state_dict(trained.state_dict())
    ours, theirs = (
        perplexity_of(model, book, table, modes=["on"], sequence_length=LENGTH).modes["on"]
        for model in (dropping, trained)
    )
    assert ours == theirs


@pytest.fixture
def all_held_out(book: Database, tmp_path: Path) -> Callable[[], Database]:
    """A database that nothing can be retrieved from."""

    def make() -> Database:
        database = Database.create(
            tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=16, holdout=0.999
        )
        database.add(Document(id=f"{number}", text=f"some text number {number}") for number in range(4))
        return database

    return make


def test_refuses_random_neighbors_where_nothing_can_be_retrieved(
    trained: RetroForCausalLM, all_held_out: Callable[[], Database]
) -> None:
    database = all_held_out()
    found = build_neighbors(database)
    with pytest.raises(DatabaseError, match="every document is held out"):
        perplexity_of(trained, database, found, sequence_length=32)


@pytest.mark.parametrize("stride", [16, 32])
def test_a_stride_equals_a_plain_loop_over_the_windows(
    stride: int, trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = perplexity_of(trained, book, table, modes=["on"], sequence_length=LENGTH, stride=stride)
    dataset = SequenceDataset(book, "holdout", LENGTH, table.first(2), stride=stride)
    nats, counted = plain_losses(trained, dataset)
    assert report.modes["on"].tokens == counted.sum()
    assert report.modes["on"].perplexity == pytest.approx(math.exp(nats.sum() / counted.sum()), rel=1e-4)


def test_the_number_of_words_is_that_of_the_text(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, book_documents: list[Document]
) -> None:
    result = perplexity_of(trained, book, table, modes=["off"], sequence_length=LENGTH).modes["off"]
    held_out = {d.id for d in book_documents} - {hit.document_id for hit in all_hits(book)}
    texts = [document.text for document in book_documents if document.id in held_out]
    tokens = sum(len(ids) + 1 for ids in book.tokenizer.encode(texts))
    words = sum(len(text.split()) for text in texts)
    assert result.perplexity_per_word == pytest.approx(result.perplexity ** (tokens / words))


def test_a_text_without_spaces_has_no_perplexity_per_word(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, tmp_path: Path
) -> None:
    corpus = Database.create(tmp_path / "corpus", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    corpus.add([Document(id="long", text="月が川の上に昇り静かな夜が始まった" * 20)])
    report = perplexity_of(trained, book, table, corpus=corpus, modes=["off"], sequence_length=LENGTH)
    assert report.modes["off"].perplexity > 1
    assert report.modes["off"].perplexity_per_word is None


def test_a_model_without_retrieval_is_refused_unless_it_is_off(
    plain: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = perplexity_of(plain, book, table, modes=["off"], sequence_length=LENGTH)
    assert report.modes["off"].tokens > 0
    with pytest.raises(SettingsError, match="--modes off"):
        perplexity_of(plain, book, table, modes=["on", "off"], sequence_length=LENGTH)
    for measure in (evaluate_growing_book, evaluate_search_effort):
        with pytest.raises(SettingsError, match="--modes off"):
            measure(evaluator_of(plain, book, table, sequence_length=LENGTH))


def test_bits_by_position_add_up(trained: RetroForCausalLM, book: Database, table: NeighborTable) -> None:
    report = perplexity_of(trained, book, table, sequence_length=LENGTH)
    nats, counted = plain_losses(trained, SequenceDataset(book, "holdout", LENGTH))
    bits = np.where(counted, nats, 0).reshape(-1, 16).sum(0) / counted.reshape(-1, 16).sum(0) / math.log(2)
    per_byte = report.modes["off"].bits_per_byte / (nats.sum() / counted.sum() / math.log(2))
    np.testing.assert_allclose(report.by_position["off"], bits * per_byte, rtol=1e-4)
    assert report.by_position.keys() == report.modes.keys()


@pytest.fixture
def corpus(book: Database, book_documents: list[Document], tmp_path: Path) -> Database:
    """A text of its own: one new document, and one that is a chunk longer than one of the book's."""
    database = Database.create(tmp_path / "corpus", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    retrievable = {hit.document_id for hit in all_hits(book)}
    known = next(d.text for d in book_documents if d.id in retrievable and len(d.text) > 200)
    new = " ".join(reversed(book_documents[0].text.split()))
    database.add(
        [Document(id="new", text=new), Document(id="copy", text=f"{known} And some more words follow.")]
    )
    return database


def test_a_text_of_its_own_is_read_whole(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, corpus: Database
) -> None:
    found = build_neighbors(corpus, book=book)
    report = perplexity_of(trained, book, table, corpus=corpus, sequence_length=LENGTH)
    for mode, neighbors in (("on", found.first(2)), ("off", None)):
        dataset = SequenceDataset(corpus, "train", LENGTH, neighbors, book=book)
        nats, counted = plain_losses(trained, dataset)
        assert report.modes[mode].tokens == counted.sum() == corpus.layout.lengths.sum() - len(dataset)
        assert report.modes[mode].perplexity == pytest.approx(math.exp(nats.sum() / counted.sum()), rel=1e-4)


def test_a_near_copy_in_the_book_is_reported(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, corpus: Database
) -> None:
    report = perplexity_of(trained, book, table, corpus=corpus, sequence_length=LENGTH)
    found = report.near_copies
    assert found is not None
    assert report.overlap_neighbors == 10
    assert (found.evaluated, next(iter(found.worst))) == (2, "copy")
    assert found.worst["copy"] > 0.7


def test_others_are_compared_on_the_same_tokens(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    class Certain:
        def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
            return np.full((len(rows), LENGTH), 0.5, dtype=np.float32)

    evaluator = evaluator_of(trained, book, table, sequence_length=LENGTH)
    same = ModelScorer(trained, evaluator.windows.samples())
    report = evaluate_perplexity(evaluator, others={"certain": Certain(), "same": same})
    assert report.modes["certain"].perplexity == pytest.approx(math.exp(0.5))
    assert report.modes["same"] == report.modes["off"]
    assert report.differences["same"] == report.differences["off"]
    assert report.leakage[-1].modes["same"] == report.leakage[-1].off
    gain = report.modes["certain"].bits_per_byte - report.modes["on"].bits_per_byte
    assert report.differences["certain"].bits_per_byte == pytest.approx(gain, rel=1e-4)


def test_rows_of_little_overlap_have_differences_of_their_own(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = perplexity_of(trained, book, table, sequence_length=LENGTH)
    for row in report.leakage:
        if row.chunks:
            assert row.differences["off"].bits_per_byte == pytest.approx(row.off - row.on, abs=1e-6)
    assert report.leakage[-1].differences == report.differences
