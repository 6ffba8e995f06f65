"""Fingerprints of a model's weights: is this the base that the new weights were trained on?

They are alike for weights loaded in float32 and in bfloat16: numbers are compared as bfloat16. float16 rounds
differently, so what was trained on a base in float16 wants it in float16.
"""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn

_AT_ONCE = 2**24


def weights_fingerprint(model: nn.Module) -> str | None:
    """Hash all weights and their names (SHA-256, 16 hexadecimal digits); None where some are quantized."""
    return None if is_quantized(model) else _digest(dict(model.named_parameters()))


def core_fingerprint(model: nn.Module) -> str:
    """Hash embeddings, norms and biases, which stay as they are when linear maps are quantized."""
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    weights = dict(model.named_parameters())
    return _digest({n: w for n, w in weights.items() if w.dim() < 2 or id(w) in embeddings})


def is_quantized(model: nn.Module) -> bool:
    """Say whether some weights are quantized."""
    whole = all(weight.is_floating_point() for weight in model.parameters())
    return not whole or getattr(model, "hf_quantizer", None) is not None


def _digest(weights: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights):
        weight = weights[name].detach()
        digest.update(f"{name} {list(weight.shape)}\n".encode())
        for part in weight.flatten().split(_AT_ONCE):
            digest.update(part.to("cpu", torch.bfloat16).contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
