"""What a retrofit with a frozen base costs, against full training of the same model: tokens/s and memory.

    python benchmarks/retrofit_cost.py [--copy-head]

The model: a Llama of 12 layers of 512 (50 M weights without embeddings), grouped heads, 32,000 tokens; with
what `openbook.retrofit` with reader "encoder" adds to it: layers 6, 9, 12, an encoder of two layers of half
its width.
A step is forward, backward, clipping and AdamW, on 4 sequences of 512 tokens with 2 neighbors for each chunk.
Speed: in turns, in one process. Memory: a process each; beyond the weights is the peak less what the process
held when the model was made.
"""

import argparse
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

import openbook
from openbook.model import RetroForCausalLM

B, T, M, K, V = 4, 512, 64, 2, 32_000
WAYS = ("frozen", "full")


class Training:
    """A model with its optimizer."""

    def __init__(self, way: str, copy_head: bool) -> None:
        torch.manual_seed(0)
        self.model = make_model(way, copy_head)
        self.base = sum(weight.numel() for weight in self.model.base.parameters())  # type: ignore[attr-defined]
        self.new = sum(weight.numel() for weight in self.model.parameters()) - self.base
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(self.weights, lr=1e-4)

    def step(self) -> None:
        ids = torch.randint(1, V, (B, T))
        neighbors = torch.randint(1, V, (B, T // M - 1, K, 2 * M))
        loss = self.model(ids, neighbors, labels=ids, return_logits=False).loss
        assert loss is not None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()


def make_model(way: str, copy_head: bool) -> RetroForCausalLM:
    config = LlamaConfig(
        vocab_size=V,
        hidden_size=512,
        num_hidden_layers=12,
        num_attention_heads=8,
        num_key_value_heads=4,
        intermediate_size=1536,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = openbook.retrofit(
            LlamaForCausalLM(config), reader="encoder", copy_head=copy_head, train_base=way == "full"
        )
    return model.train()


def speed(turns: int, copy_head: bool) -> None:
    trainings = {way: Training(way, copy_head) for way in WAYS}
    frozen = trainings["frozen"]
    print(f"base {frozen.base / 1e6:.1f} M weights, new {frozen.new / 1e6:.1f} M")
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(turns + 1):
        for way, training in trainings.items():
            began = time.perf_counter()
            training.step()
            if turn:  # the first warms up
                seconds[way].append(time.perf_counter() - began)
    median = {way: statistics.median(found) for way, found in seconds.items()}
    for way, found in median.items():
        print(f"{way:6} {B * T / found:7.0f} tokens/s")
    print(f"frozen against full: {median['full'] / median['frozen']:.2f} times its tokens/s")


def memory(copy_head: bool) -> None:
    beyond = {}
    for way in WAYS:
        options = ["--copy-head"] if copy_head else []
        command = [sys.executable, __file__, *options, "--measure", way]
        weights, beyond[way] = (
            float(number) for number in subprocess.check_output(command, text=True).split()
        )
        print(f"{way:6} weights {weights:6.0f} MB, beyond them {beyond[way]:6.0f} MB")
    print(
        f"frozen against full: {beyond['frozen'] / beyond['full']:.2f} of its peak memory beyond the weights"
    )


def measure(way: str, copy_head: bool) -> None:
    """Print the megabytes of the weights, and those of the peak beyond what was held before the steps."""
    training = Training(way, copy_head)
    weights = sum(weight.numel() * weight.element_size() for weight in training.model.parameters())
    before = memory_of_process("VmRSS")
    for _ in range(3):
        training.step()
    print(weights / 2**20, memory_of_process("VmHWM") - before)


def memory_of_process(name: str) -> float:
    """Megabytes that this process holds (VmRSS), or held at most (VmHWM); on Linux."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--copy-head", action="store_true")
    parser.add_argument("--measure", choices=WAYS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure, arguments.copy_head)
    else:
        speed(arguments.turns, arguments.copy_head)
        memory(arguments.copy_head)


if __name__ == "__main__":
    main()
