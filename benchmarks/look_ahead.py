"""What a query costs that lacks the last tokens before its look-up, in bits per byte on real text.

    python benchmarks/look_ahead.py --documents 60 --read 8 --chunks 6
    python benchmarks/look_ahead.py --model RETRO --corpus CORPUS --book BOOK --read 100

The book is documentation that comes with every Python, a fifth of it held out. Held-out documents are read by
SmolLM2-135M-Instruct with its shipped adapter, or by `--model`; with `--corpus` by a native RETRO that was
trained on that database, whose held-out documents are read. A chunk is looked up with the M tokens that
end `ahead` tokens before its end, as with `openbook generate --look-ahead`; the same tokens are predicted.
"""

import argparse
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from openbook import Database
from openbook.cli.asked_model import load_asked_model
from openbook.database import Version
from openbook.database.documents.document_list import list_documents
from openbook.database.documents.document_pages import stored_document
from openbook.model import RetroForCausalLM
from openbook.text import read_documents
from openbook.text.python_docs import write_python_docs

_MOST_OWN = 16
"""Chunks of the text's own document that a search may find first."""


@dataclass(frozen=True)
class Unseen:
    """A text that the model has not seen, in tokens."""

    document_id: str
    tokens: list[int]


def neighbors(
    book: Version, text: Unseen, ahead: int, *, k: int
) -> tuple[torch.Tensor, torch.Tensor, list[set[int]]]:
    """Ids and mask [1, C, K, R] of the neighbors of chunks, and which; none of the text's own document."""
    M, tokens = book.settings.chunk_size, text.tokens
    windows = [tokens[max(0, end - ahead - M) : end - ahead] for end in range(M, len(tokens) + 1, M)]
    found, scores = book.search_chunks(book.text_queries(book.tokenizer.decode(windows)), k=k + _MOST_OWN)
    others = []
    for row, values in zip(found, scores, strict=True):
        hits = book.hits(row, values)
        kept = [hit.chunk_id for hit in hits if hit.document_id != text.document_id][:k]
        others.append(kept + [-1] * (k - len(kept)))
    found = np.array(others)
    ids, mask = book.retrieved_tokens(found)
    return torch.from_numpy(ids)[None], torch.from_numpy(mask)[None], [set(row.tolist()) for row in found]


@torch.inference_mode()
def bits(
    model: RetroForCausalLM, tokens: list[int], found: tuple[torch.Tensor, torch.Tensor] | None, begin: int
) -> float:
    """Of the tokens from `begin` on."""
    text = torch.tensor([tokens])
    logits = model(text, *(found or (None, None))).logits[0, begin - 1 : -1]
    losses = torch.nn.functional.cross_entropy(logits, text[0, begin:], reduction="sum")
    return float(losses) / math.log(2)


@dataclass(frozen=True)
class Read:
    """A model, the book that it looks things up in, and texts that it has not seen, in tokens."""

    model: RetroForCausalLM
    book: Version
    texts: list[Unseen]


def shipped(options: argparse.Namespace, folder: Path) -> Read:
    """SmolLM2 with its adapter, or another base, on documentation."""
    asked = load_asked_model(options.model, reads=True)
    write_python_docs(folder / "docs.jsonl", max_documents=options.documents)
    documents = list(read_documents(f"{folder}/docs.jsonl"))
    tokenizer, M = asked.chat.tokenizer, asked.model.config.chunk_size
    made = Database.create(folder / "book", tokenizer=tokenizer, embedder=None, chunk_size=M, holdout=0.2)
    made.add(documents)
    held_out = {document.document_id for document in made.documents() if document.split == "holdout"}
    unseen = [document for document in documents if document.id in held_out]
    texts = tokenizer.encode([document.text for document in unseen])
    pairs = zip(unseen, texts, strict=True)
    return Read(asked.model, made.opened, [Unseen(document.id, tokens) for document, tokens in pairs])


def trained(options: argparse.Namespace) -> Read:
    """A native RETRO on what its corpus holds out, looked up in the book of its neighbors."""
    corpus = Version.open(options.corpus)
    held_out = [each for each in list_documents(corpus.catalog) if each.split == "holdout"]
    texts = [stored_document(corpus, each.document_id).text for each in held_out]
    book = Version.open(options.book or options.corpus)
    pairs = zip(held_out, book.tokenizer.encode(texts), strict=True)
    unseen = [Unseen(each.document_id, tokens) for each, tokens in pairs]
    return Read(RetroForCausalLM.from_pretrained(options.model), book, unseen)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="as openbook ask --model; with --corpus a native RETRO")
    parser.add_argument("--corpus", help="database that it was trained on, with documents held out")
    parser.add_argument("--book", help="database of its neighbors, where that is another one")
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--read", type=int, default=8)
    parser.add_argument("--chunks", type=int, default=6)
    parser.add_argument("-k", type=int, default=2)
    parser.add_argument("--ahead", type=int, nargs="+", default=[0, 4, 8, 16, 32])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        measure(trained(options) if options.corpus else shipped(options, Path(folder)), options)


def measure(given: Read, options: argparse.Namespace) -> None:
    """Print the table."""
    model, tokenizer = given.model.eval(), given.book.tokenizer
    M = model.config.chunk_size
    length = options.chunks * M
    read = [replace(text, tokens=text.tokens[:length]) for text in given.texts if len(text.tokens) >= length]
    read = read[: options.read]
    # What the last token of the first chunk predicts is the first that any neighbor informs.
    size = sum(len(tokenizer.decode_inside([text.tokens[M:]])[0].encode()) for text in read)
    off = sum(bits(model, text.tokens, None, M) for text in read)
    print(f"{len(read)} texts of {options.chunks} chunks, {size} bytes predicted")
    print("| query ends | the same neighbors | bits per byte |")
    print("|---|---|---|")
    print(f"| without retrieval | | {off / size:.4f} |", flush=True)
    for ahead in options.ahead:
        total, same, count = 0.0, 0, 0
        for text in read:
            ids, mask, chosen = neighbors(given.book, text, ahead, k=options.k)
            exact = neighbors(given.book, text, 0, k=options.k)[2]
            same += sum(len(one & other) for one, other in zip(chosen, exact, strict=True))
            count += sum(map(len, exact))
            total += bits(model, text.tokens, (ids, mask), M)
        print(f"| {ahead} tokens before the border | {same / count:.0%} | {total / size:.4f} |", flush=True)


if __name__ == "__main__":
    main()
