"""Answers that two readings agree on: of all passages together, and of each alone.

What is read together is confused with each other, and a passage that does not answer, read alone, is answered
from all the same. Where passages are about like things, what is likely both ways is right more often:

    together   log p(t | A B C D)                      one row for each passage below, all alike
    alone      log p(t | A) … log p(t | D)             one row each
    written    in each row the likeliest t by the sum of both, until an end
    answered   what was written in the row of the largest sum

It knows no chat template: tokens in, tokens out.
"""

from collections.abc import Set

import torch
from torch import Tensor

from openbook.generation.batch_row import BatchRow
from openbook.generation.beam_search import Dictated
from openbook.generation.prompt_reading import padded
from openbook.generation.sampling import Sampling
from openbook.model import RetroCache, RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.model.positions import position_ids


def agreed_sampling(model: RetroForCausalLM, row: BatchRow) -> Sampling:
    """What draws the answer that both readings of a row's neighbors agree on.

    It is then written like any other, which tells it, and finds what each part of it read. An answer that
    does not end within a chunk, or the stride, where it looks up again, is drawn as the row's settings say.

    Args:
        model: any.
        row: of which nothing is written, with a source of neighbors; what it finds stays there.
    """
    assert row.source is not None
    M, settings, device = model.config.chunk_size, row.settings, model.device
    ids, mask = row.source.fetch(row.chunks_in_window(M))
    if model.reads_itself:
        ids, mask = ids[-1:], mask[-1:]
    if not bool(mask.any()):
        return settings.sampling
    tokens, padding = padded(row, M)
    places = torch.arange(len(tokens), device=device)
    ends = {settings.eos_id, *settings.end_ids}
    with evaluation_mode(model):
        (answer,) = read_twice(
            model,
            torch.tensor([tokens], device=device),
            (places >= padding).long()[None],
            (ids[None].to(device), mask[None].to(device)),
            is_prompt=model.reads_itself,
            end_ids=ends,
            max_new_tokens=min(settings.max_new_tokens, settings.stride or M),
        )
    is_whole = answer[-1] in ends or len(answer) == settings.max_new_tokens
    return Dictated.of(answer) if is_whole else settings.sampling


def read_twice(
    model: RetroForCausalLM,
    prompts: Tensor,
    exists: Tensor,
    neighbors: tuple[Tensor, Tensor],
    *,
    is_prompt: bool,
    end_ids: Set[int],
    max_new_tokens: int,
) -> list[list[int]]:
    """Answer prompts that read their neighbors, greedily by the product of both readings' probabilities.

    Args:
        model: in evaluation mode.
        prompts: int64 [B, T], whole chunks, padded on the left.
        exists: int64 [B, T], 0: padding.
        neighbors: ids int64 and mask bool [B, C, K, R].
        is_prompt: all of the prompt reads the neighbors (reader `own`, C = 1).
        end_ids: tokens any of which ends an answer.
        max_new_tokens: of an answer, at most M: nothing is looked up again.

    Returns:
        Each answer's tokens, with the one that ends it, if one does. Where a prompt has no neighbor, both
        readings are of nothing.
    """
    ids, mask = neighbors
    row, place = _passages(mask)
    alone = (one[row, :, place][:, :, None] for one in (ids, mask))
    with torch.inference_mode():
        together = _Reading(model, prompts, exists, ids, mask, is_prompt=is_prompt).repeated(row)
        apart = _Reading(model, prompts[row], exists[row], *alone, is_prompt=is_prompt)
        tokens, sums = _written(together, apart, end_ids=end_ids, max_new_tokens=max_new_tokens)
    best: dict[int, int] = {}
    for number, of_row in enumerate(row.tolist()):
        if of_row not in best or sums[number] > sums[best[of_row]]:
            best[of_row] = number
    return [tokens[best[number]] for number in range(len(prompts))]


def _passages(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Row and place of each neighbor that exists; of a row that has none, of its first place."""
    real = mask.any(-1).any(1)  # [B, K]
    real[:, 0] |= ~real.any(-1)
    row, place = real.nonzero(as_tuple=True)
    return row, place


class _Reading:
    """Rows that have read their prompts, and what they say of the next token.

    Attributes:
        log_probs: [rows, V].
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        prompts: Tensor,
        exists: Tensor,
        ids: Tensor,
        mask: Tensor,
        *,
        is_prompt: bool,
    ) -> None:
        self._model = model
        self._exists = exists
        self._cache = RetroCache()
        self.log_probs = self._pass(prompts, neighbor_ids=ids, neighbor_mask=mask, is_prompt=is_prompt)

    def repeated(self, rows: Tensor) -> "_Reading":
        """Have these rows instead, some of them several times."""
        self._cache.batch_select_indices(rows)
        self._exists, self.log_probs = self._exists[rows], self.log_probs[rows]
        return self

    def write(self, tokens: Tensor) -> None:
        """Go on with a token [rows] each."""
        self._exists = torch.cat([self._exists, self._exists.new_ones(len(tokens), 1)], 1)
        self.log_probs = self._pass(tokens[:, None])

    def _pass(self, new: Tensor, **read: Tensor | bool) -> Tensor:
        out = self._model(
            new,
            attention_mask=self._exists,
            position_ids=position_ids(self._exists)[:, -new.shape[1] :],
            past_key_values=self._cache,
            use_cache=True,
            logits_from=new.shape[1] - 1,
            **read,
        )
        log_probs: Tensor = out.logits[:, -1].log_softmax(-1)
        return log_probs


def _written(
    together: _Reading, apart: _Reading, *, end_ids: Set[int], max_new_tokens: int
) -> tuple[list[list[int]], list[float]]:
    """What both readings write in each row, with its end, and the sum of its log-probabilities."""
    ends = torch.tensor(sorted(end_ids), device=together.log_probs.device)
    sums = torch.zeros(len(together.log_probs), device=ends.device)
    done = torch.zeros(len(sums), dtype=torch.bool, device=ends.device)
    lengths = torch.zeros(len(sums), dtype=torch.long, device=ends.device)
    written: list[Tensor] = []
    while True:
        best, tokens = (together.log_probs + apart.log_probs).max(-1)
        sums += best.masked_fill(done, 0.0)
        lengths += ~done
        done = done | torch.isin(tokens, ends)
        written.append(tokens)
        if len(written) == max_new_tokens or bool(done.all()):
            break
        together.write(tokens)
        apart.write(tokens)
    rows = torch.stack(written, 1).tolist()
    return [row[:length] for row, length in zip(rows, lengths.tolist(), strict=True)], sums.tolist()
