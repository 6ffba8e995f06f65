"""BM25 in one shard with the statistics of the whole book, for where no process has all shards' files.

BM25 weighs a word by how rare it is among N texts, and a text by its length against the average:

    score = Σ idf(word) · 2.2 · f / (f + 1.2 · (0.25 + 0.75 · length / average))
    idf   = log(1 + (N - n + 0.5) / (n + 0.5))                n: texts that have the word

tantivy takes both from the index that it searches. How rare a word is in the book is told by a factor of its
query, idf of the book over idf of the shard. The average cannot be told; but texts of a word that nobody can
ask for can be added, so many and so long that the average of the shard becomes that of the book:

    shard      1,000 texts, 30,000 words       average 30
    book       9,000 texts, 279,000 words      average 31
    ballast    1 text of 1,031 words           average (30,000 + 1,031) / (1,000 + 1) = 31

The ballast is a segment of its own in a list of segments, beside links to the shard's (see union_index.py).
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from openbook.database.search.analyzer import WordAnalyzer
from openbook.database.search.dense import Ranking, nothing_found
from openbook.database.search.lexical import LexicalIndex
from openbook.database.shards.chunk_numbers import ChunkNumbers
from openbook.database.shards.union_index import UnionIndex
from openbook.database.storage.sealed import database_of
from openbook.errors import DatabaseError
from openbook.phrases import command

_BALLAST = "BALLAST"
"""A word in capital letters, which the analyzer makes of no text."""
_NO_CHUNK = -1
_TRIED = 50_000
"""Numbers of texts to add, of which the first is taken that gives the average to the last bit."""


@dataclass(frozen=True, slots=True)
class WordStatistics:
    """What BM25 knows of all texts of an index."""

    texts: int
    """Removed ones too, until the index forgets them."""
    words: int

    def __add__(self, other: "WordStatistics") -> "WordStatistics":
        return WordStatistics(self.texts + other.texts, self.words + other.words)

    @property
    def average(self) -> float:
        """Words of a text."""
        return self.words / self.texts if self.texts else 0.0

    def idf(self, frequency: int) -> float:
        """The weight of a word that so many texts have."""
        return math.log(1 + (self.texts - frequency + 0.5) / (frequency + 0.5))


_ONE_WORD = WordStatistics(1, 1)


class WeightedIndex:
    """The lexical index of one shard.

    Args:
        folder: of the index.

    Raises:
        DatabaseError: it is missing or damaged, or an earlier analyzer made it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._book = database_of(folder.parent)
        index = _Opened(self._book, {0: folder}, ChunkNumbers([(0, 1 << 40)]))
        if not index.is_current:
            raise DatabaseError(
                f"{folder}: its words are of an earlier version; make them again: "
                f"{command('verify', self._book, '--repair')}"
            )
        index.check_files()
        self._index = index
        self.statistics = self._with_ballast(_ONE_WORD).statistics_without(_ONE_WORD)
        self._weighted: tuple[float, _Opened, WordStatistics] | None = None

    def frequencies(self, words: Sequence[str]) -> list[int]:
        """Count the texts that have each word."""
        return [self._index.frequency(word) for word in words]

    def search(
        self,
        queries: Sequence[Sequence[str]],
        k: int,
        *,
        book: WordStatistics,
        frequencies: Mapping[str, int],
        avoid: Sequence[range] = (),
    ) -> Ranking:
        """The k best chunks for each query, scored as in the book.

        Args:
            queries: distinct words of each.
            k: chunks of each.
            book: the statistics of all shards together.
            frequencies: how many texts of the book have each word.
            avoid: rows that must not be found.

        Returns:
            rows of the shard [n, k], -1 where there are no more, and scores [n, k].
        """
        if not self.statistics.texts:
            return nothing_found(len(queries), k)
        index, own = self._with_average(book.average)
        weights = {
            word: book.idf(frequency) / own.idf(here)
            for word, frequency in frequencies.items()
            if (here := self._index.frequency(word))
        }
        return index.best(queries, k, weights, avoid)

    def _with_average(self, average: float) -> tuple["_Opened", WordStatistics]:
        """The index with its ballast, and its statistics then."""
        if self._weighted is None or self._weighted[0] != average:
            added = ballast(self.statistics, average)
            self._weighted = average, self._with_ballast(added), self.statistics + added
        return self._weighted[1:]

    def _with_ballast(self, added: WordStatistics) -> "_Opened":
        with TemporaryDirectory(prefix="openbook-", ignore_cleanup_errors=True) as folder:
            _write_ballast(Path(folder) / "lexical", added)
            folders = {0: self._folder, 1: Path(folder) / "lexical"}
            return _Opened(self._book, folders, ChunkNumbers([(0, 1 << 40)]))


