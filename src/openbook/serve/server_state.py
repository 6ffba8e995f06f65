"""What the routes of a server share: the model's name and chat format, its engine, the books, the settings.

The engine is known as a protocol alone: how texts are written, and by which thread, is not known here, nor
what requests look like.
"""

import secrets
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Semaphore
from time import time
from typing import Protocol, TypeVar

from fastapi import Request

from openbook.generation.passage_judge import PassageJudge
from openbook.generation.text_request import OnEvent, TextRequest
from openbook.generation.text_writing import room_of
from openbook.model import RetroForCausalLM
from openbook.serve.books import Books
from openbook.serve.server_metrics import ServerMetrics
from openbook.serve.server_settings import ServerSettings
from openbook.text import ChatFormat

T = TypeVar("T")


class TextTicket(Protocol):
    """The place of a text in the engine."""

    def cancel(self) -> None:
        """Give it up."""


class TextEngine(Protocol):
    """What writes: `openbook.generation.engine.Engine`."""

    @property
    def is_alive(self) -> bool:
        """Whether its thread is there."""

    @property
    def is_full(self) -> bool:
        """Whether one more text would be refused now."""

    @property
    def num_running(self) -> int:
        """Texts that are being written or scored."""

    @property
    def num_waiting(self) -> int:
        """Texts that wait."""

    def submit(self, request: TextRequest, on_event: OnEvent) -> TextTicket:
        """Have a text written."""

    def run_in_parts(self, begin: Callable[[RetroForCausalLM], Generator[None, None, T]]) -> "Future[T]":
        """Compute something on the engine's own thread, with the model, between two steps."""

    def close(self, *, finish: bool = True) -> None:
        """End it."""


_LONGEST_OF_OURS = 16_384
_MOST_JUDGED = 8
"""Questions that are judged or wait for that, each on a thread; there are 40 threads for all requests."""


@dataclass(kw_only=True)
class ServerState:
    """The model, its engine and its books.

    model: is used through the engine alone; only what never changes is read here, such as its configuration.
    model_name: as clients name it.
    chat: how questions are put to the model.
    engine: writes.
    books: to look things up in.
    settings: see there.
    judge: says whether what a question finds answers it; None: all is read.
    """

    model: RetroForCausalLM
    model_name: str
    chat: ChatFormat
    engine: TextEngine
    books: Books
    settings: ServerSettings = field(default_factory=ServerSettings)
    judge: PassageJudge | None = None
    started: int = field(default_factory=lambda: int(time()))

    def __post_init__(self) -> None:
        self.judging = Lock()
        """One question is judged at a time: several would take the cores from each other, and the engine."""
        self.judging_places = Semaphore(_MOST_JUDGED)
        self.metrics = ServerMetrics(lambda: self.engine.num_running, lambda: self.engine.num_waiting)

    @property
    def book_names(self) -> dict[str, str]:
        """The names of books by their folders: what clients are told instead of a path."""
        books = [self.books.get(name) for name in self.books.names]
        return {str(book.path): book.name for book in books}

    @property
    def context(self) -> int:
        """The longest text in tokens, prompt and answer together: as long as a base was made for.

        A RETRO of ours knows distances alone, and would read any length.
        """
        longest: int = self.model.config.max_position_embeddings
        if self.model.config.model_type == "retrofit":
            return longest
        return self.model.max_positions or max(_LONGEST_OF_OURS, longest)

    def context_with(self, k: int) -> int:
        """The same, where a text reads k neighbors; 0: none."""
        room = room_of(self.model, k=k)
        return self.context if room is None else min(room, self.context)


def state_of(request: Request) -> ServerState:
    """The state of the application that answers a request."""
    state = request.app.state.openbook
    assert isinstance(state, ServerState)
    return state


def new_id(prefix: str) -> str:
    """Draw an id of a text, such as `chatcmpl-…`."""
    return f"{prefix}-{secrets.token_hex(12)}"
