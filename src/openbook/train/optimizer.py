"""AdamW, and which weights decay."""

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
