"""Completions: texts, arrays and tokens as prompts; echoed and scored; at once and as a stream."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from openbook.errors import EngineBusyError
from openbook.generation.citations import Citation
from openbook.generation.text_request import (
    SpanRead,
    TextEnd,
    TextEvent,
    TextPiece,
    TextRequest,
    TokenLogprob,
    WrittenToken,
)
from openbook.model import RetroForCausalLM
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, chunks_of, neighbor, telling


def ask(serve: Serve, state: Any, **body: Any) -> Any:
    answer = serve(state).http.post("/v1/completions", json={"model": "tiny"} | body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_prompt_is_continued(make_state: MakeState, serve: Serve) -> None:
    engine = ScriptedEngine(telling(" a river", " runs."))
    server = serve(make_state(engine))
    answer = server.client.completions.create(model="tiny", prompt="Down", stop=None, seed=5)
    assert answer.choices[0].text == " a river runs."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].logprobs is None
    (request,) = engine.requests
    assert (request.max_new_tokens, request.seed, request.stop, request.num_logprobs) == (16, 5, (), None)
    assert server.state.chat.tokenizer.decode([request.prompt_ids]) == ["Down"]


def test_prompts_in_an_array_each_have_n_texts(make_state: MakeState, serve: Serve) -> None:
    engine = ScriptedEngine(telling("x"))
    state = make_state(engine)
    answer = ask(serve, state, prompt=["one", "two"], n=2, seed=10)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    decoded = state.chat.tokenizer.decode([request.prompt_ids for request in engine.requests])
    assert decoded == ["one", "one", "two", "two"]
    assert [request.seed for request in engine.requests] == [10, 11, 10, 11]
    lengths = [len(request.prompt_ids) for request in engine.requests]
    assert answer["usage"]["prompt_tokens"] == lengths[0] + lengths[2]


def test_prompts_may_be_tokens(make_state: MakeState, serve: Serve) -> None:
    engine = ScriptedEngine(telling("x"))
    state = make_state(engine)
    server = serve(state)
    for prompt, expected in (([5, 6], [(5, 6)]), ([[5, 6], [7]], [(5, 6), (7,)])):
        engine.requests.clear()
        answer = server.http.post("/v1/completions", json={"model": "tiny", "prompt": prompt})
        assert answer.status_code == 200
        assert [request.prompt_ids for request in engine.requests] == expected
    wrong = server.http.post("/v1/completions", json={"model": "tiny", "prompt": [10**6]})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "prompt")


def test_more_texts_than_the_queue_has_room_for_are_written_in_turn(
    make_state: MakeState, serve: Serve
) -> None:
    engine = ScriptedEngine(telling("x"), room=2)
    answer = ask(serve, make_state(engine), prompt=["a", "b", "c", "d", "e"])
    assert [choice["text"] for choice in answer["choices"]] == ["x"] * 5


def written(request: TextRequest) -> Iterator[TextEvent]:
    likeliest = (TokenLogprob(70, -0.5), TokenLogprob(71, -1.0))
    yield TextPiece("ab", (WrittenToken(71, -1.0, likeliest),))
    yield SpanRead(Citation(0, 2, [neighbor(3)]))
    yield TextEnd("ab", [], "length", 2, 1, 0)


def test_an_echoed_prompt_is_scored(make_state: MakeState, serve: Serve, trained: RetroForCausalLM) -> None:
    state = make_state(ScriptedEngine(written, model=trained))
    answer = ask(serve, state, prompt="hello there", echo=True, logprobs=1, max_tokens=1)
    (choice,) = answer["choices"]
    tokens = state.chat.tokenizer.encode(["hello there"])[0]
    assert choice["text"] == "hello thereab"
    scored = choice["logprobs"]
    assert len(scored["tokens"]) == len(tokens) + 1
    assert "".join(scored["tokens"][:-1]) == "hello there"
    assert scored["text_offset"][:3] == [0, len(scored["tokens"][0]), len("".join(scored["tokens"][:2]))]
    assert scored["token_logprobs"][0] is None
    assert scored["top_logprobs"][0] is None
    for logprob, top in zip(scored["token_logprobs"][1:], scored["top_logprobs"][1:], strict=True):
        assert logprob <= max(top.values())
        assert logprob in top.values()
    assert choice["openbook"]["citations"][0]["start"] == len("hello there")


class Crowded(ScriptedEngine):
    """Others take all room after the first score, twice."""

    scored = 0

    def run_in_parts(self, begin: Any) -> Any:
        self.scored += 1
        if self.scored in (2, 3):
            raise EngineBusyError("as many wait as may")
        return super().run_in_parts(begin)


def test_a_request_that_is_half_scored_waits_for_room(
    make_state: MakeState, serve: Serve, trained: RetroForCausalLM
) -> None:
    engine = Crowded(written, model=trained)
    body = {"prompt": ["hello", "there"], "echo": True, "logprobs": 1, "max_tokens": 0}
    answer = ask(serve, make_state(engine), **body)
    assert [choice["text"] for choice in answer["choices"]] == ["hello", "there"]
    assert engine.scored == 4


def test_a_prompt_may_be_scored_alone(make_state: MakeState, serve: Serve, trained: RetroForCausalLM) -> None:
    engine = ScriptedEngine(written, model=trained)
    answer = ask(serve, make_state(engine), prompt="hello there", echo=True, logprobs=2, max_tokens=0)
    assert engine.requests == []
    assert answer["choices"][0]["text"] == "hello there"
    assert answer["usage"]["completion_tokens"] == 0


@pytest.mark.parametrize(("logprobs", "version"), [(None, None), (1, 1)])
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_is_only_echoed_was_written_from_no_book(
    make_state: MakeState,
    serve: Serve,
    trained: RetroForCausalLM,
    logprobs: int | None,
    version: int | None,
    stream: bool,
) -> None:
    """Scored it is: its chunks are looked up."""
    server = serve(make_state(ScriptedEngine(written, model=trained)))
    body = {"model": "tiny", "prompt": "hello there", "echo": True, "max_tokens": 0, "logprobs": logprobs}
    sent = server.http.post("/v1/completions", json=body | {"stream": stream})
    said = (chunks_of(sent)[-1] if stream else sent.json())["openbook"]
    assert (said["version"], said["book"]) == (version, None if version is None else "fables")


def test_a_text_that_ends_at_once_leaves_the_last_place_to_the_end(
    make_state: MakeState, serve: Serve, trained: RetroForCausalLM
) -> None:
    """Harnesses ask for one token and leave it out: without it they would leave out the prompt's last."""
    state = make_state(ScriptedEngine(telling(), model=trained))
    (choice,) = ask(serve, state, prompt="hello", echo=True, logprobs=1, max_tokens=1)["choices"]
    assert choice["logprobs"]["tokens"][-1] == state.chat.tokenizer.end_of_text
    assert choice["text"] == "hello"


@pytest.mark.parametrize("echo", [False, True])
def test_a_stream_tells_what_is_told_at_once(
    make_state: MakeState, serve: Serve, trained: RetroForCausalLM, echo: bool
) -> None:
    body = {"prompt": "hello", "echo": echo, "logprobs": 2, "max_tokens": 1, "model": "tiny", "n": 2}
    server = serve(make_state(ScriptedEngine(written, model=trained)))
    whole = server.http.post("/v1/completions", json=body).json()
    streamed = body | {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last = chunks_of(server.http.post("/v1/completions", json=streamed))
    assert last["usage"] == whole["usage"]
    for choice in whole["choices"]:
        mine = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["index"] == choice["index"]]
        assert "".join(chunk["text"] for chunk in mine) == choice["text"]
        assert mine[-1]["finish_reason"] == choice["finish_reason"]
        for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"):
            parts = [chunk["logprobs"][name] for chunk in mine if chunk["logprobs"]]
            assert list(chain.from_iterable(parts)) == choice["logprobs"][name]
    spans = [chunk["openbook"]["citations"] for chunk in chunks if chunk.get("openbook")]
    assert next(span[0] for span in spans if span) == whole["openbook"]["citations"][0]
