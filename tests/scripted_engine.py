"""An engine that writes what a test says, as the real one would tell it."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from openbook.errors import EngineBusyError
from openbook.generation.text_request import OnEvent, TextEnd, TextEvent, TextFailure, TextRequest
from openbook.model import RetroForCausalLM

Script = Callable[[TextRequest], Iterator[TextEvent]]


@dataclass
class Ticket:
    """Knows whether somebody has given it up."""

    canceled: Event = field(default_factory=Event)

    def cancel(self) -> None:
        self.canceled.set()


class ScriptedEngine:
    """Writes each text on a thread of its own."""

    def __init__(self, script: Script, *, model: RetroForCausalLM | None = None, room: int = 64) -> None:
        self.script = script
        self.room = room
        self.requests: list[TextRequest] = []
        self.tickets: list[Ticket] = []
        self.num_running = 0
        self.num_waiting = 0
        self.closed = False
        self.is_alive = True
        self._model = model

    @property
    def is_full(self) -> bool:
        return self.num_running >= self.room

    def submit(self, request: TextRequest, on_event: OnEvent) -> Ticket:
        if self.num_running >= self.room:
            raise EngineBusyError(f"{self.room} texts wait; ask again later")
        self.num_running += 1
        self.requests.append(request)
        ticket = Ticket()
        self.tickets.append(ticket)
        Thread(target=self._write, args=(request, on_event, ticket), daemon=True).start()
        return ticket

    def _write(self, request: TextRequest, on_event: OnEvent, ticket: Ticket) -> None:
        for event in self.script(request):
            told = TextEnd("", [], "cancelled", 1, 0, 0) if ticket.canceled.is_set() else event
            last = isinstance(told, TextEnd | TextFailure)
            self.num_running -= last
            on_event(told)
            if last:
                return

    def run_in_parts(self, begin: Callable[[RetroForCausalLM], Generator[None, None, Any]]) -> "Future[Any]":
        future: Future[Any] = Future()
        assert self._model is not None
        parts = begin(self._model)
        while True:
            try:
                next(parts)
            except StopIteration as end:
                future.set_result(end.value)
                return future

    def close(self, *, finish: bool = True) -> None:
        self.closed = True
