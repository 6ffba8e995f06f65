"""What a server counts, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class ServerMetrics:
    """Counters of one application.

    Args:
        running: tells how many texts are being written or scored.
        waiting: tells how many wait.
    """

    def __init__(self, running: Callable[[], int], waiting: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "openbook_requests", "Requests answered", ["route", "method", "status"], registry=registry
        )
        self.tokens = Counter("openbook_tokens", "Tokens read and written", ["kind"], registry=registry)
        self.first_token = Histogram(
            "openbook_seconds_to_first_token",
            "From a request to its first text",
            buckets=_SECONDS,
            registry=registry,
        )
        self.lookups = Counter("openbook_lookups", "Spans written from neighbors", registry=registry)
        writing = Gauge("openbook_texts_running", "Texts that are being written or scored", registry=registry)
        writing.set_function(running)
        queued = Gauge("openbook_texts_waiting", "Texts that wait for a place", registry=registry)
        queued.set_function(waiting)

    def text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        return generate_latest(self.registry)


class CountedRequests:
    """Counts requests by route, method and status.

    Args:
        app: what answers.
        metrics: that count.
    """

    def __init__(self, app: ASGIApp, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            # What is no route has no label of its own: anybody could make any number of them.
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(route, method, str(status)).inc()


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
