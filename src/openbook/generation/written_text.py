"""A text that is asked for: what is told of its tokens, as pieces, spans with their sources, and an end."""

from collections.abc import Sequence
from typing import Literal

from openbook.generation.book_drafts import DraftCounts
from openbook.generation.citations import Citation, cite_chunks, cite_rejected, moved
from openbook.generation.decoded_token import DecodedToken
from openbook.generation.neighbor_fetcher import NeighborFetcher
from openbook.generation.text_request import (
    OnEvent,
    SpanRead,
    TextEnd,
    TextEvent,
    TextFailure,
    TextPiece,
    TextRequest,
    WrittenToken,
)
from openbook.generation.text_stream import TextStream
from openbook.text import Tokenizer

FinishReason = Literal["stop", "length", "cancelled"]


class WrittenText:
    """Tells what is written.

    Args:
        request: what was asked for.
        tokenizer: turns tokens into text.
        source: what gives it neighbors, and knows what was found; None: nothing does.
        seed: of the draws.
        prompt_tokens: with those that the model puts before every text itself.
        on_event: is told; None: nobody is.
    """

    def __init__(
        self,
        request: TextRequest,
        tokenizer: Tokenizer,
        source: NeighborFetcher | None,
        *,
        seed: int,
        prompt_tokens: int,
        on_event: OnEvent | None,
    ) -> None:
        self.request = request
        self.seed = seed
        self.prompt_tokens = prompt_tokens
        self._tokenizer = tokenizer
        self._source = source
        self._on_event = on_event
        self._stream = TextStream(
            tokenizer, stop=request.stop, strip=request.strip, free=request.min_new_tokens
        )
        self._ends: list[int] = []
        """After each token, the characters of the text."""
        self._tokens_told = 0
        self._complete: dict[int, Citation] = {}
        """Citations by the chunk, of those that no further token belongs to."""
        self._citations: list[Citation] = []
        """Of spans that are complete; not all of them are told."""
        self._spans_told = 0
        self.is_over = False
        """Whether its end, or that it failed, was told."""

    def add(self, written: list[DecodedToken]) -> bool:
        """Tell what the last token adds.

        Args:
            written: all tokens.

        Returns:
            Whether the text ends here.
        """
        piece = self._stream.add([token.id for token in written])
        self._ends.append(len(self._stream.told))
        if piece:
            self._tell_piece(piece, written, sum(end <= self._ends[-1] for end in self._ends))
        if len(written) > 1 and written[-1].chunk != written[-2].chunk:
            self._citations = self._cited(written, before=written[-1].chunk)
        self._tell_spans()
        return self._stream.stopped

    def end(
        self,
        written: list[DecodedToken],
        reason: FinishReason | None = None,
        *,
        drafts: DraftCounts | None = None,
        influences: Sequence[Sequence[float]] | None = None,
    ) -> TextEnd:
        """Tell the rest, and that the text has ended.

        Args:
            written: all tokens.
            reason: why; None: as the tokens say.
            drafts: what they saved; None: none were asked for.
            influences: for each look-up that of its neighbors; None: not asked for.
        """
        stream = self._stream
        piece = stream.finish([token.id for token in written])
        count = len(written)
        if stream.stopped:  # tokens of the text that ended it are not told
            count = min(count, sum(begin < len(stream.text) for begin in [0, *self._ends]))
        if piece or count > self._tokens_told:
            self._tell_piece(piece, written, count)
        self._citations = self._cited(written, influences=influences)
        self._tell_spans()
        if reason is None:
            complete = not stream.stopped and len(written) >= self.request.max_new_tokens
            reason = "length" if complete else "stop"
        self.is_over = True
        end = TextEnd(
            stream.text,
            self._citations,
            reason,
            self.prompt_tokens,
            len(written),
            seed=self.seed,
            drafts=drafts,
        )
        self._tell(end)
        return end

    def refuse(self) -> TextEnd:
        """Tell the refusal, with what was found and does not answer, and that it is all."""
        refusal = self.request.refusal or ""
        citations = cite_rejected(refusal, [] if self._source is None else self._source.rejected)
        self._tell(TextPiece(refusal, ()))
        for citation in citations:
            self._tell(SpanRead(citation))
        self.is_over = True
        end = TextEnd(refusal, citations, "stop", self.prompt_tokens, 0, seed=self.seed)
        self._tell(end)
        return end

    def fail(self, error: Exception) -> None:
        """Tell that the text cannot be finished."""
        self.is_over = True
        self._tell(TextFailure(error))

    def _cited(
        self,
        written: Sequence[DecodedToken],
        before: int | None = None,
        influences: Sequence[Sequence[float]] | None = None,
    ) -> list[Citation]:
        """The citations of the text; of chunks before one alone, where more is to come."""
        if self._source is None:
            return []
        source = self._source
        known = self._complete if influences is None else {}
        _, found = cite_chunks(
            written, source.hits, self._tokenizer, source.retrieved, influences, known=known
        )
        if before is not None:
            found = [(chunk, citation) for chunk, citation in found if chunk < before]
            self._complete = dict(found)
        citations = [citation for _, citation in found]
        end = len(self._stream.text) if before is None else None
        return moved(citations, by=self._stream.lead, end=end)

    def _tell_piece(self, piece: str, written: Sequence[DecodedToken], count: int) -> None:
        """A piece, with the tokens up to this number that were not told."""
        new = written[self._tokens_told : count]
        self._tokens_told = max(count, self._tokens_told)
        self._tell(TextPiece(piece, tuple(WrittenToken(t.id, t.logprob, t.likeliest) for t in new)))

    def _tell_spans(self) -> None:
        """Those spans whose text is told."""
        while self._spans_told < len(self._citations):
            citation = self._citations[self._spans_told]
            if citation.end > len(self._stream.told):
                return
            self._spans_told += 1
            self._tell(SpanRead(citation))

    def _tell(self, event: TextEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)
