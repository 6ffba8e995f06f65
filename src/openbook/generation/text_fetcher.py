"""Fetching neighbors as text: a model that reads its neighbors itself reads a database of any tokenizer."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openbook.database import DocumentFilter, SearchMode, Version
from openbook.database.neighbors.neighbor_ranker import NeighborRanker
from openbook.generation.document_heads import read_with_heads
from openbook.generation.neighbor_fetcher import NeighborFetcher
from openbook.text import Tokenizer


class TextFetcher(NeighborFetcher):
    """Fetches neighbors in the model's own tokens.

    Where the database has another model's tokens or other chunks, chunks are looked up by their text, and a
    neighbor with its continuation is tokenized for this model, and cut after R tokens.

    Args:
        database: to search.
        k: neighbors of each chunk.
        mode: of search.
        tokenizer: the model's.
        chunk_size: the model's.
        documents: to look things up in; None: all.
        ranker: chooses of the neighbors; None: all are read.
        bring_head: read the head of its document before each passage.
    """

    def __init__(
        self,
        database: Version,
        k: int,
        mode: SearchMode,
        *,
        tokenizer: Tokenizer,
        chunk_size: int,
        documents: DocumentFilter | None = None,
        ranker: NeighborRanker | None = None,
        bring_head: bool = False,
    ) -> None:
        super().__init__(database, k, mode, documents, ranker)
        self.tokenizer = tokenizer
        self.bring_head = bring_head
        self.num_tokens = 2 * chunk_size
        self.reads_stored_tokens = (
            chunk_size == database.settings.chunk_size
            and tokenizer.fingerprint == database.tokenizer.fingerprint
        )

    def tensors(self, neighbors: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        if self.reads_stored_tokens and not self.bring_head:
            return super().tensors(neighbors)
        ids, mask = read_with_heads(
            self.database, neighbors, self.tokenizer, num_tokens=self.num_tokens, heads=self.bring_head
        )
        return torch.from_numpy(ids), torch.from_numpy(mask)
