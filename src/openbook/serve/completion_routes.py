"""`/v1/completions`: prompts are continued, and on request scored, at once or as a stream."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from time import time
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from openbook.errors import EngineBusyError
from openbook.generation.citations import Citation
from openbook.generation.conversation import without_prefix
from openbook.generation.text_request import TextRequest, WrittenToken
from openbook.serve.api_errors import ApiError, documented, error_of, parameter
from openbook.serve.asked_texts import (
    AskedTexts,
    ReadBook,
    length_of,
    reading_of,
    require_few_texts,
    require_model,
    require_options,
    sampling_of,
    shortest_of,
    stops_of,
    text_requests,
)
from openbook.serve.citation_answers import book_answer
from openbook.serve.completion_schema import (
    Completion,
    CompletionChoice,
    CompletionLogprobs,
    CompletionRequest,
)
from openbook.serve.event_stream import DONE, IDLE, KEEP_ALIVE, STREAM, EventStream, event
from openbook.serve.prompt_scores import PromptScores, score_prompt
from openbook.serve.reply import ReplyEnd, ReplyPart, ReplySpan, ReplyText
from openbook.serve.server_state import ServerState, new_id, state_of
from openbook.serve.text_fields import OpenbookOptions
from openbook.serve.token_logprobs import completion_logprobs
from openbook.serve.writing import RETRY, Writing, unless_gone
from openbook.serve.written_texts import ServedText, part_of_stream, reply_parts, usage_of, written_texts

router = APIRouter()

_DEFAULT_TOKENS = 16
"""As OpenAI has it."""
_DEFAULT_TEMPERATURE = 0.8
"""As `openbook generate` has it."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What stands before a text: its prompt, where it is echoed."""

    text: str = ""
    scores: PromptScores | None = None
    """Where log-probabilities are asked for, too."""

    def tokens(self, written: ServedText) -> list[WrittenToken]:
        """The tokens of the prompt and of the text after it.

        A text that ends before its first token has the end of text in its place: those who score prompts ask
        for one token, and leave out the last.
        """
        if self.scores is None:
            return written.tokens
        ended_at_once = not written.tokens and written.ending.finish_reason == "stop"
        return [*self.scores.tokens, *written.tokens, *([self.scores.end] if ended_at_once else [])]


@router.post(
    "/v1/completions",
    response_model=Completion,
    responses={200: {"content": STREAM}, **documented(404, 429, 503)},
)
async def completions(body: CompletionRequest, request: Request) -> Response:
    """Continue prompts; with `stream`, piece by piece."""
    state = state_of(request)
    asked = await to_thread.run_sync(_asked, state, body)
    echoes = await unless_gone(request, _echoes(state, body, asked))
    writing = Writing(state.engine, state.metrics, asked.texts) if body.max_tokens != 0 else None
    if writing is not None:
        await writing.start()
    if body.stream:
        events = _CompletionStream(state, body, asked, echoes).events(writing)
        return EventStream(events, lambda: None if writing is None else writing.cancel())
    texts = await unless_gone(request, _texts(state, asked, writing))
    return JSONResponse(_completion(state, body, asked, echoes, texts).model_dump())


def _asked(state: ServerState, body: CompletionRequest) -> AskedTexts:
    require_model(state, body.model)
    _require_consistent(body)
    prompts = _prompts(state, body)
    n = body.n or 1
    require_few_texts(state, len(prompts) * n, param="prompt" if n == 1 else "n")
    options = body.openbook or OpenbookOptions()
    reading = reading_of(state, options)
    sampling = sampling_of(state, body, temperature=_DEFAULT_TEMPERATURE)
    require_options(state, options, temperature=sampling.temperature)
    texts: list[TextRequest] = []
    for ids in prompts:
        prompt = len(state.model.prefix_ids) + len(ids)
        length = length_of(
            state,
            prompt,
            body.max_tokens or None,
            default=_DEFAULT_TOKENS,
            param="max_tokens",
            options=options,
        )
        request = TextRequest(
            prompt_ids=ids,
            sampling=sampling,
            max_new_tokens=length,
            lookup=reading.lookup,
            stop=stops_of(body.stop),
            min_new_tokens=shortest_of(body.min_tokens, length),
            seed=body.seed,
            num_logprobs=body.logprobs,
            drafts=options.drafts,
            influence=options.influence,
        )
        texts += text_requests(request, n)
    if body.max_tokens == 0 and body.logprobs is None:
        reading = ReadBook(None, None)  # nothing is written or scored: nothing is read
    return AskedTexts(texts, reading, footnotes=options.footnotes)


