"""The processor time of searches in a book of shards, beside one database of the same documents.

    python benchmarks/sharded_overhead.py --documents 4000 --shards 4

Texts are of made-up words, vectors are drawn at random; both books hold the same. Both are asked in turn,
several times, and the ratio of the medians is printed for each mode, with how long each takes to be opened.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from openbook.database import Database, Version
from openbook.database.search import embedder as embedders
from openbook.database.search.embedder import Embedder
from openbook.database.shards.book_creation import create_book
from openbook.text import Document, train_tokenizer

SIZE = 384
ROUNDS = 25
QUERIES = 64


class RandomEncoder:
    """Gives each text a random unit vector."""

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        vectors = [np.random.default_rng(abs(hash(text))).normal(size=SIZE) for text in texts]
        found = np.array(vectors, dtype=np.float32).reshape(-1, SIZE)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def texts_of(count: int) -> list[str]:
    """Zipfian words, as in no language."""
    rng = np.random.default_rng(0)
    source = random.Random(0)
    words = ["".join(source.choices("abcdefghij", k=source.randint(2, 9))) for _ in range(20_000)]
    ranks = [np.minimum(rng.zipf(1.3, size=rng.integers(50, 900)), len(words)) - 1 for _ in range(count)]
    return [" ".join(words[rank] for rank in each) for each in ranks]


def timed(call: Callable[[], object]) -> float:
    """Seconds of processor time of a call, all threads together: others on the machine do not count."""
    began = time.process_time()
    call()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--shards", type=int, default=4)
    arguments = parser.parse_args()
    fake = Embedder("fake", "path", "f" * 16, SIZE, RandomEncoder())
    embedders.load_embedder = lambda name="": fake  # type: ignore[assignment]
    texts = texts_of(arguments.documents)
    documents = [Document(id=f"d{number}", text=text) for number, text in enumerate(texts)]
    tokenizer = train_tokenizer(texts[:200], vocab_size=4000)
    with tempfile.TemporaryDirectory() as work:
        one, book = Path(work) / "one", Path(work) / "book"
        names = [f"shard-{place:05}" for place in range(arguments.shards)]
        Database.create(one, tokenizer=tokenizer, embedder="fake").add(documents)
        size = -(-len(documents) // len(names))
        for place, name in enumerate(names):
            shard = Database.create(book / name, tokenizer=tokenizer, embedder="fake")
            shard.add(documents[place * size : (place + 1) * size])
        create_book(book, names)
        opening = {
            path.name: median(timed(lambda path=path: Version.open(path)) for _ in range(ROUNDS))  # type: ignore[misc]
            for path in (one, book)
        }
        versions = {path.name: Version.open(path) for path in (one, book)}
        print(f"{versions['one'].layout.num_chunks:,} chunks, {len(names)} shards")
        print(f"opening: {opening['one']:.3f} s, book {opening['book']:.3f} s")
        chunks = np.arange(0, versions["one"].layout.num_chunks, versions["one"].layout.num_chunks // QUERIES)
        for mode in ("dense", "bm25", "hybrid"):
            for queries in (1, len(chunks)):
                seconds: dict[str, list[float]] = {name: [] for name in versions}
                for _ in range(ROUNDS + 1):
                    for name, version in versions.items():
                        asked = version.chunk_queries(chunks[:queries])
                        seconds[name].append(
                            timed(lambda v=version, q=asked, m=mode: v.search_chunks(q, k=10, mode=m))  # type: ignore[misc]
                        )
                ours, theirs = median(seconds["book"][1:]), median(seconds["one"][1:])
                print(
                    f"{mode}, {queries} queries: {theirs * 1e3:.1f} ms, book {ours * 1e3:.1f} ms, ratio "
                    f"{ours / theirs:.2f}"
                )


if __name__ == "__main__":
    main()
