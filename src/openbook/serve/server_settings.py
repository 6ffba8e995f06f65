"""What a server allows, whatever it serves."""

import re
from dataclasses import dataclass

from openbook.errors import SettingsError

_NAME = re.compile(r"[\w.-]+")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_FILES = 100
"""Of one form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Who may ask what.

    Raises:
        SettingsError: a number out of its range, an empty key, or a host that is more than a name.
    """

    host: str = "127.0.0.1"
    """The address that is bound."""
    allow_hosts: tuple[str, ...] = ()
    """Names by which a proxy before the server answers: requests to them, and of their pages, are its own.
    Without scheme and port, in any case of letters."""
    api_key: str | None = None
    """What a client has to show; None: nothing."""
    allow_edits: bool = False
    """Whether documents may be added, replaced and removed."""
    max_body_bytes: int = 8_000_000
    """Of a request."""
    body_patience: float = 30.0
    """Seconds without a byte after which a body that is not complete is given up."""
    max_tokens: int = 4096
    """The longest text that a request may ask for."""
    default_tokens: int = 1024
    """The longest text where a request does not say."""
    max_texts: int = 128
    """Texts that one request may ask for: its prompts times n."""

    def __post_init__(self) -> None:
        if self.api_key is not None and not self.api_key.strip():
            raise SettingsError("the API key is empty; give some text, or start without a key")
        for host in self.allow_hosts:
            if not _NAME.fullmatch(host):
                raise SettingsError(
                    f"--allow-host {host!r}: give the name alone, such as book.example.com, without https:// "
                    "and port"
                )
        object.__setattr__(self, "allow_hosts", tuple(host.lower() for host in self.allow_hosts))
        for name in ("max_body_bytes", "max_tokens", "default_tokens", "max_texts"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} {getattr(self, name)}: must be at least 1")

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine reaches the server."""
        return self.host in _LOOPBACK
