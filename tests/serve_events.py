"""What the tests of the server share: a server in a thread, and what an engine may tell."""

import json
import socket
from collections.abc import Callable, Iterator
from functools import cached_property
from threading import Thread
from time import sleep
from typing import Any

import httpx
import openai
import uvicorn

from openbook.generation.citations import Citation, CitedNeighbor
from openbook.generation.text_request import SpanRead, TextEnd, TextEvent, TextPiece, TextRequest
from openbook.serve.server_process import server_config
from openbook.serve.server_state import ServerState

MakeState = Callable[..., ServerState]
Serve = Callable[..., "Running"]


class Running:
    """A server on a free port of this machine."""

    def __init__(self, state: ServerState, app: Any) -> None:
        self.state = state
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(server_config(app))
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            sleep(0.005)

    @cached_property
    def http(self) -> httpx.Client:
        """A plain client."""
        return httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    @cached_property
    def client(self) -> openai.OpenAI:
        """OpenAI's client, which tries nothing twice."""
        http = openai.DefaultHttpxClient(trust_env=False)
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0, http_client=http)

    def stop(self) -> None:
        """End it as SIGTERM does."""
        self._server.should_exit = True
        self._thread.join(timeout=30)


def neighbor(number: int = 0, *, attention: float | None = 1.0, **changes: Any) -> CitedNeighbor:
    """A neighbor with these fields."""
    fields = {"title": f"title {number}", "source": f"notes/{number}.md", "text": "It is green."} | changes
    about = {"document_id": f"doc{number}", "chunk_id": number, "continuation": "", "score": 1.0} | fields
    return CitedNeighbor(**about, attention=attention)


def telling(
    *pieces: str, spans: list[Citation] | None = None, reason: str = "stop"
) -> Callable[[TextRequest], Iterator[TextEvent]]:
    """A script that writes these pieces, then says what they were written from."""

    def script(request: TextRequest) -> Iterator[TextEvent]:
        text = "".join(pieces)
        for piece in pieces:
            yield TextPiece(piece, ())
        for span in spans or []:
            yield SpanRead(span)
        yield TextEnd(text, spans or [], reason, len(request.prompt_ids), len(pieces), request.seed or 7)  # type: ignore[arg-type]

    return script


def chunks_of(answer: httpx.Response) -> list[Any]:
    """The data of a stream's events; the last is [DONE]."""
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]
