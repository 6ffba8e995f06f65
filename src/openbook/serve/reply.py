"""From the engine's events to a reply: text as the client sees it, with citations at its own offsets.

The engine's text and the client's differ: an answer has no space around it, and footnotes stand in it. So
every offset of a citation is moved:

    engine    ' It is green. It was built in 1873.'
    client     'It is green.[^1] It was built in 1873.[^2]'
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

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


ReplyPart = ReplyText | ReplySpan | ReplyEnd


class Reply:
    """Makes a reply of events.

    Args:
        book: what is read, as clients name it; None: nothing is.
        trimmed: without the space around it, as an answer is.
        footnotes: with the sources as Markdown footnotes.
    """

    def __init__(self, book: str | None, *, trimmed: bool, footnotes: bool) -> None:
        self._book = book
        self._trimmed = trimmed
        self._footnotes = footnotes
        self._dropped = 0  # characters at the engine's beginning
        self._taken = 0  # characters of the engine that were taken
        self._held = ""  # space that is told when something follows it
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
            return [ReplyText(self._told(event.text), event.tokens), *self._spans(self._shown_end())]
        if isinstance(event, SpanRead):
            return self._close(event.citation)
        return self._finish(event)

    # --- Text ---

    def _told(self, text: str) -> str:
        """What the client sees of the engine's next text."""
        if self._trimmed and self._taken == self._dropped:
            kept = text.lstrip()
            self._dropped += len(text) - len(kept)
            self._taken = self._dropped
            text = kept
        text = self._held + text
        begin = self._taken - len(self._held)
        kept = text.rstrip() if self._trimmed else text
        self._held = text[len(kept) :]
        self._taken = begin + len(text)
        return self._with_marks(kept, begin)

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

    def _shown_end(self) -> int:
        return self._taken - len(self._held)

    def _moved(self, place: int, *, starts: bool) -> int:
        """A place of the engine's text in the client's: what starts at a mark stands after it."""
        before = sum(size for at, size in self._marks if at < place or (starts and at == place))
        return max(0, place - self._dropped) + before

    # --- Citations ---

    def _close(self, citation: Citation) -> list[ReplyPart]:
        if self._footnotes and (mark := self._mark_of(citation)):
            self._due.append((citation.end, mark))
        self._late.append(citation)
        told = self._with_marks("", self._shown_end()) if self._due else ""
        return [*([ReplyText(told)] if told else []), *self._spans(self._shown_end())]

    def _mark_of(self, citation: Citation) -> str:
        numbers = []
        for neighbor in used_neighbors(citation):
            self._sources.setdefault(neighbor.document_id, neighbor)
            numbers.append(list(self._sources).index(neighbor.document_id) + 1)
        return "".join(f"[^{number}]" for number in sorted(numbers))

    def _spans(self, end: int) -> list[ReplyPart]:
        """The spans whose text is told up to this place of the engine's."""
        ready = [citation for citation in self._late if citation.end <= end]
        self._late = [citation for citation in self._late if citation.end > end]
        return self._as_parts(ready, end)

    def _as_parts(self, citations: Sequence[Citation], end: int) -> list[ReplyPart]:
        moved = [self._move(citation, end) for citation in citations]
        return [ReplySpan(citation) for citation in moved if citation.end > citation.start]

    def _move(self, citation: Citation, end: int) -> Citation:
        def at(start: int, stop: int) -> tuple[int, int]:
            first, last = min(max(start, self._dropped), end), min(stop, end)
            return self._moved(first, starts=True), self._moved(last, starts=False)

        copied = []
        for span in citation.copied:
            start, stop = at(span.start, span.end)
            copied += [replace(span, start=start, end=stop)] if stop > start else []
        start, stop = at(citation.start, citation.end)
        return replace(citation, start=start, end=stop, copied=copied)

    def _finish(self, event: TextEnd) -> list[ReplyPart]:
        end = self._shown_end()
        self._due = [(min(at, end), mark) for at, mark in self._due]
        rest = self._with_marks("", end)
        spans = self._as_parts(self._late, end)
        if self._sources and self._book is not None:
            notes = (footnote(n, source, self._book) for n, source in enumerate(self._sources.values(), 1))
            rest += "\n\n" + "\n".join(notes)
        text: list[ReplyPart] = [ReplyText(rest)] if rest else []
        reason: Literal["stop", "length"] = "length" if event.finish_reason == "length" else "stop"
        done = ReplyEnd(reason, event.prompt_tokens, event.completion_tokens, event.seed)
        return [*text, *spans, done]
