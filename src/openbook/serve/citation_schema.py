"""What a text was written from, as it is told: as annotations that OpenAI's clients know, and in full."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class UrlCitation(BaseModel):
    """A source of a span; its offsets count code points of the text, the end excluded."""

    model_config = ConfigDict(extra="forbid")
    url: str
    title: str
    start_index: int
    end_index: int


class ChatAnnotation(BaseModel):
    """A citation, as chats have it."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class CopiedPart(BaseModel):
    """A part of the text that was copied, with where it stands in the neighbor and its continuation."""

    start: int
    end: int
    document_id: str
    chunk_id: int
    source_start: int
    source_end: int
    share: float | None
    """Of the probability that came from copying, where a copy head says so."""
    by: Literal["copy head", "match"] = "copy head"
    """How it is known: the copy head says so; or the words are the same in both."""


class ReadNeighbor(BaseModel):
    """A neighbor that was read."""

    document_id: str
    chunk_id: int
    title: str
    source: str
    text: str
    continuation: str
    score: float
    attention: float | None
    is_used: bool = True
    """At least half of an equal share of the attention, or words that were copied, or nobody knows."""
    influence: float | None = None
    """What the span's log-probability, in nats, falls by without it; null: not asked for."""


class SpanCitation(BaseModel):
    """A span of the text, and what it was written from: what it has words of first, then the most read."""

    start: int
    end: int
    neighbors: list[ReadNeighbor]
    copied: list[CopiedPart]


class DraftsSaved(BaseModel):
    """What drafts saved: passes of the model for all tokens, tokens in drafts, those that were written."""

    model_config = ConfigDict(from_attributes=True)
    passes: int
    proposed: int
    accepted: int


class BookAnswer(BaseModel):
    """All that the key `openbook` of an answer holds."""

    citations: list[SpanCitation]
    book: str | None
    """The book that was read; null: none was."""
    version: int | None
    """Of the book, when the request came."""
    unmentioned: list[str] = []
    """Names in the last question that nothing of what is cited here mentions."""
    seed: int | None = None
    """Repeats the text."""
    drafts: DraftsSaved | None = None
    """null: none were asked for."""
