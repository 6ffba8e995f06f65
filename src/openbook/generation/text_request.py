"""What the engine is asked to write, and what it tells while it writes. Tokens in, tokens and text out.

The engine knows no chat template and no HTTP: whoever asks has put a question into tokens before.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openbook.database import DocumentFilter, SearchUnit, Version
from openbook.database.neighbors.neighbor_ranker import NeighborRanker
from openbook.generation.book_drafts import DraftCounts
from openbook.generation.citations import Citation
from openbook.generation.decoded_token import TokenLogprob
from openbook.generation.memory import Memory
from openbook.generation.passage_judge import PassageJudge
from openbook.generation.sampling import Sampling

__all__ = [
    "FoundByQuestion",
    "Lookup",
    "OnEvent",
    "SpanRead",
    "TextEnd",
    "TextEvent",
    "TextFailure",
    "TextPiece",
    "TextRequest",
    "TokenLogprob",
    "WrittenToken",
]


@dataclass(frozen=True, slots=True, eq=False)
class FoundByQuestion:
    """What a question found, and whether it is read."""

    chunks: NDArray[np.int64]
    """[1, K], -1 where there are no more."""
    scores: NDArray[np.float32]
    """[1, K]."""
    answers: bool
    """False: a judge says that none of it answers the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a text reads beside itself."""

    book: Version
    """To look things up in; a request reads this version to its end."""
    k: int | None = None
    """Neighbors of each chunk; None: as in the model's training."""
    mode: str | None = None
    """Of search; None: the book's default."""
    documents: DocumentFilter | None = None
    """To look things up in; None: all."""
    question: str | None = None
    """What is looked up for the prompt; None: the prompt's own chunks."""
    stride: int | None = None
    """Tokens after which the last M tokens are looked up again, 1 … M, counted from each chunk border; None:
    M, a chunk."""
    look_ahead: int = 0
    """Tokens before a look-up at which its search begins, on another thread, with the M tokens that there are
    then; less than the stride. 0: it begins when it is due, and decoding waits for it."""
    memory: Memory | None = None
    """Of the text: what leaves the window is added, and is looked up beside the book; None: there is none."""
    by: SearchUnit | None = None
    """What a question finds first, before its chunks; None: as `Version.search_passages` does."""
    bring_head: bool = False
    """What a question reads: the head of its document before each passage."""
    ranker: NeighborRanker | None = None
    """Chooses of what chunks find; None: all is read."""
    judge: PassageJudge | None = None
    """Says whether what a question finds answers it; where nothing does, nothing is read. None: all is."""
    found: FoundByQuestion | None = None
    """What the question finds, if that was looked up and judged before; None: it is looked up."""
    in_book: bool = True
    """Whether the book is looked into; False: the memory alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRequest:
    """One text to write."""

    prompt_ids: tuple[int, ...]
    """At least one token; without those that the model puts before every text itself."""
    sampling: Sampling
    max_new_tokens: int
    lookup: Lookup | None = None
    """None: without retrieval."""
    stop: tuple[str, ...] = ()
    """Texts any of which ends what is written, and is not part of it."""
    refusal: str | None = None
    """What is told where the prompt finds nothing, in place of what the model would write from memory; None:
    it writes."""
    strip: bool = False
    """Leave out the space around the text; in it no stop text counts."""
    min_new_tokens: int = 0
    """Before so many tokens are written, none that ends the text is drawn, and no stop text counts."""
    end_ids: frozenset[int] = frozenset()
    """Tokens that end the text, beside the tokenizer's end of text."""
    drafts: bool = False
    """Check tokens that follow the text's ending in a neighbor, several in one pass, while this text is
    written alone; needs a temperature of 0."""
    influence: bool = False
    """Measure the influence of each neighbor when the text is complete, which takes about as long as reading
    it once more for each; citations that are told while it is written do not have it."""
    seed: int | None = None
    """Of the draws; None: one is drawn."""
    num_logprobs: int | None = None
    """How many of the likeliest tokens are told at each place; 0: the written token's alone; None: none."""
    window: int | None = None
    """Tokens that the model reads at a time, whole chunks, at least two: where the text has become so long,
    its first half leaves. None: all of it is read."""


@dataclass(frozen=True, slots=True)
class WrittenToken:
    """A token that was written."""

    id: int
    logprob: float | None
    """None: not asked for."""
    likeliest: tuple[TokenLogprob, ...] = ()
    """As many as were asked for, the likeliest first."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """The text goes on: whole characters, none that a stop text may still take back."""

    text: str
    tokens: tuple[WrittenToken, ...]
    """Written since the last piece."""


@dataclass(frozen=True, slots=True)
class SpanRead:
    """A span of the text is complete, and what it was written from is known."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class TextEnd:
    """The text is complete; nothing is told after this."""

    text: str
    """All pieces joined."""
    citations: list[Citation]
    finish_reason: Literal["stop", "length", "cancelled"]
    prompt_tokens: int
    """With those that the model puts before every text itself."""
    completion_tokens: int
    seed: int = field(compare=False)
    drafts: DraftCounts | None = None
    """None: not asked for."""


@dataclass(frozen=True, slots=True)
class TextFailure:
    """The text cannot be finished; nothing is told after this."""

    error: Exception
    """An `OpenbookError` where the request or its book is at fault; anything else is a fault of ours."""


TextEvent = TextPiece | SpanRead | TextEnd | TextFailure

OnEvent = Callable[[TextEvent], None]
"""Is called on the engine's own thread, in order; it must return at once."""
