"""Text while it is written: tokens come one by one, and what they spell is told as soon as it is certain."""

from collections.abc import Callable, Sequence

from openbook.generation.decoding_loop import DecodedToken
from openbook.text import Tokenizer

OnText = Callable[[str], None]
"""Takes each piece of a text as it comes; together they are the text."""


class TextStream:
    """Tells a text piece by piece.

    A character whose bytes are shared out among tokens comes when its last token does.

    Args:
        tokenizer: turns tokens into text.
        on_text: is told.
        shown: what may be told of a text that goes on, such as the text without the space around it: of a
            longer text, the same and more.
        stop: text that ends it; None: nothing does.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        on_text: OnText | None,
        *,
        shown: Callable[[str], str] = str,
        stop: str | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self._on_text = on_text
        self._shown = shown
        self._stop = stop
        self._told = ""
        self.stopped = False
        """Whether the text that ends it has come."""

    def add(self, tokens: Sequence[DecodedToken]) -> bool:
        """Tell what the last token adds.

        Args:
            tokens: all that are written.

        Returns:
            Whether the text ends here.
        """
        if self._on_text is None and self._stop is None:
            return False
        text = self._tokenizer.decode_inside([[token.id for token in tokens]])[0]
        if self._stop is not None:
            self.stopped = self._stop in text.lstrip()
        self._tell(self._shown(text.rstrip("�")))
        return self.stopped

    def finish(self, text: str) -> None:
        """Tell the rest of the text."""
        self._tell(text)

    def _tell(self, text: str) -> None:
        # Some decoders change what stands before a token, such as a space: that waits until it fits again.
        if self._on_text is not None and len(text) > len(self._told) and text.startswith(self._told):
            self._on_text(text[len(self._told) :])
            self._told = text
