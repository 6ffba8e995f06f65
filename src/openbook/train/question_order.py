"""Which question, or which text, is read when: from the seed alone, as `TrainingOrder` does it.

All samples of a step are of one kind, so that they can stand in one batch. With text every third step:

    step       0          1          2     3          4          5
    learns     questions  questions  text  questions  questions  text

Questions that share their passages stand beside each other. With at most three of the same, where the
passages of a answer one more, those of b none, and those of c many:

    place      0    1    2    3    4    5
    question   a    a'   b    c    c'   c"       the next step begins with d
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from openbook.train.question_layout import Sample
from openbook.train.question_samples import DrawnQuestion, QuestionSamples
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
        same_passages: most questions that share their passages.
    """

    samples: QuestionSamples
    seed: int
    first: int
    last: int
    step_size: int
    text: TrainingOrder | None = None
    text_every: int = 0
    same_passages: int = 1
    _epoch: int = field(default=-1, init=False)
    _permutation: NDArray[np.int64] = field(init=False)
    _step: int = field(default=-1, init=False)
    _drawn: list[DrawnQuestion] = field(default_factory=list, init=False)

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
        step, place = divmod(position, self.step_size)
        if step != self._step:
            self._step, self._drawn = step, self._draw_step(step)
        return self.samples.sample_of(self._drawn[place])

    def _draw_step(self, step: int) -> list[DrawnQuestion]:
        """The questions of a step; each that begins has a number that no other step has."""
        drawn: list[DrawnQuestion] = []
        position = step * self.step_size
        while len(drawn) < self.step_size:
            count = min(self.same_passages, self.step_size - len(drawn))
            seed = [self.seed, _DRAW, position]
            drawn += self.samples.draw_together(self._number(position), seed, count)
            position += 1
        return drawn

    def _number(self, position: int) -> int:
        """The question at a position of an order without end."""
        epoch, place = divmod(position, len(self.samples))
        if epoch != self._epoch:
            drawn = np.random.default_rng([self.seed, _QUESTION_ORDER, epoch])
            self._epoch, self._permutation = epoch, drawn.permutation(len(self.samples))
        return int(self._permutation[place])
