"""Training on a GPU in bfloat16, compiled: tokens/s, and the share of the chip's matrix rate that it uses.

    python benchmarks/gpu_training.py --presets 172m 425m
    python benchmarks/gpu_training.py --presets 172m --retro-pytorch /tmp/retro-pytorch   # theirs beside it

The rate is measured first: large bfloat16 matrix products. The share counts the multiplications of a forward
pass three times (backward is twice a forward pass), whatever is computed again. Not run yet on any GPU: on a
CPU `--try` takes a tiny model through the same code.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from against_retro_pytorch import load_retro_pytorch
from torch import Tensor, nn
from training_cost import multiplications

from openbook.model import RetroConfig, RetroForCausalLM

M, K = 64, 2
R = 2 * M


def synchronize(device: str) -> None:
    """Wait for what was started."""
    if device == "cuda":
        torch.cuda.synchronize()


def matrix_rate(device: str, size: int) -> float:
    """Multiplications per second of large bfloat16 matrix products."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    rates = []
    for _ in range(5):
        synchronize(device)
        began = time.perf_counter()
        for _ in range(4):
            a @ b
        synchronize(device)
        rates.append(4 * size**3 / (time.perf_counter() - began))
    return statistics.median(rates)


def seconds_per_step(model: nn.Module, loss_of: Callable[[], Tensor], device: str, steps: int) -> float:
    """Median over steps of forward, backward and AdamW; the first three, which compile, are left out."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    times = []
    for _ in range(steps + 3):
        synchronize(device)
        began = time.perf_counter()
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = loss_of()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        synchronize(device)
        times.append(time.perf_counter() - began)
    return statistics.median(times[3:])


def ours(
    config: RetroConfig, device: str, batch: int, tokens: int, *, compiled: bool
) -> tuple[nn.Module, Callable[[], Tensor]]:
    """Our model and what computes its loss."""
    model = RetroForCausalLM(config).to(device).train()
    called = torch.compile(model, fullgraph=True) if compiled else model
    ids = torch.randint(1, config.vocab_size, (batch, tokens), device=device)
    neighbors = None
    if config.cca_layers:
        shape = (batch, tokens // M - 1, K, R)
        neighbors = torch.randint(1, config.vocab_size, shape, device=device)
    mask = None if neighbors is None else torch.ones_like(neighbors, dtype=torch.bool)
    return model, lambda: called(ids, neighbors, mask, labels=ids, return_logits=False).loss


def theirs(
    config: RetroConfig, device: str, batch: int, tokens: int, folder: Path
) -> tuple[nn.Module, Callable[[], Tensor]]:
    """retro-pytorch of the same shape; heads are as wide as ours."""
    model = load_retro_pytorch(folder)(
        num_tokens=config.vocab_size,
        max_seq_len=tokens,
        enc_dim=config.encoder_hidden_size,
        enc_depth=config.encoder_num_layers,
        enc_cross_attn_layers=(1,),
        dec_depth=config.num_hidden_layers,
        dec_cross_attn_layers=tuple(config.cca_layers or ()),
        heads=config.num_attention_heads,
        dec_dim=config.hidden_size,
        dim_head=config.head_dim,
        chunk_size=M,
    )
    model = model.to(device).train()
    ids = torch.randint(1, config.vocab_size, (batch, tokens + 1), device=device)
    neighbors = torch.randint(1, config.vocab_size, (batch, tokens // M, K, R), device=device)
    return model, lambda: model(ids, neighbors, return_loss=True)


def report(
    name: str,
    found: tuple[nn.Module, Callable[[], Tensor]],
    per_token: float,
    rate: float,
    arguments: argparse.Namespace,
) -> None:
    """Measure one contender and print a line; what does not fit the memory is said so."""
    model, loss_of = found
    if arguments.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    try:
        seconds = seconds_per_step(model, loss_of, arguments.device, arguments.steps)
    except torch.OutOfMemoryError:
        print(f"{name:40} out of memory")
        return
    speed = arguments.batch * arguments.tokens / seconds
    peak = torch.cuda.max_memory_allocated() / 2**30 if arguments.device == "cuda" else 0.0
    print(
        f"{name:40} {speed:9.0f} tokens/s, {3 * per_token * speed / rate:5.1%} of the matrix rate, "
        f"{peak:5.1f} GiB peak",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", default=["172m", "425m"])
    parser.add_argument("--positions", nargs="+", default=["rotary", "relative"])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--retro-pytorch", type=Path, help="folder it is installed in")
    parser.add_argument("--eager", action="store_true", help="do not compile")
    parser.add_argument("--try", dest="trial", action="store_true", help="tiny sizes, on this CPU")
    arguments = parser.parse_args()
    arguments.device = "cpu" if arguments.trial else "cuda"
    if arguments.trial:
        arguments.presets, arguments.batch, arguments.tokens, arguments.steps = ["tiny"], 2, 256, 1
    rate = matrix_rate(arguments.device, 512 if arguments.trial else 8192)
    print(f"bfloat16 matrix products: {2 * rate / 1e12:.1f} TFLOP/s")
    batch, tokens, device = arguments.batch, arguments.tokens, arguments.device
    for name in arguments.presets:
        changes = {"vocab_size": arguments.vocabulary, "copy_head": False, "max_position_embeddings": tokens}
        for positions in arguments.positions:
            config = RetroConfig.preset(name, **changes, positions=positions)
            per_token = sum(multiplications(config, tokens).values())
            found = ours(config, device, batch, tokens, compiled=not arguments.eager)
            report(f"openbook {name}, {positions}", found, per_token, rate, arguments)
        if arguments.retro_pytorch:
            found = theirs(config, device, batch, tokens, arguments.retro_pytorch)
            report(f"retro-pytorch {name}", found, per_token, rate, arguments)


if __name__ == "__main__":
    main()
