"""Which sample is read when, from the seed alone: the same for any number of processes and loader workers.

Position p (from 0) of a training run is sample `permutation[p % N]` of epoch `p // N`; each epoch has its own
permutation. So a training run resumes at any position without reading what comes before.
"""

import os
import signal
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from openbook.database import SequenceDataset

Sample = dict[str, NDArray[np.generic]]

_ORDER, _HIDING = 0, 1
"""Streams of random numbers, apart from each other."""


@dataclass
class TrainingOrder(Dataset[Sample]):
    """The samples of a training run, one after the other.

    Args:
        samples: the sequences, in the order of the corpus.
        seed: decides the order, and which chunks' neighbors are hidden.
        retrieval_dropout: share of chunks whose neighbors are hidden.
        first: position to begin at.
        last: position to end before.
    """

    samples: SequenceDataset
    seed: int
    retrieval_dropout: float
    first: int
    last: int
    _epoch: int = field(default=-1, init=False)
    _permutation: NDArray[np.int64] = field(init=False)

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, index: int) -> Sample:
        """The sample at position `first + index`, as `SequenceDataset` gives it."""
        position = self.first + index
        epoch, place = divmod(position, len(self.samples))
        if epoch != self._epoch:
            drawn = np.random.default_rng([self.seed, _ORDER, epoch])
            self._epoch, self._permutation = epoch, drawn.permutation(len(self.samples))
        sample = self.samples[int(self._permutation[place])]
        if self.retrieval_dropout and "neighbor_mask" in sample:
            mask = sample["neighbor_mask"].astype(bool, copy=False)
            drawn = np.random.default_rng([self.seed, _HIDING, position])
            shown = drawn.random(len(mask)) >= self.retrieval_dropout
            sample["neighbor_mask"] = mask & shown[:, None, None]
        return sample


def begin_worker(worker: int) -> None:
    """Let a process that reads ahead live on: launchers signal it too, but its training process ends it.

    Its tokenizers work alone: their threads do not outlive a fork, and would be waited for forever.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def seed_step(seed: int, step: int, process: int) -> None:
    """Make dropout depend on the step alone, not on the steps before it: nothing of it needs to be saved."""
    mixed = np.random.SeedSequence([seed, step, process]).generate_state(1, np.uint64)
    torch.manual_seed(int(mixed[0] >> np.uint64(1)))
