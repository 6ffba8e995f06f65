"""Fetching what a question finds: its own words are the query, and any database can be read."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from openbook.database import DocumentFilter, Hit, SearchMode, SearchUnit, Version
from openbook.generation.neighbor_fetcher import check_lookup, fetcher_for
from openbook.generation.text_fetcher import TextFetcher
from openbook.model import RetroForCausalLM
from openbook.text import Tokenizer


class QuestionFetcher(TextFetcher):
    """Fetches the neighbors of a question for all of the prompt, then those of the chunks of the answer.

    Models that do not read their neighbors themselves read the chunks that they were trained on.

    Args:
        database: to search.
        k: neighbors of the question, and of each chunk.
        mode: of search.
        question: the query.
        tokenizer: the model's.
        chunk_size: the model's.
        documents: to look things up in; None: all.
        by: what is found first, then its chunks; None: as `Version.search_passages` does.
        bring_head: read the head of its document before each passage.
    """

    def __init__(
        self,
        database: Version,
        k: int,
        mode: SearchMode,
        *,
        question: str,
        tokenizer: Tokenizer,
        chunk_size: int,
        documents: DocumentFilter | None = None,
        by: SearchUnit | None = None,
        bring_head: bool = False,
    ) -> None:
        super().__init__(
            database,
            k,
            mode,
            tokenizer=tokenizer,
            chunk_size=chunk_size,
            documents=documents,
            bring_head=bring_head,
        )
        self.question = question
        self.by = by

    def queries(self, chunks: Sequence[Sequence[int]]) -> list[str]:
        """Of a prompt's chunks, which come first, the question."""
        return super().queries(chunks) if self.hits else [self.question]

    def search_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self.database.search_passages(
            texts, k=self.k, mode=self.mode, documents=self.documents, by=self.by
        )

    @property
    def search_key(self) -> Hashable:
        """Also of the way to documents."""
        return super().search_key, self.by

    def read(
        self, found: NDArray[np.int64], scores: NDArray[np.float32], *, count: int
    ) -> tuple[Tensor, Tensor]:
        """See `NeighborFetcher.read`; all chunks of a prompt read what the question finds."""
        ids, mask = super().read(found, scores, count=count)
        return ids.expand(count, -1, -1), mask.expand(count, -1, -1)

    def hits_of_question(self) -> list[Hit]:
        """What the question finds, best first."""
        found, scores = self.search_texts([self.question])
        return self.database.hits(found[0], scores[0])


def fetcher_for_prompt(
    model: RetroForCausalLM,
    database: Version,
    question: str,
    tokenizer: Tokenizer,
    *,
    k: int | None,
    mode: str | None,
    documents: DocumentFilter | None = None,
    by: SearchUnit | None = None,
    bring_head: bool = False,
) -> QuestionFetcher:
    """Make what fetches neighbors for a question, whose passages any model can read in its prompt.

    Args:
        model: any.
        database: to search.
        question: the query.
        tokenizer: the model's.
        k: neighbors; None: as in the model's training.
        mode: of search; None: the database's default.
        documents: to look things up in; None: all.
        by: what is found first, then its chunks; None: as `Version.search_passages` does.
        bring_head: read the head of its document before each passage.

    Raises:
        SettingsError, DatabaseError: as `check_lookup`.
    """
    return QuestionFetcher(
        database,
        k or model.config.num_neighbors,
        check_lookup(database, k=k, mode=mode),
        question=question,
        tokenizer=tokenizer,
        chunk_size=model.config.chunk_size,
        documents=documents,
        by=by,
        bring_head=bring_head,
    )


def fetcher_of_question(
    model: RetroForCausalLM,
    database: Version,
    question: str,
    tokenizer: Tokenizer,
    *,
    k: int | None,
    mode: str | None,
    documents: DocumentFilter | None = None,
    by: SearchUnit | None = None,
    bring_head: bool = False,
) -> QuestionFetcher:
    """As `fetcher_for_prompt`, for a model that reads the neighbors beside its prompt.

    Raises:
        SettingsError, MismatchError, DatabaseError: as `fetcher_for`; a model that reads its neighbors itself
            reads any database.
    """
    if not model.reads_itself:
        fetcher_for(model, database, k=k, mode=mode, retrieval=True, documents=documents)
    return fetcher_for_prompt(
        model,
        database,
        question,
        tokenizer,
        k=k,
        mode=mode,
        documents=documents,
        by=by,
        bring_head=bring_head,
    )
