"""One pass of the model over the rows of a batch: their tokens, padding and neighbors as its arguments.

It does not know what is searched, which token is chosen, or which rows come and go.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from openbook.generation.batch_row import BatchRow
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


def neighbors_of_rows(
    found: Sequence[tuple[Tensor, Tensor] | None], device: torch.device
) -> tuple[Tensor, Tensor] | tuple[None, None]:
    """Stack the neighbors of rows.

    Args:
        found: for each row ids and mask [C, K, R], K its own; None: it has none.
        device: where they are to be.

    Returns:
        ids and mask [B, C, K, R], K the largest; what a row lacks does not exist. None where no row has any.
    """
    having = [pair for pair in found if pair is not None]
    if not having:
        return None, None
    K = max(ids.shape[1] for ids, _ in having)
    C, _, R = having[0][0].shape
    nothing = torch.zeros(C, 0, R, dtype=torch.int64), torch.zeros(C, 0, R, dtype=torch.bool)
    rows = [nothing if pair is None else pair for pair in found]
    ids, mask = (
        torch.stack([F.pad(row[i], (0, 0, 0, K - row[i].shape[1])) for row in rows]).to(device)
        for i in range(2)
    )
    return ids, mask
