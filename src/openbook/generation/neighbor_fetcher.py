"""Fetching the neighbors of chunks while they are written: from their tokens to what the model reads."""

from collections.abc import Hashable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openbook.database import DocumentFilter, Hit, SearchMode, Version
from openbook.database.neighbors.neighbor_ranker import NeighborRanker, RankedBook
from openbook.database.search.searcher import check_mode
from openbook.errors import empty_error
from openbook.generation.request import check_k
from openbook.model import RetroForCausalLM


def require_match(model: RetroForCausalLM, database: Version) -> None:
    """Refuse a database of other tokens, or of chunks of another length, than the model's.

    Raises:
        MismatchError: naming both.
    """
    database.settings.require_match(
        database.tokenizer,
        tokenizer_fingerprint=model.config.tokenizer_fingerprint,
        chunk_size=model.config.chunk_size,
    )


def check_lookup(database: Version, *, k: int | None, mode: str | None) -> SearchMode:
    """Check that so many neighbors can be looked up in this mode.

    Returns:
        The mode; for None the database's default.

    Raises:
        SettingsError: k below 1, or a mode that the database does not have.
        DatabaseError: there is nothing to retrieve.
    """
    check_k(k)
    if database.layout.num_chunks == 0:
        raise empty_error(database.path)
    return check_mode(mode, has_dense=database.vectors is not None)


class NeighborFetcher:
    """Searches for the neighbors of chunks of tokens.

    Args:
        database: to search.
        k: neighbors of each chunk; more than there are chunks to find take no room.
        mode: of search.
        documents: to look things up in; None: all.
        ranker: chooses of the neighbors; None: all are read.

    Raises:
        DatabaseError: no document is such.
    """

    def __init__(
        self,
        database: Version,
        k: int,
        mode: SearchMode,
        documents: DocumentFilter | None = None,
        ranker: NeighborRanker | None = None,
    ) -> None:
        self.database = database
        self.tokenizer = database.tokenizer
        """Of the chunks that are looked up."""
        self.k = max(1, min(k, _num_retrievable(database, documents)))
        self.mode = mode
        self.documents = documents
        self._ranked = None if ranker is None else RankedBook(ranker, database)
        self.hits: list[list[Hit]] = []
        """What `fetch` found for the last chunk of each call: of the prompt, then of each chunk written."""
        self.retrieved: list[list[list[int]]] = []
        """The tokens of each of these."""
        self.rejected: list[Hit] = []
        """What a question found, where none of it answers: that is not read."""

    @property
    def search_key(self) -> Hashable:
        """What a search depends on besides its texts: those of equal keys may be joined."""
        ranker = None if self._ranked is None else id(self._ranked.ranker)
        return type(self), id(self.database), self.k, self.mode, self.documents, ranker

    @property
    def most_read(self) -> int:
        """Neighbors of a chunk at most."""
        return self.k

    def queries(self, chunks: Sequence[Sequence[int]]) -> list[str]:
        """Write the texts to search for.

        Args:
            chunks: C of them, as tokens without padding.

        Returns:
            n texts; here one for each chunk, n = C.
        """
        return self.tokenizer.decode(chunks)

    def search_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Search for the chunks nearest to texts.

        Args:
            texts: n of them, see `queries`.

        Returns:
            numbers int64 [n, K], best first, -1 where there are no more; and scores float32 [n, K].
        """
        queries = self.database.text_queries(texts)
        found = self.database.search_chunks(queries, k=self.k, mode=self.mode, documents=self.documents)
        return found if self._ranked is None else self._ranked.choose(list(texts), found)

    def search(self, chunks: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Search for the nearest chunks of the database.

        Args:
            chunks: C of them, as tokens without padding.

        Returns:
            their numbers [C, K], best first, -1 where there are no more; and scores [C, K].
        """
        return self.search_texts(self.queries(chunks))

    def tensors(self, neighbors: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Read neighbors with their continuations.

        Args:
            neighbors: [C, K] chunks of the database, -1 for one that does not exist.

        Returns:
            token ids int64 [C, K, R], and their mask bool [C, K, R].
        """
        ids, mask = self.database.retrieved_tokens(neighbors)
        return torch.from_numpy(ids), torch.from_numpy(np.ascontiguousarray(mask))

    def fetch(self, chunks: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Neighbors [C, K, R] of chunks of tokens, and their mask; hits of the last chunk are kept."""
        return self.read(*self.search_texts(self.queries(chunks)), count=len(chunks))

    def read(
        self, found: NDArray[np.int64], scores: NDArray[np.float32], *, count: int
    ) -> tuple[Tensor, Tensor]:
        """Read what a search found: as `fetch`.

        Args:
            found: chunks of the database [n, K], for each of the `queries`.
            scores: [n, K].
            count: C, chunks that they were for.
        """
        ids, mask = self.tensors(found)
        self._keep(found[-1], scores[-1], ids[-1], mask[-1])
        return ids, mask

    def _keep(self, found: NDArray[np.int64], scores: NDArray[np.float32], ids: Tensor, mask: Tensor) -> None:
        """Remember what was found [K], with its tokens [K, R]."""
        self.hits.append(self.database.hits(found, scores))
        rows = zip(ids, mask, found >= 0, strict=True)
        self.retrieved.append([row[exists].tolist() for row, exists, there in rows if there])


def _num_retrievable(database: Version, documents: DocumentFilter | None) -> int:
    if documents is None:
        return int(np.count_nonzero(database.layout.retrievable))
    return database.allowed_chunks(documents).retrievable(database.layout)
