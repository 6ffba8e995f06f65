"""The end of a server: what has come whole is finished, what has not is given up."""

import socket
from collections.abc import Iterator
from threading import Event, Thread
from time import sleep

import pytest

from openbook.errors import SettingsError
from openbook.generation.text_request import TextEvent, TextRequest
from openbook.serve.app import make_app
from openbook.serve.server_process import _Announced, bind, run_server, server_config
from scripted_engine import ScriptedEngine
from serve_events import MakeState, telling

CHAT = b'{"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "openbook": {"retrieval": false}}'


def post(route: str, body: bytes) -> bytes:
    head = f"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


HALF = post("/v1/search", b'{"query": "mill"}')[:-5]


class Ending:
    """A server that is told to end, as by a signal."""

    def __init__(self, make_state: MakeState, engine: ScriptedEngine) -> None:
        started = Event()
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        self.address = bound.getsockname()
        self.unfinished: list[int] = []
        config = server_config(make_app(make_state(engine)))
        self.server = _Announced(config, started.set, self.unfinished.append)
        self.thread = Thread(target=self.server.run, kwargs={"sockets": [bound]}, daemon=True)
        self.thread.start()
        assert started.wait(30)

    def client(self, sent: bytes) -> socket.socket:
        """Somebody who has sent this, once it has arrived."""
        before = len(self.server.server_state.tasks)
        found = socket.create_connection(self.address, timeout=30)
        found.sendall(sent)
        while len(self.server.server_state.tasks) == before:
            sleep(0.005)
        return found


@pytest.fixture
def held() -> Iterator[Event]:
    """Lets a text go on."""
    event = Event()
    yield event
    event.set()


def test_who_has_sent_half_a_request_holds_up_no_end(make_state: MakeState) -> None:
    ending = Ending(make_state, ScriptedEngine(telling("x")))
    half = ending.client(HALF)
    ending.server.should_exit = True
    ending.thread.join(30)
    assert not ending.thread.is_alive()
    assert half.recv(1000) == b""
    assert ending.unfinished == []


def test_what_has_come_whole_is_finished(make_state: MakeState, held: Event) -> None:
    def slowly(request: TextRequest) -> Iterator[TextEvent]:
        assert held.wait(30)
        yield from telling("a river")(request)

    ending = Ending(make_state, ScriptedEngine(slowly))
    half, whole = ending.client(HALF), ending.client(post("/v1/chat/completions", CHAT))
    ending.server.should_exit = True
    assert half.recv(1000) == b""
    assert ending.thread.is_alive()
    assert ending.unfinished == [1]  # whoever has typed Ctrl-C is told what is waited for
    held.set()
    ending.thread.join(30)
    answer = b""
    while part := whole.recv(10_000):
        answer += part
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"a river" in answer


def test_who_was_faster_to_listen_at_an_address_that_both_have_bound_is_told(make_state: MakeState) -> None:
    first = bind("127.0.0.1", 0)
    port = first.getsockname()[1]
    try:
        second = bind("127.0.0.1", port)
    except SettingsError:  # where the system lets only one bind it
        first.close()
        return
    app = make_app(make_state(ScriptedEngine(telling("x"))))
    with first, second:
        first.listen()
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}: cannot be bound"):
            run_server(app, second, "127.0.0.1", on_ready=lambda url: None, on_ending=lambda count: None)


def test_nobody_is_heard_before_the_server_runs() -> None:
    with bind("127.0.0.1", 0) as bound, pytest.raises(ConnectionRefusedError):
        socket.create_connection(bound.getsockname())
