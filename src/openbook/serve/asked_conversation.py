"""From a conversation to what the engine is asked to write: the chat template, and what is looked up."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from openbook.errors import SettingsError
from openbook.generation.conversation import (
    conversation_ids,
    conversation_request,
    stands_alone,
    without_prefix,
)
from openbook.generation.question_fetcher import judged_lookup
from openbook.generation.text_request import Lookup, TextRequest
from openbook.serve.api_errors import parameter
from openbook.serve.asked_texts import (
    AskedTexts,
    length_of,
    reading_of,
    require_few_texts,
    require_options,
    sampling_of,
    shortest_of,
    text_requests,
)
from openbook.serve.server_state import ServerState
from openbook.serve.text_fields import DrawingFields, OpenbookOptions
from openbook.text import Turn


def turn_of(role: Literal["system", "developer", "user", "assistant"], text: str) -> Turn:
    """A message as a turn: what developers say is what the system says."""
    return Turn("system" if role == "developer" else role, text)


def asked_conversation(
    state: ServerState,
    messages: Sequence[Turn],
    drawing: DrawingFields,
    options: OpenbookOptions | None,
    *,
    length: int | None,
    length_name: str,
    conversation_name: str,
    n: int = 1,
    stop: Sequence[str] = (),
    min_tokens: int | None = None,
    num_logprobs: int | None = None,
) -> AskedTexts:
    """Put a conversation to the model. What the user said last is what is looked up.

    Args:
        state: with model and books.
        messages: the conversation.
        drawing: how tokens are drawn; by default the likeliest one is taken, as `openbook ask` does.
        options: what is read.
        length: the longest answer; None: the server's.
        length_name: of the parameter that says so.
        conversation_name: of the parameter that has the conversation.
        n: answers.
        stop: texts that end an answer, beside the end of the turn.
        min_tokens: the shortest answer.
        num_logprobs: see `TextRequest`.

    Raises:
        ApiError, ParameterError, DatabaseError: it cannot be answered.
    """
    require_few_texts(state, n, param="n")
    options = options or OpenbookOptions()
    with parameter(conversation_name):
        _require_question(messages)
        ids = without_prefix(state.model, conversation_ids(state.model, state.chat, messages))
    prompt = len(state.model.prefix_ids) + len(ids)
    sampling = sampling_of(state, drawing, temperature=0.0)
    require_options(state, options, temperature=sampling.temperature)
    default = state.settings.default_tokens
    longest = length_of(state, prompt, length, default=default, param=length_name, options=options)
    request = TextRequest(
        prompt_ids=ids,
        sampling=sampling,
        max_new_tokens=longest,
        stop=tuple(stop),
        seed=drawing.seed,
        min_new_tokens=shortest_of(min_tokens, longest),
        num_logprobs=num_logprobs,
        drafts=options.drafts,
        influence=options.influence,
    )
    reading = reading_of(state, options, messages[-1].text.strip(), judged=stands_alone(messages))
    reading = replace(reading, lookup=_judged(state, reading.lookup))
    request = conversation_request(state.chat, replace(request, lookup=reading.lookup))
    texts = text_requests(request, n)
    return AskedTexts(texts, reading, footnotes=options.footnotes)


def _judged(state: ServerState, lookup: Lookup | None) -> Lookup | None:
    """Have a question judged once for all its answers, and on this thread: the engine's goes on writing.

    One for whose answers there is no room is left as it is, and refused at once; so is one for which too many
    wait, which the engine has judged.
    """
    if lookup is None or lookup.judge is None or state.engine.is_full:
        return lookup
    if not state.judging_places.acquire(blocking=False):
        return lookup
    try:
        with state.judging:
            return judged_lookup(state.model, state.chat.tokenizer, lookup)
    finally:
        state.judging_places.release()


def _require_question(messages: Sequence[Turn]) -> None:
    if not messages or messages[-1].role != "user":
        raise SettingsError("the last message must be the user's: it is what is answered")
    if not messages[-1].text.strip():
        raise SettingsError("the last message is empty; ask something")
