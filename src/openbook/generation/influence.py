"""How much a text owes to a neighbor: what its log-probability falls by where that neighbor is not read.

The text is read once more, in whole spans. At each look-up the cache is copied, and the span is read by one
row as it was, and by one for each neighbor without it:

    read again     prompt | span 0 | span 1 | span 2
                            └ 1 + K  └ 1 + K  └ 1 + K rows, each to the end of its span
"""

import copy
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from transformers.cache_utils import DynamicLayer

from openbook.generation.batch_row import BatchRow
from openbook.model import RetroCache, RetroForCausalLM
from openbook.model.positions import position_ids

_TOGETHER = 8
"""Rows that are read at a time: each has a copy of the cache."""


def influences(model: RetroForCausalLM, row: BatchRow) -> list[list[float]]:
    """Measure the influence of each neighbor on the span that was written while it was read.

    Args:
        model: that wrote it, in evaluation mode.
        row: what was written, with what was looked up; not without retrieval.

    Returns:
        For each look-up that a token of the text read, and each of its neighbors: the sum of the span's
        log-probabilities, in nats, less the same sum where the neighbor is masked. The tokens before the
        span are as they were, with what they read.
    """
    with torch.inference_mode():
        return _Replay(model, row).influences()


class _Replay:
    """A text that is read again.

    Args:
        model: that wrote it.
        row: what was written.
    """

    def __init__(self, model: RetroForCausalLM, row: BatchRow) -> None:
        self.model = model
        self.row = row
        self.M = model.config.chunk_size
        self.stride = row.settings.stride
        self.cache = RetroCache()
        self.cache.num_recent = 0 if self.stride is None else 2 * self.M
        self.padding = -len(row.prompt) % self.M

    def influences(self) -> list[list[float]]:
        numbers = [token.chunk for token in self.row.written]
        begins = [place for place, number in enumerate(numbers) if not place or number != numbers[place - 1]]
        found = []
        for begin, end in zip(begins, [*begins[1:], len(numbers)], strict=True):
            ids, mask = self.row.reads[numbers[begin]]
            rows = _masked_one_by_one(ids, mask)
            sums = torch.cat([self._variants(ids, some, begin, end) for some in torch.split(rows, _TOGETHER)])
            self._span(self.cache, ids[None], mask[None], begin, end)
            visible = mask[-1].any(-1).tolist()
            pairs = zip((sums[0] - sums[1:]).tolist(), visible, strict=True)
            found.append([fall if is_visible else 0.0 for fall, is_visible in pairs])
        return found

    def _variants(self, ids: Tensor, masks: Tensor, begin: int, end: int) -> Tensor:
        """The span's log-probability [B] with each of some masks [B, C, K, R]; the cache stays as it is."""
        cache = copy.deepcopy(self.cache)
        if begin:
            cache.batch_repeat_interleave(len(masks))
        return self._span(cache, ids.expand(len(masks), *ids.shape), masks, begin, end)

    def _span(self, cache: RetroCache, ids: Tensor, mask: Tensor, begin: int, end: int) -> Tensor:
        """Read what a look-up found, and the span: the sum of its log-probabilities for each row.

        Args:
            cache: up to the last token but one before the span; nothing, before the first.
            ids: int64 [B, C, K, R] of the look-up.
            mask: bool, the same.
            begin: the span's first token, of those written.
            end: the one after its last.
        """
        written = [token.id for token in self.row.written]
        if begin:
            cache.last = None
            if self.stride is not None:
                cache.end_chunk_after(1, chunk_size=self.M)
            # The token before the span completes the window: it is the first to read what was found.
            logits = [self._pass(cache, written[begin - 1 : end - 1], ids, mask)]
        else:
            prompt = [self.row.settings.eos_id] * self.padding + self.row.prompt
            logits = [self._pass(cache, prompt, ids, mask, is_prompt=self.model.reads_itself)[:, -1:]]
            if end > 1:
                logits.append(self._pass(cache, written[: end - 1], None, None))
        log_probs = torch.cat(logits, 1).log_softmax(-1)
        tokens = torch.tensor(written[begin:end], device=log_probs.device).expand(len(log_probs), -1)
        return log_probs.gather(-1, tokens[..., None])[..., 0].sum(-1).cpu()

    def _pass(
        self,
        cache: RetroCache,
        tokens: Sequence[int],
        ids: Tensor | None,
        mask: Tensor | None,
        *,
        is_prompt: bool = False,
    ) -> Tensor:
        """Logits [B, T, V] of some tokens in every row."""
        device = self.model.device
        B = _num_rows(cache, ids)
        padding = {}
        if self.padding:
            exists = torch.ones(B, cache.get_seq_length() + len(tokens), dtype=torch.long, device=device)
            exists[:, : self.padding] = 0
            padding = {"attention_mask": exists, "position_ids": position_ids(exists)[:, -len(tokens) :]}
        out = self.model(
            torch.tensor([list(tokens)], device=device).expand(B, -1),
            None if ids is None else ids.to(device),
            None if mask is None else mask.to(device),
            **padding,
            past_key_values=cache,
            use_cache=True,
            is_prompt=is_prompt,
        )
        assert isinstance(out.logits, Tensor)
        return out.logits


def _num_rows(cache: RetroCache, ids: Tensor | None) -> int:
    """B: of what was read before, else of what is read."""
    if ids is not None:
        return len(ids)
    return len(cast(DynamicLayer, cache.layers[0]).keys)  # type: ignore[arg-type]


def _masked_one_by_one(ids: Tensor, mask: Tensor) -> Tensor:
    """A mask [C, K, R] as it is, then without each neighbor of the last chunk: bool [K + 1, C, K, R].

    Chunks before the last that read the same there, as all of a question's do, are without it, too.
    """
    K = mask.shape[1]
    same = ((ids == ids[-1]) & (mask == mask[-1])).all(-1)  # [C, K]
    rows = mask.expand(K + 1, *mask.shape).clone()
    for neighbor in range(K):
        rows[neighbor + 1, same[:, neighbor], neighbor] = False
    return rows
