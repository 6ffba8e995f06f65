"""Samples of a retokenized database: padding inside documents is neither attended to nor predicted from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluations import evaluator_of, perplexity_of
from foreign_tokenizers import SOME_TEXT, foreign
from openbook.database import Database, NeighborTable, SequenceDataset, build_neighbors, retokenize
from openbook.database.neighbors.sequences import IGNORED_LABEL
from openbook.evaluate.baselines.datastore import DatastoreOptions, read_documents
from openbook.evaluate.baselines.in_context import InContextScorer
from openbook.evaluate.baselines.knn_lm import build_knn_lm
from openbook.evaluate.neighbor_modes import ChunkNeighbors
from openbook.evaluate.overlap import overlap_runs
from openbook.evaluate.scorers import ModelScorer
from openbook.evaluate.windows import Windows
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.batch import collate
from openbook.text import Document
from openbook.train import Recipe, train
from openbook.train.sample_order import TrainingOrder

M, T = 16, 64


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Documents of several chunks, most of them padded; with neighbors."""
    folder = tmp_path_factory.mktemp("samples")
    old = Database.create(
        folder / "old", tokenizer=foreign("gpt2"), embedder=None, chunk_size=8, holdout=["d1"]
    )
    texts = [SOME_TEXT[number % 2][start : start + 150] for number, start in enumerate(range(0, 400, 40))]
    old.add(Document(id=f"d{number}", text=text) for number, text in enumerate(texts))
    retokenize(old, folder / "new", foreign("llama"), chunk_size=M)
    new = Database.open(folder / "new")
    build_neighbors(new, k=4)
    return new


@pytest.fixture(scope="module")
def samples(derived: Database) -> SequenceDataset:
    return SequenceDataset(derived, "train", T, NeighborTable.load(derived).first(2))


def test_the_mask_is_where_tokens_are_and_no_label_follows_padding(
    derived: Database, samples: SequenceDataset
) -> None:
    inner = 0
    for index in range(len(samples)):
        sample, chunks = samples[index], samples.chunk_ids[index]
        mask, labels = sample["attention_mask"], sample["labels"]
        assert mask.shape == (T,) and mask.dtype == np.int64
        lengths = np.where(chunks >= 0, derived.layout.lengths[chunks], 0)
        assert mask.reshape(-1, M).sum(axis=1).tolist() == lengths.tolist()
        after_padding = np.concatenate([[True], mask[:-1] == 0])
        ignored = after_padding | (mask == 0)
        assert (labels == IGNORED_LABEL).tolist() == ignored.tolist()
        assert (labels[~ignored] == sample["input_ids"][~ignored]).all()
        inner += int((after_padding & (mask == 1)).sum())
    assert inner > len(samples)


def test_batches_bring_the_mask(samples: SequenceDataset) -> None:
    order = TrainingOrder(samples, 0, 0.5, first=0, last=2)
    batch = collate([order[0], order[1]])
    assert batch["attention_mask"].shape == (2, T)
    assert batch.keys() == samples[0].keys()


def test_a_neighbors_tokens_stand_together(derived: Database) -> None:
    layout = derived.layout
    chunk = int(np.flatnonzero(layout.has_continuation & (layout.lengths < M))[0])
    ids, mask = derived.opened.retrieved_tokens(np.array([chunk, -1]))
    expected = [
        token for row in (chunk, chunk + 1) for token in derived.tokens[row][: layout.lengths[row]].tolist()
    ]
    assert ids[0, : len(expected)].tolist() == expected
    assert mask[0].tolist() == [True] * len(expected) + [False] * (2 * M - len(expected))
    assert not mask[1].any()


def tiny(database: Database, **options: Any) -> RetroForCausalLM:
    torch.manual_seed(0)
    config = RetroConfig(
        vocab_size=database.tokenizer.vocab_size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        chunk_size=M,
        num_neighbors=2,
        max_position_embeddings=2 * T,
        **options,
    )
    return RetroForCausalLM(config).eval()


@pytest.fixture(scope="module", params=["rotary", "relative"])
def model(request: pytest.FixtureRequest, derived: Database) -> RetroForCausalLM:
    encoder = {"encoder_hidden_size": 32, "encoder_num_layers": 1}
    return tiny(derived, cca_layers=[1, 2], copy_head=True, positions=request.param, **encoder)


