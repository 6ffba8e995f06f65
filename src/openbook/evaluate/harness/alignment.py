"""Questions as rows of tokens that the model reads: where chunks begin, and what is cut off.

As in `openbook.generate`, a context is padded on the left to whole chunks: so its last token ends a chunk,
and the first token of the answer already has neighbors. The borders follow from the context alone, and are
the same for every choice, whatever its length and whatever stands beside it in a batch. With M = 4, a context
of 6 tokens c, answers of 5 tokens a and of 2 tokens b, and . for padding:

    . . c c | c c c c | a a a a | a
    . . c c | c c c c | b b
                        ^ first to predict

Token ids in, token ids out: neither models nor databases are known here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from openbook.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Row:
    """What one pass of the model reads."""

    tokens: list[int]
    padding: int
    """So many tokens at the front are no text."""
    first: int
    """Place of the first token to predict, at least M. All after it are predicted, too."""

    def queries(self, chunk_size: int) -> list[list[int]]:
        """The text of each complete chunk that tokens follow, without padding: what is searched for.

        In the drawing above, of the first row: c c, c c c c and a a a a; of the second: c c and c c c c.
        """
        ends = range(chunk_size, len(self.tokens), chunk_size)
        return [self.tokens[max(self.padding, end - chunk_size) : end] for end in ends]


@dataclass(frozen=True, slots=True)
class ChunkAlignment:
    """How questions are cut.

    Raises:
        SettingsError: there is no room for a chunk of context and one of answer.
    """

    chunk_size: int
    """M."""
    max_length: int
    """Tokens that the model reads at once; what goes beyond a multiple of M stays unused."""
    padding_id: int
    """The token that pads."""

    def __post_init__(self) -> None:
        if self.max_length < 2 * self.chunk_size:
            raise SettingsError(
                f"max length {self.max_length}: must be at least two chunks, {2 * self.chunk_size} tokens"
            )

    @property
    def _limit(self) -> int:
        """Tokens of the chunks that the model reads at once."""
        return self.max_length // self.chunk_size * self.chunk_size

    def truncated(self, context: list[int], room: int) -> list[int]:
        """Drop as many of a context's first chunks as leave `room` tokens; its last chunk stays.

        With M = 4 and a limit of 12 tokens, a context of 10 tokens, which takes three chunks, leaves no room
        for 5 more. It loses two chunks, so that its last 4 tokens are left.

        Args:
            context: at least one token.
            room: the longest answer, of all that are compared.
        """
        M = self.chunk_size
        chunks = -(-len(context) // M)
        surplus = -(-(chunks * M + room - self._limit) // M)
        kept = chunks - min(max(0, surplus), chunks - 1)
        return context[-kept * M :]

    def rows(self, context: list[int], answer: list[int], room: int | None = None) -> Iterator[Row]:
        """Cut rows that predict each token of the answer once.

        An answer that does not fit beside the context's last chunk continues in further rows, which begin
        with as many chunks of what stands before as there is room for, at least one. With M = 4 and a limit
        of 12, after a context of one chunk c and an answer of 11 tokens:

            row 1    c c c c | 1 2 3 4 | 5 6 7 8           predicts 1 to 8
            row 2              1 2 3 4 | 5 6 7 8 | 9 10 11   predicts 9 to 11

        Args:
            context: at least one token.
            answer: what is predicted; nothing gives no row.
            room: the longest answer to this context; None: this one.
        """
        M = self.chunk_size
        context = self.truncated(context, len(answer) if room is None else room)
        padding = -len(context) % M
        tokens = [self.padding_id] * padding + context + answer
        predicted = padding + len(context)
        while predicted < len(tokens):
            end = min(len(tokens), predicted - M + self._limit)
            start = max(0, -(-(end - self._limit) // M) * M)
            yield Row(tokens[start:end], padding if start == 0 else 0, predicted - start)
            predicted = end

    def rows_of_text(self, context: list[int], answer: list[int]) -> Iterator[Row]:
        """Cut rows that predict each token of the answer once, with borders that know no context's end.

        The first token ends a chunk, and the text goes on from there. With M = 4, after a context c:

            . . . c | c c c c | c a a a | a a
                                  ^ first to predict

        Args:
            context: at least one token.
            answer: what is predicted; nothing gives no row.
        """
        M = self.chunk_size
        begin = M - 1 + len(context)
        done = M  # tokens of the padded text that the rows so far reach to
        for row in self.rows(context[:1], [*context[1:], *answer]):
            start, done = done - row.first, done + len(row.tokens) - row.first
            if done > begin:
                yield replace(row, first=max(row.first, begin - start))
