"""One pass of the model over the rows of a batch: their tokens, padding and neighbors as its arguments.

It does not know what is searched, which token is chosen, or which rows come and go.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from openbook.generation.batch_row import BatchRow
from openbook.generation.row_neighbors import neighbors_of_rows
from openbook.model import RetroCache, RetroForCausalLM
from openbook.model.causal_lm import RetroCausalLMOutput
from openbook.model.positions import position_ids


def run_pass(
    model: RetroForCausalLM,
    rows: Sequence[BatchRow],
    new: list[list[int]],
    cache: RetroCache,
    found: Sequence[tuple[Tensor, Tensor] | None],
    *,
    is_prompt: bool,
    num_predicted: int,
) -> RetroCausalLMOutput:
    """Read tokens of rows, equally many of each.

    Args:
        model: in evaluation mode.
        rows: that are read; their padding is hidden.
        new: tokens of each.
        cache: of those before.
        found: neighbors [C, K, R] of each row, with their mask; None: it looks nothing up here.
        is_prompt: all tokens read them.
        num_predicted: of so many last tokens the logits are computed.
    """
    device = model.device
    reads = any(row.source is not None for row in rows)
    ids, mask = neighbors_of_rows(found, device)
    length = len(new[0]) + cache.get_seq_length()
    out: RetroCausalLMOutput = model(
        torch.tensor(new, device=device),
        ids,
        mask,
        **_padding_arguments(rows, length, len(new[0]), device),
        past_key_values=cache,
        use_cache=True,
        logits_from=len(new[0]) - num_predicted,
        output_shares=reads,
        output_copied=reads,
        is_prompt=is_prompt and ids is not None,
    )
    return out


def _padding_arguments(
    rows: Sequence[BatchRow], length: int, count: int, device: torch.device
) -> dict[str, Tensor]:
    """Arguments of a pass over the last `count` of `length` places that say where padding stands."""
    if not any(row.padding for row in rows):
        return {}
    padding = torch.tensor([row.padding for row in rows], device=device)
    mask = (torch.arange(length, device=device) >= padding[:, None]).long()
    return {"attention_mask": mask, "position_ids": position_ids(mask)[:, -count:]}
