"""Fingerprints of what networks compute: logits, losses, gradients and the names of weights, by options.

    python benchmarks/before/networks.py

Prints one JSON value. Weights are random numbers in the order of their names, so what is proved is the
computation, not the order in which a constructor draws; fresh weights have a fingerprint of their own.
"""

import hashlib
import json
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import openbook

V, M, K, T, B = 96, 8, 2, 37, 2
R = 2 * M
SMALL = {
    "vocab_size": V,
    "chunk_size": M,
    "num_neighbors": K,
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "encoder_hidden_size": 16,
    "cca_layers": [2, 4],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "copy head": {"copy_head": True},
    "relative positions": {"positions": "relative"},
    "no positions in cross-attention": {"cca_positions": "none"},
    "deepnorm": {"normalization": "deepnorm"},
    "unconditioned": {"encoder_conditioned": False},
    "shared, untied": {"share_embeddings": True, "tie_word_embeddings": False, "copy_head": True},
    "dropout": {"dropout": 0.1, "encoder_dropout": 0.2},
    "plain": {"cca_layers": []},
}
FAMILIES: dict[str, dict[str, Any]] = {
    "Llama": {},
    "Mistral": {},
    "Qwen2": {},
    "Qwen3": {"head_dim": 8},
    "Olmo2": {},
    "GPT2": {},
    "GPTNeoX": {},
}
BASE = {
    "vocab_size": V,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


def digest(tensor: Tensor) -> str:
    """SHA-256 of the bytes."""
    return hashlib.sha256(tensor.detach().contiguous().numpy().tobytes()).hexdigest()


def digest_of_all(tensors: dict[str, Tensor]) -> str:
    """Of names, shapes and bytes."""
    found = [(name, list(tensor.shape), digest(tensor)) for name, tensor in sorted(tensors.items())]
    return hashlib.sha256(repr(found).encode()).hexdigest()


def disturb(model: nn.Module) -> None:
    """Move each weight that trains by random numbers of its own: what starts at zero computes nothing."""
    for name, weight in sorted(model.named_parameters()):
        if weight.requires_grad:
            seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
            noise = torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed))
            weight.data.add_(noise, alpha=0.05)


def fingerprint(make: Callable[[], Any]) -> dict[str, Any]:
    """What a network computes in training and in evaluation, with neighbors and without."""
    torch.manual_seed(0)
    model = make()
    found: dict[str, Any] = {
        "fresh weights": digest_of_all(dict(model.named_parameters())),
        "names": {name: list(weight.shape) for name, weight in sorted(model.named_parameters())},
    }
    disturb(model)
    ids = torch.randint(1, V, (B, T))
    neighbors = torch.randint(1, V, (B, T // M, K, R))
    mask = torch.rand(neighbors.shape) < 0.9
    shown = (neighbors, mask) if model.config.cca_layers else (None, None)
    model.train()
    torch.manual_seed(1)
    out = model(ids, *shown, labels=ids)
    out.loss.backward()
    gradients = {name: w.grad for name, w in model.named_parameters() if w.grad is not None}
    found |= {"loss": out.loss.item(), "gradients": digest_of_all(gradients)}
    model.eval()
    for name, given in (("on", shown), ("off", (None, None))):
        with torch.no_grad():
            out = model(ids, *given, labels=ids)
        found[name] = {"loss": out.loss.item(), "logits": digest(out.logits)}
    return found | {"saved": saved(model, ids, shown)}


def saved(model: Any, ids: Tensor, shown: tuple[Tensor | None, Tensor | None]) -> str:
    """Logits of the model after it was saved and loaded; of a retrofit, the base is not there any more."""
    if type(model) is not openbook.RetroForCausalLM:
        return "-"
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        model.save_pretrained(folder)
        loaded = openbook.RetroForCausalLM.from_pretrained(folder).eval()
        return digest(loaded(ids, *shown).logits)


def grafted(family: str, options: dict[str, Any]) -> Any:
    """A retrofit of a base of random weights."""
    import transformers

    config = getattr(transformers, f"{family}Config")(**BASE, **options)
    base = transformers.AutoModelForCausalLM.from_config(config)
    return openbook.retrofit(base, chunk_size=M, num_neighbors=K, cca_layers=[2, 4], copy_head=True)


def main() -> None:
    warnings.simplefilter("ignore")
    found = {
        name: fingerprint(lambda options=options: openbook.RetroForCausalLM(_config(options)))
        for name, options in OPTIONS.items()
    }
    found |= {
        f"retrofit of {family}": fingerprint(lambda family=family, options=options: grafted(family, options))
        for family, options in FAMILIES.items()
    }
    print(json.dumps(found))


def _config(options: dict[str, Any]) -> Any:
    return openbook.RetroConfig(**{**SMALL, **options})


if __name__ == "__main__":
    main()
