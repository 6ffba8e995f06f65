"""What oneDNN's matrix products and bfloat16 gain where texts are encoded, and what two processes gain.

    python benchmarks/encoding_speed.py --turns 3

The default encoder and texts of some sixty words, one thread. Torch's own products, oneDNN's, and
those of bfloat16 take turns in one process, in processor seconds; then one process encodes alone, and two at
once, by the clock.
"""

import argparse
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace

SENTENCE = "The mayor of the town is called Belvana Galrilow, and traders come to it to buy wax number {}. "
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}


def texts(count: int) -> list[str]:
    return [SENTENCE.format(number) * 3 for number in range(count)]


def compare_products(turns: int) -> None:
    import numpy as np

    from openbook.database.search.embedder import load_embedder

    embedder = load_embedder()
    ways = {
        "torch's own": replace(embedder, kernel=nullcontext()),
        "oneDNN": embedder,
        "bfloat16": embedder.encoding_in("bfloat16"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    vectors = {}
    for _ in range(turns):
        for name, way in ways.items():
            began = time.process_time()
            vectors[name] = way.encode(texts(256))
            seconds[name].append(time.process_time() - began)
    slowest = min(seconds["torch's own"])
    for name, taken in seconds.items():
        apart = np.abs(vectors[name] - vectors["torch's own"]).max()
        cosine = (vectors[name] * vectors["torch's own"]).sum(axis=1).min()
        print(
            f"{name}: {256 / min(taken):.0f} texts a second, {slowest / min(taken):.2f} times torch's own; "
            f"vectors differ by at most {apart:.1e}, cosine at least {cosine:.5f}"
        )


def encode_when_told() -> None:
    """Be one of the processes: say when ready, wait for a line, say how long it took."""
    from openbook.database.search.embedder import load_embedder

    embedder = load_embedder()
    embedder.encode(texts(64))
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    embedder.encode(texts(1024))
    print(time.monotonic() - began, flush=True)


def seconds_beside(count: int) -> float:
    """The slowest of so many processes that encode at once."""
    pipe = subprocess.PIPE
    line = [sys.executable, __file__, "--child"]
    children = [subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True) for _ in range(count)]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    return max(float(child.communicate()[0]) for child in children)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        encode_when_told()
        return
    compare_products(arguments.turns)
    for _ in range(2):
        alone, beside = seconds_beside(1), seconds_beside(2)
        print(f"one process {alone:.1f} s, two at once {beside:.1f} s: {2 * alone / beside:.2f} times one")


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)  # before torch is loaded
    main()
