"""Answers of a model to many questions at once: batches, greedy, with the neighbors that each is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openbook.errors import SettingsError
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.generation.second_reading import read_twice
from openbook.model import RetroCache, RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.model.copy_head import CopyDistribution
from openbook.model.positions import position_ids
from openbook.progress import Progress, silent
from openbook.text.chat_format import ChatFormat

_LONGEST = 24
"""Tokens of an answer."""
_LONGEST_QUESTION = 2048
"""Tokens, in the model's format: a batch is as long as its longest question, and a text is no question."""
_SHOWN = 40
"""Characters of a question that is refused."""


@dataclass(frozen=True, slots=True)
class NeighborTokens:
    """What some questions read.

    ids: int64 [Q, K, R].
    mask: bool [Q, K, R], False: this token does not exist.
    """

    ids: Tensor
    mask: Tensor

    @classmethod
    def of(cls, rows: Sequence[Sequence[Sequence[int]]], *, length: int) -> "NeighborTokens":
        """Pad neighbors, given as tokens for each question, to R = `length`; longer ones are cut."""
        K = max([1, *map(len, rows)])
        ids = torch.zeros(len(rows), K, length, dtype=torch.long)
        mask = torch.zeros(ids.shape, dtype=torch.bool)
        for question, neighbors in enumerate(rows):
            for place, tokens in enumerate(neighbors):
                kept = torch.tensor(tokens[:length], dtype=torch.long)
                ids[question, place, : len(kept)] = kept
                mask[question, place, : len(kept)] = True
        return cls(ids, mask)

    def __getitem__(self, rows: list[int]) -> "NeighborTokens":
        return NeighborTokens(self.ids[rows], self.mask[rows])