def ballast(own: WordStatistics, average: float) -> WordStatistics:
    """Find how many texts and words to add so that their average becomes another.

    Args:
        own: of the index.
        average: to reach, in the precision in which tantivy computes it.
    """
    least = max(1, math.ceil(own.words / average - own.texts)) if average else 1
    texts = least + np.arange(_TRIED)
    words = np.rint(average * (own.texts + texts) - own.words).astype(np.int64)
    reached = (own.words + words).astype(np.float32) / (own.texts + texts).astype(np.float32)
    error = np.where(words >= 0, np.abs(reached.astype(np.float64) - np.float32(average)), np.inf)
    best = int(np.argmin(error))  # of equally near ones the first
    return WordStatistics(int(texts[best]), int(words[best]))


class _AsItIs(WordAnalyzer):
    """Gives tantivy a text as it is."""

    def for_tantivy(self, text: str) -> str:
        return text


def _write_ballast(folder: Path, added: WordStatistics) -> None:
    """Make an index of so many texts with so many words, spread evenly."""
    shares = np.diff(np.arange(added.texts + 1) * added.words // added.texts)
    index = LexicalIndex(folder)
    index.analyzer = _AsItIs()
    index.add([_NO_CHUNK] * added.texts, (" ".join([_BALLAST] * share) for share in shares.tolist()))
    index.commit()
    index.close()


class _Opened(UnionIndex):
    """A shard's index, with ballast or without, whose words have weights."""

    def frequency(self, word: str) -> int:
        """Count the texts that have a word."""
        with self._reported():
            return int(self._searcher.doc_freq("text", word))

    def statistics_without(self, added: WordStatistics) -> WordStatistics:
        """What tantivy takes into account beside this ballast, as it explains the score of one of its texts.

        A text of the shard will not do: there may be none that has a word, or only removed ones.
        """
        query = tantivy.Query.term_query(self._schema, "text", _BALLAST, index_option="freq")
        with self._reported():
            ((_, address),) = self._searcher.search(query, limit=1, count=False).hits
            said = json.loads(query.explain(self._searcher, address).to_json())
        values = {said.split(",")[0]: value for said, value in _details(said)}
        texts = int(values["N"])
        return WordStatistics(texts - added.texts, round(values["avgdl"] * texts) - added.words)

    def best(
        self, queries: Sequence[Sequence[str]], k: int, weights: Mapping[str, float], avoid: Sequence[range]
    ) -> Ranking:
        """See `WeightedIndex.search`."""
        ids, scores = nothing_found(len(queries), k)
        with self._reported():
            for row, words in enumerate(queries):
                query = self._weighted_query([word for word in words if word in weights], weights, avoid)
                found = self._searcher.search(query, limit=k, count=False).hits
                chunks = self._named([address for _, address in found])
                ids[row, : len(found)] = chunks
                scores[row, : len(found)] = [score for score, _ in found]
        return ids, scores

    def _weighted_query(
        self, words: Sequence[str], weights: Mapping[str, float], avoid: Sequence[range]
    ) -> tantivy.Query:
        terms = [tantivy.Query.term_query(self._schema, "text", word, index_option="freq") for word in words]
        pairs = zip(terms, words, strict=True)
        return self._any_of([tantivy.Query.boost_query(term, weights[word]) for term, word in pairs], avoid)

    def _named(self, addresses: Sequence[tantivy.DocAddress]) -> NDArray[np.int64]:
        return LexicalIndex._named(self, addresses)  # rows of the shard, not numbers of the book


def _details(said: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The description and the value of each part of an explanation, however deep."""
    yield said["description"], float(said["value"])
    for part in said.get("details", ()):
        yield from _details(part)


def distinct_words(texts: Sequence[str]) -> list[list[str]]:
    """The distinct words of each text, as all shards of a book that is current have them."""
    analyzer = WordAnalyzer()
    return [list(dict.fromkeys(analyzer.words(text))) for text in texts]
