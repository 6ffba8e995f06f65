"""Replies: text as the client sees it, with footnotes where they are asked for, and offsets that fit it."""

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from openbook.generation.citations import Citation
from openbook.generation.copied_spans import CopiedSpan
from openbook.generation.text_request import SpanRead, TextEnd, TextEvent, TextPiece
from openbook.serve.reply import Reply, ReplyEnd, ReplySpan, ReplyText
from serve_events import neighbor


def told(events: list[TextEvent], *, footnotes: bool) -> tuple[str, list[Citation], ReplyEnd]:
    reply = Reply("notes", footnotes=footnotes)
    parts = [part for event in events for part in reply.take(event)]
    text = "".join(part.text for part in parts if isinstance(part, ReplyText))
    assert isinstance(parts[-1], ReplyEnd)
    return text, [part.citation for part in parts if isinstance(part, ReplySpan)], parts[-1]


def ending(text: str) -> TextEnd:
    return TextEnd(text, [], "stop", 1, 1, 0)


def test_without_footnotes_nothing_moves() -> None:
    span = Citation(0, 5, [neighbor()])
    text, spans, end = told([TextPiece("Green", ()), SpanRead(span), ending("Green")], footnotes=False)
    assert (text, spans, end.finish_reason) == ("Green", [span], "stop")


def test_footnotes_stand_after_their_spans_and_their_sources_at_the_end() -> None:
    first, second = Citation(0, 6, [neighbor(1)]), Citation(6, 12, [neighbor(2), neighbor(1, attention=0.6)])
    events = [TextPiece("Green.", ()), SpanRead(first), TextPiece(" 1873.", ()), SpanRead(second)]
    text, spans, _ = told([*events, ending("Green. 1873.")], footnotes=True)
    body, notes = text.split("\n\n")
    assert body == "Green.[^1] 1873.[^1][^2]"
    assert notes == "[^1]: title 1 (notes/1\\.md)\n[^2]: title 2 (notes/2\\.md)"
    assert [body[span.start : span.end] for span in spans] == ["Green.", " 1873."]


def test_a_span_that_closes_before_its_text_is_told_waits_for_it() -> None:
    events = [TextPiece("Gre", ()), SpanRead(Citation(0, 5, [neighbor()])), TextPiece("en one", ())]
    reply = Reply("notes", footnotes=True)
    parts = [reply.take(event) for event in events]
    assert [type(part) for part in parts[1]] == []
    assert parts[2][0] == ReplyText("en[^1] one")
    assert isinstance(parts[2][1], ReplySpan)


def test_a_span_that_closes_after_more_text_is_told_has_its_mark_there() -> None:
    events = [TextPiece("Green one", ()), SpanRead(Citation(0, 5, [neighbor()])), TextPiece(" more", ())]
    text, spans, _ = told([*events, ending("Green one more")], footnotes=True)
    assert text.startswith("Green one[^1] more")
    assert text[spans[0].start : spans[0].end] == "Green"


def test_copied_parts_move_with_their_span() -> None:
    copied = [CopiedSpan(7, 11, "doc2", 2, 0, 4, 0.9)]
    first, second = Citation(0, 6, [neighbor(1)]), Citation(6, 12, [neighbor(2)], copied)
    events = [TextPiece("Green.", ()), SpanRead(first), TextPiece(" 1873.", ()), SpanRead(second)]
    text, spans, _ = told([*events, ending("Green. 1873.")], footnotes=True)
    (moved,) = spans[1].copied
    assert text[moved.start : moved.end] == "1873"


def test_neighbors_that_were_hardly_read_are_no_footnotes() -> None:
    read, passed_over = neighbor(1), neighbor(2, attention=0.1, is_used=False)
    events = [TextPiece("Green", ()), SpanRead(Citation(0, 5, [read, passed_over])), ending("Green")]
    text, _, _ = told(events, footnotes=True)
    assert "[^1]: title 1" in text
    assert "title 2" not in text


def test_that_the_book_does_not_say_has_no_source() -> None:
    """Whatever was read: it was not written from there."""
    span = Citation(0, 12, [neighbor(1), neighbor(2, influence=0.5)])
    reply = Reply("notes", footnotes=True, refusal="Not in here.")
    events = [TextPiece("Not in", ()), TextPiece(" here.", ()), SpanRead(span)]
    parts = [part for event in events for part in reply.take(event)]
    end = reply.take(replace(ending("Not in here."), citations=[span]))
    assert "".join(part.text for part in parts if isinstance(part, ReplyText)) == "Not in here."
    (told_span,) = (part.citation for part in parts if isinstance(part, ReplySpan))
    assert [near.document_id for near in told_span.neighbors] == ["doc1", "doc2"]
    assert told_span.used == []
    assert isinstance(end[-1], ReplyEnd)
    assert end[-1].measured[0].used == []


def test_tokens_come_with_the_text_they_are_told_with() -> None:
    reply = Reply(None, footnotes=False)
    assert reply.take(TextPiece("", ())) == [ReplyText("", ())]


@given(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=6), st.data())
def test_a_span_is_the_same_text_with_footnotes(words: list[str], data: st.DataObject) -> None:
    """However pieces and spans interleave, as long as they come in their order."""
    text = "".join(words)
    bounds = [0]
    for word in words:
        bounds.append(bounds[-1] + len(word))
    spans = [Citation(a, b, [neighbor(n)]) for n, (a, b) in enumerate(itertools.pairwise(bounds))]
    cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=5))})
    pieces = [TextPiece(text[a:b], ()) for a, b in itertools.pairwise(cuts)]
    events: list[TextEvent] = []
    waiting = [SpanRead(span) for span in spans]
    for piece in pieces:
        events.append(piece)
        for _ in range(data.draw(st.integers(0, len(waiting)))):
            events.append(waiting.pop(0))
    shown, found, _ = told([*events, *waiting, ending(text)], footnotes=True)
    plain, _, _ = told([*events, *waiting, ending(text)], footnotes=False)
    assert plain == text
    assert len(found) == len(spans)
    for number, (span, moved) in enumerate(zip(spans, found, strict=True), start=1):
        inside = shown[moved.start : moved.end]
        for mark in range(1, number + 1):  # those of earlier spans that were told late
            inside = inside.replace(f"[^{mark}]", "")
        expected = text[span.start : span.end]
        for mark in range(1, number + 1):
            expected = expected.replace(f"[^{mark}]", "")
        assert inside == expected
