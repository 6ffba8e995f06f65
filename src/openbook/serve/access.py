"""Who may ask: the API key, the host that a browser believes it asks, and how much a body may hold.

As plain ASGI, around the application: what is refused here reaches no route.
"""

import base64
import binascii
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openbook.serve.api_errors import ApiError, too_large
from openbook.serve.server_settings import ServerSettings

_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class AccessControl:
    """Lets a request through, or answers it.

    A page of another site that a browser on this machine shows cannot ask a server bound to this machine: a
    name that it has pointed here (DNS rebinding) is not ours, and its own origin is not either. That is also
    why a browser may hold the key: what another site has it send is refused, key or not.

    Args:
        app: what is guarded.
        settings: the key and the address.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refusal.response()(scope, receive, send)

    def _refusal(self, headers: Headers) -> ApiError | None:
        host = _name_in(f"//{headers.get('host', '')}")
        if self._settings.is_local and host not in _LOCAL_NAMES:
            return ApiError(
                403, f"host {host!r:.80}: this server answers 127.0.0.1 and localhost", code="wrong_host"
            )
        origin = headers.get("origin")
        if origin is not None and _place_in(origin) != headers.get("host"):
            return ApiError(403, "pages of other sites may not ask this server", code="wrong_origin")
        if self._settings.api_key is None:
            return None
        if _is_key(_shown_key(headers.get("authorization", "")), self._settings.api_key):
            return None
        return _unauthorized(is_browser="text/html" in headers.get("accept", ""))


def _name_in(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _place_in(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _shown_key(authorization: str) -> str:
    """The key of `Bearer KEY`; or the password of `Basic …`, which browsers ask people for."""
    scheme, _, shown = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return shown.strip().encode("latin-1").decode(errors="surrogateescape")  # the header's own bytes
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(shown, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


def _is_key(shown: str, key: str) -> bool:
    """Compare in a time that does not tell how much of the key was right."""
    return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), key.encode())


def _unauthorized(*, is_browser: bool) -> ApiError:
    """A browser that opens an address asks people; scripts, those of the page too, are only told."""
    if is_browser:
        how = "load this again, and give any name with the key as password"
        challenge = 'Basic realm="openbook: any name, the API key as password", charset="UTF-8"'
    else:
        how, challenge = "send the header Authorization: Bearer KEY", "Bearer"
    return ApiError(
        401,
        f"the API key is missing or wrong; {how}",
        code="invalid_api_key",
        headers={"WWW-Authenticate": challenge},
    )


class _TooLargeError(HTTPException):
    """A body that goes on beyond its limit; of the framework's kind, which it lets pass while it reads."""


class BodyLimit:
    """Answers 413 to bodies that are too large, whether they say their length or not.

    Args:
        app: what is guarded.
        max_bytes: of a body.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said[:20]) > self._max_bytes:
            await self._refuse(scope, receive, send)
            return
        read, started = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_bytes:
                raise _TooLargeError(413)
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except _TooLargeError:
            if not started:
                await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        await too_large().response()(scope, receive, send)
