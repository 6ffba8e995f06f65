"""kNN-LM: a brute-force one, and what may not be in its datastore."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import LlamaConfig, LlamaForCausalLM

from evaluations import evaluator_of
from openbook.database import Database
from openbook.errors import DatabaseError, SettingsError
from openbook.evaluate import ModelScorer, Windows
from openbook.evaluate.baselines import (
    DatastoreOptions,
    KnnLmScorer,
    build_datastore,
    build_knn_lm,
    datastore,
)
from openbook.evaluate.baselines.plain_decoder import hidden_states
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import retrofit
from openbook.text import Document


def retrievable(book: Database) -> NDArray[np.int64]:
    return np.unique(book.layout.document_of[book.layout.retrievable])


def documents_tokens(book: Database, documents: NDArray[np.int64]) -> list[list[int]]:
    """Of each document, without padding."""
    layout = book.layout
    return [
        book.tokens[np.array(layout.chunks_of(place))].reshape(-1)[: layout.document_tokens[place]].tolist()
        for place in sorted(documents)
    ]


def hidden(model: RetroForCausalLM, ids: list[int]) -> NDArray[np.float64]:
    with torch.no_grad():
        states: NDArray[np.float64] = model.model(torch.tensor([ids])).hidden[0].double().numpy()
    return states


def store_by_hand(
    model: RetroForCausalLM, book: Database, documents: NDArray[np.int64]
) -> tuple[NDArray[np.float64], list[int]]:
    """Sequences of 128 tokens of filled chunks, read one by one."""
    stream: list[tuple[int, bool]] = []
    for tokens in documents_tokens(book, documents):
        stream += [(token, True) for token in tokens]
        stream += [(book.tokenizer.eos_id, False)] * (-len(tokens) % 16)
    keys, values = [], []
    for start in range(0, len(stream), 128):
        part = stream[start : start + 128]
        states = hidden(model, [token for token, _ in part])
        for place in range(1, len(part)):
            if part[place][1]:
                keys.append(states[place - 1].astype(np.float16).astype(np.float64))
                values.append(part[place][0])
    return np.stack(keys), values


@pytest.mark.parametrize(("weight", "temperature", "k"), [(0.3, 5.0, 8), (0.7, 20.0, 64), (0.25, 1.0, 1)])
def test_losses_equal_brute_force(
    plain: RetroForCausalLM, windows: Windows, book: Database, weight: float, temperature: float, k: int
) -> None:
    documents = retrievable(book)
    store = build_datastore(plain, book.opened, documents)
    rows = windows.rows[::-1][:2]
    nats = KnnLmScorer(plain, windows.samples(), store, weight=weight, temperature=temperature, k=k)(rows)
    keys, values = store_by_hand(plain, book, documents)
    followed = np.array(values)
    for row, losses in zip(rows, nats, strict=True):
        sample = windows.dataset[row]
        ids, labels = sample["input_ids"].tolist(), sample["labels"].tolist()
        states = hidden(plain, ids)
        log_probs = (
            (torch.from_numpy(states) @ plain.lm_head.weight.double().T).log_softmax(-1).numpy(force=True)
        )
        for place, label in enumerate(labels):
            if label < 0:
                assert losses[place] == 0
                continue
            distances = ((keys - states[place - 1]) ** 2).sum(-1)
            nearest = np.argsort(distances)[:k]
            near = np.exp(-(distances[nearest] - distances[nearest[0]]) / temperature)
            knn = near[followed[nearest] == label].sum() / near.sum()
            expected = -np.log(weight * knn + (1 - weight) * np.exp(log_probs[place - 1, label]))
            assert losses[place] == pytest.approx(expected, rel=2e-3, abs=2e-3)


def test_the_datastore_holds_every_token_of_its_documents_but_the_first_of_each_sequence(
    plain: RetroForCausalLM, book: Database
) -> None:
    documents = retrievable(book)
    store = build_datastore(plain, book.opened, documents, DatastoreOptions(batch_size=3))
    keys, values = store_by_hand(plain, book, documents)
    assert store.tokens.tolist() == values
    assert 0 < sum(map(len, documents_tokens(book, documents))) - len(store) < len(store) / 100
    stored = store.index.reconstruct_n(0, len(store))
    np.testing.assert_allclose(stored, keys, atol=1e-2)


def test_a_base_reads_as_much_at_a_time_as_its_new_weights_did(
    book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = LlamaConfig(vocab_size=book.tokenizer.vocab_size, max_position_embeddings=4096, **sizes)
    model = retrofit(LlamaForCausalLM(config), chunk_size=16, trained_length=48).eval()
    read: list[tuple[int, ...]] = []

    def states(model: RetroForCausalLM, ids: NDArray[np.int64]) -> torch.Tensor:
        read.append(ids.shape)
        return hidden_states(model, ids)

    monkeypatch.setattr(datastore, "hidden_states", states)
    build_datastore(model, book.opened, retrievable(book)[:6], DatastoreOptions(max_tokens=100))
    assert {shape[1] for shape in read} == {48}


def test_the_datastore_is_no_larger_than_asked(plain: RetroForCausalLM, book: Database) -> None:
    calls: list[tuple[int, int | None]] = []
    options = DatastoreOptions(max_tokens=300, batch_size=1)
    store = build_datastore(
        plain, book.opened, retrievable(book), options, progress=lambda *call: calls.append(call)
    )
    assert len(store) == 300
    assert calls[-1] == (300, 300)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_lambda_0_is_the_model_alone_and_chosen_numbers_help(
    plain: RetroForCausalLM, windows: Windows, book: Database
) -> None:
    alone = ModelScorer(plain, windows.samples())(windows.rows)
    chosen = build_knn_lm(plain, evaluator_of(plain, book, None))
    zero = KnnLmScorer(plain, windows.samples(), chosen.datastore, weight=0.0, temperature=1.0)
    np.testing.assert_allclose(zero(windows.rows), alone, atol=1e-5)
    assert chosen.weight > 0
    # The book's sentences stand in several documents.
    assert chosen(windows.rows).sum() < 0.95 * alone.sum()
    again = build_knn_lm(plain, evaluator_of(plain, book, None))
    assert (again.weight, again.temperature) == (chosen.weight, chosen.temperature)
    other = build_knn_lm(plain, evaluator_of(plain, book, None, seed=1))
    assert other.datastore.tokens.tolist() != chosen.datastore.tokens.tolist()


def spy_on_documents(monkeypatch: pytest.MonkeyPatch, read: list[NDArray[np.int64]]) -> None:
    from openbook.evaluate.baselines import knn_lm

    build, read_documents = knn_lm.build_datastore, knn_lm.read_documents

    def spy_build(model: Any, book: Any, documents: NDArray[np.int64], *rest: Any, **options: Any) -> Any:
        read.append(documents)
        return build(model, book, documents, *rest, **options)

    def spy_read(book: Any, documents: NDArray[np.int64], **rest: Any) -> Any:
        read.append(documents)
        return read_documents(book, documents, **rest)

    monkeypatch.setattr(knn_lm, "build_datastore", spy_build)
    monkeypatch.setattr(knn_lm, "read_documents", spy_read)


def test_held_out_documents_are_not_stored_nor_those_that_numbers_are_chosen_on(
    plain: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[NDArray[np.int64]] = []
    spy_on_documents(monkeypatch, read)
    build_knn_lm(plain, evaluator_of(plain, book, None))
    stored, chosen_on = read
    assert sorted([*stored, *chosen_on]) == retrievable(book).tolist()
    assert len(stored) > 0
    assert len(chosen_on) > 0


def test_what_is_evaluated_is_not_stored_where_the_book_has_it(
    plain: RetroForCausalLM,
    book: Database,
    book_documents: list[Document],
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = Database.create(tmp_path / "corpus", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    known = [
        hit.document_id
        for hit in book.hits(np.arange(book.layout.num_chunks), np.zeros(book.layout.num_chunks))
    ]
    places = dict(zip(known, book.layout.document_of.tolist(), strict=True))
    by_id = next(d for d in book_documents if places[d.id] == retrievable(book)[0])
    by_text = next(d for d in book_documents if places[d.id] == retrievable(book)[5])
    corpus.add([Document(id=by_id.id, text="Another text."), Document(id="mine", text=by_text.text)])
    read: list[NDArray[np.int64]] = []
    spy_on_documents(monkeypatch, read)
    build_knn_lm(plain, evaluator_of(plain, book, None, corpus=corpus))
    left_out = {places[by_id.id], places[by_text.id]}
    assert set(np.concatenate(read).tolist()) == set(retrievable(book).tolist()) - left_out


def test_many_keys_are_searched_by_lists_and_nearly_as_well(
    plain: RetroForCausalLM, windows: Windows, book: Database
) -> None:
    exact = build_datastore(plain, book.opened, retrievable(book))
    lists = build_datastore(plain, book.opened, retrievable(book), DatastoreOptions(exact_below=100))
    ids = windows.dataset[0]["input_ids"].tolist()
    queries = hidden(plain, ids).astype(np.float32)
    (far, expected), (near, found) = exact.search(queries, 8), lists.search(queries, 8)
    assert type(lists.index) is not type(exact.index)
    np.testing.assert_allclose(near[:, 0], far[:, 0], rtol=0.02, atol=0.05)
    assert (found == expected).mean() > 0.9
    scorers = [
        KnnLmScorer(plain, windows.samples(), store, weight=0.5, temperature=9.0) for store in (exact, lists)
    ]
    one, other = (scorer(windows.rows).mean() for scorer in scorers)
    assert one == pytest.approx(other, rel=0.02)


def test_more_keys_than_there_are(plain: RetroForCausalLM, windows: Windows, book: Database) -> None:
    store = build_datastore(plain, book.opened, retrievable(book), DatastoreOptions(max_tokens=5))
    nats = KnnLmScorer(plain, windows.samples(), store, weight=0.5, temperature=1.0, k=64)(windows.rows)
    assert np.isfinite(nats).all()


def test_earlier_losses_know_nothing_of_later_tokens(
    plain: RetroForCausalLM, windows: Windows, book: Database, change_last_chunk: Any
) -> None:
    scorer = build_knn_lm(plain, evaluator_of(plain, book, None))
    before = scorer(windows.rows)
    change_last_chunk()
    after = scorer(windows.rows)
    np.testing.assert_allclose(after[:, :-16], before[:, :-16], atol=1e-4)
    assert (after[:, -16:] != before[:, -16:]).mean() > 0.9


@pytest.mark.parametrize(
    "wrong",
    [{"weight": 1.0}, {"weight": -0.1}, {"temperature": 0.0}, {"k": 0}, {"temperature": float("nan")}],
)
def test_numbers_out_of_range_are_refused(plain: RetroForCausalLM, wrong: dict[str, Any]) -> None:
    name = {"weight": "lambda"}.get(next(iter(wrong)), next(iter(wrong)))
    with pytest.raises(SettingsError, match=name):
        KnnLmScorer(plain, None, None, **{"weight": 0.5, "temperature": 1.0, **wrong})  # type: ignore[arg-type]


def test_a_book_without_text_to_store_is_refused(
    plain: RetroForCausalLM, book: Database, tmp_path: Any
) -> None:
    with pytest.raises(SettingsError, match="max tokens 0"):
        DatastoreOptions(max_tokens=0)
    with pytest.raises(SettingsError, match="k 0"):
        build_knn_lm(plain, evaluator_of(plain, book, None), k=0)
    small = Database.create(tmp_path / "small", tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    small.add([Document(id="one", text="A single text.")])
    with pytest.raises(DatabaseError, match=r"two documents .*; add documents"):
        build_knn_lm(plain, evaluator_of(plain, small, None, corpus=book))
    small.add([Document(id="two", text="A second text, to choose on.")])
    assert len(build_knn_lm(plain, evaluator_of(plain, small, None, corpus=book)).datastore) > 0
