"""The copy head of a base that reads its neighbors itself: it compares the base's own last activations.

    a_t = softmax over j of s · cos(q_t, k_j-1)        q_t = (1 + A) h_t,  k_j-1 = (1 + B) h_j-1
    g_t = sigmoid(w·h_t / |h_t| + v·f_t + b)           0 where there is nothing to copy
    p_t(v) = (1 - g_t) softmax(logits_t)(v) + g_t · sum of a_t,j over the j whose token is v

h_j-1 is what the base made of the token before the neighbors' token j while it read them, which is how it
predicts j; h_t is how it predicts the next token here. A and B are of low rank and start as 0: so untrained
this is a kNN language model (arXiv 1911.00172) over the tokens retrieved. f_t says how sure it is: the
largest cosine, the logarithm of the mean of exp(s · cos), over s, and the entropy of a_t, as a share of the
largest possible. Neither the search's scores, which do not reach the model, nor the base's own entropy are
among it: in training logits exist only for a few tokens at a time (see `openbook.model.loss`).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from openbook.model.copy_head import CopyAttention, at_least_float32
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.own.layer_reader import LowRank

_SHARPNESS = 30.0
"""s at the start. From 20 to 45 it hardly matters on SmolLM2-135M, see benchmarks/own_copy_head.py."""
_GATE = -3.5
"""b at the start: g = 0.03, with which untrained copying changes little where neighbors fit, and costs .02
nats a token where they do not; 0.1 costs .08. Before training no v fitted to f_t did better than v = 0."""
_STEP = 20.0
"""s, v and b learn so many times faster than the weights beside them, with the same learning rate."""


class OwnCopyHead(CopyAttention):
    """Copies the neighbors' tokens, by what the base made of the tokens before them.

    The first token of each neighbor has none before it, and is not copied; nor is one after a gap.

    Args:
        config: of the whole model.
    """

    def __init__(self, config: RetrofitConfig) -> None:
        super().__init__()
        D = config.hidden_size
        self.query = LowRank(D, D, config.copy_rank) if config.copy_rank else None
        self.key = LowRank(D, D, config.copy_rank) if config.copy_rank else None
        # Parameters, all from 0 on: transformers draws the weights of linear maps again.
        self.sharpness = nn.Parameter(torch.zeros(1))
        self.gate_state = nn.Parameter(torch.zeros(D))
        self.gate_features = nn.Parameter(torch.zeros(3))
        self.gate_bias = nn.Parameter(torch.zeros(1))

    @property
    def scale(self) -> Tensor:
        """s, float32 [1]."""
        return _SHARPNESS * at_least_float32(self.sharpness * _STEP).exp()

    def project(self, encoded: Tensor) -> Tensor:
        """Keys [B, C, K·R, D] of length 1, of the last activations [B, C, K, R, D] at neighbors' tokens."""
        keys = _unit(encoded.to(self.dtype), self.key)
        return F.pad(keys[..., :-1, :], (0, 0, 1, 0)).flatten(2, 3)

    def similarities(self, hidden: Tensor, keys: Tensor) -> Tensor:
        queries = _unit(hidden, self.query)
        with torch.autocast(hidden.device.type, enabled=False):
            # Cosines near 1 differ in digits that half precision does not have.
            queries, keys = at_least_float32(queries), at_least_float32(keys)
            return (queries * self.scale) @ keys.transpose(-1, -2)

    def copyable(self, mask: Tensor) -> Tensor:
        return mask & F.pad(mask[..., :-1], (1, 0))

    def features(self, logits: Tensor, weights: Tensor, visible: Tensor) -> Tensor:
        count = visible.sum(-1).clamp_min(1).to(logits.dtype)
        seen = logits.masked_fill(~visible, -1e30)
        total = seen.logsumexp(-1)
        entropy = total - (weights * logits.masked_fill(~visible, 0.0)).sum(-1)
        likeness = torch.stack([seen.amax(-1), total - count.log()], -1) / self.scale
        found = torch.cat([likeness, (entropy / count.clamp_min(2).log())[..., None]], -1)
        return found * visible.any(-1)[..., None]

    def log_gates(self, hidden: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        state = at_least_float32(F.normalize(hidden, dim=-1) @ self.gate_state)
        of_features = features @ at_least_float32(self.gate_features) * _STEP
        gate = state + of_features + (_GATE + self.gate_bias * _STEP)
        return F.logsigmoid(gate), F.logsigmoid(-gate)


def _unit(x: Tensor, addition: LowRank | None) -> Tensor:
    """x + addition, of length 1."""
    return F.normalize(x if addition is None else x + addition(x), dim=-1)
