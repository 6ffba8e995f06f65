"""AdamW, which weights decay, and the learning rate of each step."""

import math
import re

from torch import Tensor, nn
from torch.optim import AdamW

from openbook.train.settings import TrainSettings

_NORM_OR_BIAS = re.compile(r"bias|layernorm|rmsnorm|(^|\.|_)norm($|\.)")


def make_optimizer(model: nn.Module, settings: TrainSettings) -> AdamW:
    """Make AdamW over the weights that train; norms and biases do not decay."""
    decaying: list[Tensor] = []
    staying: list[Tensor] = []
    layer_norms = {name for name, module in model.named_modules() if isinstance(module, nn.LayerNorm)}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            module = name.rpartition(".")[0]
            decays = module not in layer_norms and not _NORM_OR_BIAS.search(name.lower())
            (decaying if decays else staying).append(weight)
    groups = [
        {"params": decaying, "weight_decay": settings.weight_decay},
        {"params": staying, "weight_decay": 0.0},
    ]
    betas = (settings.adam_beta1, settings.adam_beta2)
    return AdamW(groups, lr=settings.learning_rate, betas=betas, fused=True)


def learning_rate_factor(settings: TrainSettings, step: int) -> float:
    """Share of the peak learning rate.

    Args:
        settings: schedule, warm-up, lowest share and number of steps.
        step: from 0.

    Returns:
        it rises evenly over the warm-up and reaches 1 with its last step; then it stays (constant), or falls
        evenly (linear) or as a cosine to the lowest share, which it reaches with the last step.
    """
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    if settings.schedule == "constant":
        return 1.0
    after = settings.max_steps - settings.warmup_steps
    done = min(1.0, (step + 1 - settings.warmup_steps) / after) if after > 0 else 1.0
    left = 1.0 - done if settings.schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
    lowest = settings.min_learning_rate_ratio
    return lowest + (1.0 - lowest) * left
