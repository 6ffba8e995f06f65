"""`/v1/chat/completions`: a conversation is answered, at once or as a stream."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import time
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from openbook.generation.text_request import WrittenToken
from openbook.serve.api_errors import ApiError, documented, error_of
from openbook.serve.asked_conversation import asked_conversation, turn_of
from openbook.serve.asked_texts import AskedTexts, require_model, stops_of
from openbook.serve.chat_schema import (
    AnswerMessage,
    ChatChoice,
    ChatChunk,
    ChatChunkChoice,
    ChatCompletion,
    ChatDelta,
    ChatLogprobs,
    ChatRequest,
)
from openbook.serve.citation_answers import book_answer, chat_annotations
from openbook.serve.event_stream import DONE, IDLE, KEEP_ALIVE, STREAM, EventStream, event
from openbook.serve.reply import ReplyEnd, ReplyPart, ReplySpan, ReplyText
from openbook.serve.server_state import ServerState, new_id, state_of
from openbook.serve.token_logprobs import chat_logprob
from openbook.serve.writing import Writing, unless_gone
from openbook.serve.written_texts import ServedText, part_of_stream, reply_parts, usage_of, written_texts

router = APIRouter()


@router.post(
    "/v1/chat/completions",
    response_model=ChatCompletion,
    responses={200: {"content": STREAM}, **documented(404, 429, 503)},
)
async def chat_completions(body: ChatRequest, request: Request) -> Response:
    """Answer a conversation; with `stream`, piece by piece."""
    state = state_of(request)
    asked = await to_thread.run_sync(_asked, state, body)
    writing = Writing(state.engine, state.metrics, asked.texts)
    await writing.start()
    if body.stream:
        return EventStream(_ChatStream(state, body, asked).events(writing), writing.cancel)
    texts = await unless_gone(request, written_texts(asked, writing))
    return JSONResponse(_completion(state, body, asked, texts).model_dump())


def _asked(state: ServerState, body: ChatRequest) -> AskedTexts:
    require_model(state, body.model)
    _require_consistent(body)
    is_new = body.max_completion_tokens is not None
    return asked_conversation(
        state,
        [turn_of(message.role, message.text) for message in body.messages],
        body,
        body.openbook,
        length=body.max_completion_tokens if is_new else body.max_tokens,
        length_name="max_completion_tokens" if is_new else "max_tokens",
        conversation_name="messages",
        n=body.n or 1,
        stop=stops_of(body.stop),
        min_tokens=body.min_tokens,
        num_logprobs=(body.top_logprobs or 0) if body.logprobs else None,
    )


def _require_consistent(body: ChatRequest) -> None:
    wrong = {
        "top_logprobs: needs logprobs": body.top_logprobs is not None and not body.logprobs,
        "stream_options: needs stream": body.stream_options is not None and not body.stream,
        "max_tokens: is max_completion_tokens, too; send one of them": body.max_tokens is not None
        and body.max_completion_tokens is not None,
    }
    for said, is_so in wrong.items():
        if is_so:
            raise ApiError(400, said, param=said.partition(":")[0], code="invalid_value")


# --- At once ---


def _completion(
    state: ServerState, body: ChatRequest, asked: AskedTexts, texts: list[ServedText]
) -> ChatCompletion:
    choices = [_choice(state, body, asked, number, text) for number, text in enumerate(texts)]
    return ChatCompletion(
        id=new_id("chatcmpl"),
        created=int(time()),
        model=body.model,
        choices=choices,
        usage=usage_of([text.ending for text in texts]),
        openbook=choices[0].openbook,
    )


def _choice(
    state: ServerState, body: ChatRequest, asked: AskedTexts, number: int, text: ServedText
) -> ChatChoice:
    annotations = [mark for span in text.citations for mark in chat_annotations(span, asked.reading)]
    message = AnswerMessage(role="assistant", content=text.text, refusal=None, annotations=annotations)
    return ChatChoice(
        index=number,
        message=message,
        logprobs=_logprobs(state, body, text.tokens),
        finish_reason=text.ending.finish_reason,
        openbook=book_answer(text.citations, asked.reading, text.ending),
    )


def _logprobs(state: ServerState, body: ChatRequest, tokens: list[WrittenToken]) -> ChatLogprobs | None:
    if not body.logprobs:
        return None
    return ChatLogprobs(content=[chat_logprob(state.chat.tokenizer, token) for token in tokens])


# --- As a stream ---


class _ChatStream:
    """Writes the chunks of a stream."""

    def __init__(self, state: ServerState, body: ChatRequest, asked: AskedTexts) -> None:
        self._state = state
        self._body = body
        self._asked = asked
        self._head: dict[str, Any] = {"id": new_id("chatcmpl"), "created": int(time()), "model": body.model}
        self._ends: dict[int, ReplyEnd] = {}

    async def events(self, writing: Writing) -> AsyncGenerator[str, None]:
        """The role first, then what is written, then why it ended; what fails comes as an error."""
        for number in range(len(self._asked.texts)):
            yield self._chunk(number, ChatDelta(role="assistant", content=""))
        try:
            async with aclosing(reply_parts(self._asked, writing, idle=IDLE)) as parts:
                async for told in parts:
                    if told is None:
                        yield KEEP_ALIVE
                    elif (chunk := self._of(*told)) is not None:
                        yield chunk
        except Exception as error:  # noqa: BLE001 - the answer has begun: the stream tells it
            yield event(error_of(error, self._state.book_names).body())
        else:
            if self._body.wants_usage:
                usage = usage_of([end for _, end in sorted(self._ends.items())])
                yield event(part_of_stream(ChatChunk(**self._head, choices=[], usage=usage), self._body))
        yield DONE

    def _of(self, number: int, part: ReplyPart) -> str | None:
        if isinstance(part, ReplyText):
            if not part.text and not (part.tokens and self._body.logprobs):
                return None
            return self._chunk(number, ChatDelta(content=part.text), tokens=list(part.tokens))
        if isinstance(part, ReplySpan):
            annotations = chat_annotations(part.citation, self._asked.reading)
            book = book_answer([part.citation], self._asked.reading)
            return self._chunk(number, ChatDelta(annotations=annotations), openbook=book)
        self._ends[number] = part
        book = book_answer(list(part.measured), self._asked.reading, part)
        return self._chunk(number, ChatDelta(), finish_reason=part.finish_reason, openbook=book)

    def _chunk(
        self, number: int, delta: ChatDelta, *, tokens: list[WrittenToken] | None = None, **said: Any
    ) -> str:
        book = {"openbook": said.pop("openbook")} if "openbook" in said else {}
        choice = ChatChunkChoice(
            index=number,
            delta=delta,
            logprobs=_logprobs(self._state, self._body, tokens) if tokens else None,
            finish_reason=said.get("finish_reason"),
        )
        return event(part_of_stream(ChatChunk(**self._head, choices=[choice], **book), self._body))
