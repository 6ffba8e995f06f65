"""What a query costs that lacks the last tokens before its look-up, in bits per byte on real text.

    python benchmarks/look_ahead.py --documents 60 --read 8 --chunks 6

The book is documentation that comes with every Python, a fifth of it held out. Held-out documents are read by
SmolLM2-135M-Instruct with its shipped adapter, or by `--model`. A chunk is looked up with the M tokens that
end `ahead` tokens before its end, as with `openbook generate --look-ahead`; the same tokens are predicted.
"""

import argparse
import math
import tempfile
from pathlib import Path

import torch

from openbook import Database
from openbook.cli.asked_model import load_asked_model
from openbook.database import Version
from openbook.model import RetroForCausalLM
from openbook.text import read_documents
from openbook.text.python_docs import write_python_docs


def neighbors(
    book: Version, tokens: list[int], ahead: int, *, k: int
) -> tuple[torch.Tensor, torch.Tensor, list[set[int]]]:
    """Ids and mask [1, C, K, R] of each chunk's neighbors, and which chunks they are."""
    M = book.settings.chunk_size
    windows = [tokens[max(0, end - ahead - M) : end - ahead] for end in range(M, len(tokens) + 1, M)]
    found, _ = book.search_chunks(book.text_queries(book.tokenizer.decode(windows)), k=k)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="as openbook ask --model")
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--read", type=int, default=8)
    parser.add_argument("--chunks", type=int, default=6)
    parser.add_argument("-k", type=int, default=2)
    parser.add_argument("--ahead", type=int, nargs="+", default=[0, 4, 8, 16, 32])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    asked = load_asked_model(options.model, reads=True)
    M = asked.model.config.chunk_size
    with tempfile.TemporaryDirectory() as folder:
        write_python_docs(Path(folder) / "docs.jsonl", max_documents=options.documents)
        documents = list(read_documents(f"{folder}/docs.jsonl"))
        tokenizer = asked.chat.tokenizer
        made = Database.create(
            Path(folder) / "book", tokenizer=tokenizer, embedder=None, chunk_size=M, holdout=0.2
        )
        made.add(documents)
        held_out = {document.document_id for document in made.documents() if document.split == "holdout"}
        texts = tokenizer.encode([document.text for document in documents if document.id in held_out])
        read = [tokens[: options.chunks * M] for tokens in texts if len(tokens) >= options.chunks * M]
        read = read[: options.read]
        # What the last token of the first chunk predicts is the first that any neighbor informs.
        size = sum(len(tokenizer.decode_inside([tokens[M:]])[0].encode()) for tokens in read)
        off = sum(bits(asked.model, tokens, None, M) for tokens in read)
        print(f"{len(read)} texts of {options.chunks} chunks, {size} bytes predicted")
        print("| query ends | the same neighbors | bits per byte |")
        print("|---|---|---|")
        print(f"| without retrieval | | {off / size:.4f} |", flush=True)
        for ahead in options.ahead:
            total, same, count = 0.0, 0, 0
            for tokens in read:
                ids, mask, chosen = neighbors(made.opened, tokens, ahead, k=options.k)
                exact = neighbors(made.opened, tokens, 0, k=options.k)[2]
                same += sum(len(one & other) for one, other in zip(chosen, exact, strict=True))
                count += sum(map(len, exact))
                total += bits(asked.model, tokens, (ids, mask), M)
            print(
                f"| {ahead} tokens before the border | {same / count:.0%} | {total / size:.4f} |", flush=True
            )


if __name__ == "__main__":
    main()
