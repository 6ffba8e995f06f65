"""Text while it is written: tokens come one by one, and what they spell is told as soon as it is certain."""

from collections.abc import Callable, Sequence

from openbook.text import Tokenizer

OnText = Callable[[str], None]
"""Takes each piece of a text as it comes; together they are the text."""


class TextStream:
    """Finds what each token adds to a text.

    A character whose bytes are shared out among tokens comes with its last token. What may be the beginning
    of a text that ends all is held back until it is known whether it is.

    Args:
        tokenizer: turns tokens into text.
        stop: texts any of which ends it, and is not part of it.
        strip: leave out the space around the text; in it no stop text counts.
        free: tokens at the beginning within which no stop text ends.

    Attributes:
        told: what was told so far.
        text: all of it, once it has ended.
        lead: characters left out at the beginning.
        stopped: whether a text that ends it has come.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, stop: Sequence[str] = (), strip: bool = False, free: int = 0
    ) -> None:
        self._tokenizer = tokenizer
        self._stop = tuple(stop)
        self._strip = strip
        self._free = free
        self._searched = 0
        """Characters in which no stop text ends."""
        self._text = ""
        self.text = ""
        self.told = ""
        self.lead = 0
        self.stopped = False

    def add(self, ids: Sequence[int]) -> str:
        """Take a token, and find what it adds.

        Args:
            ids: all that are written.

        Returns:
            The next piece, often empty.
        """
        self._read(ids)
        certain = self._text.rstrip("�")
        if len(ids) > self._free:
            certain = self._until_stop(certain)
        self._searched = len(certain)
        if self.stopped:
            self.text = self._spaced(certain)
            return self._tell(self.text)
        return self._tell(self._spaced(self._without_begun_stop(certain)))

    def finish(self, ids: Sequence[int]) -> str:
        """Find what is left to tell of a text that goes on no more."""
        if self.stopped:
            return ""
        self._read(ids)
        self.text = self._spaced(self._text)
        return self._tell(self.text)

    def _read(self, ids: Sequence[int]) -> None:
        text = self._tokenizer.decode_inside([list(ids)])[0]
        if self._strip:
            self.lead = len(text) - len(text.lstrip())
        self._text = text[self.lead :]

    def _until_stop(self, text: str) -> str:
        """The text before the first of those that end it."""
        found = []
        for stop in self._stop:
            place = text.find(stop, max(0, self._searched - len(stop) + 1))
            if place >= 0:
                found.append(place)
        self.stopped = bool(found)
        return text[: min(found)] if found else text

    def _without_begun_stop(self, text: str) -> str:
        """The text without what may be the beginning of one that ends it."""
        longest = max(map(len, self._stop), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            end = text[-length:]
            if any(len(stop) > length and stop.startswith(end) for stop in self._stop):
                return text[:-length]
        return text

    def _spaced(self, text: str) -> str:
        return text.rstrip() if self._strip else text

    def _tell(self, text: str) -> str:
        # Some decoders change what stands before a token, such as a space: that waits until it fits again.
        if not text.startswith(self.told):
            return ""
        piece = text[len(self.told) :]
        self.told = text
        return piece
