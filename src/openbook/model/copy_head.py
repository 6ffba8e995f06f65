"""The copy head: a pointer-generator over the neighbors' tokens (arXiv 1704.04368), an option RETRO lacks.

    a_t = softmax over j of (W_q h_t)·(W_k e_j + W_p e_j-1) / sqrt(d)
                                                               e_j: encoded tokens of the chunk's neighbors
    g_t = sigmoid(w·h_t + b)                                   0 where the chunk has no neighbor
    p_t(v) = (1 - g_t) softmax(logits_t)(v) + g_t · sum of a_t,j over the j whose token is v

It uses neighbors from the first steps of training on, and says which source token was copied. The token
before is part of the key so that "what stood after this there" need not be learned by the encoder first.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from openbook.model.config import RetroConfig
from openbook.model.neighbors import PassNeighbors

_NEVER = -1e30
"""The logarithm of no probability: finite, so that no gradient is NaN."""
_CLOSED, _LEAST, _MOST = 1e-6, 1e-9, 1 - 1e-6
"""Of the opening: at the start, and the ends of its range."""


@dataclass(frozen=True, slots=True)
class CopyDistribution:
    """What the head would copy.

    weights: [B, T, K·R] over the tokens that each position's chunk retrieved, 0 where it retrieved none.
    ids: int64 [B, T, K·R] those tokens.
    log_gate: [B, T] log g; log_rest: [B, T] log (1 - g).
    """

    weights: Tensor
    ids: Tensor
    log_gate: Tensor
    log_rest: Tensor

    def log_parts(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Compute what the mixture gives a target: [B, T] log (1 - g), and [B, T] log of copying it.

        Args:
            targets: int64 [B, T]; without a distribution over the vocabulary.
        """
        copied = (self.weights * (self.ids == targets[..., None])).sum(-1)
        return self.log_rest, self.log_gate + _log(copied)

    def after(self, start: int) -> "CopyDistribution":
        """Cut off what is before a position."""
        if not start:
            return self
        parts = (self.weights, self.ids, self.log_gate, self.log_rest)
        return CopyDistribution(*(part[:, start:] for part in parts))

    def at(self, row: int, place: int) -> "CopyDistribution":
        """What one row would copy at a position, B = T = 1."""
        if self.log_gate.numel() == 1:
            return self
        parts = (self.weights, self.ids, self.log_gate, self.log_rest)
        return CopyDistribution(*(part[row, place][None, None] for part in parts))

    def mix(self, logits: Tensor) -> Tensor:
        """Compute the log-probabilities [B, T, V] of the mixture."""
        copied = torch.zeros_like(logits).scatter_add_(-1, self.ids, self.weights.to(logits.dtype))
        vocabulary = self.log_rest[..., None] + F.log_softmax(logits, dim=-1)
        if torch.is_grad_enabled():
            return torch.logaddexp(vocabulary, self.log_gate[..., None] + _log(copied))
        # The same, for the few tokens that anything is copied from.
        of_tokens = self.log_gate[..., None] + _log(copied.gather(-1, self.ids))
        mixed = torch.logaddexp(vocabulary.gather(-1, self.ids), of_tokens)
        return vocabulary.scatter_(-1, self.ids, mixed)


def _log(copied: Tensor) -> Tensor:
    """The logarithm, of weights so small that its gradient could overflow that of no probability."""
    if not torch.is_grad_enabled():
        return copied.log().clamp_min(_NEVER)
    some = copied >= torch.finfo(copied.dtype).tiny
    return torch.where(some, copied, 1.0).log() + torch.where(some, 0.0, _NEVER)


