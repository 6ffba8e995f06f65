"""The texts of a request: what is handed in for somebody who is gone meanwhile."""

import asyncio
from threading import Event
from typing import Any

import pytest

from openbook.generation import Sampling
from openbook.generation.text_request import TextRequest
from openbook.serve.server_metrics import ServerMetrics
from openbook.serve.writing import Writing
from scripted_engine import ScriptedEngine
from serve_events import telling


class SlowEngine(ScriptedEngine):
    """Takes its time to accept a text."""

    def __init__(self) -> None:
        super().__init__(telling("It is."))
        self.is_asked, self.accepts, self.has_accepted = Event(), Event(), Event()

    def submit(self, *arguments: Any) -> Any:
        self.is_asked.set()
        assert self.accepts.wait(20)
        ticket = super().submit(*arguments)
        self.has_accepted.set()
        return ticket


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_a_text_that_is_handed_in_when_its_client_goes_is_given_up(is_cancelled: bool) -> None:
    engine = SlowEngine()

    async def ask_and_go() -> None:
        request = TextRequest(prompt_ids=(1,), sampling=Sampling(), max_new_tokens=4)
        writing = Writing(engine, ServerMetrics(lambda: 0, lambda: 0), [request])
        starting = asyncio.create_task(writing.start())
        await asyncio.to_thread(engine.is_asked.wait)
        if is_cancelled:
            starting.cancel()
            await asyncio.sleep(0)
        engine.accepts.set()
        await asyncio.wait([starting])

    asyncio.run(ask_and_go())
    # The thread that hands it in goes on after those that waited for it.
    assert engine.has_accepted.wait(20)
    (ticket,) = engine.tickets
    assert ticket.canceled.wait(20 if is_cancelled else 0) == is_cancelled
