"""The order of samples: each once an epoch, from the seed alone, whoever reads it and from wherever on."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from openbook.database import Database, NeighborTable, SequenceDataset
from openbook.model.batch import collate
from openbook.train.sample_order import TrainingOrder, seed_step

Samples = SequenceDataset


@pytest.fixture
def samples(book: Database, table: NeighborTable) -> Samples:
    return SequenceDataset(book, "train", 64, table.first(2))


def order(samples: Samples, first: int, last: int, *, seed: int = 0, hidden: float = 0.0) -> TrainingOrder:
    return TrainingOrder(samples, seed, hidden, first=first, last=last)


def first_chunks(samples: Samples, drawn: TrainingOrder) -> list[int]:
    """Which sample stands at each place."""
    texts = {samples[index]["input_ids"].tobytes(): index for index in range(len(samples))}
    assert len(texts) == len(samples)
    return [texts[drawn[place]["input_ids"].tobytes()] for place in range(len(drawn))]


def test_every_epoch_reads_every_sample_once_in_an_order_of_its_own(samples: Samples) -> None:
    N = len(samples)
    drawn = first_chunks(samples, order(samples, 0, 3 * N))
    epochs = [drawn[:N], drawn[N : 2 * N], drawn[2 * N :]]
    assert all(sorted(epoch) == list(range(N)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert drawn != first_chunks(samples, order(samples, 0, 3 * N, seed=1))


@pytest.mark.parametrize("first", [0, 1, 7, 50])
def test_it_begins_anywhere(samples: Samples, first: int) -> None:
    whole, part = order(samples, 0, 60, hidden=0.5), order(samples, first, 60, hidden=0.5)
    assert len(part) == 60 - first
    for place in range(len(part)):
        ours, theirs = part[place], whole[first + place]
        assert all(np.array_equal(ours[key], theirs[key]) for key in theirs)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_the_same_for_any_number_of_workers(samples: Samples, workers: int) -> None:
    drawn = order(samples, 3, 27, hidden=0.3)
    batches = list(DataLoader(drawn, batch_size=4, collate_fn=collate, num_workers=workers))
    assert len(batches) == 6
    for number, batch in enumerate(batches):
        expected = collate([drawn[place] for place in range(4 * number, 4 * number + 4)])
        assert batch.keys() == expected.keys()
        assert all(torch.equal(batch[key], expected[key]) for key in expected)


def test_retrieval_dropout_hides_all_neighbors_of_some_chunks(samples: Samples) -> None:
    shown, hidden = order(samples, 0, 400), order(samples, 0, 400, hidden=0.25)
    kept = total = 0
    for place in range(400):
        before, after = shown[place], hidden[place]
        for key in ("input_ids", "labels", "neighbor_ids"):
            assert np.array_equal(before[key], after[key])
        there = before["neighbor_mask"].any(axis=(1, 2))
        left = after["neighbor_mask"].any(axis=(1, 2))
        whole = np.array_equal(after["neighbor_mask"], before["neighbor_mask"] & left[:, None, None])
        assert whole, "a chunk keeps all of its neighbors or none"
        kept, total = kept + int(left.sum()), total + int(there.sum())
    assert kept / total == pytest.approx(0.75, abs=0.06)


def test_without_retrieval_the_samples_are_the_same(samples: Samples, book: Database) -> None:
    plain = order(SequenceDataset(book, "train", 64), 0, 30, hidden=0.5)
    full = order(samples, 0, 30, hidden=0.5)
    assert all(np.array_equal(plain[place]["input_ids"], full[place]["input_ids"]) for place in range(30))
    assert "neighbor_mask" not in plain[0]


def test_a_step_has_its_own_random_numbers() -> None:
    def draw(seed: int, step: int, process: int) -> torch.Tensor:
        torch.rand(3)  # what came before does not matter
        seed_step(seed, step, process)
        return torch.rand(4)

    assert torch.equal(draw(0, 5, 0), draw(0, 5, 0))
    others = [draw(0, 6, 0), draw(1, 5, 0), draw(0, 5, 1)]
    assert not any(torch.equal(draw(0, 5, 0), other) for other in others)
