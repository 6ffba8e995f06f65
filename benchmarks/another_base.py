"""Whether a base of your own, untrained, reads its neighbors as it would read them in its prompt.

    python benchmarks/another_base.py BASE TEXT.txt

BASE: a folder, a name of the hub or a .gguf file; TEXT: some pages that it can read. In float32, one thread.
Off is compared with the base alone, joint reading with the base whose prompt holds the same neighbors. Then
nats per token of the text, with and without the tokens that the tokenizer begins texts with.
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import openbook
from openbook.model.retrofitting import RetrofitForCausalLM, load_base
from openbook.text import load_tokenizer

M = 64


def logits_of_base(
    model: RetrofitForCausalLM, prefix: list[int], neighbors: Tensor | None, text: Tensor
) -> Tensor:
    """Of the text [T, V], after the prefix and the neighbors, one after another."""
    before = [torch.tensor(prefix, dtype=torch.long), *([] if neighbors is None else [neighbors.flatten()])]
    return model.base(torch.cat([*before, text])[None]).logits[0, -len(text) :]


def compare(what: str, found: Tensor, expected: Tensor) -> None:
    apart = (found - expected).abs().max()
    same = (found.argmax(-1) == expected.argmax(-1)).float().mean()
    equal = "bit for bit" if torch.equal(found, expected) else f"largest difference {apart:.1e}"
    print(
        f"{what}: {equal}, of logits up to {expected.abs().max():.0f}; likeliest token equal {same:.3f}",
        flush=True,
    )


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base")
    parser.add_argument("text", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = load_tokenizer(given.base)
    prefix = tokenizer.start_ids
    base = load_base(given.base, dtype="float32")
    model = openbook.retrofit(base, chunk_size=M, num_neighbors=4, prefix_ids=prefix).eval()
    ids = torch.tensor(tokenizer.encode([given.text.read_text(encoding="utf-8")])[0])
    neighbors, text = ids[: 8 * M].view(4, 2 * M), ids[8 * M :]
    compare(
        "off, 700 tokens", model(text[None, :700]).logits[0], logits_of_base(model, prefix, None, text[:700])
    )
    for k, length in ((1, 60), (4, 60), (4, 300), (2, 700)):
        found = model(text[None, :length], neighbors[None, None, :k], is_prompt=True).logits[0]
        expected = logits_of_base(model, prefix, neighbors[:k], text[:length])
        compare(f"joint, k {k}, {length} tokens", found, expected)
    for said, start in (("with", prefix), ("without", [])):
        logits = logits_of_base(model, start, None, text[:512])
        print(f"{said} {start}: {F.cross_entropy(logits[:-1], text[1:512]):.3f} nats per token")


if __name__ == "__main__":
    main()
