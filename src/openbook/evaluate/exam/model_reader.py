"""A model as the reader of an exam: it answers greedily, and reads the neighbors that it is given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
from openbook.evaluate.exam.reading import ReadAnswer, ReadNeighbors
from openbook.generation import Sampling
from openbook.generation.batch_row import DecodingSettings
from openbook.generation.decoded_token import DecodedToken
from openbook.generation.running_batch import decode
from openbook.model import RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.text.chat import ChatFormat

_LONGEST = 24
"""Tokens of an answer: names of several syllables, and the sentence of a refusal, have fewer."""


@dataclass(frozen=True, eq=False)
class ModelReader:
    """Asks a model in its chat format, one question after the other.

    model: a native RETRO or a retrofit.
    chat: the format of its tokenizer.
    batch_size: questions at a time, of a retrofit that reads its neighbors itself.
    """

    model: RetroForCausalLM
    chat: ChatFormat
    batch_size: int = 16

    def answer(self, questions: Sequence[str], neighbors: ReadNeighbors | None) -> list[ReadAnswer]:
        """Answer questions, see `Reader`."""
        if getattr(self.model.config, "reader", None) == "own":
            return self._answer_in_batches(questions, neighbors)
        answers = []
        with evaluation_mode(self.model):
            for place, question in enumerate(questions):
                read = None
                if neighbors is not None and (neighbors.chunks[place] >= 0).any():
                    read = (
                        torch.from_numpy(neighbors.ids[place]),
                        torch.from_numpy(np.ascontiguousarray(neighbors.mask[place])),
                    )
                answers.append(self._answer(question, read))
        return answers

    def _answer_in_batches(
        self, questions: Sequence[str], neighbors: ReadNeighbors | None
    ) -> list[ReadAnswer]:
        read = None
        if neighbors is not None:
            mask = torch.from_numpy(np.ascontiguousarray(neighbors.mask))
            read = NeighborTokens(torch.from_numpy(neighbors.ids), mask)
        answerer = Answerer(self.model, self.chat, batch_size=self.batch_size)
        return [ReadAnswer(item.text, item.shares, item.copied) for item in answerer.answer(questions, read)]

    def _answer(self, question: str, read: tuple[Tensor, Tensor] | None) -> ReadAnswer:
        settings = DecodingSettings(
            _LONGEST, Sampling(temperature=0.0), self.chat.tokenizer.eos_id, end_ids=self.chat.end_ids
        )
        tokens = decode(
            self.model,
            self._prompt(question),
            settings,
            None if read is None else _SameNeighbors(*read),
            is_done=self._is_done,
        )
        return ReadAnswer(self._text(tokens), _mean_shares(tokens), self._copied(tokens, read))

    def _prompt(self, question: str) -> list[int]:
        """Its tokens, without those that the model puts before every text itself."""
        prompt = [*self.chat.prefix_ids, *self.chat.question_ids(question)]
        own: list[int] = getattr(self.model.config, "prefix_ids", None) or []
        return prompt[len(own) :] if prompt[: len(own)] == own else prompt

    def _is_done(self, tokens: list[DecodedToken]) -> bool:
        return self.chat.stop is not None and self.chat.stop in self._decoded(tokens).lstrip()

    def _text(self, tokens: list[DecodedToken]) -> str:
        text = self._decoded(tokens).strip()
        return text if self.chat.stop is None else text.partition(self.chat.stop)[0].strip()

    def _decoded(self, tokens: list[DecodedToken]) -> str:
        return self.chat.tokenizer.decode([[token.id for token in tokens]])[0]

    def _copied(
        self, tokens: Sequence[DecodedToken], read: tuple[Tensor, Tensor] | None
    ) -> tuple[float, ...] | None:
        """How much of the tokens came from copying each neighbor."""
        if read is None or not self.model.config.copy_head:
            return None
        copied = np.zeros(len(read[0]))
        for token in tokens:
            if token.copied is not None:
                copied[token.copied.neighbor] += token.copied.share / len(tokens)
        return tuple(copied.tolist())


@dataclass(frozen=True, slots=True)
class _SameNeighbors:
    """The same neighbors [K, R] for every chunk of the prompt, and of the answer."""

    ids: Tensor
    mask: Tensor

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        C = len(chunks)
        return self.ids.expand(C, *self.ids.shape), self.mask.expand(C, *self.mask.shape)


def _mean_shares(tokens: Sequence[DecodedToken]) -> tuple[float, ...]:
    """Of each neighbor, over the tokens."""
    shares = [token.shares for token in tokens if token.shares]
    return tuple(np.mean(shares, axis=0).tolist()) if shares else ()
