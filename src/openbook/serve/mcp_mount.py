"""`/mcp`: the Model Context Protocol over HTTP, one address for each book.

    /mcp, /mcp/   the first book
    /mcp/NAME     the book of this name

Every request stands by itself and is answered at once, so nothing is kept for clients that went away.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from openbook.errors import NotFoundError
from openbook.serve.api_errors import error_of
from openbook.serve.mcp_server import make_mcp
from openbook.serve.server_state import ServerState

_AROUND_ALL = TransportSecuritySettings(enable_dns_rebinding_protection=False)
"""`AccessControl` looks at the host and the origin of every request already."""


class McpMount:
    """The books of a server, for clients of the protocol.

    Args:
        state: of the server.
    """

    def __init__(self, state: ServerState) -> None:
        self._books = state.books
        self._servers = {}
        for name in state.books.names:
            server = make_mcp(state.books.get(name), allow_edits=state.settings.allow_edits)
            server.streamable_http_app(  # makes the session manager, which is all that is taken of it
                stateless_http=True,
                json_response=True,
                max_request_body_size=state.settings.max_body_bytes,
                transport_security=_AROUND_ALL,
            )
            self._servers[name] = server

    def add_to(self, app: FastAPI) -> None:
        """Add the addresses to an application."""
        # By GET a client waits for messages that nobody asked for: here there are none, and it is told so.
        for path in ("/mcp", "/mcp/{book:path}"):
            app.router.routes.append(Route(path, endpoint=self, methods=["POST"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            book = self._books.get(scope["path_params"].get("book") or None)
        except NotFoundError as error:
            await error_of(error).response()(scope, receive, send)
            return
        await StreamableHTTPASGIApp(self._servers[book.name].session_manager)(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Answer requests inside the block."""
        async with AsyncExitStack() as stack:
            for server in self._servers.values():
                await stack.enter_async_context(server.session_manager.run())
            yield
