"""The processor time of searches in a book of shards, beside one database of the same documents.

    python benchmarks/sharded_overhead.py --documents 4000 --shards 4
    python benchmarks/sharded_overhead.py --documents 90000 --modes bm25
    python benchmarks/sharded_overhead.py --documents 12000 --modes dense --like DATABASE…

Texts are of made-up words; both books hold the same. Vectors are drawn at random, which no index of lists can
do anything with: all of it is searched. With --like they are as an encoder's: those of some databases, each
moved by 0.6 of the difference of two of its 20 nearest. Both are asked in turn, several times, and the ratio
of the medians is printed for each mode, with how long each takes to be opened; of words also how much of the
time is tantivy's own, which searches the files of all shards one after another.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np

from openbook.database import Database, Version
from openbook.database.search import embedder as embedders
from openbook.database.search.embedder import Embedder
from openbook.database.shards.book_creation import create_book
from openbook.text import Document, train_tokenizer

SIZE = 384
ROUNDS = 25
QUERIES = 64
MODES = ("dense", "bm25", "hybrid")


class RandomEncoder:
    """Gives each text a random unit vector."""

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        vectors = [np.random.default_rng(abs(hash(text))).normal(size=SIZE) for text in texts]
        found = np.array(vectors, dtype=np.float32).reshape(-1, SIZE)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


class LikeEncoder:
    """Gives each text a vector as an encoder would give to some text, always the same one."""

    def __init__(self, databases: Sequence[Path]) -> None:
        opened = [Database.open(path).vectors for path in databases]
        self.stored = np.concatenate([vectors[:] for vectors in opened if vectors]).astype(np.float32)
        _, self.near = faiss.knn(self.stored, self.stored, 20, metric=faiss.METRIC_INNER_PRODUCT)

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        drawn = np.array([np.frombuffer(sha256(text.encode()).digest()[:24], "<u8") for text in texts])
        start = (drawn[:, 0] % len(self.stored)).astype(np.int64)
        one, other = (self.near[start, (1 + drawn[:, side] % 19).astype(np.int64)] for side in (1, 2))
        vectors = self.stored[start] + 0.6 * (self.stored[one] - self.stored[other])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


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


class TimedFiles:
    """tantivy's searcher of an index, and the processor time that it took."""

    def __init__(self, searcher: Any) -> None:
        self._searcher = searcher
        self.seconds = 0.0

    def search(self, *arguments: Any, **options: Any) -> Any:
        began = time.thread_time()
        try:
            return self._searcher.search(*arguments, **options)
        finally:
            self.seconds += time.thread_time() - began

    def __getattr__(self, name: str) -> Any:
        return getattr(self._searcher, name)


def outside_tantivy(version: Version, queries: Any, files: TimedFiles) -> tuple[float, float]:
    """Seconds of a search for words, and those that are not tantivy's."""
    files.seconds = 0.0
    whole = timed(lambda: version.search_chunks(queries, k=10, mode="bm25"))
    return whole, whole - files.seconds


def report_words(versions: dict[str, Version], chunks: Any) -> None:
    """The part of a search for words that is ours: queries, merging, and the numbers of the book."""
    files = {}
    for name, version in versions.items():
        index: Any = version.searcher.indexes.lexical
        index._searcher = files[name] = TimedFiles(index._searcher)
    for queries in (1, len(chunks)):
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in versions}
        for _ in range(ROUNDS + 1):
            for name, version in versions.items():
                asked = version.chunk_queries(chunks[:queries])
                spent[name].append(outside_tantivy(version, asked, files[name]))
        (whole, ours), (of_book, ours_of_book) = (
            (median(each[0] for each in spent[name][1:]), median(each[1] for each in spent[name][1:]))
            for name in ("one", "book")
        )
        print(
            f"bm25, {queries} queries, not tantivy: {ours * 1e3:.2f} ms, book {ours_of_book * 1e3:.2f} ms: "
            f"{(ours_of_book - ours) / whole:+.1%} of a search of {whole * 1e3:.2f} ms (the book's "
            f"{of_book * 1e3:.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    parser.add_argument("--like", type=Path, nargs="+", help="databases with an encoder's vectors")
    arguments = parser.parse_args()
    embedder = None if arguments.modes == ["bm25"] else "fake"
    fake = Embedder(
        "fake", "path", "f" * 16, SIZE, LikeEncoder(arguments.like) if arguments.like else RandomEncoder()
    )
    embedders.load_embedder = lambda name="": fake  # type: ignore[assignment]
    texts = texts_of(arguments.documents)
    documents = [Document(id=f"d{number}", text=text) for number, text in enumerate(texts)]
    tokenizer = train_tokenizer(texts[:200], vocab_size=4000)
    with tempfile.TemporaryDirectory() as work:
        one, book = Path(work) / "one", Path(work) / "book"
        names = [f"shard-{place:05}" for place in range(arguments.shards)]
        Database.create(one, tokenizer=tokenizer, embedder=embedder).add(documents)
        size = -(-len(documents) // len(names))
        for place, name in enumerate(names):
            shard = Database.create(book / name, tokenizer=tokenizer, embedder=embedder)
            shard.add(documents[place * size : (place + 1) * size])
        create_book(book, names)
        Database.open(book).catch_up()  # as a build does, for the indexes
        opening = {
            path.name: median(timed(lambda path=path: Version.open(path)) for _ in range(ROUNDS))  # type: ignore[misc]
            for path in (one, book)
        }
        versions = {path.name: Version.open(path) for path in (one, book)}
        print(f"{versions['one'].layout.num_chunks:,} chunks, {len(names)} shards")
        print(f"opening: {opening['one']:.3f} s, book {opening['book']:.3f} s")
        chunks = np.arange(0, versions["one"].layout.num_chunks, versions["one"].layout.num_chunks // QUERIES)
        for mode in arguments.modes:
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
        if "bm25" in arguments.modes:
            report_words(versions, chunks)


if __name__ == "__main__":
    main()
