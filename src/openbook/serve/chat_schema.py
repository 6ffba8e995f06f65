"""`/v1/chat/completions`: what is asked, and what is answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from openbook.serve.citation_schema import BookAnswer, ChatAnnotation
from openbook.serve.text_fields import RequestBody, StopText, TextFields, Usage

NO_TOOLS = "this server calls no tools: leave it out"
TEXT_ONLY = "this server reads and writes text alone"

__all__ = ["ChatChunk", "ChatCompletion", "ChatRequest", "StopText"]


class TextPart(RequestBody):
    """A part of a message."""

    type: Annotated[Literal["text"], Field(description=TEXT_ONLY)]
    text: str


class FormatOfText(RequestBody):
    """The form of an answer."""

    type: Annotated[Literal["text"], Field(description="answers are free text, in no other format")]


Nothing = Annotated[list[str], Field(max_length=0)]


class ChatMessage(RequestBody):
    """A message; a speaker's name and fields of answers that clients send back are accepted, and not read."""

    role: Annotated[
        Literal["system", "developer", "user", "assistant"],
        Field(description="there are no tools, so no messages of tools"),
    ]
    content: str | Annotated[list[TextPart], Field(min_length=1)]
    name: Annotated[str | None, Field(description="of who says it; the model is not told")] = None
    refusal: None = None
    audio: Annotated[None, Field(description=TEXT_ONLY)] = None
    function_call: Annotated[None, Field(description=NO_TOOLS)] = None
    tool_calls: Annotated[Nothing | None, Field(description=NO_TOOLS)] = None
    annotations: list[ChatAnnotation] | None = None
    """Of an earlier answer; its sources are not read again."""

    @property
    def text(self) -> str:
        """What is said, its parts joined."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class ChatRequest(TextFields):
    """A conversation to answer."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: FormatOfText | None = None
    tools: Annotated[Nothing | None, Field(description=NO_TOOLS)] = None
    tool_choice: Annotated[Literal["none", "auto"] | None, Field(description=NO_TOOLS)] = None
    parallel_tool_calls: bool | None = None
    functions: Annotated[Nothing | None, Field(description=NO_TOOLS)] = None
    function_call: Annotated[Literal["none", "auto"] | None, Field(description=NO_TOOLS)] = None
    modalities: Annotated[list[Literal["text"]] | None, Field(description=TEXT_ONLY)] = None
    audio: Annotated[None, Field(description=TEXT_ONLY)] = None
    prediction: Annotated[None, Field(description="predicted output is not read: leave it out")] = None
    reasoning_effort: Annotated[Literal["none"] | None, Field(description="this server does not reason")] = (
        None
    )
    verbosity: Annotated[Literal["medium"] | None, Field(description="answers have one length")] = None
    web_search_options: Annotated[None, Field(description="nothing but books is searched")] = None
    store: Annotated[Literal[False] | None, Field(description="nothing is stored")] = None


class LogprobOfToken(BaseModel):
    """A token and its log-probability."""

    token: str
    bytes: list[int] | None
    logprob: float


class ChatLogprob(LogprobOfToken):
    """A written token, and the likeliest ones at its place."""

    top_logprobs: list[LogprobOfToken]


class ChatLogprobs(BaseModel):
    """Of the tokens of an answer."""

    content: list[ChatLogprob]
    refusal: None = None


class AnswerMessage(BaseModel):
    """An answer."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[ChatAnnotation]


class ChatChoice(BaseModel):
    """One of n answers."""

    index: int
    message: AnswerMessage
    logprobs: ChatLogprobs | None
    finish_reason: Literal["stop", "length"]
    openbook: BookAnswer


class ChatCompletion(BaseModel):
    """Answers."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage
    openbook: BookAnswer
    """Of the first choice."""


class ChatDelta(BaseModel):
    """What is new of an answer."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    annotations: list[ChatAnnotation] | None = None


class ChatChunkChoice(BaseModel):
    """Of one of n answers."""

    index: int
    delta: ChatDelta
    logprobs: ChatLogprobs | None = None
    finish_reason: Literal["stop", "length"] | None = None


class ChatChunk(BaseModel):
    """One event of a stream."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: Usage | None = None
    openbook: BookAnswer | None = None
    """What the span that closes here was written from."""
