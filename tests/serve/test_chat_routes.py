"""Chats, by OpenAI's client: at once and as a stream, and what breaks clients elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import openai
import pytest

from fake_judge import FakeJudge
from openbook.errors import DatabaseError
from openbook.generation.citations import Citation
from openbook.generation.text_request import TextEvent, TextFailure, TextPiece, TextRequest
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, chunks_of, neighbor, telling

HELLO = [{"role": "user", "content": "What color is the gate?"}]
GREEN = [Citation(0, 12, [neighbor(1)])]


def test_an_answer_with_its_sources(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("It is", " green.", spans=GREEN))))
    answer = server.client.chat.completions.create(model="tiny", messages=HELLO)
    message = answer.choices[0].message
    assert (message.role, message.content, message.refusal) == ("assistant", "It is green.", None)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 2
    (annotation,) = message.annotations
    cited = annotation.url_citation
    assert (cited.url, cited.title) == ("openbook://fables/doc1", "title 1")
    assert message.content[cited.start_index : cited.end_index] == "It is green."
    (citation,) = answer.openbook["citations"]
    assert (citation["start"], citation["end"]) == (0, 12)
    assert citation["neighbors"][0]["document_id"] == "doc1"
    assert answer.openbook["book"] == "fables"


@pytest.mark.parametrize("stream", [False, True])
def test_names_of_the_question_that_nothing_mentions(
    make_state: MakeState, serve: Serve, stream: bool
) -> None:
    server = serve(make_state(ScriptedEngine(telling("It is", " green.", spans=GREEN))))
    asked = [{"role": "user", "content": "which gate in the Title 1 is of Harrow?"}]
    body = {"model": "tiny", "messages": asked, "stream": stream}
    answer = server.http.post("/v1/chat/completions", json=body)
    found = [chunk for chunk in chunks_of(answer) if "openbook" in chunk] if stream else [answer.json()]
    told = [chunk["openbook"] for chunk in found]
    assert [one["unmentioned"] for one in told if one["citations"]] == [["Harrow"]]


def test_a_stream_as_clients_expect_it(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("It is", " green.", spans=GREEN))))
    body = {"model": "tiny", "messages": HELLO, "stream": True}
    chunks = chunks_of(server.http.post("/v1/chat/completions", json=body))
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks[1:3]] == ["It is", " green."]
    spans = [chunk for chunk in chunks if "annotations" in chunk["choices"][0]["delta"]]
    assert [list(chunk["choices"][0]["delta"]) for chunk in spans] == [["annotations"]]
    assert spans[0]["openbook"]["citations"][0]["end"] == 12
    assert [chunk["choices"][0].get("finish_reason") for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["choices"][0]["delta"] == {}
    assert not any("usage" in chunk for chunk in chunks)
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


def test_usage_is_told_only_where_it_is_asked_for(make_state: MakeState, serve: Serve) -> None:
    server = serve(make_state(ScriptedEngine(telling("Green."))))
    stream = server.client.chat.completions.create(
        model="tiny", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    assert all(chunk.usage is None for chunk in chunks)
    assert last.choices == []
    assert last.usage.completion_tokens == 1


def test_an_error_in_the_middle_of_a_stream(make_state: MakeState, serve: Serve) -> None:
    def script(request: TextRequest) -> Iterator[TextEvent]:
        yield TextPiece("It", ())
        yield TextFailure(DatabaseError(f"{server.state.books.default.path}: is damaged"))

    server = serve(make_state(ScriptedEngine(script)))
    stream = server.client.chat.completions.create(model="tiny", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError, match=r"^the book 'fables': is damaged") as raised:
        list(stream)
    assert raised.value.code == "book_unavailable"


def test_the_first_question_is_judged_and_no_other(make_state: MakeState, serve: Serve) -> None:
    asked: list[TextRequest] = []

    def script(request: TextRequest) -> Iterator[TextEvent]:
        asked.append(request)
        return telling("Green.")(request)

    judge: Any = FakeJudge(finds=True)
    server = serve(replace(make_state(ScriptedEngine(script)), judge=judge))
    first = {"role": "user", "content": "Number 3. What follows?"}
    said = [first, {"role": "assistant", "content": "Green."}, {"role": "user", "content": "Number 4?"}]
    for messages in ([first], [{"role": "system", "content": "Be brief."}, first], said):
        server.client.chat.completions.create(model="tiny", messages=messages)
    server.client.completions.create(model="tiny", prompt="the fox")
    judged = [request.lookup and request.lookup.found for request in asked]
    assert [found is not None for found in judged] == [True, True, False, False]
    assert [question for question, _ in judge.asked] == [first["content"]] * 2


def test_where_there_is_no_room_nothing_is_judged(make_state: MakeState, serve: Serve) -> None:
    judge: Any = FakeJudge(finds=True)
    server = serve(replace(make_state(ScriptedEngine(telling("Green."), room=0)), judge=judge))
    said = [{"role": "user", "content": "Number 3. What follows?"}]
    answer = server.http.post("/v1/chat/completions", json={"model": "tiny", "messages": said})
    assert (answer.status_code, judge.asked) == (429, [])


def test_a_question_for_which_many_wait_is_judged_by_the_engine(make_state: MakeState, serve: Serve) -> None:
    """Else they would hold all threads, and searches would wait for them."""
    asked: list[TextRequest] = []

    def script(request: TextRequest) -> Iterator[TextEvent]:
        asked.append(request)
        return telling("Green.")(request)

    judge: Any = FakeJudge(finds=True)
    state = replace(make_state(ScriptedEngine(script)), judge=judge)
    server = serve(state)
    while state.judging_places.acquire(blocking=False):
        pass
    said = [{"role": "user", "content": "Number 3. What follows?"}]
    server.client.chat.completions.create(model="tiny", messages=said)
    (request,) = asked
    assert request.lookup is not None
    assert (request.lookup.judge, request.lookup.found, judge.asked) == (judge, None, [])
