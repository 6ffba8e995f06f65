"""Training speed and peak memory against retro-pytorch 0.3.9, one shape, one machine, one run.

    pip install --no-deps --target /tmp/retro-pytorch retro-pytorch==0.3.9 einops
    python benchmarks/against_retro_pytorch.py --retro-pytorch /tmp/retro-pytorch

Each contender trains in processes of its own, in turns, so that whatever else the machine does meets both;
the median of the turns counts. The shape: 8 layers of 512, 8 heads of 64, cross-attention in layers 3 and 6,
encoder of 2 layers of 512 that attends to the chunk in its first, vocabulary 32,000, T 512, k 2, R 128,
batch 4. Both learn from random tokens with torch's fused AdamW; neither has dropout, a copy head or gradient
checkpointing. Ours gets the neighbors of C - 1 chunks, as our samples have them: the last chunk's inform no
token that is trained on. Theirs insists on all C.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

VOCABULARY, T, M, K, BATCH = 32_000, 512, 64, 2, 4

Step = Callable[[], Tensor]
"""Computes the loss of the next batch."""


def openbook_step(device: str, *, retrieval: bool) -> tuple[nn.Module, Step]:
    """Our model; without retrieval its decoder alone."""
    from openbook.model import RetroConfig, RetroForCausalLM

    config = RetroConfig(
        vocab_size=VOCABULARY,
        hidden_size=512,
        num_hidden_layers=8,
        num_attention_heads=8,
        intermediate_size=2048,
        cca_layers=[3, 6] if retrieval else [],
        encoder_num_layers=2,
    )
    model = RetroForCausalLM(config).to(device).train()
    ids = torch.randint(1, VOCABULARY, (BATCH, T), device=device)
    neighbors = (
        torch.randint(1, VOCABULARY, (BATCH, T // M - 1, K, 2 * M), device=device) if retrieval else None
    )

    def step() -> Tensor:
        loss = model(ids, neighbors, labels=ids, return_logits=False).loss
        assert loss is not None
        return loss

    return model, step


def load_retro_pytorch(folder: Path) -> type[nn.Module]:
    """Their model from its file alone, because the package wants autofaiss at once."""
    sys.path.insert(0, str(folder))
    package = ModuleType("retro_pytorch")
    package.__path__ = [str(folder / "retro_pytorch")]
    names = ModuleType("retro_pytorch.retrieval")
    names.BERT_VOCAB_SIZE = 28_996  # type: ignore[attr-defined]
    sys.modules |= {"retro_pytorch": package, "retro_pytorch.retrieval": names}
    from retro_pytorch.retro_pytorch import RETRO  # type: ignore[import-not-found]

    return RETRO


def retro_pytorch_step(device: str, folder: Path, *, retrieval: bool) -> tuple[nn.Module, Step]:
    """Theirs."""
    model = load_retro_pytorch(folder)(
        num_tokens=VOCABULARY,
        max_seq_len=T,
        enc_dim=512,
        enc_depth=2,
        enc_cross_attn_layers=(1,),
        dec_depth=8,
        dec_cross_attn_layers=(3, 6),
        heads=8,
        dec_dim=512,
        dim_head=64,
        chunk_size=M,
    )
    model = model.to(device).train()
    ids = torch.randint(1, VOCABULARY, (BATCH, T + 1), device=device)
    neighbors = torch.randint(1, VOCABULARY, (BATCH, T // M, K, 2 * M), device=device)

    def step() -> Tensor:
        if retrieval:
            return model(ids, neighbors, return_loss=True)
        logits = model(ids[:, :-1])
        return nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:])

    return model, step


def train(model: nn.Module, step: Step, steps: int) -> dict[str, float]:
    """Tokens per second over the steps after the first, and the peak memory of this process."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    began = time.perf_counter()
    for number in range(steps + 1):
        if number == 1:
            began = time.perf_counter()
        loss = step()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        float(loss.detach())
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_allocated() / 2**20
    parameters = sum(weight.numel() for weight in model.parameters())
    return {"tokens/s": steps * BATCH * T / seconds, "MB": peak, "parameters": parameters}


def child(arguments: argparse.Namespace) -> None:
    """One contender, in this process."""
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    retrieval = not arguments.child.endswith("without retrieval")
    if arguments.child.startswith("openbook"):
        model, step = openbook_step(device, retrieval=retrieval)
    else:
        model, step = retro_pytorch_step(device, arguments.retro_pytorch, retrieval=retrieval)
    print(json.dumps(train(model, step, arguments.steps)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--retro-pytorch", type=Path, required=True, help="folder it is installed in")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    names = ["openbook", "retro-pytorch", "openbook without retrieval", "retro-pytorch without retrieval"]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(arguments.turns):
        for name in names:
            out = subprocess.run(
                [sys.executable, *sys.argv, "--child", name], check=True, capture_output=True
            )
            found[name].append(json.loads(out.stdout))
    medians = {
        name: {key: statistics.median(turn[key] for turn in turns) for key in turns[0]}
        for name, turns in found.items()
    }
    for name, median in medians.items():
        print(
            f"{name:32} {median['tokens/s']:8.0f} tokens/s {median['MB']:7.0f} MB peak "
            f"{median['parameters'] / 1e6:6.1f} M parameters"
        )
    ours, theirs = medians["openbook"], medians["retro-pytorch"]
    speed, memory = (ours[key] / theirs[key] for key in ("tokens/s", "MB"))
    print(f"tokens/s: {speed:.2f} times; peak: {memory:.2f} times")


if __name__ == "__main__":
    main()