class Answerer:
    """Asks a model in its chat format.

    Args:
        model: a native RETRO or a retrofit; all of the prompt reads what was looked up, or by chunked
            cross-attention all of its chunks do.
        chat: the format of its tokenizer.
        batch_size: questions at a time.
        max_new_tokens: of an answer, at most M; None: 24, if M is not less.
        reread: read each neighbor alone as well, and answer what both readings agree on.

    Raises:
        SettingsError: a number out of its range.
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        chat: ChatFormat,
        *,
        batch_size: int = 16,
        max_new_tokens: int | None = None,
        reread: bool = False,
    ) -> None:
        M = model.config.chunk_size
        if max_new_tokens is None:
            max_new_tokens = min(_LONGEST, M)
        if not 1 <= max_new_tokens <= M:
            raise SettingsError(
                f"max new tokens {max_new_tokens}: must be from 1 to the chunk size {M}: nothing is "
                "looked up again"
            )
        if batch_size < 1:
            raise SettingsError(f"batch size {batch_size}: must be at least 1")
        self.model = model
        self.chat = chat
        self.batch_size = batch_size
        self.max_new_tokens = max_new_tokens
        self.reread = reread
        self._reads_itself = model.reads_itself
        # A base that reads its neighbors itself puts the prefix before all of them.
        self._prefix = [] if self._reads_itself else chat.prefix_ids

    def answer(
        self,
        questions: Sequence[str],
        neighbors: NeighborTokens | None = None,
        *,
        passages: Sequence[Sequence[str]] | None = None,
        progress: Progress = silent,
    ) -> list[ModelAnswer]:
        """Answer questions.

        Args:
            questions: Q texts.
            neighbors: of each; None: without retrieval.
            passages: texts that stand before each question in its prompt; None: none do. With them and
                without neighbors it is the base that answers, with retrieval in its prompt.
            progress: called with questions done.

        Raises:
            SettingsError: a question, or one with its passages, that is too long; nothing was asked then.
        """
        self.require_lengths(questions)
        before = [()] * len(questions) if passages is None else passages
        pairs = zip(questions, before, strict=True)
        prompts = [[*self._prefix, *self.chat.question_ids(question, texts)] for question, texts in pairs]
        self._require_positions(questions, prompts)
        order = sorted(range(len(prompts)), key=lambda row: len(prompts[row]))
        answers: dict[int, ModelAnswer] = {}
        with evaluation_mode(self.model), torch.inference_mode():
            for start in range(0, len(order), self.batch_size):
                rows = order[start : start + self.batch_size]
                read = None if neighbors is None else neighbors[rows]
                answers |= dict(zip(rows, self._answer([prompts[row] for row in rows], read), strict=True))
                progress(len(answers), len(prompts))
        return [answers[row] for row in range(len(prompts))]

    def tokens_of(self, passages: Sequence[Sequence[str]]) -> NeighborTokens:
        """The passages of each question, as the model reads them beside its prompt."""
        rows = [self.chat.tokenizer.encode(texts) for texts in passages]
        return NeighborTokens.of(rows, length=2 * self.model.config.chunk_size)

    def require_lengths(self, questions: Sequence[str]) -> None:
        """Refuse questions that are too long, before any is looked up or asked.

        Raises:
            SettingsError: one has more than 2,048 tokens in the model's format, or than it has positions.
        """
        prompts = [[*self._prefix, *self.chat.question_ids(question)] for question in questions]
        self._require_positions(questions, prompts, most=_LONGEST_QUESTION)

    def _require_positions(
        self, questions: Sequence[str], prompts: Sequence[Sequence[int]], *, most: int | None = None
    ) -> None:
        """Refuse prompts that leave no positions for an answer, or have more tokens than `most`."""
        config = self.model.config
        # A native RETRO reads longer texts than those of its training, if need be.
        is_bounded = hasattr(config, "reader")
        longest = config.max_position_embeddings - self.max_new_tokens if is_bounded else _LONGEST_QUESTION
        longest = longest if most is None else min(most, longest)
        for question, prompt in zip(questions, prompts, strict=True):
            if len(prompt) > longest:
                raise SettingsError(
                    f"question {question[:_SHOWN]!r}: {len(prompt):,} tokens as the model gets it, which "
                    f"reads {longest:,} here; shorten it, read fewer passages, or leave it out"
                )

    def _answer(self, prompts: list[list[int]], neighbors: NeighborTokens | None) -> list[ModelAnswer]:
        """One batch. Prompts end where a chunk ends, so all that is written reads what the prompt reads."""
        M, device = self.model.config.chunk_size, self.model.device
        T = -(-max(map(len, prompts)) // M) * M
        padding = [T - len(prompt) for prompt in prompts]
        pad = self.chat.tokenizer.eos_id
        new = torch.tensor([[pad] * n + prompt for n, prompt in zip(padding, prompts, strict=True)])
        mask = torch.tensor([[0] * n + [1] * (T - n) for n in padding], device=device)
        ends = torch.tensor(sorted(self.chat.end_ids), device=device)
        new, cache = new.to(device), RetroCache()
        read = {} if neighbors is None else self._read_by(neighbors, padding, T // M)
        dictated = self._read_twice(new, mask, read) if self.reread and read else None
        written: list[Tensor] = []
        shares: list[Tensor] = []
        copied: list[Tensor] = []
        done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
        while len(written) < self.max_new_tokens and not bool(done.all()):
            out = self.model(
                new,
                attention_mask=mask,
                position_ids=position_ids(mask)[:, -new.shape[1] :],
                past_key_values=cache,
                use_cache=True,
                logits_from=new.shape[1] - 1,
                output_shares=neighbors is not None,
                output_copied=neighbors is not None,
                **read,
            )
            new = out.logits[:, -1:].argmax(-1) if dictated is None else dictated[:, len(written), None]
            done |= torch.isin(new[:, 0], ends)
            written.append(new[:, 0].masked_fill(done, pad))
            if out.neighbor_shares is not None:
                shares.append(out.neighbor_shares[:, -1].masked_fill(done[:, None], 0.0))
            if out.copied is not None:
                of_each = _copied_from_each(out.copied, out.logits[:, -1], new, R=2 * M)
                copied.append(of_each.masked_fill(done[:, None], 0.0))
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
            read = {}
        return self._answers(written, shares, copied)

    def _read_twice(self, new: Tensor, mask: Tensor, read: dict[str, Any]) -> Tensor:
        """What both readings of a batch answer [B, max_new_tokens], ends after ends; it is then written."""
        end = self.chat.tokenizer.eos_id
        answers = read_twice(
            self.model,
            new,
            mask,
            (read["neighbor_ids"], read["neighbor_mask"]),
            is_prompt=self._reads_itself,
            end_ids=self.chat.end_ids,
            max_new_tokens=self.max_new_tokens,
        )
        rows = [row + [end] * (self.max_new_tokens - len(row)) for row in answers]
        return torch.tensor(rows, device=self.model.device)

    def _read_by(self, neighbors: NeighborTokens, padding: list[int], num_chunks: int) -> dict[str, Any]:
        """What the prompts of a batch read, as arguments of the model.

        Args:
            neighbors: of B questions.
            padding: places before each prompt.
            num_chunks: C of the batch.
        """
        device, M = self.model.device, self.model.config.chunk_size
        ids, mask = neighbors.ids[:, None].to(device), neighbors.mask[:, None].to(device)
        if self._reads_itself:
            return {"neighbor_ids": ids, "neighbor_mask": mask, "is_prompt": True}
        # A chunk of nothing but padding has no neighbors: the next one's first tokens would read them.
        ends = torch.arange(1, num_chunks + 1, device=device) * M
        has_text = ends > torch.tensor(padding, device=device)[:, None]
        return {
            "neighbor_ids": ids.expand(-1, num_chunks, -1, -1),
            "neighbor_mask": mask & has_text[:, :, None, None],
        }

    def _answers(
        self, written: list[Tensor], shares: list[Tensor], copied: list[Tensor]
    ) -> list[ModelAnswer]:
        """From what was written of each, after an end padding, and what was read for each token."""
        tokens = torch.stack(written, 1)
        texts = [self._text(row) for row in tokens.tolist()]
        counts = (tokens != self.chat.tokenizer.eos_id).sum(1).clamp_min(1)[:, None]
        read: list[tuple[float, ...]] = [()] * len(texts)
        if shares:
            total = torch.stack(shares).sum(0)
            read = [tuple(row) for row in (total / total.sum(-1, keepdim=True).clamp_min(1e-9)).tolist()]
        of_each: list[tuple[float, ...] | None] = [None] * len(texts)
        if copied:
            of_each = [tuple(row) for row in (torch.stack(copied).sum(0) / counts).tolist()]
        return [ModelAnswer(*row) for row in zip(texts, read, of_each, strict=True)]

    def _text(self, tokens: list[int]) -> str:
        text = self.chat.tokenizer.decode([tokens])[0].strip()
        return text if self.chat.stop is None else text.partition(self.chat.stop)[0].strip()


def _copied_from_each(copied: CopyDistribution, log_probs: Tensor, tokens: Tensor, *, R: int) -> Tensor:
    """Of the probability of these tokens [B, 1], what came from copying each neighbor: [B, K]."""
    weights = copied.weights[:, -1] * (copied.ids[:, -1] == tokens)
    share = (copied.log_gate[:, -1, None] - log_probs.gather(-1, tokens)).exp()
    of_each: Tensor = weights.view(len(weights), -1, R).sum(-1) * share
    return of_each.clamp_max(1.0)
