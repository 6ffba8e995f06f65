"""Writing token by token: what the cache buys, and what keeping encoded neighbors buys.

    python benchmarks/decoding_speed.py

A sequence is continued with neighbors drawn from a pool of a given size, as a book that is asked about one
subject gives the same chunks again. Measured in turns in one process: without a cache (everything is computed
again for each token), with it, and with an unconditioned encoder with and without a store of encoded
neighbors.
Border: the passes that complete a chunk, whose ten neighbors are read.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from openbook.model import EncodedNeighbors, RetroCache, RetroConfig, RetroForCausalLM

M, K, V = 64, 10, 16_000
R = 2 * M


def make_model(*, conditioned: bool) -> RetroForCausalLM:
    """About the size of the shipped recipe `small`, with an encoder of two layers as in the paper."""
    torch.manual_seed(0)
    config = RetroConfig(
        vocab_size=V,
        hidden_size=256,
        num_hidden_layers=6,
        num_attention_heads=4,
        intermediate_size=1024,
        cca_layers=[3, 6],
        encoder_num_layers=2,
        encoder_conditioned=conditioned,
    )
    return RetroForCausalLM(config).eval()


class Pool:
    """Neighbors [1, 1, K, R] of a chunk, drawn from so many different ones."""

    def __init__(self, size: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.neighbors = torch.randint(1, V, (size, R), generator=generator)
        self.generator = generator

    def draw(self) -> torch.Tensor:
        """Of one chunk."""
        places = torch.randint(len(self.neighbors), (K,), generator=self.generator)
        return self.neighbors[places][None, None]


def cached(
    model: RetroForCausalLM, tokens: int, pool: Pool, store: EncodedNeighbors | None = None
) -> list[float]:
    """One token at a time; neighbors come when a chunk is complete. Returns the seconds of those passes."""
    cache = RetroCache()
    cache.encoded_neighbors = store
    borders = []
    for number in range(1, tokens + 1):
        neighbors = pool.draw() if number % M == 0 else None
        began = time.perf_counter()
        model(torch.tensor([[number % V]]), neighbors, past_key_values=cache, use_cache=True)
        if neighbors is not None:
            borders.append(time.perf_counter() - began)
    return borders


def uncached(model: RetroForCausalLM, tokens: int, pool: Pool) -> list[float]:
    """The whole sequence again for each token; every sixteenth alone is timed, to end today."""
    neighbors = torch.cat([pool.draw() for _ in range(max(1, tokens // M))], dim=1)
    for number in range(16, tokens + 1, 16):
        ids = (torch.arange(1, number + 1) % V)[None]
        model(ids, neighbors[:, : number // M] if number >= M else None)
    return []


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--pool", type=int, default=40, help="different neighbors that the book gives")
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    conditioned, unconditioned = make_model(conditioned=True), make_model(conditioned=False)
    store = EncodedNeighbors()
    tokens, size = arguments.tokens, arguments.pool
    contenders: dict[str, tuple[Callable[[], list[float]], int]] = {
        "no cache": (lambda: uncached(conditioned, tokens, Pool(size)), 16),
        "cache": (lambda: cached(conditioned, tokens, Pool(size)), 1),
        "cache, unconditioned": (lambda: cached(unconditioned, tokens, Pool(size)), 1),
        "cache, unconditioned, encoded neighbors kept": (
            lambda: cached(unconditioned, tokens, Pool(size), store),
            1,
        ),
    }
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    borders: dict[str, list[float]] = {name: [] for name in contenders}
    with torch.inference_mode():
        for _ in range(arguments.turns):
            for name, (run, every) in contenders.items():
                began = time.perf_counter()
                borders[name] += run()
                speeds[name].append(tokens / every / (time.perf_counter() - began))
    for name, found in speeds.items():
        at_border = f", border {1000 * statistics.median(borders[name]):5.1f} ms" if borders[name] else ""
        print(f"{name:46} {statistics.median(found):7.1f} tokens/s{at_border}")
    print(f"neighbors kept: {len(store)}; asked for again: {store.hits} of {store.hits + store.misses}")


if __name__ == "__main__":
    main()
