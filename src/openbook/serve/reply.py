"""From the engine's events to a reply: the text as the client sees it, with citations at its own offsets.

The engine's text and the client's differ where footnotes are asked for, so that offsets are moved:

    engine   'It is green. It was built in 1873.'
    client   'It is green.[^1] It was built in 1873.[^2]'
"""

from dataclasses import dataclass, replace
from typing import Literal

from openbook.generation.book_drafts import DraftCounts
from openbook.generation.citations import Citation, CitedNeighbor
from openbook.generation.text_request import (
    SpanRead,
    TextEnd,
    TextEvent,
    TextFailure,
    TextPiece,
    WrittenToken,
)
from openbook.serve.source_links import footnote, used_neighbors


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The reply goes on."""

    text: str
    """Maybe nothing, where tokens have come that say nothing yet."""
    tokens: tuple[WrittenToken, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplySpan:
    """A span of the reply is complete."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """The reply is complete."""

    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    seed: int
    drafts: DraftCounts | None = None
    """What drafts saved; None: none were asked for."""
    measured: tuple[Citation, ...] = ()
    """All spans again, with the influence of each neighbor; none where nobody asked for it."""


ReplyPart = ReplyText | ReplySpan | ReplyEnd


class Reply:
    """Makes a reply of events.

    Args:
        book: what is read, as clients name it; None: nothing is.
        footnotes: with the sources as Markdown footnotes.
        refusal: the text that says that the book does not say: it was written from no source, whatever was
            read; None: there is none.
    """

    def __init__(self, book: str | None, *, footnotes: bool, refusal: str | None = None) -> None:
        self._book = book
        self._footnotes = footnotes
        self._refusal = refusal
        self._text = ""
        self._taken = 0  # characters of the engine
        self._due: list[tuple[int, str]] = []  # footnote marks, at places of the engine's text
        self._marks: list[tuple[int, int]] = []  # those that are told: their place, their length
        self._sources: dict[str, CitedNeighbor] = {}
        self._late: list[Citation] = []  # spans whose text is not told yet

    def take(self, event: TextEvent) -> list[ReplyPart]:
        """Take the next event.

        Raises:
            Exception: the text cannot be finished; the event's own.
        """
        if isinstance(event, TextFailure):
            raise event.error
        if isinstance(event, TextPiece):
            self._text += event.text
            begin, self._taken = self._taken, len(self._text)
            return [ReplyText(self._with_marks(event.text, begin), event.tokens), *self._spans()]
        if isinstance(event, SpanRead):
            return self._close(event.citation)
        return self._finish(event)

    def _with_marks(self, text: str, begin: int) -> str:
        """A text that begins at this place of the engine's, with the marks that are due in it."""
        told, place = "", begin
        while self._due and self._due[0][0] <= begin + len(text):
            at, mark = self._due.pop(0)
            at = max(at, place)
            told += text[place - begin : at - begin] + mark
            self._marks.append((at, len(mark)))
            place = at
        return told + text[place - begin :]

    def _moved(self, place: int, *, starts: bool) -> int:
        """A place of the engine's text in the client's: what starts at a mark stands after it."""
        return place + sum(size for at, size in self._marks if at < place or (starts and at == place))

    # --- Citations ---

    def _close(self, citation: Citation) -> list[ReplyPart]:
        citation = self._unless_refused(citation)
        if self._footnotes and (mark := self._mark_of(citation)):
            self._due.append((citation.end, mark))
        self._late.append(citation)
        told = self._with_marks("", self._taken)
        return [*([ReplyText(told)] if told else []), *self._spans()]

    def _unless_refused(self, citation: Citation) -> Citation:
        """A citation; of a text that says that the book does not say, with no neighbor that was used."""
        if self._text != self._refusal:
            return citation
        unused = [replace(neighbor, is_used=False) for neighbor in citation.neighbors]
        return replace(citation, neighbors=unused)

    def _mark_of(self, citation: Citation) -> str:
        numbers = []
        for neighbor in used_neighbors(citation):
            self._sources.setdefault(neighbor.document_id, neighbor)
            numbers.append(list(self._sources).index(neighbor.document_id) + 1)
        return "".join(f"[^{number}]" for number in sorted(numbers))

    def _spans(self) -> list[ReplyPart]:
        """The spans whose text is told."""
        ready = [citation for citation in self._late if citation.end <= self._taken]
        self._late = [citation for citation in self._late if citation.end > self._taken]
        return [ReplySpan(self._move(citation)) for citation in ready]

    def _move(self, citation: Citation) -> Citation:
        copied = [
            replace(span, start=self._moved(span.start, starts=True), end=self._moved(span.end, starts=False))
            for span in citation.copied
        ]
        start, end = self._moved(citation.start, starts=True), self._moved(citation.end, starts=False)
        return replace(citation, start=start, end=end, copied=copied)

    def _finish(self, event: TextEnd) -> list[ReplyPart]:
        notes = ""
        if self._sources and self._book is not None:
            lines = (footnote(n, source, self._book) for n, source in enumerate(self._sources.values(), 1))
            notes = "\n\n" + "\n".join(lines)
        reason: Literal["stop", "length"] = "length" if event.finish_reason == "length" else "stop"
        done = ReplyEnd(
            reason,
            event.prompt_tokens,
            event.completion_tokens,
            event.seed,
            drafts=event.drafts,
            measured=tuple(
                self._move(self._unless_refused(citation))
                for citation in event.citations
                if _is_measured(citation)
            ),
        )
        return [*([ReplyText(notes)] if notes else []), done]


def _is_measured(citation: Citation) -> bool:
    """Whether the influence of its neighbors is known."""
    return any(neighbor.influence is not None for neighbor in citation.neighbors)
