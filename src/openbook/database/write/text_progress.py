"""How far the writing of text is, also in the middle of a batch, which may take many seconds."""

from collections.abc import Iterator, Sequence

from openbook.database.write.batches import characters_of
from openbook.progress import Progress, silent, text_done
from openbook.text import AnyDocument

_TEXTS_AT_ONCE = 2000
"""Between two calls, where each text takes little time."""


class TextProgress:
    """Tells how many characters are written.

    Of a batch it tells by the share of its chunks that is done, here for batches of 600 and 400 characters:

        batch        1: chunks 1 2 3   2: chunks 1 2
        told             200 400 600       800 1000

    Args:
        progress: told by `openbook.progress.text_done`.
    """

    def __init__(self, progress: Progress = silent) -> None:
        self._progress = progress
        self._before = 0
        """Characters of the batches that are done."""
        self._batch = 0
        """Characters of the one that is being written."""

    def begin(self, documents: Sequence[AnyDocument]) -> None:
        """Begin to write a batch."""
        self._batch = sum(map(characters_of, documents))

    def part(self, done: int, of: int) -> None:
        """So many of the batch's chunks are done."""
        if of:
            text_done(self._progress, self._before + self._batch * done // of)

    def end(self, *documents: Sequence[AnyDocument]) -> None:
        """These are written, or were stored already."""
        self._before += sum(characters_of(document) for part in documents for document in part)
        self._batch = 0
        text_done(self._progress, self._before)

    def telling(self, texts: Sequence[str]) -> Iterator[str]:
        """The batch's texts, one for each chunk, while they are taken."""
        for number, text in enumerate(texts):
            if number % _TEXTS_AT_ONCE == 0:
                self.part(number, len(texts))
            yield text
