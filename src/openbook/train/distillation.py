"""Distillation from the prompt: to say what the base says with the same neighbors in its prompt.

    loss + weight · mean over the predicted tokens of KL(base with neighbors in its prompt || model)

It needs no labels beyond the text, so it works on any book; and it keeps a reader that reads neighbors apart
(reading: independent) near the one that reads them together, which it cannot compute by itself.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from openbook.model.retrofitting import RetrofitForCausalLM


@torch.no_grad()
def prompt_logits(model: RetrofitForCausalLM, batch: dict[str, Any]) -> Tensor:
    """What the base says with the neighbors in its prompt: [B, T, V].

    Args:
        model: in any mode.
        batch: arguments of `RetroForCausalLM.forward`; labels are left out.
    """
    given = {name: value for name, value in batch.items() if name != "labels"}
    with model.as_prompt():
        logits: Tensor = model(**given).logits
    return logits


def divergence(teacher: Tensor, student: Tensor, labels: Tensor) -> Tensor:
    """Sum KL(teacher || student) over the positions before a label that is not negative.

    Args:
        teacher, student: [B, T, V] logits, or log-probabilities.
        labels: int64 [B, T], at the positions that they are of.
    """
    predicts = labels[:, 1:] >= 0
    wanted = F.log_softmax(teacher[:, :-1][predicts].float(), dim=-1)
    told = F.log_softmax(student[:, :-1][predicts].float(), dim=-1)
    return F.kl_div(told, wanted, reduction="sum", log_target=True)
