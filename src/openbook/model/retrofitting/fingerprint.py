"""Fingerprints of a model's weights: is this the base that the new weights were trained on?

They are alike for weights loaded in float32 and in bfloat16: numbers are compared as bfloat16. float16 rounds
differently, so what was trained on a base in float16 wants it in float16.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

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


def reading_fingerprint(options: Mapping[str, Any], parts: Mapping[str, nn.Module]) -> str:
    """Hash what decides, to the last bit, what a model computes (SHA-256, 16 hexadecimal digits).

    Of each weight its name, dtype, shape and the sum of its bytes as whole numbers count: all bytes of a base
    would take seconds to hash.

    Args:
        options: that JSON can write.
        parts: of the model, by name.
    """
    digest = hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode())
    for part, module in parts.items():
        for name, weight in module.named_parameters():
            raw = weight.detach().contiguous().reshape(-1).view(torch.uint8)
            whole = raw[: len(raw) - len(raw) % 4].view(torch.int32)
            position = torch.arange(1, 8, device=raw.device).repeat(-(-len(whole) // 7))[: len(whole)]
            sums = [int(whole.sum(dtype=torch.int64)), int((whole * position).sum(dtype=torch.int64))]
            digest.update(f"{part} {name} {weight.dtype} {list(weight.shape)} {sums}".encode())
    return digest.hexdigest()[:16]


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
