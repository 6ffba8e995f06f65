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

from breaking import files_of
from openbook.database import Database, NeighborTable, SequenceDataset, build_neighbors
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.evaluate import (
    MODES,
    ModelScorer,
    Windows,
    evaluate_effort,
    evaluate_growing,
    evaluate_perplexity,
)
from openbook.evaluate.neighbor_modes import ChunkNeighbors, neighbors_of_mode
from openbook.evaluate.overlap import OVERLAPS
from openbook.generation import generate
from openbook.lock import take_lock
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
    report = evaluate_perplexity(trained, book, table, modes=[mode], sequence_length=LENGTH, batch_size=3)
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
        evaluate_perplexity(trained, book, table, sequence_length=LENGTH, batch_size=size)
        for size in (1, 100)
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
        shown = None if neighbors is None else neighbors.numpy()
        read.append((batch["input_ids"].flatten().tolist(), shown))
        return forward(**batch)

    monkeypatch.setattr(trained, "forward", spy)
    report = evaluate_perplexity(trained, book, table, sequence_length=LENGTH, batch_size=1000)
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
    together = evaluate_perplexity(trained, book, table, sequence_length=LENGTH, seed=3)
    for mode in MODES:
        alone = evaluate_perplexity(trained, book, table, modes=[mode], sequence_length=LENGTH, seed=3)
        assert alone.modes == {mode: together.modes[mode]}
        assert alone.leakage == []


@pytest.fixture
def held_out(book: Database, table: NeighborTable) -> ChunkNeighbors:
    """What the held-out chunks retrieve."""
    chunks = book.layout.chunks_of_split(holdout=True)
    return ChunkNeighbors(chunks, table.ids[chunks])


@pytest.mark.parametrize("seed", range(5))
def test_random_shows_only_what_may_be_retrieved(seed: int, book: Database, held_out: ChunkNeighbors) -> None:
    shown = neighbors_of_mode("random", held_out, book, k=10, seed=seed)
    assert shown is not None
    rows, columns = np.nonzero(shown.ids >= 0)
    chunks, drawn = shown.chunks[rows], shown.ids[rows, columns]
    assert len(drawn) > 100
    assert book.layout.retrievable[drawn].all()
    documents = book.layout.document_of
    assert (documents[chunks] != documents[drawn]).all()
    assert len(np.unique(drawn)) > len(drawn) / 10


def test_random_and_shuffled_obey_the_seed(book: Database, held_out: ChunkNeighbors) -> None:
    for mode in ("random", "shuffled"):
        found = [neighbors_of_mode(mode, held_out, book, k=2, seed=seed) for seed in (0, 0, 1)]
        first, again, other = (shown.ids for shown in found if shown is not None)
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)


def test_shuffled_is_a_permutation_of_the_chunks_neighbors(book: Database, held_out: ChunkNeighbors) -> None:
    shown = neighbors_of_mode("shuffled", held_out, book, k=2, seed=0)
    assert shown is not None
    own = held_out.ids[:, :2]
    assert sorted(shown.ids.tolist()) == sorted(own.tolist())
    assert ((shown.ids < 0) == (own < 0)).all()


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_leaves_no_chunk_its_own_neighbors(seed: int, book: Database) -> None:
    chunks = np.arange(6)
    ids = np.stack([chunks, chunks + 10], axis=1)
    ids[:2, 1] = -1
    ids[5] = -1  # no other has none
    shown = neighbors_of_mode("shuffled", ChunkNeighbors(chunks, ids), book, k=2, seed=seed)
    assert shown is not None
    assert (shown.ids[:5, 0] != ids[:5, 0]).all()
    assert shown.ids[5].tolist() == [-1, -1]


