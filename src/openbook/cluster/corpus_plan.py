"""What a corpus will take: disk, memory, index, hours, machines, money, and the training of a preset.

A plan is arithmetic on a shape and rates; each number that is not counted but assumed is said in words.
"""

from dataclasses import dataclass
from math import ceil

from openbook.cluster.book_size import (
    BookShape,
    BookSize,
    expected_recall,
    index_of,
    lists_visited,
    num_lists,
    size_of,
)
from openbook.cluster.rates import RECKONED, Rates, is_reckoned
from openbook.cluster.training_cost import TrainingCost
from openbook.database import SearchMode
from openbook.errors import SettingsError

_ITERATIONS = 10
"""Of k-means, faiss' default for the lists of an index."""
_SAMPLED_VECTORS_A_LIST = 100
_READ: dict[SearchMode, set[str]] = {"bm25": {"words"}, "dense": {"vectors"}, "hybrid": {"words", "vectors"}}
_GRAPH_COMPARISONS = 2_000
"""Vectors compared where a graph finds the nearest lists: some efSearch times the 64 links of a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What the work is given.

    Raises:
        SettingsError: a number that cannot be.
    """

    days: float = 7.0
    """In which the book is to be built, and the model trained."""
    memory: float = 64e9
    """Bytes of one."""
    price: float | None = None
    """Of one, an hour; None: no money is reckoned."""

    def __post_init__(self) -> None:
        for name, value in (("days", self.days), ("memory", self.memory), ("price", self.price)):
            may_be_0 = name == "price"
            if value is not None and not is_reckoned(value) and not (may_be_0 and value == 0):
                raise SettingsError(f"{name} {value}: must be {'0 or ' if may_be_0 else ''}{RECKONED}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece of work."""

    hours: float
    """Of one machine."""
    machines: int
    """To be done in the days there are."""
    money: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `openbook plan` prints."""

    shape: BookShape
    documents: int
    chunks: int
    size: BookSize
    index: str | None
    recall_at_10: float | None
    work: dict[str, Work]
    """preparing, encoding, index, neighbors, training."""
    search_memory: int
    """Bytes that a search in this mode reads."""
    search_machines: int
    """That hold them in their memory together."""
    milliseconds_per_query: float
    training: TrainingCost | None
    rates: Rates
    assumptions: list[str]


def plan_corpus(
    shape: BookShape,
    *,
    rates: Rates,
    machines: Machines,
    mode: SearchMode,
    training: TrainingCost | None = None,
    epochs: float = 1.0,
) -> Plan:
    """Plan the book of a corpus, and the training on it.

    Args:
        shape: of the book.
        rates: of one machine.
        machines: what the work is given.
        mode: in which neighbors are searched.
        training: of the model's preset; None: nothing is trained.
        epochs: times that training reads the tokens.

    Raises:
        SettingsError: a mode that needs vectors, without any; or no epochs.
    """
    if shape.vector_size is None and mode != "bm25":
        raise SettingsError(f"mode {mode}: needs vectors; give a vector size, or choose bm25")
    if not is_reckoned(epochs):
        raise SettingsError(f"epochs {epochs}: must be {RECKONED}")
    size = size_of(shape)
    memory = sum(count for kind, count in size.memory.items() if kind in _READ[mode])
    query = seconds_per_query(shape, rates, mode=mode)
    seconds = {"preparing": rates.preparing_seconds + shape.chunks / rates.prepared_chunks}
    if shape.vector_size is not None:
        seconds["encoding"] = shape.chunks / rates.encoded_chunks
        seconds["index"] = seconds_of_index(shape, rates)
    seconds["neighbors"] = shape.chunks * query
    if training is not None:
        seconds["training"] = epochs * shape.tokens * training.done_per_token / rates.training_flops
    return Plan(
        shape=shape,
        documents=shape.documents,
        chunks=shape.chunks,
        size=size,
        index=index_of(shape),
        recall_at_10=expected_recall(shape),
        work={name: _work(value, machines) for name, value in seconds.items()},
        search_memory=memory,
        search_machines=max(1, ceil(memory / machines.memory)),
        milliseconds_per_query=1000 * query,
        training=training,
        rates=rates,
        assumptions=_assumptions(shape, machines, mode=mode, training=training, epochs=epochs),
    )


def seconds_per_query(shape: BookShape, rates: Rates, *, mode: SearchMode) -> float:
    """Expect the time of one search of one machine, among many at once.

    dense: its vector is compared with the centroids of all lists (of a graph, with some), then the codes of
    the lists visited are read: N · visited / lists; the best are chosen.
    bm25: what each word's list of chunks takes grows with N.
    """
    words = rates.word_search_seconds + shape.chunks / rates.word_search_chunks
    if mode == "bm25":
        return words
    assert shape.vector_size is not None
    lists = num_lists(shape)
    if lists:
        compared = _GRAPH_COMPARISONS if "HNSW" in (index_of(shape) or "") else lists
        read = shape.chunks * lists_visited(shape) / lists
    else:
        compared, read = shape.chunks, 0.0
    vectors = compared * shape.vector_size / rates.compared_numbers + read / rates.compared_codes
    vectors += rates.vector_search_seconds
    return vectors if mode == "dense" else vectors + words


def seconds_of_index(shape: BookShape, rates: Rates) -> float:
    """Expect the time to make the dense index: k-means on 100 vectors a list, then each vector's list."""
    lists = num_lists(shape)
    if not lists or shape.vector_size is None:
        return 0.0
    sample = min(shape.chunks, _SAMPLED_VECTORS_A_LIST * lists)
    each = _GRAPH_COMPARISONS if "HNSW" in (index_of(shape) or "") else lists
    products = (_ITERATIONS * sample * lists + shape.chunks * each) * shape.vector_size
    return products / rates.compared_numbers


def _work(seconds: float, machines: Machines) -> Work:
    hours = seconds / 3600
    return Work(
        hours=hours,
        machines=max(1, ceil(hours / (24 * machines.days))),
        money=None if machines.price is None else hours * machines.price,
    )


def _assumptions(
    shape: BookShape, machines: Machines, *, mode: SearchMode, training: TrainingCost | None, epochs: float
) -> list[str]:
    """What the numbers rest on, in words."""
    said = [
        f"{shape.tokens_per_document:,.0f} tokens a document, so that each ends in half a chunk of padding",
        "ids, titles and sources as short as those of an encyclopedia: 240 bytes a document",
        "1.28 bytes of the index of words for each token (measured: 1.28 to 1.42)",
        f"machines of {machines.memory / 1e9:,.0f} GB, all alike, and work that can be cut at any place",
    ]
    if num_lists(shape):
        said.append(
            f"{lists_visited(shape):,.0f} of {num_lists(shape):,} lists visited, and the recall, lie on a "
            "line in logarithms between 400,000 vectors (32 of 512, .984: measured here) and 19 billion "
            "(4,096 of 4,194,304, .93: published)"
        )
    if num_lists(shape) and shape.chunks > 10_000_000:
        said.append("an index of more than 10 million chunks was never built by openbook itself")
    if mode != "dense" and shape.chunks > 10_000_000:
        said.append("a search for words takes time in proportion to the book: shard it, or search densely")
    if training is not None:
        said.append(f"training reads the text for {epochs:g} epochs, at the same speed throughout")
    if training is not None and training.recomputes:
        said.append(
            "training computes layers twice, as its recipe says (gradient_checkpointing): a third more than "
            "the operations for each token"
        )
    return said
