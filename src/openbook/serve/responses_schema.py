"""`/v1/responses`: what is asked, and what is answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from openbook.serve.chat_schema import NO_TOOLS, TEXT_ONLY, FormatOfText, Nothing
from openbook.serve.citation_schema import BookAnswer, UrlCitation
from openbook.serve.text_fields import (
    ClientFields,
    DrawingFields,
    OpenbookOptions,
    RequestBody,
    StreamOptions,
)

NOT_STORED = "nothing is stored here: send the whole conversation as input"


class ResponseAnnotation(UrlCitation):
    """A citation, as responses have it."""

    type: Literal["url_citation"] = "url_citation"


class InputPart(RequestBody):
    """A part of a message; those of earlier answers are accepted as they came."""

    type: Annotated[Literal["input_text", "output_text", "text"], Field(description=TEXT_ONLY)]
    text: str
    annotations: list[ResponseAnnotation] | None = None
    logprobs: Annotated[Nothing | None, Field(description="are not read")] = None


class InputMessage(RequestBody):
    """A message."""

    type: Annotated[Literal["message"], Field(description="there are messages alone")] = "message"
    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[InputPart], Field(min_length=1)]
    id: str | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None
    phase: Literal["commentary", "final_answer"] | None = None

    @property
    def text(self) -> str:
        """What is said, its parts joined."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class TextConfig(RequestBody):
    """The form of an answer."""

    format: FormatOfText | None = None
    verbosity: Annotated[Literal["medium"] | None, Field(description="answers have one length")] = None


class ResponseRequest(ClientFields, DrawingFields):
    """A conversation to answer."""

    model: str
    input: str | Annotated[list[InputMessage], Field(min_length=1)]
    instructions: str | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    text: TextConfig | None = None
    openbook: OpenbookOptions | None = None
    store: Annotated[Literal[False] | None, Field(description=NOT_STORED)] = None
    previous_response_id: Annotated[None, Field(description=NOT_STORED)] = None
    conversation: Annotated[None, Field(description=NOT_STORED)] = None
    background: Annotated[Literal[False] | None, Field(description=NOT_STORED)] = None
    prompt: Annotated[None, Field(description=NOT_STORED)] = None
    truncation: Annotated[Literal["disabled"] | None, Field(description="input is not shortened")] = None
    include: Annotated[Nothing | None, Field(description="there is nothing more to include")] = None
    top_logprobs: Annotated[
        Literal[0] | None, Field(description="for log-probabilities ask /v1/chat/completions")
    ] = None
    tools: Annotated[Nothing | None, Field(description=NO_TOOLS)] = None
    tool_choice: Annotated[Literal["none", "auto"] | None, Field(description=NO_TOOLS)] = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: Annotated[None, Field(description=NO_TOOLS)] = None
    reasoning: Annotated[None, Field(description="this server does not reason")] = None


class OutputText(BaseModel):
    """A text that was written."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[ResponseAnnotation]
    logprobs: list[str] = []
    """None are told here."""


class OutputMessage(BaseModel):
    """An answer."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed", "incomplete"]
    content: list[OutputText]


class InputDetails(BaseModel):
    """Tokens of the input."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputDetails(BaseModel):
    """Tokens of the output."""

    reasoning_tokens: int = 0


class ResponseUsage(BaseModel):
    """Tokens of a response."""

    input_tokens: int
    input_tokens_details: InputDetails = InputDetails()
    output_tokens: int
    output_tokens_details: OutputDetails = OutputDetails()
    total_tokens: int


class IncompleteDetails(BaseModel):
    """Why an answer ends before its end."""

    reason: Literal["max_output_tokens"]


class FailedResponse(BaseModel):
    """Why there is no answer."""

    code: str
    message: str


class ResponseFormat(BaseModel):
    """The form of an answer."""

    type: Literal["text"] = "text"


class ResponseTextConfig(BaseModel):
    """The form of an answer."""

    format: ResponseFormat = ResponseFormat()


class AnswerResponse(BaseModel):
    """An answer, or the beginning of one."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: Literal["in_progress", "completed", "incomplete", "failed"]
    error: FailedResponse | None = None
    incomplete_details: IncompleteDetails | None = None
    instructions: str | None
    max_output_tokens: int | None
    model: str
    output: list[OutputMessage]
    parallel_tool_calls: bool
    previous_response_id: None = None
    store: Literal[False] = False
    temperature: float
    text: ResponseTextConfig = ResponseTextConfig()
    tool_choice: Literal["none", "auto"]
    tools: list[str] = []
    """None are called here."""
    top_p: float
    truncation: Literal["disabled"] = "disabled"
    usage: ResponseUsage | None = None
    metadata: dict[str, str]
    openbook: BookAnswer | None = None
