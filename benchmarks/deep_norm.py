"""A model of a thousand layers in its first fifty steps, with DeepNorm and with pre-norm beside it.

    python benchmarks/deep_norm.py --layers 1000 --steps 50

Narrow (width 32) on purpose: depth is what is tried. The task is learnable: text in which each token follows
from the one before it, and neighbors that hold the tokens to come. Prints the loss every few steps; exit code
1 if DeepNorm diverges: its loss is not finite, or ends above where it began.
"""

import argparse
import math

import torch

from openbook.model import RetroConfig, RetroForCausalLM

V, M, T = 64, 16, 48


def batch(generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Tokens that count up from a random start; each chunk's neighbor is the chunk that follows it."""
    start = torch.randint(V, (8, 1), generator=generator)
    ids = (start + torch.arange(T + 2 * M)) % V
    neighbors = torch.stack([ids[:, (c + 1) * M : (c + 3) * M] for c in range(T // M)], dim=1)[:, :, None]
    return {"input_ids": ids[:, :T], "labels": ids[:, :T], "neighbor_ids": neighbors}


def run(normalization: str, layers: int, steps: int, learning_rate: float) -> list[float]:
    """Losses of all steps, as far as they are finite."""
    torch.manual_seed(0)
    config = RetroConfig(
        vocab_size=V,
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        chunk_size=M,
        num_neighbors=1,
        cca_layers=list(range(layers // 4, layers + 1, layers // 4)),
        encoder_num_layers=2,
        normalization=normalization,
    )
    model = RetroForCausalLM(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)
    generator = torch.Generator().manual_seed(0)
    losses: list[float] = []
    for number in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1.0, number / 10)
        loss = model(**batch(generator), return_logits=False).loss
        assert loss is not None
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1e9))
        optimizer.step()
        if number == 1 or number % 10 == 0:
            print(
                f"{normalization:8} step {number:3}: loss {losses[-1]:8.4f}, gradient norm {norm:10.3g}",
                flush=True,
            )
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    arguments = parser.parse_args()
    diverged = False
    for normalization in ("deepnorm", "pre"):
        losses = run(normalization, arguments.layers, arguments.steps, arguments.learning_rate)
        last = sum(losses[-5:]) / 5
        worst = max(losses)
        print(
            f"{normalization}: {len(losses)} steps, loss {losses[0]:.3f} at first, {worst:.3f} at worst, "
            f"{last:.3f} at last"
        )
        if normalization == "deepnorm":
            diverged = not math.isfinite(last) or len(losses) < arguments.steps or last > losses[0]
    raise SystemExit(int(diverged))


if __name__ == "__main__":
    main()
