"""The evaluator: what it refuses when it is made, what it resolves, and that it searches once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breaking import files_of
from evaluations import evaluator_of, perplexity_of
from openbook.database import Database, NeighborTable, build_neighbors
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.evaluate import EvaluationOptions, Evaluator, evaluate_growing_book, evaluate_perplexity
from openbook.evaluate import evaluator as evaluators
from openbook.generation import generate
from openbook.lock import take_lock
from openbook.model import RetroForCausalLM
from openbook.text import Document, train_tokenizer

LENGTH = 64


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
        ({"sequence_length": 128}, "sequence length 128: the model reads 64"),
        ({"sequence_length": 40}, "multiple of the database's chunk size"),
        ({"sequence_length": 0}, "sequence length 0"),
    ],
)
def test_refuses_wrong_settings(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        perplexity_of(trained, book, table, **({"sequence_length": LENGTH} | options))


def test_refuses_a_database_without_holdout(
    trained: RetroForCausalLM, book: Database, tmp_path: Path
) -> None:
    database = Database.create(tmp_path / "db", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    database.add(Document(id=f"{number}", text=f"some text {number}") for number in range(3))
    with pytest.raises(DatabaseError, match="--holdout"):
        perplexity_of(trained, database, build_neighbors(database), sequence_length=LENGTH)


@pytest.mark.parametrize(
    "change", [{"tokenizer_fingerprint": "other"}, {"chunk_size": 8}], ids=["tokenizer", "chunk size"]
)
def test_refuses_a_model_of_another_database(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(trained.config, name, value)
    with pytest.raises(MismatchError, match=str(*change.values())):
        perplexity_of(trained, book, table, sequence_length=LENGTH)


def test_neighbors_are_searched_where_the_table_has_them_not(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    def on(table: NeighborTable | None, **options: Any) -> float:
        return (
            perplexity_of(trained, book, table, sequence_length=LENGTH, **options).modes["on"].bits_per_byte
        )

    poor = replace(table, ids=np.asarray(table.ids)[:, :1])
    assert on(None) == on(None, search_mode="bm25") == on(table) == on(poor, k=2) != on(poor, k=1)
    many = on(table, k=40)
    assert many == on(None, k=40) != on(table, k=10)


@pytest.mark.parametrize("options", [{"k": 0}, {"k": 101}, {"batch_size": 0}, {"max_sequences": 0}], ids=str)
def test_options_are_checked_when_they_are_made(options: dict[str, int]) -> None:
    ((name, value),) = options.items()
    with pytest.raises(SettingsError, match=f"{name.replace('_', ' ')} {value}"):
        EvaluationOptions(**options)


def test_what_is_left_open_is_as_in_training(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    evaluator = Evaluator(trained, book, table)
    assert (evaluator.k, evaluator.windows.dataset.sequence_length) == (2, LENGTH)
    assert (evaluator.search_mode, evaluator.table, evaluator.book) == ("bm25", table, book.opened)


def test_a_text_of_other_tokens_is_refused(
    trained: RetroForCausalLM, book: Database, table: NeighborTable, tmp_path: Path
) -> None:
    other = train_tokenizer(["some other text, of which there is little"], vocab_size=300)
    corpus = Database.create(tmp_path / "corpus", tokenizer=other, embedder=None, chunk_size=16)
    corpus.add([Document(id="one", text="some other text")])
    with pytest.raises(MismatchError, match=f"{other.fingerprint}.*openbook retokenize"):
        evaluator_of(trained, book, table, corpus=corpus)


def test_neighbors_are_searched_once_for_all_that_is_measured(
    trained: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    search = evaluators.nearest_neighbors

    def counting(corpus: Database, chunks: Any, **options: Any) -> Any:
        searched.append(len(chunks))
        return search(corpus, chunks, **options)

    monkeypatch.setattr(evaluators, "nearest_neighbors", counting)
    evaluator = evaluator_of(trained, book, None)
    for _ in range(2):
        evaluate_perplexity(evaluator)
    evaluate_growing_book(evaluator, [0, 100])
    assert evaluator.neighbors() is evaluator.neighbors()
    assert searched == [len(book.layout.chunks_of_split(holdout=True))]


def test_a_table_of_another_search_mode_is_not_used(
    trained: RetroForCausalLM, book: Database, table: NeighborTable
) -> None:
    """Its neighbors would be another search's."""
    wrong = replace(table, ids=np.full_like(table.ids, -1), mode="hybrid")
    assert evaluator_of(trained, book, wrong, search_mode="bm25").table is None
    on = perplexity_of(trained, book, wrong, search_mode="bm25", modes=["on"])
    assert on.modes == perplexity_of(trained, book, table, modes=["on"]).modes


# A database that changes


def change(database: Database) -> None:
    """Let other chunks stand under the numbers of the old ones."""
    places = np.flatnonzero(database.layout.live & ~database.layout.holdout)[::3]
    removed = [d.id for d in database.catalog.describe(database.layout.number[places].tolist())]
    database.remove(removed)
    database.compact()
    database.add(Document(id=f"new {name}", text="ba ke li mo nu " * 60) for name in removed)


@pytest.mark.parametrize("with_table", [True, False])
def test_an_evaluator_reads_one_version_though_the_database_changes_meanwhile(
    trained: RetroForCausalLM, copy_book: Callable[[], Database], with_table: bool
) -> None:
    database = copy_book()
    table = NeighborTable.load(database) if with_table else None
    expected = perplexity_of(trained, database, table)
    version, changed = database.opened, []
    made_before, made_now = (evaluator_of(trained, database, table, batch_size=2) for _ in range(2))

    def progress(done: int, total: int | None, **_: Any) -> None:
        if not changed:
            change(database)
            changed.append(done)

    report = evaluate_perplexity(made_now, progress=progress)
    assert changed
    assert evaluate_perplexity(made_before) == report
    assert perplexity_of(trained, version, table, batch_size=2) == report
    for mode, result in expected.modes.items():
        assert report.modes[mode].bits_per_byte == pytest.approx(result.bits_per_byte, rel=1e-5)
    moved = perplexity_of(trained, database, None).modes["on"]
    assert moved.bits_per_byte != pytest.approx(expected.modes["on"].bits_per_byte, rel=1e-3)


def test_a_table_of_another_version_is_refused(
    trained: RetroForCausalLM, copy_book: Callable[[], Database]
) -> None:
    database = copy_book()
    table = NeighborTable.load(database)
    change(database)
    with pytest.raises(MismatchError, match=r"version 2, the database is at 6: run openbook neighbors"):
        evaluator_of(trained, database, table)


def test_an_evaluation_neither_waits_for_a_writer_nor_writes(
    trained: RetroForCausalLM, copy_book: Callable[[], Database]
) -> None:
    database = copy_book()
    before = {name: (database.path / name).read_bytes() for name in files_of(database.path)}
    lock = take_lock(database.path / "write.lock")
    try:
        perplexity_of(trained, database, None, max_sequences=4)
        generate(trained, database, "a prompt", max_new_tokens=20)
    finally:
        lock.release()
    assert {name: (database.path / name).read_bytes() for name in files_of(database.path)} == before
