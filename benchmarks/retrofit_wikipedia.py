"""Makes the texts and the base of retrofit_wikipedia.sh.

    python benchmarks/retrofit_wikipedia.py articles DATA OUTPUT.jsonl
    python benchmarks/retrofit_wikipedia.py base DATABASE OUTPUT [STEPS]

`articles` draws 40,000 articles of Simple English Wikipedia, of 300 characters or more.
`base` trains a small Llama on the database's text, as anybody would train one: it knows nothing of retrieval.
With 0 steps the weights stay as drawn, for a RETRO that learns everything from scratch.
"""

import json
import lzma
import math
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import LlamaConfig, LlamaForCausalLM

from openbook import Database
from openbook.database import SequenceDataset
from openbook.model.batch import collate
from openbook.train.sample_order import TrainingOrder

ARTICLES, SHORTEST = 40_000, 300
LENGTH, BATCH, PEAK, WARMUP = 512, 8, 3e-3, 50


def articles(data: Path, output: Path) -> None:
    rows = [row for row in _rows(data) if len(row["text"]) >= SHORTEST]
    random.Random(0).shuffle(rows)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows[:ARTICLES])
    output.write_text("".join(lines), encoding="utf-8")


def _rows(data: Path) -> Iterator[dict[str, str]]:
    path = next(data.rglob("simplewiki-2021-12.jsonl.xz"))
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield {"id": f"simple-{row['id']}", "title": row["title"], "text": row["text"]}


def base(database: Database, output: Path, steps: int) -> None:
    torch.manual_seed(0)
    model = LlamaForCausalLM(_config(database)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK, betas=(0.9, 0.95), weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(step, steps))
    began = time.monotonic()
    for step, batch in enumerate(_batches(database, steps), start=1):
        loss = _loss(model, batch["input_ids"], batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 20 == 0 or step == steps:
            speed = step * BATCH * LENGTH / (time.monotonic() - began)
            print(f"step {step} of {steps}: loss {loss.item():.4f}, {speed:.0f} tokens/s", flush=True)
    model.save_pretrained(output)
    database.tokenizer.save(output)


def _config(database: Database) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=database.tokenizer.vocab_size,
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        intermediate_size=344,
        max_position_embeddings=LENGTH,
        tie_word_embeddings=True,
        bos_token_id=database.tokenizer.eos_id,
        eos_token_id=database.tokenizer.eos_id,
    )


def _batches(database: Database, steps: int) -> Iterator[dict[str, Tensor]]:
    samples = SequenceDataset(database.opened, "train", LENGTH)
    order = TrainingOrder(samples, seed=0, retrieval_dropout=0.0, first=0, last=steps * BATCH)
    return iter(DataLoader(order, batch_size=BATCH, collate_fn=collate))


def _loss(model: LlamaForCausalLM, input_ids: Tensor, labels: Tensor) -> Tensor:
    logits = model(input_ids=input_ids).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten())


def _factor(step: int, steps: int) -> float:
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - WARMUP) / max(1, steps - WARMUP)))


if __name__ == "__main__":
    if sys.argv[1] == "articles":
        articles(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        base(Database.open(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if sys.argv[4:] else 1000)
