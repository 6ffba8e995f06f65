"""Which neighbors each span of generated text could see, and how much it looked at each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import MappingProxyType

from openbook.database import Hit
from openbook.generation.copied_spans import (
    CopiedSpan,
    CopiedToken,
    Origin,
    copied_spans,
    ends_in_source,
    ends_of_tokens,
    matched_spans,
)
from openbook.generation.decoded_token import DecodedToken
from openbook.generation.word_origins import order_by_words
from openbook.text import Tokenizer

_READ = 0.5
"""A neighbor counts as read with at least this part of an equal share of the attention."""


@dataclass(frozen=True, slots=True)
class CitedNeighbor:
    """A neighbor that was attended to."""

    document_id: str
    chunk_id: int
    title: str
    source: str
    text: str
    continuation: str
    score: float
    """Of the search."""
    attention: float | None
    """Share of the span's attention, mean over its tokens, heads and layers; a span's neighbors sum to 1.
    None: it is not known, for it was read in the prompt."""
    is_used: bool = True
    """Whether it got at least half of an equal share of the attention, or words were copied from it, or
    nobody knows; pages may fold the others."""
    influence: float | None = None
    """What the span's log-probability, in nats, falls by where this neighbor is not read; None: not asked
    for."""

    @property
    def origin(self) -> Origin:
        """Which neighbor it is."""
        return self.document_id, self.chunk_id

    @property
    def passage(self) -> str:
        """What was read of it: the chunk with its continuation."""
        return self.text + self.continuation


@dataclass(frozen=True, slots=True)
class Citation:
    """A span of the generated text and its neighbors, those first that it has words of: `word_origins`."""

    start: int
    """First character."""
    end: int
    """After the last character."""
    neighbors: list[CitedNeighbor]
    copied: list[CopiedSpan] = field(default_factory=list)
    """What was copied from them, in the order of the text: as a copy head says, or word for word."""

    @property
    def used(self) -> list[CitedNeighbor]:
        """The neighbors that count as read, in their order."""
        return [neighbor for neighbor in self.neighbors if neighbor.is_used]


_NONE_KNOWN: Mapping[int, Citation] = MappingProxyType({})


def cite_chunks(
    tokens: Sequence[DecodedToken],
    hits: Sequence[Sequence[Hit]],
    tokenizer: Tokenizer,
    retrieved: Sequence[Sequence[Sequence[int]]] = (),
    influences: Sequence[Sequence[float]] | None = None,
    known: Mapping[int, Citation] = _NONE_KNOWN,
) -> tuple[str, list[tuple[int, Citation]]]:
    """The written text and its citations: one span for each chunk that was retrieved for.

    Args:
        tokens: as decoded.
        hits: for each chunk retrieved for, its neighbors in the order that the model saw them.
        tokenizer: turns tokens into text.
        retrieved: for each of these neighbors its tokens, which copied ones are among.
        influences: for each chunk that of its neighbors; None: not asked for.
        known: citations of chunks that are complete, which are not made again.

    Returns:
        The text, and citations in its order, each with the number of its chunk; none without retrieval.
    """
    ids = [token.id for token in tokens]
    text = tokenizer.decode_inside([ids])[0]
    citations: list[tuple[int, Citation]] = []
    ends = ends_of_tokens(ids, text, tokenizer)
    places = [(begin, end, token.copied) for begin, end, token in zip([0, *ends], ends, tokens, strict=False)]
    done = 0
    start = 0
    for chunk, group in groupby(tokens, key=lambda token: token.chunk):
        span = list(group)
        done += len(span)
        if chunk in known:
            citations.append((chunk, known[chunk]))
            start = known[chunk].end
            continue
        end = len(text) if done == len(ids) else len(tokenizer.decode_inside([ids[:done]])[0].rstrip("�"))
        found = None if influences is None else influences[chunk]
        neighbors = _cited(span, hits[chunk], found) if chunk < len(hits) else []
        if neighbors and end > start:
            copied = _copied(places[done - len(span) : done], hits[chunk], retrieved[chunk:], tokenizer)
            copied = _with_matches(copied, text, range(start, end), neighbors)
            used = _used(neighbors, copied)
            citations.append((chunk, Citation(start, end, _in_order(used, text[start:end], copied), copied)))
        start = end
    return text, citations


def moved(citations: Sequence[Citation], *, by: int, end: int | None) -> list[Citation]:
    """Citations of a text without its first characters, and without those after the end, if there is one."""
    found = []
    for citation in citations:
        last = citation.end - by if end is None else min(end, citation.end - by)
        start = max(0, citation.start - by)
        copied = [_clipped(span, start, last, by=by) for span in citation.copied]
        kept = [span for span in copied if span.end > span.start]
        found.append(Citation(start, last, citation.neighbors, kept))
    return [citation for citation in found if citation.end > citation.start]


def _clipped(span: CopiedSpan, start: int, end: int, *, by: int) -> CopiedSpan:
    """The part of a copied span, moved to the left, that lies between two places; in its source, too."""
    first, last = span.start - by, span.end - by
    return replace(
        span,
        start=max(start, first),
        end=min(end, last),
        source_start=span.source_start + max(0, start - first),
        source_end=span.source_end - max(0, last - end),
    )


def _with_matches(
    copied: list[CopiedSpan], text: str, span: range, neighbors: Sequence[CitedNeighbor]
) -> list[CopiedSpan]:
    """What the copy head says, and words that are the same besides."""
    sources = [(neighbor.origin, neighbor.passage) for neighbor in neighbors]
    found = [*copied, *matched_spans(text, span, sources, taken=copied)]
    return sorted(found, key=lambda one: one.start)


def cite_whole(text: str, hits: Sequence[Hit]) -> list[Citation]:
    """Cite what stood in the prompt of all of a text: nobody looks how much each was looked at."""
    if not hits or not text:
        return []
    neighbors = [cited_neighbor(hit, None) for hit in hits]
    span = range(len(text))
    copied = _with_matches([], text, span, neighbors)
    return [Citation(span.start, span.stop, _in_order(neighbors, text, copied), copied)]


def cite_rejected(text: str, hits: Sequence[Hit]) -> list[Citation]:
    """Cite what was found and does not answer: no model looked at it, and a refusal has no words of it."""
    neighbors = [replace(cited_neighbor(hit, 0.0), is_used=False) for hit in hits]
    return [Citation(0, len(text), neighbors)] if neighbors else []


def _copied(
    places: Sequence[tuple[int, int, CopiedToken | None]],
    hits: Sequence[Hit],
    retrieved: Sequence[Sequence[Sequence[int]]],
    tokenizer: Tokenizer,
) -> list[CopiedSpan]:
    """Those of a span; `retrieved` begins with the tokens of its neighbors, if they are known."""
    if not retrieved or not any(source for *_, source in places):
        return []
    texts = [hit.passage for hit in hits]
    source_ends = [
        ends_in_source(ids, text, tokenizer) for ids, text in zip(retrieved[0], texts, strict=True)
    ]
    return copied_spans(places, [(hit.document_id, hit.chunk_id) for hit in hits], source_ends)


def _cited(
    span: list[DecodedToken], hits: Sequence[Hit], influences: Sequence[float] | None
) -> list[CitedNeighbor]:
    shares = [sum(token.shares[place] for token in span) / len(span) for place in range(len(hits))]
    order = sorted(range(len(hits)), key=lambda place: -shares[place])
    cited = [cited_neighbor(hits[place], shares[place]) for place in order]
    if influences is None:
        return cited
    pairs = zip(cited, order, strict=True)
    return [replace(neighbor, influence=influences[place]) for neighbor, place in pairs]


def _in_order(
    neighbors: Sequence[CitedNeighbor], text: str, copied: Sequence[CopiedSpan]
) -> list[CitedNeighbor]:
    """First those that a span has its words of; see `word_origins`."""
    by_head = dict.fromkeys((neighbor.origin for neighbor in neighbors), 0.0)
    for span in copied:
        by_head[span.origin] += (span.end - span.start) * (span.by == "copy head")
    order = order_by_words(
        text,
        [neighbor.passage for neighbor in neighbors],
        copied=[by_head[neighbor.origin] for neighbor in neighbors],
        attention=[neighbor.attention or 0.0 for neighbor in neighbors],
    )
    return [neighbors[place] for place in order]


def _used(neighbors: Sequence[CitedNeighbor], copied: Sequence[CopiedSpan]) -> list[CitedNeighbor]:
    """Say which of a span's neighbors count as read.

    Others have less than half of an equal share of the attention, and nothing was copied from them: of 4
    neighbors those with less than 0.125.
    """
    least = _READ / max(1, len(neighbors))
    sources = {span.origin for span in copied}
    return [
        replace(
            neighbor,
            is_used=neighbor.attention is None or neighbor.attention >= least or neighbor.origin in sources,
        )
        for neighbor in neighbors
    ]


def cited_neighbor(hit: Hit, attention: float | None) -> CitedNeighbor:
    """Cite what was found, with its share of the attention."""
    return CitedNeighbor(
        hit.document_id,
        hit.chunk_id,
        hit.title,
        hit.source,
        hit.text,
        hit.continuation,
        hit.score,
        attention,
    )
