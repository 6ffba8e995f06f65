"""Streams and those who read them: slowly, not at all, or no more."""

import json
import socket
from collections.abc import Callable, Iterator
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from openbook.generation.text_request import TextEnd, TextEvent, TextPiece, TextRequest
from openbook.serve import chat_routes, event_stream
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Running, Serve, chunks_of, telling

CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Go on."}]}
ROUTES = {
    "chat/completions": CHAT,
    "completions": {"model": "tiny", "prompt": "Go on"},
    "responses": {"model": "tiny", "input": "Go on."},
}


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is bound to happen."""
    give_up = monotonic() + 20
    while not condition():
        assert monotonic() < give_up
        sleep(0.01)


def endless(request: TextRequest) -> Iterator[TextEvent]:
    """Writes until nobody wants it any more: the scripted engine ends what is canceled."""
    while True:
        yield TextPiece("on ", ())
        sleep(0.005)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_frees_its_place(
    make_state: MakeState, serve: Serve, caplog: pytest.LogCaptureFixture, route: str, stream: bool
) -> None:
    engine = ScriptedEngine(endless)
    server = serve(make_state(engine))
    body = json.dumps(ROUTES[route] | {"stream": stream}).encode()
    head = f"POST /v1/{route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        until(lambda: engine.num_running == 1)
    until(lambda: engine.num_running == 0)
    assert engine.tickets[0].canceled.is_set()
    server.stop()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_comments_keep_a_silent_stream_alive(
    make_state: MakeState, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = Event()

    def slow(request: TextRequest) -> Iterator[TextEvent]:
        waited.wait(20)
        yield from telling("Green.")(request)

    monkeypatch.setattr(chat_routes, "IDLE", 0.02)
    server = serve(make_state(ScriptedEngine(slow)))
    with server.http.stream("POST", "/v1/chat/completions", json=CHAT | {"stream": True}) as answer:
        lines = answer.iter_lines()
        assert event_stream.KEEP_ALIVE.strip() in (next(lines) for _ in range(20))
        waited.set()
        assert list(lines)[-2] == "data: [DONE]"
    waited.clear()
    Thread(target=lambda: (sleep(0.1), waited.set())).start()
    stream = server.client.chat.completions.create(**CHAT, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Green."


def test_a_reader_that_does_not_read_holds_nobody_up(make_state: MakeState, serve: Serve) -> None:
    def long(request: TextRequest) -> Iterator[TextEvent]:
        if request.max_new_tokens == 5:
            yield from telling("short")(request)
            return
        for _ in range(3000):
            yield TextPiece("x" * 3000, ())
        yield TextEnd("", [], "length", 1, 1, 0)

    engine = ScriptedEngine(long)
    server = serve(make_state(engine))
    body = json.dumps(CHAT | {"stream": True}).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        until(lambda: len(engine.requests) == 1)
        short = server.http.post("/v1/chat/completions", json=CHAT | {"max_tokens": 5}).json()
        assert short["choices"][0]["message"]["content"] == "short"


def test_hostile_text_breaks_no_stream(make_state: MakeState, serve: Serve) -> None:
    hostile = '\n\ndata: [DONE]\n\ndata: {"x":1}\r\n\u2028\u0085 "}\\'
    server = serve(make_state(ScriptedEngine(telling(*hostile))))
    chunks = chunks_of(server.http.post("/v1/chat/completions", json=CHAT | {"stream": True}))
    deltas = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "".join(deltas) == hostile
    stream = server.client.chat.completions.create(**CHAT, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == hostile


def test_what_runs_is_finished_when_the_server_stops(make_state: MakeState, serve: Serve) -> None:
    go_on = Event()

    def slow(request: TextRequest) -> Iterator[TextEvent]:
        yield TextPiece("It is", ())
        go_on.wait(20)
        yield TextPiece(" green.", ())
        yield TextEnd("It is green.", [], "stop", 1, 2, 0)

    engine = ScriptedEngine(slow)
    server = serve(make_state(engine))
    answers: list[httpx.Response] = []

    def ask() -> Any:
        answers.append(server.http.post("/v1/chat/completions", json=CHAT))

    asking = Thread(target=ask)
    asking.start()
    until(lambda: engine.num_running == 1)
    stopping = Thread(target=server.stop)
    stopping.start()
    until(lambda: not _answers(server))
    go_on.set()
    asking.join(20)
    stopping.join(20)
    assert answers[0].json()["choices"][0]["message"]["content"] == "It is green."
    assert engine.closed


def _answers(server: Running) -> bool:
    try:
        httpx.get(f"{server.url}/health", trust_env=False)
    except httpx.TransportError:
        return False
    return True
