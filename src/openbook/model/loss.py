"""The loss of next-token prediction, without ever holding the logits of a whole batch.

Logits are computed for some hundred tokens at a time, and their gradients at once, while they are there: so
memory does not grow with tokens times vocabulary, and nothing is computed twice.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from openbook.model.copy_head import CopyDistribution

LOGITS_AT_ONCE = 2**22
"""Tokens times vocabulary."""
_FEWEST_TOKENS = 128
"""In a slice, for each reads all of the output matrix, which may be larger than what it is for."""


def next_token_loss(
    hidden: Tensor,
    weight: Tensor,
    labels: Tensor,
    copied: CopyDistribution | None,
    divisor: Tensor | int | None,
    *,
    bias: Tensor | None = None,
    logits_at_once: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute the negative log-likelihood of each label given what stands before it.

    Args:
        hidden: [B, T, D], normalized.
        weight: [V, D] of the output.
        labels: int64 [B, T], negative where nothing is predicted.
        copied: the copy head's part of the mixture.
        divisor: what the sum of losses is divided by; None: the number of labels predicted.
        bias: [V] of the output; None: it has none.
        logits_at_once: logits held in memory, at least those of one token; None: some millions, or those of
            128 tokens.

    Returns:
        the loss, a scalar; and float32 [B, T] nats at the labels' own positions, without gradients, 0 where
        nothing is predicted, as at the first.
    """
    targets = labels[:, 1:]
    wanted = targets >= 0
    log_rest = log_copied = None
    if copied is not None:
        log_rest, log_copied = (x[:, :-1].flatten() for x in copied.log_parts(F.pad(targets, (0, 1))))
    given: list[Any] = [
        hidden[:, :-1].flatten(0, 1),
        targets.clamp_min(0).flatten(),
        wanted.flatten(),
        log_rest,
        log_copied,
    ]
    places = _wanted_places(given[2])
    if places is not None:
        given = [None if of_tokens is None else of_tokens[places] for of_tokens in given]
    step = tokens_at_once(len(weight), logits_at_once)
    total, nats = _VocabularyLoss.apply(weight, bias, step, *given)
    if places is not None:
        nats = nats.new_zeros(targets.numel()).index_put_((places,), nats)
    loss = total / (wanted.sum().clamp_min(1) if divisor is None else divisor)
    return loss, F.pad(torch.where(wanted, nats.view(targets.shape), 0.0), (1, 0))


def tokens_at_once(vocab_size: int, logits_at_once: int | None = None) -> int:
    """Tokens whose logits are held at a time: at least one; where nothing is said, at least 128.

    >>> tokens_at_once(32_768), tokens_at_once(262_144)
    (128, 128)
    """
    if logits_at_once is not None:
        return max(1, logits_at_once // vocab_size)
    return max(_FEWEST_TOKENS, LOGITS_AT_ONCE // vocab_size)


def _wanted_places(wanted: Tensor) -> Tensor | None:
    """The tokens that are predicted, where others are not: of questions, only the answers; None: take all.

    A GPU would have to be waited for, to save what takes it no time.
    """
    if wanted.device.type != "cpu" or torch.compiler.is_compiling() or bool(wanted.all()):
        return None
    return wanted.nonzero()[:, 0]


class _VocabularyLoss(torch.autograd.Function):
    """The sum over N tokens; all gradients are computed in the forward pass, and scaled in the backward."""

    @staticmethod
    def forward(
        ctx: Any,
        weight: Tensor,
        bias: Tensor | None,
        step: int,
        hidden: Tensor,
        targets: Tensor,
        wanted: Tensor,
        log_rest: Tensor | None,
        log_copied: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """bias [V]; hidden [N, D]; targets int64 [N]; wanted bool [N]; log_rest, log_copied [N]."""
        kind = hidden.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype
        learns = any(ctx.needs_input_grad)
        nats = hidden.new_empty(len(hidden), dtype=torch.promote_types(dtype, torch.float32))
        gradients = _zero_gradients(hidden, weight, bias, ctx.needs_input_grad) if learns else []
        from_vocabulary = torch.ones_like(nats)  # what share of a token's probability is not copied
        with torch.autocast(kind, enabled=False):
            cast = weight.to(dtype)
            for start in range(0, len(hidden), step):
                part = slice(start, start + step)
                h, target = hidden[part].to(dtype), targets[part, None]
                logits = (h @ cast.T).to(nats.dtype)
                if bias is not None:
                    logits += bias.to(logits.dtype)
                log_sum = logits.logsumexp(-1, keepdim=True)
                log_prob = (logits.gather(-1, target) - log_sum)[:, 0]
                if log_rest is not None and log_copied is not None:
                    written = log_rest[part] + log_prob
                    log_prob = torch.logaddexp(written, log_copied[part])
                    from_vocabulary[part] = (written - log_prob).exp()
                nats[part] = -log_prob
                if learns:
                    factor = wanted[part] * from_vocabulary[part]
                    error = _error_of_logits(logits, log_sum, target, factor[:, None].to(logits.dtype))
                    _add_gradients(gradients, part, error.to(dtype), h, cast)
        if learns:
            for place, parameter in ((1, weight), (2, bias)):
                of_parameter = gradients[place]
                if of_parameter is not None and parameter is not None:
                    gradients[place] = of_parameter.to(parameter.dtype)
            ctx.mixes = log_rest is not None
            ctx.save_for_backward(*gradients, wanted * from_vocabulary, wanted * (1 - from_vocabulary))
        ctx.mark_non_differentiable(nats)
        return (nats * wanted).sum(), nats

    @staticmethod
    def backward(ctx: Any, scale: Tensor, _nats: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients for weight, bias, hidden, log_rest and log_copied."""
        hidden, weight, bias, written, copied = ctx.saved_tensors
        of_rest, of_copied = (-written * scale, -copied * scale) if ctx.mixes else (None, None)
        of_weight = None if weight is None else weight * scale
        of_bias = None if bias is None else bias * scale
        return of_weight, of_bias, None, hidden * scale, None, None, of_rest, of_copied


def _zero_gradients(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, needed: Sequence[bool]
) -> list[Tensor | None]:
    """Of hidden, weight and bias, to be added to; a frozen output takes none.

    Those of weight and bias are sums of many parts, which half precision would round away.
    """
    dtype = torch.promote_types(weight.dtype, torch.float32)
    of_weight = torch.zeros_like(weight, dtype=dtype) if needed[0] else None
    of_bias = torch.zeros_like(bias, dtype=dtype) if bias is not None and needed[1] else None
    return [torch.zeros_like(hidden), of_weight, of_bias]


def _error_of_logits(logits: Tensor, log_sum: Tensor, target: Tensor, factor: Tensor) -> Tensor:
    """The gradient of the logits [n, V], in their place: factor times (softmax, less 1 at the target).

    log_sum, target and factor [n, 1].
    """
    return logits.sub_(log_sum).exp_().mul_(factor).scatter_add_(-1, target, -factor)


def _add_gradients(
    gradients: list[Tensor | None], part: slice, error: Tensor, h: Tensor, weight: Tensor
) -> None:
    """Add those of a slice of n tokens: error [n, V] of the logits, h [n, D], weight [V, D]."""
    of_hidden, of_weight, of_bias = gradients
    assert of_hidden is not None
    of_hidden[part] = (error @ weight).to(of_hidden.dtype)
    if of_bias is not None:
        of_bias += error.sum(0, dtype=of_bias.dtype)
    if of_weight is None:
        return
    if of_weight.dtype == error.dtype:
        of_weight.addmm_(error.T, h)
    else:
        of_weight += error.T @ h