def _require_consistent(body: CompletionRequest) -> None:
    wrong = {
        "stream_options: needs stream": body.stream_options is not None and not body.stream,
        "max_tokens: 0 needs echo": body.max_tokens == 0 and not body.echo,
    }
    for said, is_so in wrong.items():
        if is_so:
            raise ApiError(400, said, param=said.partition(":")[0], code="invalid_value")


def _prompts(state: ServerState, body: CompletionRequest) -> list[tuple[int, ...]]:
    """The tokens of each prompt; special tokens in a text are text."""
    given = body.prompt
    several = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    tokenizer = state.chat.tokenizer
    prompts = []
    for prompt in several:
        ids = tokenizer.encode([prompt])[0] if isinstance(prompt, str) else prompt
        assert isinstance(ids, list)
        for token in ids:
            if not isinstance(token, int) or token >= tokenizer.vocab_size:
                said = f"prompt: token {token} is not in the vocabulary of {tokenizer.vocab_size:,}"
                raise ApiError(400, said, param="prompt", code="invalid_value")
        with parameter("prompt"):
            prompts.append(without_prefix(state.model, ids))
    return prompts


async def _echoes(state: ServerState, body: CompletionRequest, asked: AskedTexts) -> list[Echo]:
    """What stands before each text; a prompt is scored once, however many texts follow it.

    Raises:
        EngineBusyError: there is no room for the first score; the others wait until there is.
    """
    echoes: list[Echo] = []
    n = body.n or 1
    for number, request in enumerate(asked.texts):
        if number % n:
            echoes.append(echoes[-1])
            continue
        text = state.chat.tokenizer.decode([request.prompt_ids])[0] if body.echo else ""
        is_scored = body.echo and body.logprobs is not None
        scores = await _scores(state, body, request, is_first=number == 0) if is_scored else None
        echoes.append(Echo(text, scores))
    return echoes


async def _scores(
    state: ServerState, body: CompletionRequest, request: TextRequest, *, is_first: bool
) -> PromptScores:
    score = partial(
        score_prompt,
        ids=request.prompt_ids,
        lookup=request.lookup,
        tokenizer=state.chat.tokenizer,
        num_likeliest=max(1, body.logprobs or 0),
    )
    while True:
        try:
            return await asyncio.wrap_future(state.engine.run_in_parts(score))
        except EngineBusyError:
            if is_first:
                raise
        await asyncio.sleep(RETRY)


# --- At once ---


async def _texts(state: ServerState, asked: AskedTexts, writing: Writing | None) -> list[ServedText]:
    if writing is not None:
        return await written_texts(asked, writing)
    return [ServedText(end=_unwritten(state, request)) for request in asked.texts]


def _unwritten(state: ServerState, request: TextRequest) -> ReplyEnd:
    """How a text ends that was to have no tokens."""
    return ReplyEnd("length", len(state.model.prefix_ids) + len(request.prompt_ids), 0, request.seed or 0)


def _completion(
    state: ServerState,
    body: CompletionRequest,
    asked: AskedTexts,
    echoes: Sequence[Echo],
    texts: Sequence[ServedText],
) -> Completion:
    pairs = zip(echoes, texts, strict=True)
    choices = [_choice(state, body, asked, number, *pair) for number, pair in enumerate(pairs)]
    return Completion(
        id=new_id("cmpl"),
        created=int(time()),
        model=body.model,
        choices=choices,
        usage=usage_of([text.ending for text in texts], each=body.n or 1),
        openbook=choices[0].openbook,
    )


