"""What retrieval costs in training, against what counting multiplications predicts; and memory as T grows.

    python benchmarks/training_cost.py cost
    python benchmarks/training_cost.py memory

cost: tokens/s of one model with its neighbors and of its decoder alone, in turns, in one process.
memory: peak memory of a training step with a batch of four, T from 512 to 4096, a process each.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

import torch

from openbook.model import RetroConfig, RetroForCausalLM

M, K = 64, 2
R = 2 * M


def make_config(*, retrieval: bool, tokens: int) -> RetroConfig:
    """The shape of against_retro_pytorch.py."""
    return RetroConfig(
        vocab_size=32_000,
        hidden_size=512,
        num_hidden_layers=8,
        num_attention_heads=8,
        intermediate_size=2048,
        cca_layers=[3, 6] if retrieval else [],
        encoder_num_layers=2,
        max_position_embeddings=tokens,
    )


def multiplications(config: RetroConfig, tokens: int) -> dict[str, float]:
    """Of a forward pass, per token of the sequence; neighbors of C - 1 chunks."""
    assert config.head_dim and config.encoder_hidden_size and config.encoder_intermediate_size
    assert config.cca_layers is not None
    D, E = config.hidden_size, config.encoder_hidden_size
    inner = config.num_attention_heads * config.head_dim
    layers = config.num_hidden_layers
    counts = {
        "decoder's linear maps": layers * (4.0 * D * inner + 2 * D * config.intermediate_size),
        "decoder's self-attention": layers * 2 * inner * (tokens + 1) / 2,
        "output": D * config.vocab_size,
    }
    if not config.cca_layers:
        return counts
    chunks = (tokens // M - 1) * M / tokens  # share of the tokens whose chunk has neighbors
    per_token = K * R / M * chunks  # retrieved tokens for each token
    encoder = config.encoder_num_layers * (4 * E * E + 2 * E * config.encoder_intermediate_size + 2 * R * E)
    crossing = 2 * E * E + 2 * M * E
    reading = len(config.cca_layers) * chunks
    return counts | {
        "encoder": per_token * (encoder + crossing) + chunks * 2 * D * E,
        "chunked cross-attention, queries": reading * (2 * D * inner + 2 * K * R * inner),
        "chunked cross-attention, keys and values": len(config.cca_layers) * per_token * 2 * E * inner,
    }


def train_step(model: RetroForCausalLM, batch: int, tokens: int) -> None:
    """Forward and backward; the optimizer's share depends on parameters, not tokens, and is left out."""
    ids = torch.randint(1, 32_000, (batch, tokens))
    retrieves = bool(model.config.cca_layers)
    neighbors = torch.randint(1, 32_000, (batch, tokens // M - 1, K, R)) if retrieves else None
    loss = model(ids, neighbors, labels=ids, return_logits=False).loss
    assert loss is not None
    loss.backward()
    model.zero_grad()


def cost(turns: int, batch: int, tokens: int) -> None:
    """Print the predicted and the measured ratio."""
    configs = {name: make_config(retrieval=name == "with", tokens=tokens) for name in ("with", "without")}
    models = {name: RetroForCausalLM(config).train() for name, config in configs.items()}
    counts = {name: multiplications(config, tokens) for name, config in configs.items()}
    for part, count in counts["with"].items():
        print(f"{part:42} {count / 1e6:7.2f} M multiplications per token")
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(turns + 1):
        for name, model in models.items():
            began = time.perf_counter()
            train_step(model, batch, tokens)
            if turn:  # the first warms up
                seconds[name].append(time.perf_counter() - began)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    for name, found in median.items():
        print(f"{name:8} neighbors {batch * tokens / found:7.0f} tokens/s")
    predicted = sum(counts["with"].values()) / sum(counts["without"].values())
    measured = median["with"] / median["without"]
    print(
        f"cost of retrieval: counted {predicted:.3f}, measured {measured:.3f}, "
        f"{measured / predicted:.3f} times what was counted"
    )


def memory(positions: str) -> None:
    """Print peak memory by T."""
    for tokens in (512, 1024, 2048, 4096):
        command = [sys.executable, __file__, "step", "--tokens", str(tokens), "--positions", positions]
        out = subprocess.run(command, check=True, capture_output=True, text=True)
        before, peak = (float(number) for number in out.stdout.split())
        used = peak - before
        print(
            f"T {tokens:5}: peak {peak:6.0f} MB, of which {used:6.0f} MB beside weights and gradients, "
            f"{used / tokens:.3f} MB a token"
        )


def step(tokens: int, positions: str) -> None:
    """Print the memory of the process with weights and gradients, and its peak in a step."""
    config = make_config(retrieval=True, tokens=tokens)
    if positions != config.positions:
        config = RetroConfig(**{**config.to_dict(), "positions": positions, "cca_positions": positions})
    model = RetroForCausalLM(config).train()
    gradients = sum(weight.numel() * 4 for weight in model.parameters()) / 2**20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + gradients
    train_step(model, 4, tokens)
    print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["cost", "memory", "step"])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--positions", default="rotary", choices=["rotary", "relative"])
    arguments = parser.parse_args()
    torch.manual_seed(0)
    if arguments.what == "cost":
        cost(arguments.turns, arguments.batch, arguments.tokens)
    elif arguments.what == "memory":
        memory(arguments.positions)
    else:
        step(arguments.tokens, arguments.positions)


if __name__ == "__main__":
    main()
