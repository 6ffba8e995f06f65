"""Measuring what this machine does in a second: a minute of each kind of work, on small amounts of it."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openbook.cluster.rates import Rates
from openbook.cluster.training_cost import training_cost
from openbook.database import Database, SearchMode, build_neighbors
from openbook.database.search.embedder import Embedder
from openbook.database.write.creation import create_folder
from openbook.errors import SettingsError
from openbook.phrases import counted
from openbook.progress import Progress, silent
from openbook.text import Document, Tokenizer, train_tokenizer

_QUERIES = 512
_VECTORS = 40_000
_ROWS = 12_000
_ENCODED = 192
_SEQUENCES, _LENGTH = 4, 512
_TRAINING_STEPS = 3
_FEWEST_DOCUMENTS = 8
_VOCABULARY = 16_000
_FEWEST_TOKENS = 300
_PARTS = 4
_SEARCHES = 2
_LEAST_SECONDS = 1e-6
_CHUNK_CHARACTERS = 260
"""Of English that 64 tokens, a chunk, take."""

Clock = Callable[[], float]
"""Gives seconds."""


def measure_rates(
    documents: Sequence[Document],
    *,
    embedder: str | None,
    preset: str = "tiny",
    clock: Clock = time.perf_counter,
    progress: Progress = silent,
) -> Rates:
    """Measure all rates.

    Args:
        documents: text like that of the plan; some megabytes are enough, and what is measured is of them.
        embedder: name of the encoder; None: words only, and vectors are not measured.
        preset: of the model that is trained for a moment; small ones train on any machine.
        clock: of the work with words; `time.process_time`, where others use the machine, too.
        progress: called with how many kinds of work are done, and of how many.

    Raises:
        SettingsError: too few documents, or no such encoder or preset.
    """
    if len(documents) < _FEWEST_DOCUMENTS:
        raise SettingsError(
            f"{counted(len(documents), 'document')} to measure with: at least {_FEWEST_DOCUMENTS} are needed,"
            " better some megabytes of text"
        )
    rates = Rates()
    kinds: list[Callable[[Rates], Rates]] = [lambda known: _words(documents, known, clock)]
    if embedder is not None:
        kinds += [lambda known: _encoder(documents, embedder, known), _vectors]
    kinds.append(lambda known: replace(known, training_flops=_training(preset)))
    for done, measure in enumerate(kinds):
        progress(done, len(kinds))
        rates = measure(rates)
    progress(len(kinds), len(kinds))
    return rates


def _words(documents: Sequence[Document], rates: Rates, clock: Clock) -> Rates:
    """Add a quarter of the documents to some books and all to another, and compute all neighbors of each.

    Two sizes tell what each more chunk costs from what comes once, and how a search grows with the book:

        seconds of adding = start + chunks / prepared     of a search = start + chunks / passed

    Both sizes get about as much time, in turn, and means are taken: where others use the machine, the best of
    several short times would lie further below the mean than that of long ones, and growth seem steeper.
    """
    tokenizer = train_tokenizer([document.text for document in documents], vocab_size=_VOCABULARY)
    few, many = _searched(documents, tokenizer, clock)
    together = many.chunks / many.adding
    prepared, start = line_through((few.chunks, few.adding), (many.chunks, many.adding), together)
    passed, each = line_through(
        (few.chunks, few.searching), (many.chunks, many.searching), rates.word_search_chunks
    )
    return replace(
        rates,
        preparing_seconds=start,
        prepared_chunks=prepared,
        word_search_seconds=each,
        word_search_chunks=passed,
    )


def _searched(
    documents: Sequence[Document], tokenizer: Tokenizer, clock: Clock, embedder: Embedder | None = None
) -> "tuple[_Books, _Books]":
    """Make small books and a large one, and search them, in turn; arguments as those of `_Books`."""
    some = documents[: max(1, len(documents) // _PARTS)]
    with tempfile.TemporaryDirectory(prefix="openbook-plan-") as folder:
        _Books(1, some, Path(folder) / "warms up", tokenizer, clock, embedder).search()
        few = _Books(_PARTS, some, Path(folder) / "few", tokenizer, clock, embedder)
        many = _Books(1, documents, Path(folder) / "many", tokenizer, clock, embedder)
        for _ in range(_SEARCHES):
            few.search()
            many.search()
    return few, many


class _Books:
    """Books of the same words, and the seconds that one of them took.

    Args:
        count: of the books.
        documents: to add to each.
        place: what the names of their folders begin with.
        tokenizer: of the books.
        clock: gives seconds.
        embedder: of the vectors that are searched; None: words are.
    """

    def __init__(
        self,
        count: int,
        documents: Sequence[Document],
        place: Path,
        tokenizer: Tokenizer,
        clock: Clock,
        embedder: Embedder | None,
    ) -> None:
        self._clock = clock
        self._mode: SearchMode = "bm25" if embedder is None else "dense"
        settings = {"chunk_size": 64, "holdout": 0.0, "holdout_ids": (), "decontaminate": False}
        folders = [place.with_name(f"{place.name} {number}") for number in range(count)]
        made = [create_folder(at, tokenizer, embedder, **settings, deduplicate=False) for at in folders]
        self._books = [Database(folder, embedder) for folder in made]
        started = clock()
        for book in self._books:
            book.add(documents)
        self.adding = (clock() - started) / count
        self.chunks = self._books[0].info().chunks
        self._seconds: list[float] = []

    def search(self) -> None:
        """Compute the neighbor table of each from scratch."""
        started = self._clock()
        for book in self._books:
            build_neighbors(book, k=10, mode=self._mode, rebuild=True)
        self._seconds.append((self._clock() - started) / len(self._books) / self.chunks)

    @property
    def searching(self) -> float:
        """Seconds of one chunk's row in the table."""
        return mean(self._seconds)


