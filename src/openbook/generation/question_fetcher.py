"""Fetching what a question finds: its own words are the query, and any database can be read."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from openbook.database import DocumentFilter, Hit, SearchMode, SearchUnit, Version
from openbook.generation.document_heads import with_heads
from openbook.generation.neighbor_fetcher import check_lookup
from openbook.generation.passage_judge import PassageJudge
from openbook.generation.text_fetcher import TextFetcher
from openbook.generation.text_request import FoundByQuestion, Lookup
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
        judge: says whether any passage answers the question; if none does, nothing is found, and they are
            `rejected`. None: all are read.
        found: what the question finds, if that is known and judged; None: it is searched for.
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
        judge: PassageJudge | None = None,
        found: FoundByQuestion | None = None,
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
        self.judge = judge
        self.found = found

    @classmethod
    def of(cls, model: RetroForCausalLM, tokenizer: Tokenizer, lookup: Lookup) -> "QuestionFetcher":
        """Make what fetches for a question, whose passages any model can read in its prompt.

        Args:
            model: any.
            tokenizer: its own.
            lookup: of a question, in a book.

        Raises:
            SettingsError, DatabaseError: as `check_lookup`.
        """
        assert lookup.question is not None
        return cls(
            lookup.book,
            lookup.k or model.config.num_neighbors,
            check_lookup(lookup.book, k=lookup.k, mode=lookup.mode),
            question=lookup.question,
            tokenizer=tokenizer,
            chunk_size=model.config.chunk_size,
            documents=lookup.documents,
            by=lookup.by,
            bring_head=lookup.bring_head,
            judge=lookup.judge,
            found=lookup.found,
        )

    def queries(self, chunks: Sequence[Sequence[int]]) -> list[str]:
        """Of a prompt's chunks, which come first, the question."""
        return super().queries(chunks) if self.hits else [self.question]

    def search_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if (known := self._known) is not None:
            return known.chunks.repeat(len(texts), 0), known.scores.repeat(len(texts), 0)
        return self.database.search_passages(
            texts, k=self.k, mode=self.mode, documents=self.documents, by=self.by
        )

    @property
    def search_key(self) -> Hashable:
        """Also of the way to documents; what is known of a question is for its own texts alone."""
        known = None if self._known is None else id(self._known)
        return super().search_key, self.by, known

    def read(
        self, found: NDArray[np.int64], scores: NDArray[np.float32], *, count: int
    ) -> tuple[Tensor, Tensor]:
        """See `NeighborFetcher.read`; all chunks of a prompt read what the question finds."""
        if not self.hits:
            found = self._answering(found, scores)
        ids, mask = super().read(found, scores, count=count)
        return ids.expand(count, -1, -1), mask.expand(count, -1, -1)

    def find(self) -> FoundByQuestion:
        """Search for the question, and have what it finds judged."""
        chunks, scores = self.search_texts([self.question])
        return FoundByQuestion(chunks, scores, answers=self._answers(chunks, scores))

    def hits_of_question(self) -> list[Hit]:
        """What the question finds, best first."""
        found, scores = self.search_texts([self.question])
        return self.database.hits(self._answering(found, scores)[0], scores[0])

    @property
    def _known(self) -> FoundByQuestion | None:
        """What the search for the question, which is the first, need not find."""
        return None if self.hits else self.found

    def _answering(self, found: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.int64]:
        """What the question found [1, k]; -1 throughout if none of it answers."""
        if self._answers(found, scores):
            return found
        self.rejected = self.database.hits(found[0], scores[0])
        return np.full_like(found, -1)

    def _answers(self, found: NDArray[np.int64], scores: NDArray[np.float32]) -> bool:
        """Whether any of what the question found [1, k] answers it: as is known, else as the judge says."""
        if self.found is not None:
            return self.found.answers
        hits = [] if self.judge is None else self.database.hits(found[0], scores[0])
        if self.judge is None or not hits:
            return True
        chunks, passages = [hit.chunk_id for hit in hits], [hit.passage for hit in hits]
        return self.judge.finds_answer(self.question, with_heads(self.database, chunks, passages))


def judged_lookup(model: RetroForCausalLM, tokenizer: Tokenizer, lookup: Lookup) -> Lookup:
    """Search for a question and have it judged now, once for all texts that are to answer it.

    Args:
        model: that is to write them.
        tokenizer: its own.
        lookup: of a question, with a judge.

    Raises:
        SettingsError, DatabaseError: as `check_lookup`.
    """
    return replace(lookup, found=QuestionFetcher.of(model, tokenizer, lookup).find(), judge=None)
