"""Which question, or which text, is read when: from the seed alone, as `TrainingOrder` does it.

All samples of a step are of one kind, so that they can stand in one batch. With text every third step:

    step       0          1          2     3          4          5
    learns     questions  questions  text  questions  questions  text
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from openbook.train.question_layout import Sample
from openbook.train.question_samples import QuestionSamples
from openbook.train.sample_order import TrainingOrder

_QUESTION_ORDER, _DRAW = 2, 3
"""Streams of random numbers, apart from those of `TrainingOrder`."""


@dataclass
class QuestionOrder(Dataset[Sample]):
    """The samples of a training run on questions, one after the other.

    Args:
        samples: the questions.
        seed: decides the order, and what each draw reads.
        first: position to begin at.
        last: position to end before.
        step_size: samples in a step.
        text: the same positions of the database's text; None: no step learns text.
        text_every: every so many steps learn text.
    """

    samples: QuestionSamples
    seed: int
    first: int
    last: int
    step_size: int
    text: TrainingOrder | None = None
    text_every: int = 0
    _epoch: int = field(default=-1, init=False)
    _permutation: NDArray[np.int64] = field(init=False)

    def __len__(self) -> int:
        return self.last - self.first

    def learns_text(self, step: int) -> bool:
        """Say whether this step, from 0, learns text."""
        return self.text is not None and step % self.text_every == self.text_every - 1

    def __getitem__(self, index: int) -> Sample:
        """The sample at position `first + index`."""
        position = self.first + index
        if self.text is not None and self.learns_text(position // self.step_size):
            return self.text[index]
        epoch, place = divmod(position, len(self.samples))
        if epoch != self._epoch:
            drawn = np.random.default_rng([self.seed, _QUESTION_ORDER, epoch])
            self._epoch, self._permutation = epoch, drawn.permutation(len(self.samples))
        return self.samples.sample(int(self._permutation[place]), [self.seed, _DRAW, position])
