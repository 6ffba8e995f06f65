"""BM25 of today's words against that of earlier ones: speed in turns, and which words are found.

    python benchmarks/lexical_words.py ARTICLES.jsonl.xz --chunks 20000 --turns 5

The first words were runs of letters and digits below 40 bytes, of each chunk decoded alone; of the second, a
point or a low line ended each. Speed is CPU time of all threads, since other work may go on: chunks decoded
and indexed, and whole chunks searched for. Words looked up are drawn from those that stand in one article
alone, and so are names and numbers of several parts (2.4.0, max_tokens), in a question.
"""

import argparse
import itertools
import json
import lzma
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from openbook.database.search.analyzer import Analyzer, FirstAnalyzer, SecondAnalyzer, WordAnalyzer
from openbook.database.search.lexical import LexicalIndex
from openbook.database.search.whole_words import texts_of_documents
from openbook.text import Tokenizer, cut_chunks, train_tokenizer

K = 74
"""Fetched for 10 neighbors."""


class Articles:
    """So many chunks of articles, as a database has them."""

    def __init__(self, path: Path, *, chunks: int, vocab_size: int) -> None:
        with lzma.open(path) as lines:
            texts = [json.loads(line)["text"] for line in itertools.islice(lines, chunks // 4)]
        self.tokenizer: Tokenizer = train_tokenizer(texts, vocab_size=vocab_size)
        rows, self.texts, self.documents, count = [], [], [], 0
        for text, ids in zip(texts, self.tokenizer.encode(texts), strict=True):
            if count >= chunks:
                break
            eos = self.tokenizer.eos_id
            rows.append(cut_chunks([*ids, eos], chunk_size=64, padding=eos, dtype=np.uint16))
            self.texts.append(text)
            self.documents.append(range(count, count + len(rows[-1])))
            count += len(rows[-1])
        self.tokens = np.concatenate(rows)

    def decoded(self) -> list[str]:
        return self.tokenizer.decode(self.tokens.tolist())

    def whole(self) -> list[str]:
        return texts_of_documents(self.tokens, self.tokenizer, self.documents)

    def words_of_one(self, count: int, *, of_parts: bool) -> list[tuple[str, range]]:
        """Words that stand in one article alone, in several parts or in one, each with its chunks."""
        words = [set(WordAnalyzer().words(text)) for text in self.texts]
        often = Counter(itertools.chain.from_iterable(words))
        pairs = zip(words, self.documents, strict=True)
        found = [
            (word, chunks)
            for some, chunks in pairs
            for word in sorted(some)
            if often[word] == 1 and bool(set(word) & set("-._")) is of_parts
        ]
        return random.Random(0).sample(found, min(count, len(found)))


def measured(
    articles: Articles, analyzer: Analyzer, texts_of: Callable[[], list[str]], folder: Path, queries: int
) -> tuple[float, float, LexicalIndex]:
    """Chunks indexed and queries answered in a second of CPU time, and the index."""
    began = time.process_time()
    texts = texts_of()
    index = LexicalIndex(folder, analyzer=analyzer)
    index.add(range(len(texts)), texts)
    index.commit()
    index.close()
    indexed = len(texts) / (time.process_time() - began)
    asked = texts[:: max(1, len(texts) // queries)][:queries]
    began = time.process_time()
    index.search(asked, K)
    return indexed, len(asked) / (time.process_time() - began), index


def report_missed(
    analyzer: str, index: LexicalIndex, words: list[tuple[str, range]], names: list[tuple[str, range]]
) -> None:
    """How many words, and questions about names, do not find their article first."""
    questions = [(f"What does it say of {name}?", chunks) for name, chunks in names]
    for what, asked in (("words", words), ("names of several parts", questions)):
        ids, _ = index.search([text for text, _ in asked], 10)
        missed = sum(row[0] not in chunks for row, (_, chunks) in zip(ids, asked, strict=True))
        print(f"{analyzer}: {missed:,} of {len(asked):,} {what} of one article are not found first in it")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("articles", type=Path)
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--vocab-size", type=int, default=16_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--words", type=int, default=5000)
    arguments = parser.parse_args()
    articles = Articles(arguments.articles, chunks=arguments.chunks, vocab_size=arguments.vocab_size)
    words = articles.words_of_one(arguments.words, of_parts=False)
    names = articles.words_of_one(arguments.words, of_parts=True)
    print(f"{len(articles.tokens):,} chunks of {len(articles.texts):,} articles")
    kinds: dict[str, tuple[Analyzer, Callable[[], list[str]]]] = {
        "first": (FirstAnalyzer(), articles.decoded),
        "second": (SecondAnalyzer(), articles.whole),
        "today": (WordAnalyzer(), articles.whole),
    }
    speeds: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    with TemporaryDirectory() as work:
        for turn in range(arguments.turns):
            for name, (analyzer, texts_of) in kinds.items():
                folder = Path(work) / f"{name}{turn}"
                indexed, asked, index = measured(articles, analyzer, texts_of, folder, arguments.queries)
                speeds[name].append((indexed, asked))
                if turn == 0:
                    report_missed(name, index, words, names)
    medians = {name: np.median(speeds[name], axis=0) for name in kinds}
    for name, (indexed, asked) in medians.items():
        print(
            f"{name}: {indexed:,.0f} chunks/s, {asked:,.0f} queries/s (CPU time, median of {arguments.turns})"
        )
    for name in ("first", "second"):
        indexed, asked = medians["today"] / medians[name]
        print(f"today beside {name}: {indexed:.2f} indexing, {asked:.2f} searching")


if __name__ == "__main__":
    main()
