"""Which neighbor is cited first: by attention, by what was copied, by words in common, and by all of these.

    python benchmarks/citation_order.py --documents 500 --questions 160

The questions of the exam with an answer (docs/exam.md), asked once, in a book of words only. Of the right
answers, the share whose first neighbor in each order holds the answer. The last order is that of citations.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

import torch

from openbook.cli.asked_model import load_asked_model
from openbook.database import Database
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.exact_match import exact_match, holds_answer
from openbook.evaluate.exam import QuestionNeighbors, documents_of, make_world, read_modes
from openbook.evaluate.exam.examination import choose_questions
from openbook.evaluate.exam.model_reader import ModelReader
from openbook.evaluate.exam.reading import passages_of
from openbook.generation.text_matches import text_matches
from openbook.generation.word_origins import order_by_words

First = Callable[[ModelAnswer, Sequence[str]], int]
"""Which of the passages that were read for an answer comes first."""


def most(values: Sequence[float]) -> int:
    """The place of the largest value."""
    return max(range(len(values)), key=values.__getitem__)


def common(text: str, passage: str) -> int:
    """Characters of the runs of words that both have."""
    return sum(match.end - match.start for match in text_matches(text, [passage]))


ORDERS: dict[str, First] = {
    "attention": lambda answer, passages: most(answer.shares),
    "copied by the copy head": lambda answer, passages: most(answer.copied or answer.shares),
    "words in common": lambda answer, passages: most([common(answer.text, one) for one in passages]),
    "as cited": lambda answer, passages: order_by_words(
        answer.text,
        passages,
        copied=answer.copied or [0.0] * len(passages),
        attention=answer.shares,
    )[0],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="as openbook ask --model")
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--questions", type=int, default=160)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("-k", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    asked = load_asked_model(options.model, reads=True)
    world = make_world(documents=options.documents, seed=options.seed)
    facts, _ = choose_questions(world, count=options.questions, seed=options.seed)
    with tempfile.TemporaryDirectory() as folder:
        M, tokenizer = asked.model.config.chunk_size, asked.chat.tokenizer
        made = Database.create(Path(folder) / "book", tokenizer=tokenizer, embedder=None, chunk_size=M)
        made.add(documents_of(world))
        book = made.opened
        questions = [fact.fact.question for fact in facts]
        chunks = read_modes.search(book, questions, k=options.k, mode="bm25")
        answers = ModelReader(asked.model, asked.chat).answer(questions, QuestionNeighbors.of(book, chunks))
        passages = [["" if one is None else one.text for one in row] for row in passages_of(book, chunks)]
    right = [
        (answer, read, fact.fact.answer)
        for answer, read, fact in zip(answers, passages, facts, strict=True)
        if exact_match(answer.text, [fact.fact.answer]) == 1 and answer.shares
    ]
    print(f"{len(right)} right answers of {len(answers)}")
    for name, first in ORDERS.items():
        share = fmean(holds_answer(read[first(answer, read)], [gold]) for answer, read, gold in right)
        print(f"{name:26} {share:.3f}")


if __name__ == "__main__":
    main()
