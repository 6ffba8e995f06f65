"""The parameters that every route that writes text takes, and what is made of them.

A parameter is honored or refused by its name; none is dropped. Those that mean nothing here, because they
name the client's own things, are accepted: they stand in `ClientFields`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from openbook.database import DocumentFilter
from openbook.search_modes import SearchMode, SearchUnit

Bias = Annotated[float, Field(ge=-100, le=100)]
StopText = Annotated[str, Field(min_length=1)]
Stop = Annotated[str, Field(min_length=1, max_length=1000)]
"""What is written is compared with it after each token."""


class RequestBody(BaseModel):
    """The base of all requests: an unknown name or a value of another type is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _require_whole_characters(cls, value: object) -> object:
        """JSON can hold half of a character, which is no text, and which nothing after this takes."""
        said = (
            value
            if isinstance(value, list)
            else [*value, *value.values()]
            if isinstance(value, dict)
            else [value]
        )
        for text in said:
            if isinstance(text, str) and not text.isascii():
                try:
                    text.encode()
                except UnicodeEncodeError as error:
                    raise ValueError(f"holds half a character at {error.start}") from None
        return value


Patterns = Annotated[list[StopText], Field(min_length=1, max_length=64)]


class DocumentPatterns(RequestBody):
    """Documents: one of the patterns of each kind that is given must match, as in `openbook search`."""

    ids: Patterns | None = None
    sources: Patterns | None = None
    titles: Patterns | None = None

    def documents(self) -> DocumentFilter:
        """As a search takes them.

        Raises:
            SettingsError: an empty pattern, or none at all.
        """
        return DocumentFilter(
            ids=self.ids or (), sources=self.sources or (), titles=self.titles or (), for_others=True
        )


class OpenbookOptions(RequestBody):
    """What a text reads beside its prompt."""

    retrieval: bool = True
    """False: written from memory alone."""
    book: str | None = None
    """Which of the server's books is read; null: the first."""
    k: Annotated[int, Field(ge=1, le=64)] | None = None
    """Neighbors of each chunk; null: as in the model's training."""
    mode: SearchMode | None = None
    """Of search; null: the book's default."""
    by: SearchUnit | None = None
    """What a chat's question finds first, before its chunks; null: documents in a book of short and few ones,
    else chunks."""
    bring_head: bool | None = None
    """Read each passage that a chat's question finds with the head of its document."""
    stride: Annotated[int, Field(ge=1)] | None = None
    """Tokens after which the last M tokens are looked up again, M being the model's chunk length; null: M."""
    look_ahead: Annotated[int, Field(ge=0)] = 0
    """Tokens before a look-up at which its search begins, while the text goes on; less than `stride`."""
    drafts: bool = False
    """Check tokens of the neighbors, several in one pass, while this text is written alone; needs a
    temperature of 0."""
    influence: bool = False
    """Measure what each span's log-probability falls by without each neighbor, when the text is complete."""
    filter: DocumentPatterns | None = None
    """Which documents are looked things up in; null: all."""
    footnotes: bool = False
    """Put what was read into the text, as Markdown footnotes."""


class ClientFields(RequestBody):
    """What clients send for their own ends: accepted, and of no effect."""

    user: str | None = None
    metadata: dict[str, str] | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    service_tier: Literal["auto", "default"] | None = None


class StreamOptions(RequestBody):
    """How a stream is written."""

    include_usage: bool = False
    """Tell the numbers of tokens in a last chunk."""
    include_obfuscation: Annotated[
        Literal[False] | None, Field(description="chunks are not obscured by random text")
    ] = None


class DrawingFields(RequestBody):
    """How tokens are drawn."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=-1)] | None = None
    """0 and -1: all tokens."""
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=10)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None


class TextFields(ClientFields, DrawingFields):
    """What chats and completions share."""

    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=16)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    min_tokens: Annotated[int, Field(ge=0)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logit_bias: Annotated[dict[str, Bias], Field(max_length=1024)] | None = None
    """By the id of a token."""
    openbook: OpenbookOptions | None = None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream tells the numbers of tokens in its last part."""
        return self.stream_options is not None and self.stream_options.include_usage


class Usage(BaseModel):
    """Tokens of a request."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
