"""Plans: hours, machines and money from a shape and rates, and measured rates."""

from typing import Any

import pytest

from openbook.cluster import rate_measurement
from openbook.cluster.book_size import BookShape
from openbook.cluster.corpus_plan import Machines, Plan, plan_corpus, seconds_per_query
from openbook.cluster.rate_measurement import line_through, measure_rates
from openbook.cluster.rates import Rates
from openbook.cluster.training_cost import TrainingCost
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.text import Document


def plan(tokens: int = 10**9, *, vector_size: int | None = 384, **given: object) -> Plan:
    options = {"rates": Rates(), "machines": Machines(), "mode": "dense"} | given
    return plan_corpus(BookShape(tokens=tokens, vector_size=vector_size), **options)  # type: ignore[arg-type]


def test_hours_are_the_work_by_the_rate() -> None:
    rates = Rates(preparing_seconds=60, prepared_chunks=1000, encoded_chunks=10, training_flops=1e12)
    planned = plan(rates=rates, training=TrainingCost(1, 1e9), epochs=2)
    assert planned.work["preparing"].hours == pytest.approx((60 + planned.chunks / 1000) / 3600)
    assert planned.work["encoding"].hours == pytest.approx(planned.chunks / 10 / 3600)
    assert planned.work["training"].hours == pytest.approx(2 * 10**9 * 1e9 / 1e12 / 3600)
    assert planned.work["neighbors"].hours == pytest.approx(
        planned.chunks * planned.milliseconds_per_query / 1000 / 3600
    )


def test_layers_computed_twice_are_a_third_more_work_and_said() -> None:
    once, twice = (plan(training=TrainingCost(1, 3e9, recomputes)) for recomputes in (False, True))
    assert once.work["training"].hours == pytest.approx(10**9 * 3e9 / 7e10 / 3600)
    assert twice.work["training"].hours == pytest.approx(10**9 * 4e9 / 7e10 / 3600)
    said = [[line for line in each.assumptions if "gradient_checkpointing" in line] for each in (once, twice)]
    assert [len(lines) for lines in said] == [0, 1]
    assert not any("gradient_checkpointing" in line for line in plan().assumptions)


def test_machines_do_the_work_in_the_days_there_are() -> None:
    planned = plan(machines=Machines(days=0.5, price=2.0))
    for work in planned.work.values():
        assert work.machines * 12 >= work.hours
        assert (work.machines - 1) * 12 < max(work.hours, 1e-9)
        assert work.money == pytest.approx(2 * work.hours)
    assert plan().work["encoding"].money is None


def test_the_memory_of_a_search_decides_how_many_machines_hold_it() -> None:
    planned = plan(10**12, machines=Machines(memory=1e9))
    assert planned.search_machines * 1e9 >= planned.search_memory > (planned.search_machines - 1) * 1e9
    assert planned.search_memory == planned.size.memory["vectors"]
    assert plan(mode="bm25").search_memory == plan().size.memory["words"]


def test_words_only_has_nothing_of_vectors() -> None:
    planned = plan(vector_size=None, mode="bm25")
    assert set(planned.work) == {"preparing", "neighbors"}
    assert planned.index is None
    assert planned.recall_at_10 is None
    with pytest.raises(SettingsError, match="bm25"):
        plan(vector_size=None, mode="hybrid")


def test_a_search_of_words_takes_time_with_the_book_and_hybrid_both() -> None:
    small, large = (BookShape(tokens=tokens) for tokens in (10**8, 10**10))
    rates = Rates()
    words = [seconds_per_query(shape, rates, mode="bm25") for shape in (small, large)]
    assert words[1] > 10 * words[0]
    dense, hybrid = (seconds_per_query(small, rates, mode=mode) for mode in ("dense", "hybrid"))
    assert hybrid == pytest.approx(dense + words[0])


def test_what_was_never_tried_is_said() -> None:
    assert any("never built" in line for line in plan(10**11).assumptions)
    assert not any("never built" in line for line in plan(10**7).assumptions)
    assert any("in proportion to the book" in line for line in plan(10**11, mode="hybrid").assumptions)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), 1e-320])
@pytest.mark.parametrize("name", ["encoded_chunks", "training_flops"])
def test_a_rate_of_nothing_or_without_end_is_refused(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=name):
        Rates(**{name: value})


def test_impossible_machines_and_epochs_are_refused() -> None:
    with pytest.raises(SettingsError, match="days"):
        Machines(days=0)
    with pytest.raises(SettingsError, match="epochs"):
        plan(training=TrainingCost(1, 1.0), epochs=0)


@pytest.mark.usefixtures("measured_briefly")
def test_rates_are_measured_on_the_text_given(book_documents: list[Document]) -> None:
    calls: list[tuple[int, int | None]] = []
    longer = [Document(id=d.id, text=d.text * 4) for d in book_documents]
    rates = measure_rates(longer, embedder=None, progress=lambda done, total: calls.append((done, total)))
    unmeasured = Rates()
    for name in ("prepared_chunks", "word_search_seconds", "training_flops"):
        assert getattr(rates, name) > 0
        assert getattr(rates, name) != getattr(unmeasured, name)
    assert rates.encoded_chunks == unmeasured.encoded_chunks
    assert calls[-1] == (2, 2)


def test_a_search_by_a_vector_takes_a_time_of_its_own_whatever_the_size() -> None:
    shape = BookShape(tokens=10**5, tokens_per_document=1000, vocabulary=16_000, vector_size=384)
    slow, fast = (
        seconds_per_query(shape, Rates(vector_search_seconds=seconds), mode="dense")
        for seconds in (1.0, 0.25)
    )
    assert slow - fast == pytest.approx(0.75)


def test_vectors_are_measured_on_tables_of_two_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("_ROWS", 400), ("_VECTORS", 10_000), ("_QUERIES", 32)):
        monkeypatch.setattr(rate_measurement, name, number)
    built: list[str] = []
    build = rate_measurement.build_neighbors

    def counted(book: Database, **options: Any) -> object:
        built.append(f"{options['mode']} {book.info().chunks}")
        return build(book, **options)

    monkeypatch.setattr(rate_measurement, "build_neighbors", counted)
    rates, unmeasured = rate_measurement._vectors(Rates()), Rates()
    assert set(built) == {"dense 100", "dense 400"}
    for name in ("compared_codes", "vector_search_seconds"):
        assert getattr(rates, name) > 0
        assert getattr(rates, name) != getattr(unmeasured, name)
    assert rates.compared_numbers > 0


def test_what_grows_is_told_from_what_comes_once() -> None:
    assert line_through((1000, 1.5), (5000, 3.5), known=1.0) == (2000.0, pytest.approx(1.0))
    for seconds in (3.5, 4.0):  # not slower with more chunks: noise
        assert line_through((1000, seconds), (5000, 3.5), known=5000.0) == (5000.0, pytest.approx(2.5))
    assert line_through((1000, 9.0), (5000, 3.5), known=100.0)[1] > 0


def test_too_little_text_to_measure_with_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least 8"):
        measure_rates([Document(id="a", text="one")], embedder=None)
