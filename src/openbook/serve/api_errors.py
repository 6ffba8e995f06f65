"""What goes wrong, in OpenAI's shape: every answer that is not a success says what, and which parameter."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from openbook.errors import (
    ConflictError,
    DatabaseError,
    EngineBusyError,
    ForbiddenError,
    LockedError,
    NotFoundError,
    OpenbookError,
    SettingsError,
    TooLongError,
)
from openbook.serve.parameter_names import describe_invalid
from openbook.serve.server_settings import MOST_FILES

_CLIENT_GONE = 499
"""What is counted where nobody reads the answer, as nginx has it."""
RETRY_AFTER = 2
"""Seconds after which a client that found the queue full may ask again."""

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    409: "invalid_request_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
}
_ANSWERS: dict[type[OpenbookError], tuple[int, str]] = {
    EngineBusyError: (429, "rate_limit_exceeded"),
    NotFoundError: (404, "not_found"),
    ForbiddenError: (403, "forbidden"),
    ConflictError: (409, "conflict"),
    LockedError: (503, "book_locked"),
    DatabaseError: (503, "book_unavailable"),
    TooLongError: (400, "context_length_exceeded"),
    OpenbookError: (400, "invalid_value"),
}
"""Status and code of our errors, the special ones first."""

_LOG = logging.getLogger(__name__)


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    """The parameter at fault; None: none is."""
    code: str | None


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class ApiError(Exception):
    """An answer that is not a success.

    Args:
        status: of HTTP.
        message: for people.
        param: the parameter at fault, if one is.
        code: OpenAI's, if it has one.
        headers: beside the body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.detail = ErrorDetail(message=message, type=_KINDS[status], param=param, code=code)

    def body(self) -> dict[str, Any]:
        """The answer's body; in a stream, what is sent in its middle."""
        return ErrorBody(error=self.detail).model_dump()

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.body(), self.status, self.headers)


class ParameterError(Exception):
    """What the library says, its cause, of the parameter of this name."""


@contextmanager
def parameter(name: str) -> Iterator[None]:
    """Have what the library says of a value answered with the name of the parameter that it is of.

    Raises:
        ParameterError: it said that there is nothing of this name, or that the value is not allowed.
    """
    try:
        yield
    except (NotFoundError, SettingsError) as error:
        raise ParameterError(name) from error


def error_of(error: BaseException, names: Mapping[str, str] | None = None) -> ApiError:
    """The answer to what was raised.

    Args:
        error: an `ApiError` stays; what the library says of a request or its book becomes one; anything else
            is a fault of ours: it is logged, and nothing of it leaves.
        names: books by the paths of their folders, which stay here.
    """
    if isinstance(error, ApiError):
        return error
    if isinstance(error, ParameterError):
        assert error.__cause__ is not None
        answer = error_of(error.__cause__, names)
        answer.detail.param = str(error)
        return answer
    if not isinstance(error, OpenbookError):
        _LOG.error("a fault in openbook", exc_info=error)
        return ApiError(500, "a fault in openbook; its log says which", code="internal_error")
    message = error.without_option
    for path, name in sorted((names or {}).items(), reverse=True):  # one may begin another
        message = message.replace(f"{path}: ", f"the book {name!r}: ").replace(path, name)
    status, code = next(answer for kind, answer in _ANSWERS.items() if isinstance(error, kind))
    wait = {"Retry-After": str(RETRY_AFTER)} if isinstance(error, EngineBusyError | LockedError) else None
    return ApiError(status, message, code=code, headers=wait)


def install_error_handlers(app: FastAPI, names: Mapping[str, str]) -> None:
    """Have every error of an application answered in OpenAI's shape.

    Args:
        app: the application.
        names: see `error_of`.
    """

    async def answer(request: Request, error: Exception) -> JSONResponse:
        return error_of(error, names).response()

    async def answer_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = describe_invalid(error, request)
        return ApiError(found.status, found.message, param=found.param, code=found.code).response()

    async def answer_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return _of_http(request, error).response()

    async def answer_nobody(request: Request, error: Exception) -> Response:
        return Response(status_code=_CLIENT_GONE)

    app.add_exception_handler(ClientGoneError, answer_nobody)
    app.add_exception_handler(ApiError, answer)
    app.add_exception_handler(ParameterError, answer)
    app.add_exception_handler(OpenbookError, answer)
    app.add_exception_handler(Exception, answer)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)


def _of_http(request: Request, error: HTTPException) -> ApiError:
    """The answer to what the framework refuses: no such route, another method, a body that is not JSON."""
    where = f"{request.method:.20} {request.url.path:.200}"
    if error.status_code == 404:
        return ApiError(404, f"{where}: there is no such route", code="unknown_url")
    if error.status_code == 405:
        return ApiError(405, f"{where}: not by this method", code="method_not_allowed", headers=error.headers)
    if error.status_code == 413:
        return ApiError(413, error.detail, code="request_too_large")
    if request.headers.get("content-type", "").startswith("multipart/"):
        if error.detail.startswith("Too many"):  # parts of a form, of which the framework has a limit, too
            said = f"files: there are too many; send at most {MOST_FILES} in one form"
            return ApiError(400, said, param="files", code="invalid_value")
        return ApiError(400, f"{where}: the body is not the form that its header says", code="invalid_form")
    return ApiError(400, f"{where}: the body is not JSON", code="invalid_json")


def too_large(limit: int) -> ApiError:
    """The answer to a body beyond the server's limit of bytes."""
    said = (
        f"the body is larger than the {limit:,} bytes that this server reads; openbook add takes larger files"
    )
    return ApiError(413, said, code="request_too_large")


def too_slow(seconds: float) -> ApiError:
    """The answer to a body of which nothing came for so many seconds; the connection is closed after it."""
    said = f"nothing more of the body came for {seconds:g} seconds; send the request again"
    return ApiError(408, said, code="request_timeout", headers={"Connection": "close"})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route's errors stand in the OpenAPI document: those that every route has, and these."""
    said = {
        400: "A parameter that is unknown, unsupported or out of its range: named in `param`",
        401: "The API key is missing or wrong",
        403: "Not for this host or origin, or not allowed on this server",
        404: "There is no such thing",
        408: "The body stopped coming",
        409: "The document is not, or no more, the one that the request means",
        413: "The body is too large",
        415: "The body is not sent as application/json",
        429: "The queue is full: ask again after Retry-After seconds",
        500: "A fault in openbook",
        503: "A book cannot be read",
    }
    wanted = sorted({400, 401, 403, 408, 413, 500, *statuses})
    return {status: {"model": ErrorBody, "description": said[status]} for status in wanted}
