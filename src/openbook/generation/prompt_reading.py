"""A prompt that is read in parts, so that texts which are being written wait for a part of it at a time.

With M = 4 and parts of 8, a prompt of 18 tokens p, read while another text writes w:

    prompt    . . p p p p p p ‖ p p p p p p p p ‖ p p p p
    written   w                 w                w w w w w w │ the border: the last part and the first token
"""

from torch import Tensor

from openbook.generation.batch_row import BatchRow
from openbook.model import RetroCache

Neighbors = tuple[Tensor, Tensor]
"""Ids and mask [C, K, R]."""


class PromptReading:
    """The prompt of a text, as far as it is read.

    Args:
        row: the text; it is told of the padding.
        cache: empty; of what is read.
        neighbors: of all its chunks, or, where all of a prompt reads the same, of one; None: it has none.
        chunk_size: M.
    """

    def __init__(
        self, row: BatchRow, cache: RetroCache, neighbors: Neighbors | None, *, chunk_size: int
    ) -> None:
        self.row = row
        self.cache = cache
        self._neighbors = neighbors
        self._chunk_size = chunk_size
        self._rest, row.padding = padded(row, chunk_size)

    @property
    def left(self) -> int:
        """Tokens that are not read; whole chunks."""
        return len(self._rest)

    def take(self, count: int) -> tuple[list[int], Neighbors | None]:
        """The next tokens, with what they read.

        Args:
            count: whole chunks; what is left, if that is less.
        """
        assert count % self._chunk_size == 0
        tokens, self._rest = self._rest[:count], self._rest[count:]
        if self._neighbors is None or len(self._neighbors[0]) == 1:
            return tokens, self._neighbors
        ids, mask = self._neighbors
        chunks = len(tokens) // self._chunk_size
        self._neighbors = ids[chunks:], mask[chunks:]
        return tokens, (ids[:chunks], mask[:chunks])


def padded(row: BatchRow, chunk_size: int) -> tuple[list[int], int]:
    """The tokens of a text's window, padded on the left to whole chunks; and how many of them are padding."""
    tokens = row.in_window()
    padding = -len(tokens) % chunk_size
    return [row.settings.eos_id] * padding + tokens, padding