class CopyAttention(nn.Module):
    """What every copy head does: one softmax over the tokens that a position's chunk retrieved."""

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights, and of the activations that it is given."""
        return next(self.parameters()).dtype

    def project(self, encoded: Tensor) -> Tensor:
        """Project encoded neighbors [B, C, K, R, E] to keys [B, C, K·R, D]."""
        raise NotImplementedError

    def similarities(self, hidden: Tensor, keys: Tensor) -> Tensor:
        """Compare rows of activations [B, C, n, D] with keys [B, C, K·R, D]: logits [B, C, n, K·R]."""
        raise NotImplementedError

    def copyable(self, mask: Tensor) -> Tensor:
        """Find the tokens that may be copied, of those that exist: bool [B, C, K, R]."""
        return mask

    def features(self, logits: Tensor, weights: Tensor, visible: Tensor) -> Tensor:
        """Describe how sure the weights are, for the gate: [B, C, n, F]; none here.

        Args:
            logits: [B, C, n, K·R].
            weights: their softmax over what is visible, 0 elsewhere.
            visible: bool [B, C, 1, K·R].
        """
        return logits[..., :0]

    def log_gates(self, hidden: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Compute log g and log (1 - g), [B, T], at least float32."""
        raise NotImplementedError

    def forward(self, hidden: Tensor, neighbors: PassNeighbors) -> CopyDistribution:
        """Compute what would be copied; hidden: [B, T, D], normalized."""
        keys = neighbors.project(self, "copy")
        grid = neighbors.grid
        mask = self.copyable(neighbors.retrieved.mask).flatten(2)
        ids = neighbors.retrieved.ids.flatten(2)
        if grid.rows == 0:
            shape = (*hidden.shape[:2], mask.shape[-1])
            weights, token_ids = hidden.new_zeros(shape), ids.new_zeros(shape)
            features = self.features(weights, weights, mask.new_zeros(1, 1, shape[-1]))
        else:
            visible = grid.chunks(mask)[:, :, None, :]
            logits = at_least_float32(self.similarities(grid.to_rows(hidden), grid.chunks(keys)))
            sees_any = visible.any(-1, keepdim=True)
            rows = logits.masked_fill(~visible & sees_any, _NEVER).softmax(-1) * sees_any
            weights = grid.to_tokens(rows)
            token_ids = grid.to_tokens(grid.chunks(ids)[:, :, None, :].expand(*rows.shape))
            features = grid.to_tokens(self.features(logits, rows, visible))
        copies = weights.detach().sum(-1) > 0
        log_gate, log_rest = self.log_gates(hidden, features)
        log_gate, log_rest = torch.where(copies, log_gate, _NEVER), torch.where(copies, log_rest, 0.0)
        return CopyDistribution(weights, token_ids, log_gate, log_rest)


def at_least_float32(x: Tensor) -> Tensor:
    """What is too coarse in half precision."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


class CopyHead(CopyAttention):
    """Reads the encoded neighbors once more, at the end of the decoder.

    Args:
        config: of the whole model.
        starts_closed: at first nothing is copied: what g is multiplied by is learned, from 0 up to 1. A gate
            that is closed by its bias alone would open too slowly.
    """

    def __init__(self, config: RetroConfig, *, starts_closed: bool = False) -> None:
        super().__init__()
        assert config.encoder_hidden_size is not None
        self.query = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.key = nn.Linear(config.encoder_hidden_size, config.hidden_size, bias=False)
        self.previous_key = nn.Linear(config.encoder_hidden_size, config.hidden_size, bias=False)
        self.gate = nn.Linear(config.hidden_size, 1, bias=True)
        self.opening = nn.Parameter(torch.full((1,), _CLOSED)) if starts_closed else None

    def project(self, encoded: Tensor) -> Tensor:
        before = F.pad(encoded[..., :-1, :], (0, 0, 1, 0))
        return (self.key(encoded) + self.previous_key(before)).flatten(2, 3)

    def similarities(self, hidden: Tensor, keys: Tensor) -> Tensor:
        queries = self.query(hidden)
        found: Tensor = queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5
        return found

    def log_gates(self, hidden: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        gate = at_least_float32(self.gate(hidden).squeeze(-1))
        if self.opening is None:
            return F.logsigmoid(gate), F.logsigmoid(-gate)
        # Its size counts: it can cross 0 without being caught there.
        opened = at_least_float32(self.opening).abs().clamp(_LEAST, _MOST)
        return F.logsigmoid(gate) + opened.log(), torch.log1p(-opened * gate.sigmoid())
