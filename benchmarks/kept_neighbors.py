"""Time to the first token of an answer: passages read, kept in memory, and kept in a folder.

    python benchmarks/kept_neighbors.py [--questions 8] [--rounds 3]

The base is SmolLM2-135M-Instruct with the adapter that comes with openbook, the book is the documentation of
Python's standard library, lexical. Each question is asked in three ways in turn, so that what else the
machine does falls on all of them; the figures are medians, their ratio is what counts.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from openbook.cli.asked_model import AskedModel, load_asked_model
from openbook.database import Database, Version
from openbook.generation import ask
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.text import Document, read_documents, train_tokenizer
from openbook.text.python_docs import write_python_docs

QUESTIONS = (
    "What does os.getcwd return?",
    "What does math.isqrt return?",
    "How is a file compressed with gzip?",
    "What does shutil.copytree do?",
    "Which exception does int raise for text that is no number?",
    "What is a named tuple?",
    "How does heapq sort?",
    "What does textwrap.dedent remove?",
)


def make_book(folder: Path) -> Version:
    """The documentation of Python's modules."""
    write_python_docs(folder.with_suffix(".jsonl"))
    documents = [
        found for found in read_documents(str(folder.with_suffix(".jsonl"))) if isinstance(found, Document)
    ]
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=8000)
    database = Database.create(folder, tokenizer=tokenizer, embedder=None)
    database.add(documents)
    return database.opened


def first_token(asked: AskedModel, book: Version, question: str) -> float:
    """Seconds until the first piece of the answer is told."""
    told: list[float] = []
    began = time.perf_counter()
    ask(
        asked.model,
        book,
        question,
        chat=asked.chat,
        max_new_tokens=1,
        on_text=lambda text: told.append(time.perf_counter()),
    )
    return (told[0] if told else time.perf_counter()) - began


def measure(asked: AskedModel, book: Version, folder: Path, *, questions: int, rounds: int) -> None:
    """Print medians, and what a file takes."""
    model = asked.model
    assert isinstance(model, RetrofitForCausalLM)
    chosen = QUESTIONS[:questions]
    model.keep_neighbors(folder=folder)
    for question in chosen:  # fills the folder, and whatever is made when first used
        first_token(asked, book, question)
    in_memory = model.keep_neighbors(2**31)
    for question in chosen:
        first_token(asked, book, question)
    decoder = model.model.decoder

    def keep(store: object) -> Callable[[], None]:
        return lambda: setattr(decoder, "kept", store)

    ways = {
        "read": keep(None),
        "kept in memory": keep(in_memory),
        "kept in a folder": lambda: model.keep_neighbors(folder=folder) and None,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for question in chosen:
            for name, prepare in ways.items():
                prepare()
                seconds[name].append(first_token(asked, book, question))
    files = [path.stat().st_size for path in folder.rglob("*.neighbors")]
    print(f"{len(files)} files, {sum(files) / len(files) / 1e6:.1f} MB each")
    whole = median(seconds["read"])
    for name, times in seconds.items():
        print(f"{name:18}{median(times):8.3f} s to the first token{median(times) / whole:8.2f} of reading")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=len(QUESTIONS))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        book = make_book(Path(home) / "book")
        asked = load_asked_model(None, reads=True)
        measure(asked, book, Path(home) / "kept", questions=options.questions, rounds=options.rounds)


if __name__ == "__main__":
    main()