def test_what_fills_does_not_matter_to_any_loss(model: RetroForCausalLM, samples: SequenceDataset) -> None:
    """Tokens and neighbors; and the loss does depend on what is shown."""
    batch = collate([samples[index] for index in range(len(samples))])
    with torch.no_grad():
        expected = model(**batch).token_losses
        padding = batch["attention_mask"] == 0
        hidden = ~batch["neighbor_mask"]
        assert padding[:, 1:-1].any() and hidden.any() and batch["neighbor_mask"].any()
        other = dict(batch)
        for key, where in (("input_ids", padding), ("neighbor_ids", hidden)):
            drawn = torch.randint(3, model.config.vocab_size, batch[key].shape)
            other[key] = torch.where(where, drawn, batch[key])
        assert torch.equal(model(**other).token_losses, expected)
        shown = batch | {"attention_mask": torch.ones_like(batch["attention_mask"])}
        assert not torch.equal(model(**shown).token_losses, expected)


def test_evaluation_reads_the_mask(model: RetroForCausalLM, derived: Database) -> None:
    windows = Windows.spread(SequenceDataset(derived, "train", T))
    table = NeighborTable.load(derived)
    samples = SequenceDataset(derived, "train", T, table.first(2))
    nats = ModelScorer(model, samples)(windows.rows)
    with torch.no_grad():
        expected = model(**collate([samples[row] for row in windows.rows])).token_losses
    assert np.allclose(nats, expected, atol=1e-5)
    assert (nats[~windows.predicted] == 0).all() and (nats[windows.predicted] > 0).all()


def test_overlap_is_a_share_of_the_tokens_that_a_chunk_has(derived: Database) -> None:
    """With itself, all of it."""
    layout = derived.layout
    windows = Windows.spread(SequenceDataset(derived, "train", T))
    itself = ChunkNeighbors(windows.chunks, windows.chunks[:, None])
    runs = overlap_runs(windows, itself, derived.opened)
    there = windows.chunk_ids >= 0
    assert (runs[there] == layout.lengths[windows.chunk_ids[there]]).all()
    inner = there & layout.has_continuation[windows.chunk_ids]
    assert (windows.overlap_lengths[inner] == runs[inner]).all()
    assert (windows.overlap_lengths[~inner] == M).all()


def test_plain_decoders_read_the_mask_however_they_retrieve(derived: Database) -> None:
    """Without neighbors in the prompt, and with a datastore of no weight, losses are the model's own."""
    plain, table = tiny(derived, cca_layers=[]), NeighborTable.load(derived).first(2)
    evaluator = evaluator_of(plain, derived, None, sequence_length=T)
    windows = evaluator.windows
    expected = ModelScorer(plain, windows.samples())(windows.rows)
    none = np.full(table.shape, -1)
    found = InContextScorer(plain, windows.samples(none))(windows.rows)
    assert np.allclose(found, expected, atol=1e-5)
    knn_lm = build_knn_lm(plain, evaluator, options=DatastoreOptions(max_tokens=300), k=4)
    assert np.allclose(replace(knn_lm, weight=0.0)(windows.rows), expected, atol=1e-5)
    windows = Windows.spread(SequenceDataset(derived, "train", T))
    expected = ModelScorer(plain, windows.samples())(windows.rows)
    found = InContextScorer(plain, windows.samples(table))(windows.rows)
    assert not np.allclose(found, expected) and ((found > 0) == (expected > 0)).all()


def test_a_datastore_holds_the_tokens_that_training_counts(
    derived: Database, samples: SequenceDataset
) -> None:
    documents = np.flatnonzero(~derived.layout.holdout & ~derived.layout.excluded)
    ids, labels = read_documents(derived, documents, sequence_length=T)
    assert labels.tolist() == [
        sample["labels"].tolist() for sample in map(samples.__getitem__, range(len(samples)))
    ]
    masks = [samples[index]["attention_mask"] for index in range(len(samples))]
    exists = np.repeat(samples.chunk_ids >= 0, M, axis=1)
    assert ((ids >= 0) == (np.stack(masks) == 1))[exists].all()


def test_a_model_is_trained_and_evaluated_on_it(
    derived: Database, make_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    recipe = make_recipe(max_steps=2, eval_every=2, eval_sequences=1, sequence_length=T)
    train(recipe, derived, tmp_path / "model")
    model = RetroForCausalLM.from_pretrained(tmp_path / "model")
    report = perplexity_of(model, derived, NeighborTable.load(derived), sequence_length=T)
    held_out = SequenceDataset(derived, "holdout", T)
    counted = sum(int((held_out[index]["labels"] >= 0).sum()) for index in range(len(held_out)))
    assert report.modes["on"].tokens == report.modes["off"].tokens == counted
    assert [row.max_overlap for row in report.leakage]
