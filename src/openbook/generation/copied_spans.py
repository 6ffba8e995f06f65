"""What was copied: from which token of which neighbor, and the spans that these make in both texts.

A copy head says what it copies. Where there is none, or it says nothing, the same words in the text and in a
neighbor that was read are taken for copied.
"""

import codecs
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from torch import Tensor

from openbook.generation.text_matches import LEAST_WORDS, begin_of_words, clipped, text_matches
from openbook.model.copy_head import CopyDistribution
from openbook.text import Tokenizer

Origin = tuple[str, int]
"""Which neighbor: its document's id, and the number of its chunk."""
_BROKEN = "\ufffd"
"""What stands in a text for bytes that are no character, or not yet."""
_MOSTLY = 0.5
"""A token counts as copied where more than this of its probability came from copying."""


@dataclass(frozen=True, slots=True)
class CopiedToken:
    """Where a copy head would have a written token from."""

    share: float
    """Of the token's probability: what came from copying it rather than from the vocabulary, 0 … 1."""
    neighbor: int
    """Place among the neighbors that the model saw, of the token there that weighs most."""
    offset: int
    """Which of that neighbor's tokens it is, its continuation counted on."""


@dataclass(frozen=True, slots=True)
class CopiedSpan:
    """A part of the written text that was copied from one neighbor."""

    start: int
    """First character, of the written text."""
    end: int
    """After the last character."""
    document_id: str
    chunk_id: int
    """Of the neighbor; a chunk's number alone may be one of the book and one of what was said before."""
    source_start: int
    """First character there, counted through the neighbor's text and on through its continuation."""
    source_end: int
    """After the last character there."""
    share: float | None
    """Of the probability of its tokens: what came from copying, mean over the tokens; None: nobody knows."""
    by: Literal["copy head", "match"] = "copy head"
    """How it is known: the copy head says so; or the words are the same in both."""

    @property
    def origin(self) -> "Origin":
        """Which neighbor."""
        return self.document_id, self.chunk_id


def copied_token(
    copied: CopyDistribution | None, log_probs: Tensor, token: int, *, retrieved_length: int
) -> CopiedToken | None:
    """Find what the last token of a pass was copied from.

    Args:
        copied: of the pass, B = 1; None: there is no copy head, or nothing to copy.
        log_probs: [V] of the mixture.
        token: that was written.
        retrieved_length: R, tokens that each neighbor takes.

    Returns:
        None where the token stands in no neighbor.
    """
    if copied is None:
        return None
    # Lists: a token is in few places, and looking there costs less than starting a kernel for each question.
    ids: list[int] = copied.ids[0, -1].tolist()
    places = [place for place, id in enumerate(ids) if id == token]
    if not places:
        return None
    weights: list[float] = copied.weights[0, -1].tolist()
    mass = sum(weights[place] for place in places)
    if mass <= 0:
        return None
    share = mass * math.exp(float(copied.log_gate[0, -1] - log_probs[token]))
    neighbor, offset = divmod(max(places, key=weights.__getitem__), retrieved_length)
    return CopiedToken(min(share, 1.0), neighbor, offset)


def ends_of_tokens(ids: Sequence[int], text: str, tokenizer: Tokenizer) -> list[int]:
    """Find how many characters of a text are complete after each of its tokens.

    Args:
        ids: of the text.
        text: what they were decoded to, maybe without spaces that it began with.
        tokenizer: of both.
    """
    if _BROKEN in text:  # how many stand for what is no character, each decoder has its own way
        prefixes = tokenizer.decode_inside([ids[: count + 1] for count in range(len(ids))])
        spelled = prefixes[-1]
        ends = [_same_beginning(prefix, spelled) for prefix in prefixes]
    else:
        spelled, ends = _spelled(ids, tokenizer)
    dropped = max(0, len(spelled) - len(text))
    return [max(0, end - dropped) for end in ends]


