"""The engine: one thread that writes the texts which others ask for, several at a time.

    submit ── waiting, at most max_waiting ── the running batch, at most max_batch rows ── events
    run ───── waiting, counted with these ─── one part of one call between two steps ───── a future

Whoever asks is told of a text's pieces on the engine's thread, and that it has ended exactly once: by a
`TextEnd` or a `TextFailure`. Nothing waits actively; what is called from other threads returns at once.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from openbook.errors import EngineBusyError, SettingsError
from openbook.generation.batch_row import BatchRow
from openbook.generation.running_batch import RunningBatch
from openbook.generation.text_request import OnEvent, TextRequest
from openbook.generation.text_writing import TextJob, prepare
from openbook.generation.written_text import FinishReason
from openbook.given import require_reader
from openbook.model import EncodedNeighbors, RetroForCausalLM
from openbook.model.batch import evaluation_mode
from openbook.phrases import agreeing, counted
from openbook.text import Tokenizer

T = TypeVar("T")

Parts = Generator[None, None, T]
"""A computation in parts: after each it yields, and in the end it returns what it has computed."""


class Ticket:
    """A text that was asked for."""

    def __init__(self, job: TextJob, wake: Callable[[], None]) -> None:
        self.job = job
        self.is_cancelled = False
        self._wake = wake

    def cancel(self) -> None:
        """Write no more: its place in the batch is free at the next step, and it ends as `cancelled`.

        Of a text that has ended it changes nothing.
        """
        self.is_cancelled = True
        self._wake()


@dataclass(slots=True, eq=False)
class _Call:
    """A computation that was asked for."""

    begin: Callable[[RetroForCausalLM], Parts[Any]]
    future: Future[Any]
    """Is pending until the end, so that whoever waits for it may give it up between two parts."""
    parts: Parts[Any] | None = None
    """Once it is begun."""


class Engine:
    """Writes texts on a thread of its own.

    Args:
        model: is in evaluation mode while the engine lives, and is nobody else's to call.
        tokenizer: the model's.
        max_batch: texts that are written at a time.
        max_waiting: texts and calls that may wait for a place.
        encoded_neighbors: to take them from, where the encoder is unconditioned.
        prompt_part: tokens of a longer prompt that are read between two tokens of the other texts; None: all.

    Raises:
        SettingsError: a number below 1.
        TypeError: a model that reads no neighbors.
    """

    def __init__(
        self,
        model: RetroForCausalLM,
        tokenizer: Tokenizer,
        *,
        max_batch: int = 8,
        max_waiting: int = 64,
        encoded_neighbors: EncodedNeighbors | None = None,
        prompt_part: int | None = 256,
    ) -> None:
        require_reader(model)
        numbers = {"max_batch": max_batch, "max_waiting": max_waiting, "prompt_part": prompt_part}
        for name, number in numbers.items():
            if number is not None and number < 1:
                raise SettingsError(f"{name} {number}: must be at least 1")
        self.model = model
        self.tokenizer = tokenizer
        self.max_batch = max_batch
        self.max_waiting = max_waiting
        self._new_batch = partial(RunningBatch, model, encoded_neighbors, prompt_part=prompt_part)
        self._batch = self._new_batch()
        self._waiting: deque[Ticket] = deque()
        self._running: list[Ticket] = []
        self._calls: deque[_Call] = deque()
        """The first one is being computed, or is next."""
        self._changed = threading.Condition()
        """Guards what waits, and is notified of what came."""
        self._closing = False
        self._finishes = True
        self._thread = threading.Thread(target=self._work, name="openbook engine", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether its thread is there to write what is asked for."""
        return self._thread.is_alive()

    @property
    def num_running(self) -> int:
        """Texts that are being written, and the call that is being computed."""
        return len(self._running) + min(1, len(self._wanted_calls()))

    @property
    def num_waiting(self) -> int:
        """Texts and calls that wait for a place."""
        return self._num_wanted + len(self._wanted_calls()[1:])

    @property
    def is_full(self) -> bool:
        """Whether one more text would be refused now."""
        with self._changed:
            return self._num_wanted >= self._num_free and self._num_in_queue >= self.max_waiting

    def submit(self, request: TextRequest, on_event: OnEvent) -> Ticket:
        """Ask for a text.

        Args:
            request: what to write.
            on_event: is told, on the engine's thread. An error that it raises fails the text.

        Raises:
            EngineBusyError: as many texts wait as may wait, or the engine is closed.
            SettingsError, MismatchError, DatabaseError: what is asked for is impossible, see `prepare`.
        """
        ticket = Ticket(prepare(self.model, self.tokenizer, request, on_event), self._wake)
        with self._changed:
            if self._closing:
                raise EngineBusyError("the engine is closed; nothing more is written")
            # Those for whom the batch has a place do not wait: they join at its next chunk border.
            if self._num_wanted >= self._num_free:
                self._require_room()
            self._waiting.append(ticket)
            self._changed.notify()
        return ticket

    def run(self, function: Callable[[RetroForCausalLM], T]) -> "Future[T]":
        """Call a function with the model, on the engine's thread, between two steps.

        Raises:
            EngineBusyError: as `run_in_parts`.
        """

        def whole(model: RetroForCausalLM) -> Parts[T]:
            yield from ()  # no part before the last
            return function(model)

        return self.run_in_parts(whole)

    def run_in_parts(self, begin: Callable[[RetroForCausalLM], Parts[T]]) -> "Future[T]":
        """Compute something with the model, on the engine's thread: one part between two steps.

        Computations come one after the other, and wait as texts do. Cancelling the future ends one after
        the part that it is in.

        Args:
            begin: is called there.

        Raises:
            EngineBusyError: as many texts and calls wait as may wait, or the engine is closed.
        """
        call = _Call(begin, Future())
        with self._changed:
            if self._closing:
                raise EngineBusyError("the engine is closed; nothing more is computed")
            if self._wanted_calls():
                self._require_room()
            self._calls.append(call)
            self._changed.notify()
        return call.future

    def _require_room(self) -> None:
        """Refuse one more that would wait; `_changed` is held."""
        if (num_waiting := self._num_in_queue) >= self.max_waiting:
            raise EngineBusyError(f"{_waiting(num_waiting)} to be written, as many as may; ask again later")

    @property
    def _num_in_queue(self) -> int:
        """Texts and calls that take a place of those that may wait."""
        return max(0, self._num_wanted - self._num_free) + len(self._wanted_calls()[1:])

    @property
    def _num_free(self) -> int:
        """Places in the batch."""
        return self.max_batch - len(self._running)

    @property
    def _num_wanted(self) -> int:
        """Texts that somebody still waits for; the others leave after this step, which may be long."""
        return sum(not ticket.is_cancelled for ticket in self._waiting.copy())

    def _wanted_calls(self) -> list[_Call]:
        """Those that nobody has given up."""
        return [call for call in self._calls.copy() if not call.future.cancelled()]

    def close(self, *, finish: bool = True) -> None:
        """End the thread; a second call may only hurry it.

        Args:
            finish: write what runs and waits to its end before; False: it all ends as `cancelled`.
        """
        with self._changed:
            self._closing = True
            self._finishes = self._finishes and finish
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _work(self) -> None:
        """The thread's life: wait until there is something to do, do it, until closed."""
        with evaluation_mode(self.model):
            while self._wait_for_work():
                self._compute()
                try:
                    self._end_cancelled()
                    self._batch.step(self._next_to_join())
                except BaseException as error:  # noqa: BLE001 - no row's: ours, or a panic of a library
                    self._batch = self._new_batch()
                    for ticket in self._running:
                        ticket.job.row.fail(_as_fault(error))
                self._end_complete()

    def _wait_for_work(self) -> bool:
        """Wait; False once the engine is closed and nothing is left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._running or self._waiting or self._calls or self._closing)
            return bool(self._running or self._waiting or self._calls)

    def _compute(self) -> None:
        """Compute a part of the first call that somebody waits for."""
        with self._changed:
            self._calls = deque(self._wanted_calls())
            if not self._calls:
                return
            call = self._calls[0]
        try:
            if call.parts is None:
                call.parts = call.begin(self.model)
            next(call.parts)
        except StopIteration as end:
            self._end_call(call, end.value, None)
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, and the thread lives on
            self._end_call(call, None, error)

    def _end_call(self, call: _Call, result: Any, error: BaseException | None) -> None:
        """Tell what came of a call, where somebody still waits for it."""
        with self._changed:
            self._calls.remove(call)
        if not call.future.set_running_or_notify_cancel():
            return
        if error is None:
            call.future.set_result(result)
        else:
            call.future.set_exception(error)

    def _end_cancelled(self) -> None:
        """End the texts that nobody wants any more: those cancelled, or all of them."""
        with self._changed:
            all_end = self._closing and not self._finishes
            gone = [ticket for ticket in self._waiting if ticket.is_cancelled or all_end]
            self._waiting = deque(ticket for ticket in self._waiting if ticket not in gone)
            given_up = list(self._calls) if all_end else []
        for call in given_up:
            self._end_call(call, None, EngineBusyError("the engine is closed; nothing more is computed"))
        leaving = [ticket for ticket in self._running if ticket.is_cancelled or all_end]
        self._batch.remove([ticket.job.row for ticket in leaving])
        for ticket in leaving:
            self._running.remove(ticket)
        for ticket in [*leaving, *gone]:
            _finish(ticket, "cancelled")

    def _next_to_join(self) -> list[BatchRow]:
        """Take those that wait the longest into the batch, as many as it has room for.

        One whose stride is another than the batch's waits until that is written, and so do those behind it.
        """
        with self._changed:
            room = min(self.max_batch - len(self._running), len(self._waiting))
            first = [self._waiting[place].job.row for place in range(room)]
            joining = [self._waiting.popleft() for _ in range(self._batch.fitting(first))]
            self._running += joining
        return [ticket.job.row for ticket in joining]

    def _end_complete(self) -> None:
        """Tell the ends of the texts that have ended."""
        ended = [ticket for ticket in self._running if ticket.job.row.ended]
        self._running = [ticket for ticket in self._running if not ticket.job.row.ended]
        for ticket in ended:
            _finish(ticket, None)


def _waiting(number: int) -> str:
    return f"{counted(number, 'text')} {agreeing(number, 'wait')}"


def _finish(ticket: Ticket, reason: FinishReason | None) -> None:
    """Tell that a text has ended; whoever cannot be told does not stop the engine."""
    job = ticket.job
    try:
        job.finish(reason)
    except BaseException as error:  # noqa: BLE001 - whoever cannot be told does not stop the engine
        if not job.text.is_over:
            with suppress(Exception):
                job.text.fail(_as_fault(error))


def _as_fault(error: BaseException) -> Exception:
    """As others may raise it again: what panics in Rust is no Exception."""
    return error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")
