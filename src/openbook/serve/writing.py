"""Having the texts of one request written: from the engine's thread to the event loop that answers.

A request may ask for more texts than the engine's queue has room for: they are handed in one after another.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from anyio import to_thread
from fastapi import Request

from openbook.errors import EngineBusyError
from openbook.generation.text_request import SpanRead, TextEnd, TextEvent, TextFailure, TextPiece, TextRequest
from openbook.serve.api_errors import ClientGoneError
from openbook.serve.event_stream import wait_for_disconnect
from openbook.serve.server_metrics import ServerMetrics
from openbook.serve.server_state import TextEngine, TextTicket

T = TypeVar("T")

RETRY = 0.2
"""Seconds until a request that is half done asks again for room."""


NumberedEvent = tuple[int, TextEvent]
"""Which of the texts, and what is told of it."""


class Writing:
    """The texts of a request.

    Args:
        engine: writes.
        metrics: count.
        requests: at least one.
    """

    def __init__(self, engine: TextEngine, metrics: ServerMetrics, requests: Sequence[TextRequest]) -> None:
        self._engine = engine
        self._metrics = metrics
        self._requests = list(requests)
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._events: asyncio.Queue[NumberedEvent] = asyncio.Queue()
        self._tickets: dict[int, TextTicket] = {}
        self._next = 0
        self._is_given_up = False

    async def start(self) -> None:
        """Hand in as many texts as there is room for.

        Raises:
            EngineBusyError: there is room for none.
            SettingsError, MismatchError, DatabaseError: the engine refuses one.
        """
        try:
            await self._hand_in()
        except EngineBusyError:
            if not self._tickets:
                raise
        except BaseException:
            self.cancel()
            raise

    async def _hand_in(self) -> None:
        while self._next < len(self._requests):
            await to_thread.run_sync(self._submit, self._next)
            self._next += 1

    def _submit(self, number: int) -> None:
        """Hand in one text, on a thread: whoever waits for it may be cancelled, and the thread goes on."""
        ticket = self._engine.submit(self._requests[number], partial(self._hear, number))
        self._tickets[number] = ticket
        if self._is_given_up:
            ticket.cancel()

    async def _go_on(self) -> None:
        """Hand in more; where others have taken all room meanwhile, wait for some."""
        while True:
            try:
                await self._hand_in()
            except EngineBusyError:
                if not self._tickets:
                    await asyncio.sleep(RETRY)
                    continue
            return

    def _hear(self, number: int, event: TextEvent) -> None:
        """Take an event, on the engine's thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._events.put_nowait, (number, event))

    @asynccontextmanager
    async def told(
        self, *, idle: float | None = None
    ) -> AsyncGenerator[AsyncGenerator[NumberedEvent | None, None], None]:
        """What is told of the texts, see `events`; whatever ends the block gives up what is not complete."""
        try:
            async with aclosing(self.events(idle=idle)) as events:
                yield events
        finally:
            self.cancel()

    async def events(
        self, *, idle: float | None = None
    ) -> AsyncGenerator[tuple[int, TextEvent] | None, None]:
        """What is told of each text, with its number, until all are complete or one has failed.

        Args:
            idle: None is told where so many seconds nothing is.
        """
        first, missing = True, len(self._requests)
        while missing:
            try:
                async with asyncio.timeout(idle):  # wait_for of Python 3.11 may swallow a cancellation
                    number, event = await self._events.get()
            except TimeoutError:
                yield None
                continue
            if first and isinstance(event, TextPiece):
                self._metrics.first_token.observe(self._loop.time() - self._begun)
                first = False
            self._count(event)
            if isinstance(event, TextEnd | TextFailure):
                missing -= 1
                del self._tickets[number]
                await self._go_on()
            yield number, event
            if isinstance(event, TextFailure):
                self.cancel()
                return

    def _count(self, event: TextEvent) -> None:
        if isinstance(event, SpanRead):
            self._metrics.lookups.inc()
        if isinstance(event, TextEnd):
            self._metrics.tokens.labels("prompt").inc(event.prompt_tokens)
            self._metrics.tokens.labels("completion").inc(event.completion_tokens)

    def cancel(self) -> None:
        """Give up what is not complete: its places are free for others."""
        self._is_given_up = True
        for ticket in list(self._tickets.values()):  # a thread may be handing in one more
            ticket.cancel()
        self._tickets.clear()
        self._next = len(self._requests)


async def unless_gone(request: Request, wanted: Awaitable[T]) -> T:
    """Wait for an answer as long as somebody waits for it.

    Raises:
        ClientGoneError: the client has hung up; what was being done is canceled.
    """
    done = asyncio.ensure_future(wanted)
    gone = asyncio.ensure_future(wait_for_disconnect(request.receive))
    try:
        await asyncio.wait({done, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise ClientGoneError
        return done.result()
    finally:
        for task in (done, gone):
            task.cancel()
        await asyncio.gather(done, gone, return_exceptions=True)