def ends_in_source(ids: Sequence[int], text: str, tokenizer: Tokenizer) -> list[int]:
    """The same for what a model reads of a neighbor: after a head, maybe, and maybe not to its end.

        text            " was founded in 1912. Its walls"
        its tokens      "The mill of Orn\\nwas founded in 19"      a token that ends after "was" ends at 4

    Args:
        ids: of the neighbor with its continuation, as it is read.
        text: of both, as it is shown.
        tokenizer: of the ids.
    """
    spelled, ends = _spelled(ids, tokenizer)
    bare = text.lstrip()
    begin = next(place for place in range(len(spelled) + 1) if bare.startswith(spelled[place:]))
    before = len(text) - len(bare) - begin
    return [max(0, end + before) for end in ends]


def _same_beginning(left: str, right: str) -> int:
    """How many characters two texts have in common before the first that differs."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(left), len(right)))


def _spelled(ids: Sequence[int], tokenizer: Tokenizer) -> tuple[str, list[int]]:
    """The characters that are whole after tokens, and how many they are after each."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    spelled, ends = "", []
    for token in ids:
        spelled += decoder.decode(tokenizer.token_bytes[token])
        ends.append(len(spelled))
    return spelled, ends


def copied_spans(
    places: Sequence[tuple[int, int, CopiedToken | None]],
    origins: Sequence[Origin],
    source_ends: Sequence[Sequence[int]],
) -> list[CopiedSpan]:
    """Join tokens that were copied from tokens in a row.

    Args:
        places: of written tokens in a row: their first character, the one after their last, their source.
        origins: the neighbors, in the order that the model saw them.
        source_ends: for each neighbor the end of each of its tokens, in characters.
    """
    spans = []
    for neighbor, run in _runs([source for _, _, source in places]):
        sources = [source for _, _, source in places[run.start : run.stop] if source is not None]
        ends = [0, *source_ends[neighbor]]
        if ends[sources[-1].offset + 1] == 0:  # of the head that stands before the neighbor's text
            continue
        spans.append(
            CopiedSpan(
                places[run.start][0],
                places[run.stop - 1][1],
                *origins[neighbor],
                ends[sources[0].offset],
                ends[sources[-1].offset + 1],
                sum(source.share for source in sources) / len(sources),
            )
        )
    return spans


def _runs(sources: Sequence[CopiedToken | None]) -> list[tuple[int, range]]:
    """Tokens in a row that were mostly copied from tokens in a row: their neighbor and numbers."""
    # In such a run offset and number rise alike; what is not copied, None, parts runs.
    keys = [
        (source.neighbor, source.offset - number) if source is not None and source.share > _MOSTLY else None
        for number, source in enumerate(sources)
    ]
    runs, done = [], 0
    for key, group in groupby(keys):
        count = len(list(group))
        if key is not None:
            runs.append((key[0], range(done, done + count)))
        done += count
    return runs


def matched_spans(
    text: str, span: range, sources: Sequence[tuple[Origin, str]], taken: Sequence[CopiedSpan] = ()
) -> list[CopiedSpan]:
    """Find what a span of a text shares with its sources, word for word; see `text_matches`.

    A run may begin before the span, where another one had the same source; of it the span's part is given.

    Args:
        text: that was written, up to the end of the span or further.
        span: characters of it.
        sources: for each neighbor which it is and what was read of it, the likeliest first.
        taken: what is known to be copied; of a run what lies between these is given.

    Returns:
        In the order of the text; with those that were taken they do not overlap.
    """
    before = begin_of_words(text, span.start, words=LEAST_WORDS - 1)
    window = text[before : span.stop]
    free = _between(span, taken)
    found = []
    for match in text_matches(window, [source for _, source in sources]):
        for gap in free:
            part = clipped(match, gap.start - before, gap.stop - before)
            if part is None or not any(map(str.isalnum, window[part.start : part.end])):
                continue
            found.append(
                CopiedSpan(
                    before + part.start,
                    before + part.end,
                    *sources[part.source][0],
                    part.source_start,
                    part.source_end,
                    share=None,
                    by="match",
                )
            )
    return found


def _between(span: range, taken: Sequence[CopiedSpan]) -> list[range]:
    """What is left of a span without these.

    span     0 … 20, taken 3 … 5 and 9 … 12        left     0 … 3, 5 … 9, 12 … 20
    """
    free, at = [], span.start
    for copied in sorted(taken, key=lambda copied: copied.start):
        free.append(range(at, copied.start))
        at = max(at, copied.end)
    return [gap for gap in [*free, range(at, span.stop)] if gap]
