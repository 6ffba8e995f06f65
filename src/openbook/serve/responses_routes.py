"""`/v1/responses`: a conversation is answered, at once or as a stream of OpenAI's newer events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import time
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from openbook.generation.citations import Citation
from openbook.serve.api_errors import ApiError, documented, error_of
from openbook.serve.asked_conversation import asked_conversation, turn_of
from openbook.serve.asked_texts import AskedTexts, require_model
from openbook.serve.citation_answers import book_answer, url_citations
from openbook.serve.event_stream import IDLE, KEEP_ALIVE, STREAM, EventStream, event
from openbook.serve.reply import ReplyPart, ReplySpan, ReplyText
from openbook.serve.responses_schema import (
    AnswerResponse,
    FailedResponse,
    IncompleteDetails,
    OutputMessage,
    OutputText,
    ResponseAnnotation,
    ResponseRequest,
    ResponseUsage,
)
from openbook.serve.server_state import ServerState, new_id, state_of
from openbook.serve.writing import Writing, unless_gone
from openbook.serve.written_texts import ServedText, reply_parts, usage_of, written_texts
from openbook.text import Turn

router = APIRouter()


@router.post(
    "/v1/responses",
    response_model=AnswerResponse,
    responses={200: {"content": STREAM}, **documented(404, 429, 503)},
)
async def responses(body: ResponseRequest, request: Request) -> Response:
    """Answer a conversation; with `stream`, event by event."""
    state = state_of(request)
    asked = await to_thread.run_sync(_asked, state, body)
    writing = Writing(state.engine, state.metrics, asked.texts)
    await writing.start()
    answer = _Answer(body, asked)
    if body.stream:
        return EventStream(_streamed(state, answer, writing), writing.cancel)
    (text,) = await unless_gone(request, written_texts(asked, writing))
    return JSONResponse(answer.complete(text).model_dump())


def _asked(state: ServerState, body: ResponseRequest) -> AskedTexts:
    require_model(state, body.model)
    if body.stream_options is not None and (not body.stream or body.stream_options.include_usage):
        said = "stream_options: needs stream, and usage is always told"
        raise ApiError(400, said, param="stream_options", code="invalid_value")
    instructions = [] if body.instructions is None else [Turn("system", body.instructions)]
    if isinstance(body.input, str):
        turns = [Turn("user", body.input)]
    else:
        turns = [turn_of(message.role, message.text) for message in body.input]
    return asked_conversation(
        state,
        [*instructions, *turns],
        body,
        body.openbook,
        length=body.max_output_tokens,
        length_name="max_output_tokens",
        conversation_name="input",
    )


class _Answer:
    """What is told of a response while it is written."""

    def __init__(self, body: ResponseRequest, asked: AskedTexts) -> None:
        self.asked = asked
        self.item_id = new_id("msg")
        self._sampling = asked.texts[0].sampling
        self._body = body
        self._id = new_id("resp")
        self._created = int(time())

    def begun(self) -> AnswerResponse:
        """Before anything is written."""
        return self._response("in_progress", [])

    def message(self, text: ServedText | None) -> OutputMessage:
        """The message, as far as it is; None: before its beginning."""
        if text is None:
            return OutputMessage(id=self.item_id, status="in_progress", content=[])
        is_cut = text.end is not None and text.end.finish_reason == "length"
        return OutputMessage(
            id=self.item_id, status="incomplete" if is_cut else "completed", content=[self.part(text)]
        )

    def part(self, text: ServedText) -> OutputText:
        """Its text, with its sources."""
        marks = [mark for citation in text.citations for mark in self.annotations(citation)]
        return OutputText(text=text.text, annotations=marks)

    def annotations(self, citation: Citation) -> list[ResponseAnnotation]:
        """The sources of a span."""
        found = url_citations(citation, self.asked.reading)
        return [ResponseAnnotation(**citation.model_dump()) for citation in found]

    def complete(self, text: ServedText) -> AnswerResponse:
        """With all that was written."""
        usage = usage_of([text.ending])
        is_cut = text.ending.finish_reason == "length"
        return self._response(
            "incomplete" if is_cut else "completed",
            [self.message(text)],
            incomplete_details=IncompleteDetails(reason="max_output_tokens") if is_cut else None,
            usage=ResponseUsage(
                input_tokens=usage.prompt_tokens,
                output_tokens=usage.completion_tokens,
                total_tokens=usage.total_tokens,
            ),
            openbook=book_answer(text.citations, self.asked.reading, text.ending),
        )

    def failed(self, error: ApiError) -> AnswerResponse:
        """With why there is no answer."""
        code = "server_error" if error.status >= 500 else "invalid_prompt"
        return self._response("failed", [], error=FailedResponse(code=code, message=error.detail.message))

    def _response(self, status: Any, output: list[OutputMessage], **said: Any) -> AnswerResponse:
        body = self._body
        return AnswerResponse(
            id=self._id,
            created_at=self._created,
            status=status,
            instructions=body.instructions,
            max_output_tokens=body.max_output_tokens,
            model=body.model,
            output=output,
            parallel_tool_calls=body.parallel_tool_calls is not False,
            temperature=self._sampling.temperature,
            tool_choice=body.tool_choice or "auto",
            top_p=1.0 if self._sampling.top_p is None else self._sampling.top_p,
            metadata=body.metadata or {},
            **said,
        )


class _Events:
    """Numbers events, and writes them."""

    def __init__(self) -> None:
        self._number = -1

    def of(self, name: str, **said: Any) -> str:
        """The next event, of this name."""
        self._number += 1
        return event({"type": name, "sequence_number": self._number, **said}, name=name)


async def _streamed(state: ServerState, answer: _Answer, writing: Writing) -> AsyncGenerator[str, None]:
    """The response's beginning, the message's, its text and sources; all of it again when it is complete."""
    events, text = _Events(), ServedText()
    item = {"item_id": answer.item_id, "output_index": 0, "content_index": 0}
    begun = answer.begun().model_dump()
    yield events.of("response.created", response=begun)
    yield events.of("response.in_progress", response=begun)
    yield events.of("response.output_item.added", output_index=0, item=answer.message(None).model_dump())
    empty = answer.part(ServedText()).model_dump()
    yield events.of("response.content_part.added", **item, part=empty)
    try:
        async with aclosing(reply_parts(answer.asked, writing, idle=IDLE)) as parts:
            async for told in parts:
                for line in [KEEP_ALIVE] if told is None else _of(answer, text, told[1], events, item):
                    yield line
    except Exception as error:  # noqa: BLE001 - the answer has begun: the stream tells it
        failed = answer.failed(error_of(error, state.book_names))
        yield events.of("response.failed", response=failed.model_dump())
        return
    part, message = answer.part(text).model_dump(), answer.message(text).model_dump()
    yield events.of("response.output_text.done", **item, text=text.text, logprobs=[])
    yield events.of("response.content_part.done", **item, part=part)
    yield events.of("response.output_item.done", output_index=0, item=message)
    complete = answer.complete(text)
    yield events.of(f"response.{complete.status}", response=complete.model_dump())


def _of(
    answer: _Answer, text: ServedText, part: ReplyPart, events: _Events, item: dict[str, Any]
) -> list[str]:
    """The events of a part of the reply."""
    before = len(answer.part(text).annotations)
    text.add(part)
    if isinstance(part, ReplyText) and part.text:
        return [events.of("response.output_text.delta", **item, delta=part.text, logprobs=[])]
    if isinstance(part, ReplySpan):
        name = "response.output_text.annotation.added"
        return [
            events.of(name, **item, annotation_index=number, annotation=annotation.model_dump())
            for number, annotation in enumerate(answer.annotations(part.citation), start=before)
        ]
    return []
