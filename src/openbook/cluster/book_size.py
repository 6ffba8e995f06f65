"""How large the book of so many tokens will be: chunks, bytes on disk by file, the dense index, memory.

Arithmetic alone: it knows no machine, and reads nothing.
"""

from dataclasses import dataclass
from math import log

from openbook.database.search.dense_store import EXACT_BELOW
from openbook.database.search.dense_tuning import index_name
from openbook.errors import SettingsError

_SUM_BYTES = 4
"""The checksum of each row of an array."""
_CATALOG_BYTES = 240
"""A document's row in SQLite with its indexes; 237 of Simple English Wikipedia, whose ids are short."""
_POSTING_BYTES = 1.28
"""Of tantivy's index for each token of the text; 1.28 to 1.42 measured on 45,000 to 300,000 chunks."""
_LIST_ID_BYTES = 8
"""Of faiss, for each vector in an inverted list."""

MOST_TOKENS = 10**15
"""A thousand trillion: beyond all text there is."""
_MOST: dict[str, int] = {
    "tokens": MOST_TOKENS,
    "tokens_per_document": MOST_TOKENS,
    "chunk_size": 2**20,
    "vocabulary": 2**32,  # what the four bytes of a token can name
    "num_neighbors": 2**20,
    "vector_size": 2**20,
}

_MEASURED = (512, 32, 400_000, 0.984)
"""Lists, lists visited, vectors and recall@10: measured here, docs/results.md."""
_PUBLISHED = (4_194_304, 4_096, 19_000_000_000, 0.93)
"""The same of the index that was chosen for 19 billion chunks (arXiv 2304.06762, its table of indexes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookShape:
    """What decides how large a book is.

    Raises:
        SettingsError: a number that no book can have.
    """

    tokens: int
    tokens_per_document: float = 1000.0
    chunk_size: int = 64
    """M."""
    vocabulary: int = 32_000
    vector_size: int | None = 384
    """E; None: words only."""
    num_neighbors: int = 10
    """Saved for each chunk."""

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if value is not None and not 1 <= value <= most:
                words_only = "; words only: none" if name == "vector_size" else ""
                raise SettingsError(
                    f"{name.replace('_', ' ')} {value}: must be at least 1 and at most {most:,}{words_only}"
                )

    @property
    def documents(self) -> int:
        """At least one."""
        return max(1, round(self.tokens / self.tokens_per_document))

    @property
    def chunks(self) -> int:
        """Those that the tokens fill, and half a chunk of padding at the end of each document."""
        return round(self.tokens / self.chunk_size + self.documents / 2)


@dataclass(frozen=True, slots=True)
class BookSize:
    """Bytes of a book."""

    disk: dict[str, int]
    """By what they hold."""
    memory: dict[str, int]
    """What searches of words and of vectors read, which should fit; all else is mapped from the disk."""

    @property
    def total(self) -> int:
        """On the disk."""
        return sum(self.disk.values())


def size_of(shape: BookShape) -> BookSize:
    """Work out the bytes of a book, as docs/design.md lays out its folder.

    With M = 64, a vocabulary below 65,536 and E = 384, a chunk takes

        tokens    64 · 2 + 4     vectors  384 · 2 + 4     words   ≈ 64 · 1.28
        neighbors 10 · (8 + 4) + 8                        index   384 / 4 + 8, and 384 · 2 to re-rank
    """
    N, M, K = shape.chunks, shape.chunk_size, shape.num_neighbors
    token_bytes = 2 if shape.vocabulary <= 2**16 else 4
    disk = {
        "tokens": N * (M * token_bytes + _SUM_BYTES),
        "catalog": shape.documents * _CATALOG_BYTES,
        "words": round(shape.tokens * _POSTING_BYTES),
        "neighbors": N * (K * (8 + 4) + 2 * _SUM_BYTES),
    }
    memory = {"words": disk["words"]}
    if shape.vector_size is not None:
        E = shape.vector_size
        disk["vectors"] = N * (2 * E + _SUM_BYTES)
        if N < EXACT_BELOW:
            memory["vectors"] = N * E * 4
        else:
            codes = N * (E // 4 + _LIST_ID_BYTES)
            centroids = num_lists(shape) * E * 4
            disk["dense index"] = codes + centroids + N * E * 2
            memory["vectors"] = codes + centroids
    return BookSize(disk, memory)


def index_of(shape: BookShape) -> str | None:
    """Name the dense index: `exact`, or by faiss' name; None for words only."""
    if shape.vector_size is None:
        return None
    return "exact" if shape.chunks < EXACT_BELOW else index_name(shape.chunks, shape.vector_size)


def num_lists(shape: BookShape) -> int:
    """Inverted lists of the index; 0 where it has none."""
    name = index_of(shape)
    if name is None or "IVF" not in name:
        return 0
    return int(name.split("IVF")[1].split("_")[0].split(",")[0])


def lists_visited(shape: BookShape) -> float:
    """Expect how many lists a search visits: on a straight line in logarithms through two known indexes.

    Measured here: 32 of 512. Published: 4,096 of 4,194,304. So lists ** 0.54, about, and 32 at 512.
    """
    few, many = _MEASURED, _PUBLISHED
    slope = log(many[1] / few[1]) / log(many[0] / few[0])
    expected = few[1] * float((max(1, num_lists(shape)) / few[0]) ** slope)
    return min(float(num_lists(shape)), expected)


def expected_recall(shape: BookShape) -> float | None:
    """Expect the recall@10 of the dense index: 1 where it is exact, else between the same known indexes."""
    if shape.vector_size is None:
        return None
    if not num_lists(shape):
        return 1.0
    few, many = _MEASURED, _PUBLISHED
    share = log(max(few[2], min(shape.chunks, many[2])) / few[2]) / log(many[2] / few[2])
    return round(few[3] + share * (many[3] - few[3]), 3)
