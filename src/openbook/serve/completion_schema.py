"""`/v1/completions`: what is asked, and what is answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from openbook.serve.citation_schema import BookAnswer
from openbook.serve.text_fields import TextFields, Usage

TokenId = Annotated[int, Field(ge=0, lt=2**31)]
Texts = Annotated[list[str], Field(min_length=1)]
Tokens = Annotated[list[TokenId], Field(min_length=1)]


class CompletionRequest(TextFields):
    """Prompts to continue: texts, or the model's tokens."""

    prompt: Annotated[
        str | Texts | Tokens | Annotated[list[Tokens], Field(min_length=1)],
        Field(description="a text, texts, tokens, or several of these"),
    ]
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    echo: bool | None = None
    """The text begins with the prompt; with logprobs, these are of the prompt's tokens, too."""
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    best_of: Annotated[Literal[1] | None, Field(description="none is chosen among several: send n")] = None
    suffix: Annotated[None, Field(description="text is not filled in")] = None


class CompletionLogprobs(BaseModel):
    """Of the tokens of a text; that of a prompt's first token is null, for nothing stands before it."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    """By token, the written one among them."""
    text_offset: list[int]


class CompletionChoice(BaseModel):
    """One text: n of each prompt, in the order of the prompts."""

    index: int
    text: str
    logprobs: CompletionLogprobs | None
    finish_reason: Literal["stop", "length"] | None
    openbook: BookAnswer | None = None


class Completion(BaseModel):
    """Texts; or one event of a stream."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage | None = None
    openbook: BookAnswer | None = None
    """Of the first choice; in a stream, what the span that closes here was written from."""
