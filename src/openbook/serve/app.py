"""The application: its routes, and what stands around them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI

from openbook import __version__
from openbook.serve import (
    chat_routes,
    completion_routes,
    document_routes,
    embedding_routes,
    model_routes,
    page_routes,
    responses_routes,
)
from openbook.serve.access import AccessControl, BodyLimit
from openbook.serve.api_errors import install_error_handlers
from openbook.serve.mcp_mount import McpMount
from openbook.serve.missing_shards import MissingShards
from openbook.serve.server_metrics import CountedRequests
from openbook.serve.server_state import ServerState

ROUTERS = (
    model_routes.router,
    chat_routes.router,
    completion_routes.router,
    responses_routes.router,
    embedding_routes.router,
    document_routes.router,
    page_routes.router,
)
"""All routes; those of a new subject are a module with a `router`, named here."""


def make_app(state: ServerState) -> FastAPI:
    """Make the application that serves a model and its books.

    Args:
        state: what the routes share; its engine is closed, what runs being finished, when the application is.
    """
    app = FastAPI(
        title="openbook",
        version=__version__,
        description="Text with what it was written from, by OpenAI's routes.",
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
        separate_input_output_schemas=False,
        lifespan=_lifespan,
    )
    app.state.openbook = state
    for router in ROUTERS:
        app.include_router(router)
    app.state.mcp = McpMount(state)
    app.state.mcp.add_to(app)
    install_error_handlers(app, state.book_names)
    # The last one stands outermost: what is refused is counted, too.
    app.add_middleware(BodyLimit, settings=state.settings)
    app.add_middleware(AccessControl, settings=state.settings)
    app.add_middleware(CountedRequests, metrics=state.metrics)
    app.add_middleware(MissingShards, books=state.books)
    app.openapi = _without_422(app.openapi)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    state: ServerState = app.state.openbook
    state.books.warm()
    async with app.state.mcp.running():
        yield
    await to_thread.run_sync(state.engine.close)
    await to_thread.run_sync(state.books.close)


def _without_422(openapi: Any) -> Any:
    """Take out of the OpenAPI document the framework's own answer to what is invalid: ours is 400."""

    def described() -> dict[str, Any]:
        document: dict[str, Any] = openapi()
        for methods in document["paths"].values():
            for operation in methods.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document.get("components", {}).get("schemas", {}).pop(name, None)
        return document

    return described