def _choice(
    state: ServerState, body: CompletionRequest, asked: AskedTexts, number: int, echo: Echo, text: ServedText
) -> CompletionChoice:
    citations = [_after(echo, citation) for citation in text.citations]
    return CompletionChoice(
        index=number,
        text=echo.text + text.text,
        logprobs=_logprobs(state, body, echo.tokens(text), begin=0 if echo.scores else len(echo.text)),
        finish_reason=text.ending.finish_reason,
        openbook=book_answer(citations, asked.reading, text.ending),
    )


def _after(echo: Echo, citation: Citation) -> Citation:
    """A citation whose text stands after the echoed prompt."""
    by = len(echo.text)
    copied = [replace(span, start=span.start + by, end=span.end + by) for span in citation.copied]
    return replace(citation, start=citation.start + by, end=citation.end + by, copied=copied)


def _logprobs(
    state: ServerState, body: CompletionRequest, tokens: Sequence[WrittenToken], *, begin: int
) -> CompletionLogprobs | None:
    if body.logprobs is None:
        return None
    return completion_logprobs(state.chat.tokenizer, tokens, begin=begin)


# --- As a stream ---


class _CompletionStream:
    """Writes the events of a stream."""

    def __init__(
        self, state: ServerState, body: CompletionRequest, asked: AskedTexts, echoes: Sequence[Echo]
    ) -> None:
        self._state = state
        self._body = body
        self._asked = asked
        self._echoes = echoes
        self._texts = [ServedText() for _ in asked.texts]
        self._head: dict[str, Any] = {"id": new_id("cmpl"), "created": int(time()), "model": body.model}

    async def events(self, writing: Writing | None) -> AsyncGenerator[str, None]:
        """Echoed prompts first, then what is written, then why it ended; what fails comes as an error."""
        try:
            for number, echo in enumerate(self._echoes):
                if echo.text:
                    tokens = [] if echo.scores is None else echo.scores.tokens
                    yield self._event(number, echo.text, tokens, begin=0)
            async with aclosing(self._parts(writing)) as parts:
                async for told in parts:
                    if told is None:
                        yield KEEP_ALIVE
                    elif (line := self._of(*told)) is not None:
                        yield line
        except Exception as error:  # noqa: BLE001 - the answer has begun: the stream tells it
            yield event(error_of(error, self._state.book_names).body())
        else:
            if self._body.wants_usage:
                usage = usage_of([text.ending for text in self._texts], each=self._body.n or 1)
                yield event(part_of_stream(Completion(**self._head, choices=[], usage=usage), self._body))
        yield DONE

    async def _parts(self, writing: Writing | None) -> AsyncGenerator[tuple[int, ReplyPart] | None, None]:
        if writing is None:
            for number, request in enumerate(self._asked.texts):
                yield number, _unwritten(self._state, request)
            return
        async with aclosing(reply_parts(self._asked, writing, idle=IDLE)) as parts:
            async for told in parts:
                yield told

    def _of(self, number: int, part: ReplyPart) -> str | None:
        text, echo = self._texts[number], self._echoes[number]
        begin = len(echo.text) + len(text.text)
        text.add(part)
        if isinstance(part, ReplyText):
            if not part.text and not (part.tokens and self._body.logprobs is not None):
                return None
            return self._event(number, part.text, part.tokens, begin=begin)
        if isinstance(part, ReplySpan):
            book = book_answer([_after(echo, part.citation)], self._asked.reading)
            return self._event(number, "", (), begin=begin, openbook=book)
        measured = [_after(echo, citation) for citation in part.measured]
        book = book_answer(measured, self._asked.reading, part)
        last = [] if echo.scores is None else echo.tokens(text)[len(echo.scores.tokens) + len(text.tokens) :]
        return self._event(number, "", last, begin=begin, openbook=book, finish_reason=part.finish_reason)

    def _event(
        self, number: int, text: str, tokens: Sequence[WrittenToken], *, begin: int, **said: Any
    ) -> str:
        choice = CompletionChoice(
            index=number,
            text=text,
            logprobs=_logprobs(self._state, self._body, tokens, begin=begin) if tokens else None,
            finish_reason=said.pop("finish_reason", None),
        )
        return event(part_of_stream(Completion(**self._head, choices=[choice], **said), self._body))
