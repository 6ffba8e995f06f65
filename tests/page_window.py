"""A browser's window on a server, what went wrong in it, and an engine that reads without a model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Route, expect

from openbook.generation.citations import Citation, cited_neighbor
from openbook.generation.text_request import SpanRead, TextEnd, TextEvent, TextPiece, TextRequest
from serve_events import Running

Visit = Callable[..., Page]

expect.set_options(timeout=20_000)  # milliseconds: the machines that run these tests are small and shared


@dataclass
class Window:
    """A browser's window on a server, and what went wrong in it."""

    context: BrowserContext
    problems: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of console messages that belong to a test, such as the status that a server is to answer with."""

    def page(self, server: Running, path: str = "/") -> Page:
        def stop(route: Route) -> None:
            self.problems.append(f"asked another host: {route.request.url}")
            route.abort()

        self.context.route(lambda url: not url.startswith(f"{server.url}/"), stop)
        page = self.context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("console", self._hear)
        page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))
        page.goto(server.url + path)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        is_wrong = message.type in ("error", "warning")
        if is_wrong and not any(part in message.text for part in self.expected):
            self.problems.append(f"console: {message.text}")


def ask(page: Page, question: str) -> Locator:
    """Ask a question, wait for the answer's end, and return its exchange."""
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")
    exchange = page.locator(".exchange").last
    exchange.locator(".answer[aria-busy=false]").last.wait_for()
    return exchange


def from_book(request: TextRequest) -> Iterator[TextEvent]:
    """Write what the book's search finds first, as a model that copies; without it, that nothing is known."""
    hits = []
    if request.lookup is not None:
        question = request.lookup.question
        assert question is not None
        hits = request.lookup.book.search(question, k=2)[0]
    text = hits[0].text if hits else "I do not know."
    for word in text.split(" "):
        yield TextPiece(word if text.startswith(word) else f" {word}", ())
    neighbors = [cited_neighbor(hit, share) for hit, share in zip(hits, (0.9, 0.1), strict=False)]
    spans = [Citation(0, len(text), neighbors)] if neighbors else []
    yield from map(SpanRead, spans)
    yield TextEnd(text, spans, "stop", len(request.prompt_ids), len(text.split()), 7)
