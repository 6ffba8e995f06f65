"""A model as the reader of an exam: it answers greedily, and reads the neighbors that it is given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.exam.reading import QuestionNeighbors
from openbook.model import RetroForCausalLM
from openbook.text.chat_format import REFUSAL, ChatFormat


@dataclass(frozen=True, eq=False)
class ModelReader:
    """Asks a model in its chat format.

    model: a native RETRO or a retrofit.
    chat: the format of its tokenizer.
    batch_size: questions at a time.
    reread: neighbors are read each alone as well, see `openbook.generation.second_reading`.
    """

    model: RetroForCausalLM
    chat: ChatFormat
    batch_size: int = 16
    reread: bool = False

    def answer(self, questions: Sequence[str], neighbors: QuestionNeighbors | None) -> list[ModelAnswer]:
        """Answer questions, see `Reader`."""
        answerer = Answerer(self.model, self.chat, batch_size=self.batch_size, reread=self.reread)
        if neighbors is None:
            return answerer.answer(questions)
        mask = torch.from_numpy(np.ascontiguousarray(neighbors.mask))
        answers = answerer.answer(questions, NeighborTokens(torch.from_numpy(neighbors.ids), mask))
        return [
            answer if reads else ModelAnswer(REFUSAL)  # as `ask` does
            for answer, reads in zip(answers, mask.any(-1).any(-1).tolist(), strict=True)
        ]
