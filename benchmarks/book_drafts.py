"""Drafts from the book on a real base: passes and seconds, and whether the text stays the same to the token.

    python benchmarks/book_drafts.py --documents 40 --prompts 6 --tokens 96

The book is documentation that comes with every Python. The base, SmolLM2-135M-Instruct with its shipped
adapter unless `--model` names another, continues the first words of documents, which are from the book, so
the text quotes what it reads; and questions about it are answered. Each text is written with drafts and
without, in turns.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from openbook import Database
from openbook.cli.asked_model import AskedModel, load_asked_model
from openbook.generation import Answer, Generation, Sampling, ask, generate
from openbook.text import Document, read_documents
from openbook.text.python_docs import write_python_docs

GREEDY = Sampling(temperature=0)
WORDS_OF_PROMPT = 40


def make_book(folder: Path, asked: AskedModel, count: int) -> tuple[Database, list[Document]]:
    """A book of so many modules, in the tokens of the base."""
    write_python_docs(folder / "docs.jsonl", max_documents=count)
    documents = list(read_documents(str(folder / "docs.jsonl")))
    book = Database.create(
        folder / "book",
        tokenizer=asked.chat.tokenizer,
        embedder=None,
        chunk_size=asked.model.config.chunk_size,
    )
    book.add(documents)
    return book, documents


def measure(kind: str, writings: list[Callable[[bool], Generation | Answer]]) -> None:
    """Write each text in both ways, and print a line."""
    tokens = passes = proposed = accepted = different = 0
    seconds = {False: 0.0, True: 0.0}
    for write in writings:
        results = {}
        for drafts in (False, True):
            begin = time.perf_counter()
            results[drafts] = write(drafts)
            seconds[drafts] += time.perf_counter() - begin
        counts = results[True].drafts
        assert counts is not None
        passes, proposed, accepted = (
            passes + counts.passes,
            proposed + counts.proposed,
            accepted + counts.accepted,
        )
        tokens += counts.passes + counts.accepted
        texts = [
            result.text if isinstance(result, Generation) else result.answer for result in results.values()
        ]
        different += texts[0] != texts[1]
    print(
        f"| {kind} | {len(writings)} | {tokens} | {passes} | {tokens / passes:.2f} | "
        f"{accepted / max(1, proposed):.0%} | {seconds[False] / seconds[True]:.2f} | {different} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="as openbook ask --model")
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--prompts", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    asked = load_asked_model(options.model, reads=True)
    with tempfile.TemporaryDirectory() as folder:
        book, documents = make_book(Path(folder), asked, options.documents)
        chosen = documents[:: max(1, len(documents) // options.prompts)][: options.prompts]

        def continued(document: Document) -> Callable[[bool], Generation]:
            prompt = " ".join(document.text.split(" ")[:WORDS_OF_PROMPT])
            return lambda drafts: generate(
                asked.model, book, prompt, max_new_tokens=options.tokens, sampling=GREEDY, drafts=drafts
            )

        def answered(document: Document) -> Callable[[bool], Answer]:
            question = f"What does the module {document.title} do?"
            return lambda drafts: ask(
                asked.model, book, question, chat=asked.chat, max_new_tokens=options.tokens, drafts=drafts
            )

        print("| text | texts | tokens | passes | fewer passes | accepted | times as fast | other texts |")
        print("|---|---|---|---|---|---|---|---|")
        measure("continued, from the book", [continued(document) for document in chosen])
        measure("answered", [answered(document) for document in chosen])


if __name__ == "__main__":
    main()
