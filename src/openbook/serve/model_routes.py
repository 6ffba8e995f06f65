"""`/v1/models`, `/health`, `/metrics`: what is served, and whether it is."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from openbook import __version__
from openbook.serve.api_errors import ApiError, documented
from openbook.serve.asked_texts import require_model
from openbook.serve.server_state import ServerState, state_of

router = APIRouter()


class ServedModel(BaseModel):
    """A model that is served."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    max_model_len: int
    """Tokens of prompt and answer together."""


class ServedModels(BaseModel):
    """All that are served: one."""

    object: Literal["list"]
    data: list[ServedModel]


class Health(BaseModel):
    """Whether the server answers."""

    status: Literal["ok"]
    version: str


@router.get("/v1/models", responses=documented())
async def list_models(request: Request) -> ServedModels:
    """List the models that are served."""
    return ServedModels(object="list", data=[_described(state_of(request))])


@router.get("/v1/models/{model:path}", responses=documented(404))
async def get_model(model: str, request: Request) -> ServedModel:
    """Describe a model."""
    require_model(state_of(request), model)
    return _described(state_of(request))


def _described(state: ServerState) -> ServedModel:
    return ServedModel(
        id=state.model_name,
        object="model",
        created=state.started,
        owned_by="openbook",
        max_model_len=state.context,
    )


@router.head("/health", include_in_schema=False)
@router.get("/health", responses=documented(503))
async def health(request: Request) -> Health:
    """Say that the server answers, and can write.

    Raises:
        ApiError: the thread that writes is gone.
    """
    if not state_of(request).engine.is_alive:
        message = "the engine has ended, and writes nothing more; start the server again"
        raise ApiError(503, message, code="engine_gone")
    return Health(status="ok", version=__version__)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **documented()},
)
async def metrics(request: Request) -> Response:
    """Counters, for Prometheus."""
    text = state_of(request).metrics.text()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
