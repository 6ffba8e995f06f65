"""What stands before the replicas, with replicas that a test plays: what is said when one is lost."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

pytest.importorskip("ray.serve", reason="needs Ray: pip install 'openbook[cluster]'")
pytest.importorskip("starlette", reason="needs the extra serve")

from ray.exceptions import ActorDiedError
from ray.serve.exceptions import BackPressureError

from openbook.cluster.replica_front import ReplicaFront

Script = Callable[[dict[str, Any], bytes], AsyncGenerator[dict[str, Any], None]]
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
STREAM = START | {"headers": [(b"Content-Type", b"text/event-stream; charset=utf-8")]}


class Answer:
    """What Ray Serve's handle returns: messages, and a way to give them up."""

    def __init__(self, messages: AsyncGenerator[dict[str, Any], None]) -> None:
        self.messages = messages
        self.is_cancelled = False

    def __aiter__(self) -> AsyncGenerator[dict[str, Any], None]:
        return self.messages

    def cancel(self) -> None:
        self.is_cancelled = True


class Handle:
    """Ray Serve's handle of one replica, which answers as the test says."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.answers: list[Answer] = []

    def options(self, **options: Any) -> "Handle":
        assert options == {"stream": True, "method_name": "answer"}
        return self

    def remote(self, scope: dict[str, Any], body: bytes) -> Answer:
        self.answers.append(Answer(self.script(scope, body)))
        return self.answers[-1]


def ask(script: Script, *parts: bytes, path: str = "/v1/completions", leaves: bool = False) -> Any:
    """Ask the front; returns what it sent, and the handle."""
    handle = Handle(script)
    incoming = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    incoming.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def run() -> None:
        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop(0)
            if not leaves:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "headers": [], "extensions": {"a": object()}}
        async with asyncio.timeout(30):
            await ReplicaFront(handle)(scope, receive, send)

    asyncio.run(run())
    return sent, handle


def error_of(sent: list[dict[str, Any]]) -> tuple[int, dict[bytes, bytes], Any]:
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])["error"]


def test_messages_pass_as_they_are() -> None:
    bodies = [{"type": "http.response.body", "body": b"1", "more_body": True}, {"type": "http.response.body"}]

    async def script(scope: dict[str, Any], body: bytes) -> AsyncGenerator[dict[str, Any], None]:
        assert (scope["path"], body, "extensions" in scope) == ("/v1/completions", b"abcd", False)
        for message in (START, *bodies):
            yield message

    assert ask(script, b"ab", b"cd")[0] == [START, *bodies]


def test_a_lost_replica_is_a_503_to_ask_again() -> None:
    async def script(scope: dict[str, Any], body: bytes) -> AsyncGenerator[dict[str, Any], None]:
        yield START  # nothing of the body has come: it can still be another answer
        raise ActorDiedError

    status, headers, error = error_of(ask(script)[0])
    assert (status, error["code"], error["type"]) == (503, "replica_lost", "server_error")
    assert int(headers[b"retry-after"]) > 0


ROUTES = [("/v1/chat/completions", b"data: "), ("/v1/responses", b"event: error\n")]


@pytest.mark.parametrize(("path", "begins"), ROUTES)
def test_in_a_stream_it_is_an_event(path: str, begins: bytes) -> None:
    piece = {"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True}

    async def script(scope: dict[str, Any], body: bytes) -> AsyncGenerator[dict[str, Any], None]:
        yield STREAM
        yield piece
        raise ActorDiedError

    sent, _ = ask(script, path=path)
    assert sent[:2] == [STREAM, piece]
    assert sent[2]["body"].startswith(begins)
    assert json.loads(sent[2]["body"].partition(b"data: ")[2])["error"]["code"] == "replica_lost"
    assert sent[2]["more_body"] is False


def test_half_of_another_answer_is_not_completed() -> None:
    async def script(scope: dict[str, Any], body: bytes) -> AsyncGenerator[dict[str, Any], None]:
        yield START
        yield {"type": "http.response.body", "body": b"{", "more_body": True}
        raise ActorDiedError

    with pytest.raises(ActorDiedError):
        ask(script)


def test_too_many_requests_are_told_to_come_again() -> None:
    async def script(scope: dict[str, Any], body: bytes) -> AsyncGenerator[dict[str, Any], None]:
        raise BackPressureError(num_queued_requests=9, max_queued_requests=8)
        yield START

    status, headers, error = error_of(ask(script)[0])
    assert (status, error["code"]) == (429, "rate_limit_exceeded")
    assert int(headers[b"retry-after"]) > 0


def test_whoever_hangs_up_ends_the_replicas_work() -> None:
    async def script(scope: dict[str, Any], body: bytes) -> AsyncGenerator[dict[str, Any], None]:
        yield STREAM
        yield {"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True}
        await asyncio.Event().wait()

    _, handle = ask(script, leaves=True)
    assert handle.answers[0].is_cancelled
