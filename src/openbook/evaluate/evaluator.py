"""What all evaluations of losses share: a model, the text that it reads, where its neighbors come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from openbook.database import Database, NeighborTable, Version
from openbook.errors import SettingsError
from openbook.evaluate.neighbor_modes import ChunkNeighbors, check_neighbors, true_neighbors
from openbook.evaluate.scorers import Scorer
from openbook.evaluate.windows import Windows
from openbook.progress import Progress, stage

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM


class ReadingOptions(TypedDict, total=False):
    """See `evaluate_perplexity`, which has the same."""

    corpus: Database | Version | None
    k: int | None
    search_mode: str | None
    sequence_length: int
    stride: int | None
    batch_size: int
    max_sequences: int | None


@dataclass(frozen=True, eq=False)
class Reading:
    """One text, read by one model.

    model: its reader.
    windows: the text.
    book: what neighbors are chunks of.
    table: of the text's neighbors; None: they are searched.
    search_mode: of search; None: as the table, else the book's default.
    k: neighbors of each chunk.
    batch_size: sequences at a time.
    """

    model: "RetroForCausalLM"
    windows: Windows
    book: Version
    table: NeighborTable | None
    search_mode: str | None
    k: int
    batch_size: int

    @classmethod
    def of(
        cls,
        model: "RetroForCausalLM",
        database: Database | Version,
        table: NeighborTable | None,
        *,
        corpus: Database | Version | None = None,
        k: int | None = None,
        search_mode: str | None = None,
        sequence_length: int = 512,
        stride: int | None = None,
        batch_size: int = 8,
        max_sequences: int | None = None,
    ) -> "Reading":
        """Check that all belong together; arguments and errors are those of `evaluate_perplexity`."""
        database = database.opened
        if table is not None:
            table.require_of(database)
        database.settings.require_match(
            tokenizer_fingerprint=model.config.tokenizer_fingerprint, chunk_size=model.config.chunk_size
        )
        if batch_size < 1:
            raise SettingsError(f"batch size {batch_size}: must be at least 1")
        book = database if table is None else table.book
        k = model.config.num_neighbors if k is None else k
        check_neighbors(book, k=k, search_mode=search_mode)
        if sequence_length > model.config.max_position_embeddings:
            raise SettingsError(
                f"sequence length {sequence_length}: the model was trained with "
                f"{model.config.max_position_embeddings}; a stride shows it as much past as it can read"
            )
        read = database if corpus is None else corpus.opened
        layout = read.layout
        windows = Windows.of(
            read,
            "train" if corpus is not None and not (layout.holdout & layout.live).any() else "holdout",
            book=book,
            sequence_length=sequence_length,
            stride=stride,
            max_sequences=max_sequences,
        )
        if table is not None:
            search_mode = search_mode or table.mode
            table = table if corpus is None else None
        return cls(model, windows, book, table, search_mode, k, batch_size)

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

    def neighbors(self, progress: Progress) -> ChunkNeighbors:
        """Of the text's chunks, from the whole book; see `true_neighbors`."""
        return true_neighbors(
            self.windows,
            self.book,
            self.table,
            k=self.k,
            search_mode=self.search_mode,
            progress=stage(progress, "searching"),
        )

    def losses(self, scorers: Mapping[str, Scorer], progress: Progress) -> dict[str, NDArray[np.float32]]:
        """Nats [n, T] of each scorer, all in one pass over the text."""
        windows = self.windows
        nats = {name: np.zeros(windows.predicted.shape, dtype=np.float32) for name in scorers}
        for start in range(0, len(windows), self.batch_size):
            part = slice(start, start + self.batch_size)
            for name, scorer in scorers.items():
                nats[name][part] = scorer(windows, windows.rows[part])
            progress(min(start + self.batch_size, len(windows)), len(windows))
        return nats