def line_through(few: tuple[int, float], many: tuple[int, float], known: float) -> tuple[float, float]:
    """The rate and the start of seconds = start + chunks / rate; `known` where time did not grow.

    >>> rate, start = line_through((1000, 1.5), (5000, 3.5), 1.0)
    >>> rate, round(start, 6)
    (2000.0, 1.0)
    """
    chunks, seconds = many[0] - few[0], many[1] - few[1]
    rate = chunks / seconds if chunks > 0 and seconds > 0 else known
    return rate, max(many[1] - many[0] / rate, _LEAST_SECONDS)


def _encoder(documents: Sequence[Document], embedder: str, rates: Rates) -> Rates:
    """Encode texts of about a chunk."""
    from openbook.database.search.embedder import load_embedder

    encoder = load_embedder(embedder)
    whole = "\n".join(document.text for document in documents)
    starts = range(0, _CHUNK_CHARACTERS * _ENCODED, _CHUNK_CHARACTERS)
    texts = [whole[start : start + _CHUNK_CHARACTERS] for start in starts]
    encoder.encode(texts[:32])
    started = time.perf_counter()
    encoder.encode(texts)
    return replace(rates, encoded_chunks=len(texts) / (time.perf_counter() - started))


def _vectors(rates: Rates) -> Rates:
    """Search random vectors, as they are and by an index.

    As of words, two sizes tell the time of each search from what grows with the book.
    """
    import faiss

    E, lists, visited = 384, 256, 64
    words = [Document(id=str(number), text=f"text {number}") for number in range(_ROWS)]
    tokenizer = train_tokenizer([document.text for document in words], vocab_size=_FEWEST_TOKENS)
    embedder = Embedder("drawn", "none", "0" * 16, E, _RandomVectors(E))
    few, many = _searched(words, tokenizer, time.perf_counter, embedder)
    known = rates.compared_numbers / E
    compared, each = line_through((few.chunks, few.searching), (many.chunks, many.searching), known)
    products = compared * E
    vectors = embedder.encode([""] * _VECTORS)
    queries = embedder.encode([""] * _QUERIES)
    index: Any = faiss.index_factory(E, f"IVF{lists},PQ{E // 2}x4fs", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:20_000])
    index.add(vectors)
    index.nprobe = visited
    index.search(queries[:32], 10)
    started = time.perf_counter()
    index.search(queries, 10)
    seconds = max(time.perf_counter() - started - _QUERIES * lists * E / products, 1e-6)
    codes = _QUERIES * _VECTORS * visited / lists / seconds
    return replace(rates, compared_numbers=products, compared_codes=codes, vector_search_seconds=each)


class _RandomVectors:
    """Stands in for an encoder: what a vector says does not matter to how long it takes to compare it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._drawn = np.random.default_rng(0)

    def encode(self, texts: Sequence[str], **_: object) -> NDArray[np.float32]:
        """Unit vectors [n, E]."""
        vectors = self._drawn.standard_normal((len(texts), self._size), dtype=np.float32)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def _training(preset: str) -> float:
    """Train on random tokens for some steps; operations a second."""
    import torch

    from openbook.model import RetroConfig, RetroForCausalLM
    from openbook.model.presets import preset as settings_of

    config = RetroConfig(**settings_of(preset))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = RetroForCausalLM(config).train()
    model.to(torch.device(device))
    ids = torch.randint(config.vocab_size, (_SEQUENCES, _LENGTH), device=device)
    shape = (_SEQUENCES, _LENGTH // config.chunk_size, 2, 2 * config.chunk_size)
    neighbors = torch.randint(config.vocab_size, shape, device=device)
    optimizer = torch.optim.AdamW(model.parameters())
    for step in range(_TRAINING_STEPS + 1):
        if step == 1:  # the first one warms up
            _wait(device)
            started = time.perf_counter()
        loss = model(ids, neighbors, labels=ids, return_logits=False).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    _wait(device)
    tokens = _TRAINING_STEPS * ids.numel()
    cost = training_cost(preset, sequence_length=_LENGTH, num_neighbors=2)
    return cost.flops_per_token * tokens / (time.perf_counter() - started)


def _wait(device: str) -> None:
    """Wait until the device has done what it was given."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
