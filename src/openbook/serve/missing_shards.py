"""A header of every answer while a book is read without some of its shards: nobody takes it for whole."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openbook.serve.books import Books

HEADER = "openbook-missing-shards"


class MissingShards:
    """Adds the header `openbook-missing-shards: BOOK/SHARD, …`.

    Args:
        app: what answers.
        books: that are served.
    """

    def __init__(self, app: ASGIApp, books: Books) -> None:
        self._app = app
        self._books = books

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start" and (missing := self._books.missing_shards):
                MutableHeaders(scope=message)[HEADER] = ", ".join(missing)
            await send(message)

        await self._app(scope, receive, send_with_header)
