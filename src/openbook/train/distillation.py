"""Distillation from the prompt: to say what the base says with the same neighbors in its prompt.

    loss + weight · mean over the predicted tokens of KL(base with neighbors in its prompt || model)

It needs no labels beyond the text, so it works on any book; and it keeps a reader that reads neighbors apart
(reading: independent) near the one that reads them together, which it cannot compute by itself.

Logits of both are computed for some tokens at a time, and their gradients at once, as `openbook.model.loss`
does: memory does not grow with tokens times vocabulary.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from openbook.model.copy_head import CopyDistribution
from openbook.model.loss import tokens_at_once
from openbook.model.retrofitting import RetrofitForCausalLM


@torch.no_grad()
def prompt_hidden(model: RetrofitForCausalLM, batch: dict[str, Any]) -> Tensor:
    """What the base makes of a text with the neighbors in its prompt: its last activations, [B, T, D].

    Args:
        model: in any mode.
        batch: arguments of `RetroForCausalLM.forward`; labels are left out.
    """
    given = {name: value for name, value in batch.items() if name != "labels"}
    with model.as_prompt():
        hidden: Tensor = model(**(given | {"return_logits": False, "output_hidden": True})).hidden
    return hidden


def divergence(
    teacher: Tensor,
    student: Tensor,
    weight: Tensor,
    labels: Tensor,
    copied: CopyDistribution | None = None,
    *,
    bias: Tensor | None = None,
    logits_at_once: int | None = None,
) -> Tensor:
    """Sum KL(teacher || student) over the positions before a label that is not negative.

    Args:
        teacher: [B, T, D], normalized; takes no gradients.
        student: [B, T, D], normalized.
        weight: [V, D] of the output of both.
        labels: int64 [B, T], at the positions that they are of.
        copied: the copy head's part of what the student says.
        bias: [V] of the output; None: it has none.
        logits_at_once: logits of each that are held in memory, at least those of one token; None: as many as
            `next_token_loss` holds.
    """
    predicts = labels[:, 1:] >= 0
    of_tokens = [teacher.detach(), student]
    if copied is not None:
        of_tokens += [copied.weights, copied.ids, copied.log_gate, copied.log_rest]
    step = tokens_at_once(len(weight), logits_at_once)
    total: Tensor = _Divergence.apply(step, weight, bias, *(x[:, :-1][predicts] for x in of_tokens))
    return total


class _Divergence(torch.autograd.Function):
    """The sum over N tokens; all gradients are computed in the forward pass, and scaled in the backward."""

    @staticmethod
    def forward(
        ctx: Any, step: int, weight: Tensor, bias: Tensor | None, teacher: Tensor, *of_student: Tensor
    ) -> Tensor:
        """bias [V]; teacher [N, D]; of_student: [N, D], and the fields of a `CopyDistribution` [N, …]."""
        kind = teacher.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype
        needs: list[bool] = list(ctx.needs_input_grad[1:])
        arguments: list[Any] = [weight, bias, teacher, *of_student]
        # Those of the output are sums of many parts, which half precision would round away.
        sums = [
            torch.zeros_like(x, dtype=torch.promote_types(x.dtype, torch.float32)) if learns else None
            for x, learns in zip(arguments, needs, strict=True)
        ]
        output = [weight.to(dtype), None if bias is None else bias.to(dtype)]
        total = teacher.new_zeros((), dtype=torch.promote_types(dtype, torch.float32))
        with torch.autocast(kind, enabled=False), torch.set_grad_enabled(any(needs)):
            for start in range(0, len(teacher), step):
                part = slice(start, start + step)
                given: list[Any] = [
                    None if x is None else x.detach().requires_grad_(learns)
                    for x, learns in zip([*output, *(x[part] for x in arguments[2:])], needs, strict=True)
                ]
                found = _sum_over_tokens(*given)
                total += found.detach()
                _add_gradients(sums, part, given, found)
        ctx.save_for_backward(
            *(None if x is None else x.to(of.dtype) for x, of in zip(sums, arguments, strict=True))
        )
        return total

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients for weight, bias, teacher and what is the student's."""
        return None, *(None if x is None else x * scale for x in ctx.saved_tensors)


def _sum_over_tokens(
    weight: Tensor, bias: Tensor | None, teacher: Tensor, student: Tensor, *copied: Tensor
) -> Tensor:
    """The divergence of some tokens, by the formula."""
    wanted = _logits(teacher, weight.detach(), None if bias is None else bias.detach()).log_softmax(-1)
    told = _logits(student, weight, bias)
    if copied:
        told = CopyDistribution(*copied).mix(told)
    return F.kl_div(told.log_softmax(-1), wanted, reduction="sum", log_target=True)


def _logits(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """[N, V], at least float32."""
    logits = F.linear(hidden.to(weight.dtype), weight, bias)
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _add_gradients(sums: list[Tensor | None], part: slice, given: list[Any], found: Tensor) -> None:
    """Add those of some tokens: to the output's, the first two, and in these tokens' own places."""
    places = [(place, of_all) for place, of_all in enumerate(sums) if of_all is not None]
    if not places:
        return
    gradients = torch.autograd.grad(found, [given[place] for place, _ in places])
    for (place, of_all), gradient in zip(places, gradients, strict=True):
        if place < 2:
            of_all.add_(gradient)
        else:
            of_all[part] = gradient
