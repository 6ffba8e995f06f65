"""Scoring rows in batches: the log-probability of what each of them predicts."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from openbook.database.neighbors.sequences import IGNORED_LABEL
from openbook.evaluate.harness.alignment import Row
from openbook.evaluate.harness.neighbor_cache import NeighborCache
from openbook.model import RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.model.positions import position_ids
from openbook.progress import Progress

Score = tuple[float, bool]
"""The sum of log-probabilities in nats, and whether each token was the likeliest one."""


@dataclass(frozen=True)
class BatchScorer:
    """Scores rows; the model is left in the mode it was in.

    model: to read with.
    padding_id: the token that pads.
    neighbors: of each row's chunks; None: retrieval off.
    batch_size: rows at a time.
    """

    model: RetroForCausalLM
    padding_id: int
    neighbors: NeighborCache | None
    batch_size: int

    def scores(self, requests: Sequence[Sequence[Row]], *, compare: bool, progress: Progress) -> list[Score]:
        """Score requests of any number of rows; the longest rows are read first.

        Args:
            requests: their rows.
            compare: whether the likeliest tokens are wanted; without them less memory is needed.
            progress: called with how many rows are read, and of how many.
        """
        jobs = [(place, row) for place, rows in enumerate(requests) for row in rows]
        jobs.sort(key=lambda job: len(job[1].tokens), reverse=True)
        sums, likeliest = [0.0] * len(requests), [True] * len(requests)
        for start in range(0, len(jobs), self.batch_size):
            batch = jobs[start : start + self.batch_size]
            read = self._read([row for _, row in batch], compare=compare)
            for (place, _), (log_prob, greedy) in zip(batch, read, strict=True):
                sums[place] += log_prob
                likeliest[place] &= greedy
            progress(start + len(batch), len(jobs))
        return list(zip(sums, likeliest, strict=True))

    def _read(self, rows: Sequence[Row], *, compare: bool) -> list[Score]:
        """Padding stands on the right as well, where no text sees it: the model is causal."""
        longest = max(len(row.tokens) for row in rows)
        ids = torch.full((len(rows), longest), self.padding_id)
        exists, predicted = (torch.zeros(ids.shape, dtype=torch.bool) for _ in range(2))
        for place, row in enumerate(rows):
            end = len(row.tokens)
            ids[place, :end] = torch.tensor(row.tokens)
            exists[place, row.padding : end] = True
            predicted[place, row.first : end] = True
        compute = self._compare if compare else self._sum
        with evaluation_mode(self.model), torch.inference_mode():
            log_probs, hits = compute(ids, exists, predicted, self._neighbors_of(rows))
        sums = torch.where(predicted, log_probs, 0.0).sum(1, dtype=torch.float64)
        return list(zip(sums.tolist(), (hits | ~predicted).all(1).tolist(), strict=True))

    def _neighbors_of(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        if self.neighbors is None:
            return {}
        found = self.neighbors.of_rows(rows, self.model.config.chunk_size)
        if found is None:
            return {}
        ids, mask = (part.to(self.model.device) for part in found)
        return {"neighbor_ids": ids, "neighbor_mask": mask}

    def _compare(
        self, ids: Tensor, exists: Tensor, predicted: Tensor, neighbors: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Log-probabilities float32 [B, T] of the tokens, and whether each is the likeliest."""
        # Long contexts and short answers: of most positions no logits are wanted.
        start = int(predicted.any(0).nonzero()[0]) - 1
        device = self.model.device
        exists = exists.to(device)
        out = self.model(
            ids.to(device),
            attention_mask=exists,
            position_ids=position_ids(exists),
            logits_from=start,
            **neighbors,
        )
        logits = out.logits[:, :-1].float()
        targets = ids[:, start + 1 :].to(device)
        log_probs, hits = torch.zeros(ids.shape), torch.zeros(ids.shape, dtype=torch.bool)
        given = logits.gather(-1, targets[..., None])[..., 0]
        log_probs[:, start + 1 :] = (given - logits.logsumexp(-1)).cpu()
        hits[:, start + 1 :] = (logits.argmax(-1) == targets).cpu()
        return log_probs, hits

    def _sum(
        self, ids: Tensor, exists: Tensor, predicted: Tensor, neighbors: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Log-probabilities float32 [B, T] of the tokens alone, without the logits of a whole batch."""
        device = self.model.device
        exists = exists.to(device)
        out = self.model(
            ids.to(device),
            attention_mask=exists,
            position_ids=position_ids(exists),
            labels=ids.masked_fill(~predicted, IGNORED_LABEL).to(device),
            return_logits=False,
            **neighbors,
        )
        assert out.token_losses is not None
        return -out.token_losses.float().cpu(), torch.zeros(ids.shape, dtype=torch.bool)
