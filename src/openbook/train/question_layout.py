"""Where a question, its answer and its neighbors stand in a training sample.

A base that reads its neighbors itself reads them with all of the prompt; where that ends does not matter, so
question and answer stand together at the end:

    . . . . . q q q | q q a a a a a e      M = 8, T = 16; everything reads the neighbors

Chunked cross-attention lets a chunk's neighbors be read from its last token on. So the question ends where a
chunk ends, as it does when it is asked (see `openbook.generation.running_batch`), and every token of the
answer, the first one too, is predicted with the neighbors read:

    . . . q q q q q | a a a a a e . .      the last q and all a read the neighbors of the chunk of q
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Sample = dict[str, NDArray[np.generic]]

_IGNORED = -100
_OF_TOKENS = ("input_ids", "labels", "attention_mask", "position_ids")


class QuestionLayout(Protocol):
    """Arranges a question, its answer and its neighbors."""

    def room_beside(self, question: int) -> int:
        """Tokens of an answer, with its end, that stand beside a question of so many; 0: it is too long."""
        ...

    def sample(
        self, question: list[int], answer: list[int], ids: NDArray[np.int64], mask: NDArray[np.bool_]
    ) -> Sample:
        """Arrange one question.

        Args:
            question: its tokens, to the answer's beginning.
            answer: its tokens with the end.
            ids: int64 [K, R], neighbors.
            mask: bool [K, R], False: this token does not exist.

        Returns:
            input_ids, labels, attention_mask, position_ids int64 [T], labels -100 but for the answer;
            neighbor_ids int64 [C, K, R] and neighbor_mask bool [C, K, R].
        """
        ...


@dataclass(frozen=True, slots=True)
class PromptLayout:
    """For a base that reads its neighbors itself.

    length: T.
    pad_id: what stands on the left.
    """

    length: int
    pad_id: int

    def room_beside(self, question: int) -> int:
        return max(0, self.length - question)

    def sample(
        self, question: list[int], answer: list[int], ids: NDArray[np.int64], mask: NDArray[np.bool_]
    ) -> Sample:
        """One question; neighbors of one chunk, C = 1, and is_prompt: everything reads them."""
        T = self.length
        text = [*question, *answer]
        padding = T - len(text)
        assert padding >= 0, f"question and answer have {len(text)} tokens, of {T}"
        return {
            "input_ids": np.array([self.pad_id] * padding + text),
            "labels": np.array([_IGNORED] * (T - len(answer)) + answer),
            **_padded_on_the_left(T, padding),
            "neighbor_ids": ids[None],
            "neighbor_mask": mask[None],
            "is_prompt": np.array(True),
        }


@dataclass(frozen=True, slots=True)
class ChunkedLayout:
    """For chunked cross-attention: all chunks that the question stands in have its neighbors.

    length: T; the question has its whole chunks but the last, which may be shorter and is the answer's.
    pad_id: what stands where there is no text.
    chunk_size: M.
    prefix: tokens before every question.
    """

    length: int
    pad_id: int
    chunk_size: int
    prefix: tuple[int, ...] = ()

    @property
    def begin(self) -> int:
        """Where the answer begins."""
        return (self.length - 1) // self.chunk_size * self.chunk_size

    @property
    def longest_answer(self) -> int:
        """Tokens of an answer with its end."""
        return self.length - self.begin

    def room_beside(self, question: int) -> int:
        return self.longest_answer if len(self.prefix) + question <= self.begin else 0

    def sample(
        self, question: list[int], answer: list[int], ids: NDArray[np.int64], mask: NDArray[np.bool_]
    ) -> Sample:
        """One question."""
        M, T = self.chunk_size, self.length
        prompt = [*self.prefix, *question]
        padding = self.begin - len(prompt)
        after = self.longest_answer - len(answer)
        assert min(padding, after) >= 0, f"{len(prompt)} and {len(answer)} tokens, of {self.begin} and {T}"
        C = T // M
        # Of the chunks those with a token of the question, which are the last ones before the answer's.
        has_question = (np.arange(C) + 1) * M > padding
        has_question &= np.arange(C) * M < self.begin
        return {
            "input_ids": np.array([self.pad_id] * padding + prompt + answer + [self.pad_id] * after),
            "labels": np.array([_IGNORED] * self.begin + answer + [_IGNORED] * after),
            **_padded_on_the_left(T, padding),
            "neighbor_ids": np.repeat(ids[None], C, axis=0),
            "neighbor_mask": mask[None] & has_question[:, None, None],
        }


def collate_prompts(samples: Sequence[Sample]) -> "dict[str, Tensor]":
    """Stack samples into a batch as `openbook.model.batch.collate` does, prompts without what pads all."""
    from openbook.model.batch import collate

    batch = collate(samples)
    if "is_prompt" not in batch:
        return batch
    begin = int(batch["attention_mask"].any(0).int().argmax())
    return batch | {name: batch[name][:, begin:] for name in _OF_TOKENS}


def _padded_on_the_left(length: int, padding: int) -> Sample:
    places = np.arange(length)
    return {
        "attention_mask": (places >= padding).astype(np.int64),
        "position_ids": np.maximum(places - padding, 0),
    }
