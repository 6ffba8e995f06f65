"""The evaluator: one text, one model that reads it, and one book that its neighbors come from.

It is made once, where an evaluation begins: everything that may not fit together is refused then, and nothing
is left open (which text, how many neighbors, which search). All measurements of losses take it, and share the
neighbors of the text, which are searched once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from openbook.database import (
    Database,
    NeighborTable,
    SearchMode,
    SequenceDataset,
    Version,
    nearest_neighbors,
)
from openbook.database.search.searcher import Searcher, check_mode
from openbook.errors import SettingsError
from openbook.evaluate.measures import TokenLosses
from openbook.evaluate.neighbor_modes import OVERLAP_NEIGHBORS, ChunkNeighbors
from openbook.evaluate.scorers import Scorer
from openbook.evaluate.windows import Windows
from openbook.given import opened, require_reader
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

MOST_NEIGHBORS = 100
"""More cost memory, and help none: the best number lies between 3 and 30 (paper, section 4.1)."""


class TrainedAs(Protocol):
    """What of a model's configuration decides how it is evaluated; its file says it too."""

    @property
    def tokenizer_fingerprint(self) -> str | None:
        """Of the tokenizer it was trained with; None: not known."""

    @property
    def chunk_size(self) -> int:
        """M."""

    @property
    def num_neighbors(self) -> int:
        """K in training."""

    @property
    def max_position_embeddings(self) -> int:
        """Tokens that it reads at most."""

    @property
    def training_length(self) -> int:
        """Tokens in a sequence of its training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """How a text is read, and which neighbors its chunks have.

    Raises:
        SettingsError: a number out of its range.
    """

    k: int | None = None
    """Neighbors of each chunk, 1 to 100; None: as in the model's training."""
    search_mode: str | None = None
    """dense, bm25 or hybrid; None: as the neighbor table, else hybrid where the book has vectors, or bm25."""
    sequence_length: int | None = None
    """T, the window in tokens, a multiple of M; None: as in the model's training."""
    stride: int | None = None
    """Tokens from one window to the next, a multiple of M. Below T every token but those of the first window
    has T - stride tokens or more before it. None: T."""
    max_sequences: int | None = None
    """Read this many windows, spread evenly over the text; None: all."""
    batch_size: int = 8
    """Windows at a time."""
    split: Literal["holdout", "train"] = "holdout"
    """Of a database that holds documents out, what is read: these, or the others, to learn from."""
    seed: int = 0
    """Of everything drawn: random and shuffled neighbors, shares of the book, intervals."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise SettingsError(f"batch size {self.batch_size}: must be at least 1")
        if self.k is not None and not 1 <= self.k <= MOST_NEIGHBORS:
            raise SettingsError(f"k {self.k}: must be from 1 to {MOST_NEIGHBORS}")
        if self.max_sequences is not None and self.max_sequences < 1:
            raise SettingsError(f"max sequences {self.max_sequences}: must be at least 1")

    def for_model(self, config: TrainedAs) -> "EvaluationOptions":
        """The same, with what is left to the model's training filled in.

        Raises:
            SettingsError: a window longer than the model reads.
        """
        longest = config.max_position_embeddings
        length = config.training_length if self.sequence_length is None else self.sequence_length
        if length > longest:
            raise SettingsError(
                f"sequence length {length}: the model reads {longest}; "
                "a stride shows it as much past as it can read"
            )
        k = config.num_neighbors if self.k is None else self.k
        return replace(self, k=k, sequence_length=length)


@dataclass(frozen=True, slots=True)
class Reading:
    """Which text is read in which windows, with neighbors from where."""

    options: EvaluationOptions
    """With everything filled in."""
    book: Version
    search_mode: SearchMode
    windows: Windows


def plan_reading(
    config: TrainedAs,
    database: Database | Version,
    table: NeighborTable | None,
    *,
    corpus: Database | Version | None = None,
    options: EvaluationOptions | None = None,
) -> Reading:
    """Decide what an evaluation reads, and refuse what does not fit together; the model is not needed yet.

    Args:
        config: of the model.
        database: as `Evaluator` takes it, like all that follow.
        table: of the database's neighbors; None: they are searched.
        corpus: another database to read; None: the held-out documents of this one.
        options: how the text is read; None: as in the model's training.

    Raises:
        SettingsError: a number out of its range, or a search mode that the book does not have.
        MismatchError: model, text, table and book do not belong together.
        DatabaseError: nothing is held out.
    """
    database = opened(database)
    text = database if corpus is None else opened(corpus, where="corpus")
    if table is not None:
        table.require_of(database)
    for read in (database, text):
        read.settings.require_match(
            read.tokenizer,
            tokenizer_fingerprint=config.tokenizer_fingerprint,
            chunk_size=config.chunk_size,
        )
    options = (options or EvaluationOptions()).for_model(config)
    assert options.sequence_length is not None
    book = database if table is None else table.book
    search_mode = _search_mode(options.search_mode, table, book)
    # A corpus that holds nothing out is read whole.
    holds_out = corpus is None or bool((text.layout.holdout & text.layout.live).any())
    split: Literal["train", "holdout"] = options.split if holds_out else "train"
    dataset = SequenceDataset(text, split, options.sequence_length, book=book, stride=options.stride)
    return Reading(options, book, search_mode, Windows.spread(dataset, options.max_sequences))


class Evaluator:
    """Reads one text with one model, or with what is compared with it.

    Of databases the versions are read that they had when the evaluator was made.

    Args:
        model: trained with the database's tokenizer and chunk length; it is left in the mode it was in.
        database: built with a holdout, unless there is a corpus: its held-out documents are the text.
        table: of the database's neighbors, used where it has those asked for, and its book; None: neighbors
            are searched in the database.
        corpus: another database to read, its held-out documents, or all if it holds none out; its neighbors
            are searched in the database, or in the book of the table.
        options: how the text is read, and which neighbors its chunks have.

    Attributes:
        model: as given.
        database: the version given.
        windows: the text.
        book: what neighbors are chunks of.
        table: of the text's neighbors in this search mode; None: they are searched.
        k: neighbors of each chunk.
        search_mode: what the book is searched by.
        batch_size, seed: as in the options.

    Raises:
        SettingsError: a number out of its range, or a search mode that the book does not have.
        MismatchError: model, text, table and book do not belong together.
        DatabaseError: nothing is held out.
    """

    def __init__(
        self,
        model: "RetroForCausalLM",
        database: Database | Version,
        table: NeighborTable | None,
        *,
        corpus: Database | Version | None = None,
        options: EvaluationOptions | None = None,
    ) -> None:
        require_reader(model)
        reading = plan_reading(model.config, database, table, corpus=corpus, options=options)
        assert reading.options.k is not None
        self.model = model
        self.database = database.opened
        self.book = reading.book
        self.k = reading.options.k
        self.batch_size = reading.options.batch_size
        self.seed = reading.options.seed
        self.search_mode = reading.search_mode
        is_of_text = table is not None and corpus is None and table.mode == self.search_mode
        self.table = table if is_of_text else None
        self.windows = reading.windows
        self._neighbors: ChunkNeighbors | None = None

    def require_retrieval(self) -> None:
        """Refuse a model that cannot read neighbors, before they are searched.

        Raises:
            SettingsError: it has no chunked cross-attention.
        """
        if not self.model.config.cca_layers:
            raise SettingsError(
                "this model was built without chunked cross-attention: evaluate it with --modes off, or give "
                "it as --baseline beside one that retrieves"
            )

    def neighbors(self, progress: Progress = silent) -> ChunkNeighbors:
        """The nearest of each of the text's chunks: k, and 10 if so many can be had without another search.

        From the table if it has k, else searched in the whole book; at the first call, and kept.

        Args:
            progress: called with how many chunks are done, and of how many.
        """
        if self._neighbors is None:
            self._neighbors = self._from_table()
        if self._neighbors is None:
            self._neighbors = self.search(max(self.k, OVERLAP_NEIGHBORS), progress=progress)
        progress(len(self.windows.chunks), len(self.windows.chunks))
        return self._neighbors

    def _from_table(self) -> ChunkNeighbors | None:
        if self.table is None or self.table.ids.shape[1] < self.k:
            return None
        chunks = self.windows.chunks
        return ChunkNeighbors(chunks, self.table.ids[chunks][:, : max(self.k, OVERLAP_NEIGHBORS)])

    def search(
        self, k: int, *, searcher: Searcher | None = None, progress: Progress = silent
    ) -> ChunkNeighbors:
        """Search for k neighbors of each of the text's chunks.

        Args:
            k: neighbors of each.
            searcher: of the book; None: its own, over all of it.
            progress: called with how many chunks are done, and of how many.
        """
        ids = nearest_neighbors(
            self.windows.corpus,
            self.windows.chunks,
            book=self.book,
            k=k,
            mode=self.search_mode,
            searcher=searcher,
            progress=progress,
        )
        return ChunkNeighbors(self.windows.chunks, ids)

    def losses(self, scorers: Mapping[str, Scorer], progress: Progress = silent) -> TokenLosses:
        """Score the text with all of these, in one pass over it.

        Args:
            scorers: by name; each reads the samples of `windows`.
            progress: called with how many windows are done, and of how many.
        """
        windows, size = self.windows, self.batch_size
        progress(0, len(windows))
        nats = {name: np.zeros(windows.predicted.shape, dtype=np.float32) for name in scorers}
        for start in range(0, len(windows), size):
            batch = slice(start, start + size)
            for name, scorer in scorers.items():
                nats[name][batch] = scorer(windows.rows[batch])
            progress(min(start + size, len(windows)), len(windows))
        return TokenLosses(windows, nats, self.seed)


def _search_mode(wanted: str | None, table: NeighborTable | None, book: Version) -> SearchMode:
    """The one asked for, else the table's, else the book's default.

    Raises:
        SettingsError: an unknown one, or one that the book does not have.
    """
    if wanted is None and table is not None:
        wanted = table.mode
    return check_mode(wanted, has_dense=book.vectors is not None)
