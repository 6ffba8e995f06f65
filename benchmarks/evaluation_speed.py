"""What an evaluation costs beyond its forward passes, and how long overlap takes.

    python benchmarks/evaluation_speed.py MODEL DB --sequences 64 --turns 3
    python benchmarks/evaluation_speed.py --overlap 100000

The first compares `evaluate_perplexity` of on and off, all it does included, with two plain forward passes
over the same samples, read beforehand: turns alternate, the ratio is of the sums. The second measures r(C) of
that many chunks of random tokens with ten neighbors each: the work does not depend on what the tokens say.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("db", type=Path, nargs="?")
    parser.add_argument("--sequences", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--overlap", type=int, help="chunks whose overlap to measure instead")
    arguments = parser.parse_args()
    if arguments.overlap:
        overlap(arguments.overlap)
    else:
        passes(arguments)


def overlap(chunks: int) -> None:
    from openbook.evaluate import longest_common_runs

    rng = np.random.default_rng(0)
    seconds = 0.0
    for start in range(0, chunks, 4096):
        n = min(4096, chunks - start)
        ours, theirs = rng.integers(8192, size=(n, 64)), rng.integers(8192, size=(n, 10, 128))
        begun = time.perf_counter()
        longest_common_runs(ours, theirs, np.ones(theirs.shape, dtype=bool))
        seconds += time.perf_counter() - begun
    print(f"longest runs of {chunks:,} chunks and their 10 neighbors: {seconds:.1f} s")


def passes(arguments: argparse.Namespace) -> None:
    import torch

    from openbook.database import Database, NeighborTable, SequenceDataset
    from openbook.evaluate import EvaluationOptions, Evaluator, evaluate_perplexity
    from openbook.model import RetroForCausalLM

    model = RetroForCausalLM.from_pretrained(arguments.model).eval()
    database = Database.open(arguments.db)
    table = NeighborTable.load(database)
    T = model.config.max_position_embeddings
    on = SequenceDataset(database.opened, "holdout", T, table.first(model.config.num_neighbors), table.book)
    rows = np.linspace(0, len(on) - 1, arguments.sequences).round().astype(int)
    datasets = (on, replace(on, neighbors=None))
    starts = range(0, len(rows), arguments.batch_size)
    batches = [batch(dataset, rows[i : i + arguments.batch_size]) for dataset in datasets for i in starts]
    options = EvaluationOptions(batch_size=arguments.batch_size, max_sequences=len(rows))
    plain = whole = 0.0
    for _ in range(arguments.turns):
        begun = time.perf_counter()
        with torch.inference_mode():
            for samples in batches:
                model(**samples, return_logits=False)
        plain += time.perf_counter() - begun
        begun = time.perf_counter()
        evaluate_perplexity(Evaluator(model, database, table, options=options), ("on", "off"))
        whole += time.perf_counter() - begun
    tokens = 2 * len(rows) * T * arguments.turns
    print(
        f"two plain passes: {tokens / plain:,.0f} tokens/s; evaluation of on and off: {tokens / whole:,.0f}"
    )
    print(f"ratio {plain / whole:.3f}")


def batch(dataset: Any, rows: Any) -> dict[str, Any]:
    import torch

    samples = [dataset[row] for row in rows]
    return {key: torch.from_numpy(np.stack([sample[key] for sample in samples])) for key in samples[0]}


if __name__ == "__main__":
    main()
