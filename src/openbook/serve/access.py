"""Who may ask: the API key, the host that a browser believes it asks, and what a body may hold and take.

As plain ASGI, around the application: what is refused here reaches no route.
"""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openbook.serve.api_errors import ApiError, too_large, too_slow
from openbook.serve.server_settings import ServerSettings

_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class AccessControl:
    """Lets a request through, or answers it.

    A page of another site that a browser on this machine shows cannot ask a server bound to this machine: a
    name that it has pointed here (DNS rebinding) is not ours, and its own origin is not either. That is also
    why a browser may hold the key: what another site has it send is refused, key or not. Names that a proxy
    before this server answers by are allowed one by one.

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
        allowed = self._settings.allow_hosts
        if self._settings.is_local and host not in _LOCAL_NAMES and host not in allowed:
            names = ", ".join(("127.0.0.1", "localhost", *allowed))
            said = f"host {host!r:.80}: this server answers {names}; another name is allowed by --allow-host"
            return ApiError(403, said, code="wrong_host")
        origin = headers.get("origin")
        if origin is not None and _place_in(origin) != headers.get("host") and not _is_of(allowed, origin):
            said = "pages of other sites may not ask this server; its own names are allowed by --allow-host"
            return ApiError(403, said, code="wrong_origin")
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


def _is_of(hosts: Collection[str], origin: str) -> bool:
    """Whether an origin is of one of these hosts: at any port, for a proxy may listen where it likes."""
    return origin.startswith(("http://", "https://")) and _name_in(origin) in hosts


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
    """Answers 413 to bodies that are too large, whether they say their length or not, and 408 to those that
    stop coming: who sends half of one would hold its place, and the end of the server, for ever.

    Args:
        app: what is guarded.
        settings: the limits.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said[:20]) > self._settings.max_body_bytes:
            await too_large(self._settings.max_body_bytes).response()(scope, receive, send)
            return
        body = _LimitedBody(self._settings, scope, receive, send)
        try:
            await self._app(scope, body.receive, body.send)
        except _TooLargeError:
            if not body.is_answered:
                await too_large(self._settings.max_body_bytes).response()(scope, receive, send)


class _LimitedBody:
    """One request whose body is read, and its answer.

    Args:
        settings: the limits.
        scope, receive, send: of the request.
    """

    def __init__(self, settings: ServerSettings, scope: Scope, receive: Receive, send: Send) -> None:
        self._settings = settings
        self._scope = scope
        self._receive = receive
        self._send = send
        self._bytes = 0
        self._is_complete = self._is_given_up = False
        self.is_answered = False

    async def receive(self) -> Message:
        """The next part of the body; after it, that the client has gone, for which there is no limit.

        Raises:
            _TooLargeError: it goes on beyond the limit.
        """
        if self._is_given_up:
            return {"type": "http.disconnect"}
        try:
            async with asyncio.timeout(None if self._is_complete else self._settings.body_patience):
                message = await self._receive()
        except TimeoutError:
            return await self._give_up()
        self._is_complete = not message.get("more_body", False)
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._settings.max_body_bytes:
            raise _TooLargeError(413, str(too_large(self._settings.max_body_bytes)))
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer."""
        self.is_answered = True
        if not self._is_given_up:
            await self._send(message)

    async def _give_up(self) -> Message:
        """Answer in place of the application, to which the client has gone."""
        self._is_given_up = True
        if not self.is_answered:
            self.is_answered = True
            await too_slow(self._settings.body_patience).response()(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"}
