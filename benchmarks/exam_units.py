"""The exam by documents as units of search, and with heads before passages: what the reader makes of it.

    python benchmarks/exam_units.py --naming once --questions 40 --work /tmp/exam-once

The reader is the shipped one (SmolLM2), the search bm25, k 4; --naming as in `openbook exam`. Exact match
with 95 % intervals (Wilson), and how often an answer is among the passages; a line for each of the four ways.
"""

import argparse
import json
from math import sqrt
from pathlib import Path

import numpy as np
import torch

from openbook.cli.asked_model import load_asked_model
from openbook.database import Database
from openbook.evaluate.exact_match import exact_match, holds_answer
from openbook.evaluate.exam import documents_of, facts_of, make_world
from openbook.evaluate.exam.model_reader import ModelReader
from openbook.evaluate.exam.prose import NAMINGS
from openbook.evaluate.exam.reading import QuestionNeighbors, passages_of


def wilson(right: int, count: int) -> list[float]:
    """95 % of a share."""
    z, share = 1.96, right / count
    middle, spread = share + z * z / (2 * count), z * sqrt(share * (1 - share) / count + (z / count) ** 2 / 4)
    return [round((middle + sign * spread) / (1 + z * z / count), 3) for sign in (-1, 1)]


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--naming", default="once", choices=NAMINGS)
    parser.add_argument("--work", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    asked = load_asked_model(None, reads=True)
    world = make_world(documents=given.documents, seed=given.seed, naming=given.naming)
    if given.work.exists():
        database = Database.open(given.work)
    else:
        database = Database.create(given.work, tokenizer=asked.chat.tokenizer, embedder=None)
    database.add(documents_of(world), sync=True)
    book, facts = database.opened, facts_of(world)
    drawn = np.random.default_rng(given.seed).permutation(len(facts))[: given.questions]
    chosen = [facts[place].fact for place in drawn]
    questions = [fact.question for fact in chosen]
    reader = ModelReader(asked.model, asked.chat, batch_size=8)
    for by in ("chunk", "document"):
        chunks = book.search_passages(questions, k=4, mode="bm25", by=by)[0]
        passages = passages_of(book, chunks)
        found = [
            any(passage is not None and holds_answer(passage.text, [fact.answer]) for passage in row)
            for fact, row in zip(chosen, passages, strict=True)
        ]
        for bring_head in (False, True):
            answers = reader.answer(questions, QuestionNeighbors.of(book, chunks, bring_head=bring_head))
            right = [
                exact_match(answer.text, [fact.answer]) for answer, fact in zip(answers, chosen, strict=True)
            ]
            said = {"naming": given.naming, "by": by, "bring_head": bring_head}
            measured = {
                "exact_match": round(float(np.mean(right)), 3),
                "95 %": wilson(int(sum(right)), len(right)),
            }
            print(json.dumps(said | measured | {"found": round(float(np.mean(found)), 3)}), flush=True)


if __name__ == "__main__":
    main()
