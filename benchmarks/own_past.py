"""What a long document gains from looking up its own past, read 512 tokens at a time.

    python benchmarks/own_past.py ARTICLES.jsonl WORK --model retro --tokenizer book/tokenizer
    python benchmarks/own_past.py ARTICLES.jsonl WORK --model untrained -k 2 --windows 40
    python benchmarks/own_past.py ARTICLES.jsonl WORK --model shipped -k 2 --windows 40

A model is a trained one's folder; or SmolLM2 that reads its neighbors itself, untrained, or with the adapter
that comes with openbook. ARTICLES: rows with id and text that it was not trained on (english_wikipedia.py
writes held-out.jsonl); those of 20,000 characters or more are read. Windows follow each other, some of them
are read, spread evenly over the text. Neighbors are chunks of the same document that have left the window,
found by their words; "another's past" are those that a window of another document found: as much to read, and
the wrong text. Bits per byte; intervals over documents.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openbook.cli.asked_model import load_asked_model
from openbook.cli.inputs import load_model
from openbook.database import Database
from openbook.evaluate import EvaluationOptions, Evaluator, ModelScorer
from openbook.evaluate.own_past import OwnPast, SamplesWithPast, look_up_past
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import load_base, retrofit
from openbook.pretrained import SMOLLM2, at_hand
from openbook.text import Document, load_tokenizer

LONG = 20_000


def text_of(articles: Path, work: Path, tokenizer: str) -> Database:
    """The long articles, cut for this tokenizer."""
    folder = work / f"own-past-{load_tokenizer(tokenizer).fingerprint[:8]}"
    if folder.exists():
        return Database.open(folder)
    database = Database.create(folder, tokenizer=tokenizer, embedder=None)
    rows = (json.loads(line) for line in articles.open(encoding="utf-8"))
    database.add(Document(id=row["id"], text=row["text"]) for row in rows if len(row["text"]) >= LONG)
    return database


def model_of(name: str, k: int) -> RetroForCausalLM:
    if name == "shipped":
        return load_asked_model(None, reads=True).model.eval()
    if name == "untrained":
        tokenizer = load_tokenizer(at_hand(SMOLLM2))
        base = load_base(at_hand(SMOLLM2), dtype="float32")
        return retrofit(base, num_neighbors=k, tokenizer_fingerprint=tokenizer.fingerprint).eval()
    return load_model(Path(name)).eval()


def of_another(past: OwnPast, documents: np.ndarray[Any, Any]) -> OwnPast:
    """What windows of another document found: half of all windows further on, or the next after those."""
    count = len(past.rows)
    others = (np.arange(count) + count // 2) % count
    for place in range(count):
        while documents[others[place]] == documents[place]:
            others[place] = (others[place] + 1) % count
    return replace(past, ids=past.ids[others], mask=past.mask[others])


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("articles", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--model", required=True, help="untrained, shipped, or a folder")
    parser.add_argument("--tokenizer", default=at_hand(SMOLLM2))
    parser.add_argument("-k", type=int, default=4)
    parser.add_argument("--windows", type=int)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model = model_of(given.model, given.k)
    text = text_of(given.articles, given.work, given.tokenizer)
    options = EvaluationOptions(k=given.k, sequence_length=512, max_sequences=given.windows, batch_size=4)
    evaluator = Evaluator(model, text, None, corpus=text, options=options)
    windows = evaluator.windows
    past = look_up_past(windows, given.k)
    documents = windows.corpus.layout.document_of[windows.chunk_ids[:, 0]]
    scorers = {
        "off": ModelScorer(model, windows.samples()),
        "own past": ModelScorer(model, SamplesWithPast(windows.samples(), past)),
        "another's past": ModelScorer(model, SamplesWithPast(windows.samples(), of_another(past, documents))),
    }
    losses = evaluator.losses(scorers, lambda done, total: print(done, "of", total, flush=True))
    with_past = np.zeros(windows.chunk_ids.shape, dtype=np.bool_)
    with_past[:, 1:] = past.mask.any(axis=(2, 3))
    parts = {"all tokens": None, "after what found something": windows.predicted_of(with_past)}
    for name, tokens in parts.items():
        bits = {mode: round(losses.result(mode, tokens).bits_per_byte, 4) for mode in scorers}
        gains = losses.differences(tokens, base="own past")
        said = {f"{mode} - own past": str(gain) for mode, gain in gains.items()}
        print(json.dumps({"what": name, "bits per byte": bits} | said))
    counted = int(windows.predicted.sum())
    print(
        f"{len(windows)} windows of {len(set(documents))} documents, {counted} tokens; k {given.k}; "
        f"{past.share_found:.0%} of the chunks found something"
    )


if __name__ == "__main__":
    main()
