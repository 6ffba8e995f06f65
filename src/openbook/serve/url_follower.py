"""Books at URLs while they are served: their copies on this machine are brought to the newest version.

What a server reads is the copy, and it notices a new version there as it does in any folder; see
`openbook.serve.books`. Here somebody looks, now and then, whether there is one at the URL.
"""

import logging
from collections.abc import Sequence
from threading import Event, Thread

from openbook.database.shards.fetched_book import fetched_copy, is_newest
from openbook.errors import OpenbookError

_LOG = logging.getLogger(__name__)
_LONGEST_END = 5.0
"""Seconds that ending waits for what is being fetched."""


class UrlFollower:
    """Looks at URLs on a thread of its own, which ends with the process.

    A URL that cannot be reached is logged, once until it can, and looked at again; its copy is read as it is.

    Args:
        urls: of books, each of which has been opened.
        every: seconds between two looks.
    """

    def __init__(self, urls: Sequence[str], every: float) -> None:
        self._urls, self._every = urls, every
        self._unreachable: set[str] = set()
        self._over = Event()
        self._thread = Thread(target=self._run, name="follower of books at URLs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more; a fetch that takes longer is left to the next one, which begins where it was."""
        self._over.set()
        self._thread.join(_LONGEST_END)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            for url in self._urls:
                self._look_at(url)

    def _look_at(self, url: str) -> None:
        try:
            if not is_newest(url):
                fetched_copy(url)
            self._unreachable.discard(url)
        except (OpenbookError, OSError) as error:
            if url not in self._unreachable:
                _LOG.warning("%s; the version that is here is read on", error)
            self._unreachable.add(url)