def test_missing_neighbors_stay_missing(book: Database, held_out: ChunkNeighbors) -> None:
    ids = held_out.ids.copy()
    ids[0] = -1
    ids[1, 1:] = -1
    sparse = ChunkNeighbors(held_out.chunks, ids)
    random = neighbors_of_mode("random", sparse, book, k=3, seed=0)
    shuffled = neighbors_of_mode("shuffled", sparse, book, k=3, seed=0)
    assert random is not None
    assert shuffled is not None
    assert ((random.ids < 0) == (ids[:, :3] < 0)).all()
    assert ((shuffled.ids < 0) == (ids[:, :3] < 0)).all()


def test_chunk_neighbors_are_read_as_a_table(book: Database, table: NeighborTable) -> None:
    some = np.array([3, 5, 9])
    part = ChunkNeighbors(some, table.ids[some])
    np.testing.assert_array_equal(part[np.array([[9, 3], [5, 5]])], table.ids[[[9, 3], [5, 5]]])
    assert (part[np.array([0, 4, 10, 1000])] == -1).all()


def test_without_any_neighbor_all_modes_equal_off(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    empty = replace(table, ids=np.full_like(table.ids, -1))
    report = evaluate_perplexity(trained, book, empty, sequence_length=LENGTH)
    for result in report.modes.values():
        assert result.bits_per_byte == pytest.approx(report.modes["off"].bits_per_byte, rel=1e-5)


def test_leakage_counts_rise_to_all_chunks(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = evaluate_perplexity(trained, book, table, sequence_length=LENGTH)
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
    report = evaluate_perplexity(trained, book, table, sequence_length=LENGTH)
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
    told: list[tuple[int, int | None]] = []
    report = evaluate_perplexity(
        trained,
        book,
        table,
        modes=["off"],
        sequence_length=32,
        batch_size=2,
        max_sequences=3,
        progress=lambda done, total: told.append((done, total)),
    )
    assert report.sequences == 3
    assert told == [(2, 3), (3, 3)]
    assert report.modes["off"].tokens <= 3 * 31


@pytest.mark.parametrize("training", [True, False])
def test_leaves_the_model_in_its_mode(
    training: bool, book: Database, table: NeighborTable, trained: RetroForCausalLM
) -> None:
    trained.train(training)
    evaluate_perplexity(trained, book, table, modes=["off"], sequence_length=LENGTH, max_sequences=1)
    assert trained.training is training


def test_dropout_is_off(book: Database, table: NeighborTable, trained: RetroForCausalLM) -> None:
    dropping = RetroForCausalLM(RetroConfig(**trained.config.to_diff_dict() | {"dropout": 0.5})).train()
    dropping.load_state_dict(trained.state_dict())
    ours, theirs = (
        evaluate_perplexity(model, book, table, modes=["on"], sequence_length=LENGTH).modes["on"]
        for model in (dropping, trained)
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modes": ["on", "sideways"]}, "evaluation mode 'sideways': choose from on, off, random, shuffled"),
        ({"modes": [""]}, "evaluation mode ''"),
        ({"k": 0}, "k 0: must be from 1"),
        ({"k": -1}, "k -1"),
        ({"k": 101}, "k 101: must be from 1 to 100"),
        ({"search_mode": "dense"}, "dense"),
        ({"search_mode": "sideways"}, "sideways"),
        ({"search_mode": "sideways", "modes": ["off"]}, "sideways"),
        ({"k": 101, "modes": ["off"]}, "k 101"),
        ({"stride": 40}, "stride 40: must be a multiple"),
        ({"stride": 128}, "stride 128"),
        ({"stride": 0}, "stride 0"),
        ({"max_sequences": 0}, "max sequences 0"),
        ({"max_sequences": -1}, "max sequences -1"),
        ({"batch_size": 0}, "batch size 0"),
        ({"sequence_length": 128}, "sequence length 128: the model was trained with 64"),
        ({"sequence_length": 40}, "multiple of the database's chunk size"),
        ({"sequence_length": 0}, "sequence length 0"),
    ],
)
def test_refuses_wrong_settings(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        evaluate_perplexity(trained, book, table, **({"sequence_length": LENGTH} | options))


def test_refuses_a_database_without_holdout(
    trained: RetroForCausalLM, book: Database, tmp_path: Path
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    database.add(Document(id=f"{number}", text=f"some text {number}") for number in range(3))
    with pytest.raises(DatabaseError, match="--holdout"):
        evaluate_perplexity(trained, database, build_neighbors(database), sequence_length=LENGTH)


@pytest.mark.parametrize(
    "change", [{"tokenizer_fingerprint": "other"}, {"chunk_size": 8}], ids=["tokenizer", "chunk size"]
)
def test_refuses_a_model_of_another_database(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(trained.config, name, value)
    with pytest.raises(MismatchError, match=str(*change.values())):
        evaluate_perplexity(trained, book, table, sequence_length=LENGTH)


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
        evaluate_perplexity(trained, database, found, sequence_length=32)


@pytest.mark.parametrize("stride", [16, 32])
def test_a_stride_equals_a_plain_loop_over_the_windows(
    stride: int, trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = evaluate_perplexity(trained, book, table, modes=["on"], sequence_length=LENGTH, stride=stride)
    dataset = SequenceDataset(book, "holdout", LENGTH, table.first(2), stride=stride)
    nats, counted = plain_losses(trained, dataset)
    assert report.modes["on"].tokens == counted.sum()
    assert report.modes["on"].perplexity == pytest.approx(math.exp(nats.sum() / counted.sum()), rel=1e-4)


def test_neighbors_are_searched_where_the_table_has_them_not(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    def on(table: NeighborTable | None, **options: Any) -> float:
        return (
            evaluate_perplexity(trained, book, table, sequence_length=LENGTH, **options)
            .modes["on"]
            .bits_per_byte
        )

    poor = replace(table, ids=np.asarray(table.ids)[:, :1])
    assert on(None) == on(None, search_mode="bm25") == on(table) == on(poor, k=2) != on(poor, k=1)
    many = on(table, k=40)
    assert many == on(None, k=40) != on(table, k=10)


def test_the_number_of_words_is_that_of_the_text(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, book_documents: list[Document]
) -> None:
    result = evaluate_perplexity(trained, book, table, modes=["off"], sequence_length=LENGTH).modes["off"]
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
    report = evaluate_perplexity(trained, book, table, corpus=corpus, modes=["off"], sequence_length=LENGTH)
    assert report.modes["off"].perplexity > 1
    assert report.modes["off"].perplexity_per_word is None


def test_a_model_without_retrieval_is_refused_unless_it_is_off(
    plain: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = evaluate_perplexity(plain, book, table, modes=["off"], sequence_length=LENGTH)
    assert report.modes["off"].tokens > 0
    with pytest.raises(SettingsError, match="--modes off"):
        evaluate_perplexity(plain, book, table, modes=["on", "off"], sequence_length=LENGTH)
    for further in (evaluate_growing, evaluate_effort):
        with pytest.raises(SettingsError, match="--modes off"):
            further(plain, book, table, sequence_length=LENGTH)


def test_bits_by_position_add_up(trained: RetroForCausalLM, book: Database, table: NeighborTable) -> None:
    report = evaluate_perplexity(trained, book, table, sequence_length=LENGTH)
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
    report = evaluate_perplexity(trained, book, table, corpus=corpus, sequence_length=LENGTH)
    for mode, neighbors in (("on", found.first(2)), ("off", None)):
        dataset = SequenceDataset(corpus, "train", LENGTH, neighbors, book=book)
        nats, counted = plain_losses(trained, dataset)
        assert report.modes[mode].tokens == counted.sum() == corpus.layout.lengths.sum() - len(dataset)
        assert report.modes[mode].perplexity == pytest.approx(math.exp(nats.sum() / counted.sum()), rel=1e-4)


def test_a_near_copy_in_the_book_is_reported(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, corpus: Database
) -> None:
    report = evaluate_perplexity(trained, book, table, corpus=corpus, sequence_length=LENGTH)
    found = report.near_copies
    assert found is not None
    assert report.overlap_neighbors == 10
    assert (found.evaluated, next(iter(found.worst))) == (2, "copy")
    assert found.worst["copy"] > 0.7


def test_others_are_compared_on_the_same_tokens(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    class Certain:
        def __call__(self, windows: Windows, rows: NDArray[np.int64]) -> NDArray[np.float32]:
            return np.full((len(rows), LENGTH), 0.5, dtype=np.float32)

    report = evaluate_perplexity(
        trained,
        book,
        table,
        sequence_length=LENGTH,
        others={"certain": Certain(), "same": ModelScorer(trained)},
    )
    assert report.modes["certain"].perplexity == pytest.approx(math.exp(0.5))
    assert report.modes["same"] == report.modes["off"]
    assert report.differences["same"] == report.differences["off"]
    assert report.leakage[-1].modes["same"] == report.leakage[-1].off
    gain = report.modes["certain"].bits_per_byte - report.modes["on"].bits_per_byte
    assert report.differences["certain"].bits_per_byte == pytest.approx(gain, rel=1e-4)


def test_rows_of_little_overlap_have_differences_of_their_own(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    report = evaluate_perplexity(trained, book, table, sequence_length=LENGTH)
    for row in report.leakage:
        if row.chunks:
            assert row.differences["off"].bits_per_byte == pytest.approx(row.off - row.on, abs=1e-6)
    assert report.leakage[-1].differences == report.differences


# --- A database that changes ---


def change(database: Database) -> None:
    """Let other chunks stand under the numbers of the old ones."""
    places = np.flatnonzero(database.layout.live & ~database.layout.holdout)[::3]
    removed = [d.id for d in database.catalog.describe(database.layout.number[places].tolist())]
    database.remove(removed)
    database.compact()
    database.add(Document(id=f"new {name}", text="ba ke li mo nu " * 60) for name in removed)


@pytest.mark.parametrize("with_table", [True, False])
def test_an_evaluation_reads_one_version_though_the_database_changes_meanwhile(
    trained: RetroForCausalLM, copy_book: Callable[[], Database], with_table: bool
) -> None:
    database = copy_book()
    table = NeighborTable.load(database) if with_table else None
    options: dict[str, Any] = {"sequence_length": LENGTH, "batch_size": 2}
    expected = evaluate_perplexity(trained, database, table, **options)
    version, changed = database.opened, []

    def progress(done: int, total: int | None, **_: Any) -> None:
        if not changed:
            change(database)
            changed.append(done)

    assert evaluate_perplexity(trained, database, table, progress=progress, **options) == expected
    assert changed
    assert evaluate_perplexity(trained, version, table, **options) == expected
    assert evaluate_perplexity(trained, database, None, **options) != expected


def test_a_table_of_another_version_is_refused(
    trained: RetroForCausalLM, copy_book: Callable[[], Database]
) -> None:
    database = copy_book()
    table = NeighborTable.load(database)
    change(database)
    with pytest.raises(MismatchError, match=r"version 2, the database is at 6: run openbook neighbors"):
        evaluate_perplexity(trained, database, table, sequence_length=LENGTH)


def test_an_evaluation_neither_waits_for_a_writer_nor_writes(
    trained: RetroForCausalLM, copy_book: Callable[[], Database]
) -> None:
    database = copy_book()
    before = {name: (database.path / name).read_bytes() for name in files_of(database.path)}
    lock = take_lock(database.path / "write.lock")
    try:
        evaluate_perplexity(trained, database, None, sequence_length=LENGTH, max_sequences=4)
        generate(trained, database, "a prompt", max_new_tokens=20)
    finally:
        lock.release()
    assert {name: (database.path / name).read_bytes() for name in files_of(database.path)} == before
