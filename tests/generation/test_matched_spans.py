"""Citations of models without a copy head name the exact words that stand in what was read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citing import cite
from openbook.database import Database, Hit
from openbook.generation import Sampling, ask, generate
from openbook.generation.citations import Citation, cite_whole, moved
from openbook.generation.copied_spans import CopiedSpan, matched_spans
from openbook.generation.decoded_token import DecodedToken
from openbook.model import RetroForCausalLM

PIECES = ["gate", "key", "Tollan", "1873", "é", ".", ", ", " ", " ", "\n"]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def known(start: int, end: int) -> CopiedSpan:
    return CopiedSpan(start, end, document_id="d", chunk_id=0, source_start=0, source_end=1, share=0.9)


@given(
    text=texts,
    sources=st.lists(texts, min_size=1, max_size=3),
    borders=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    places=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=3),
)
def test_spans_are_equal_on_both_sides_and_do_not_overlap(
    text: str, sources: list[str], borders: tuple[int, int], places: list[tuple[int, int]]
) -> None:
    start, end = (min(border, len(text)) for border in sorted(borders))
    taken = [known(place, place + length) for place, length in places if start <= place < end]
    found = matched_spans(
        text, range(start, end), [(("d", place), text) for place, text in enumerate(sources)], taken
    )
    done = start
    for span in found:
        assert text[span.start : span.end] == sources[span.chunk_id][span.source_start : span.source_end]
        assert done <= span.start < span.end <= end
        assert not any(span.start < other.end and other.start < span.end for other in taken)
        assert (span.share, span.by) == (None, "match")
        done = span.end


def test_a_run_that_a_span_border_cuts_is_found_in_both_spans() -> None:
    text, source = "x Edda Tollan built it y", "by Edda Tollan built it"
    border = text.index("built")
    parts = []
    for start, end in ((0, border), (border, len(text))):
        spans = matched_spans(text[:end], range(start, end), [(("d", 7), source)])
        parts += [text[span.start : span.end] for span in spans]
    assert parts == ["built it"], "before the border there were two words only"
    border = text.index("it y")
    (first,) = matched_spans(text[:border], range(border), [(("d", 7), source)])
    (second,) = matched_spans(text, range(border, len(text)), [(("d", 7), source)])
    assert text[first.start : first.end] == "Edda Tollan built"
    assert text[second.start : second.end] == "it"
    assert source[second.source_start : second.source_end] == "it"


def test_what_the_copy_head_says_is_not_said_twice() -> None:
    text, source = "a Edda Tollan built it", "Edda Tollan built it"
    spans = matched_spans(
        text, range(len(text)), [(("d", 7), source)], [known(text.index("Tollan"), text.index("built"))]
    )
    assert [text[span.start : span.end] for span in spans] == ["Edda ", "built it"]


def equal_on_both_sides(text: str, citations: list[Citation]) -> int:
    """Check it of all spans that are matches; how many there are."""
    count = 0
    for citation in citations:
        read = {neighbor.chunk_id: neighbor.text + neighbor.continuation for neighbor in citation.neighbors}
        for span in citation.copied:
            if span.by == "match":
                assert text[span.start : span.end] == read[span.chunk_id][span.source_start : span.source_end]
                assert citation.start <= span.start < span.end <= citation.end
                count += 1
    return count


@pytest.fixture(scope="module")
def hit(book: Database) -> Hit:
    return book.search(["number"], k=1)[0][0]


def test_citations_say_what_is_the_same(book: Database, hit: Hit) -> None:
    (ids,) = book.tokenizer.encode([hit.text])
    tokens = [DecodedToken(token, number // 16, [1.0]) for number, token in enumerate(ids)]
    text, citations = cite(tokens, [[hit]] * 9, book.tokenizer)
    assert equal_on_both_sides(text, citations) >= len(citations)
    copied = "".join(text[span.start : span.end] for citation in citations for span in citation.copied)
    assert copied.split() == text.split()


@given(by=st.integers(0, 12), end=st.integers(0, 60))
def test_moved_citations_stay_equal(book: Database, hit: Hit, by: int, end: int) -> None:
    text = f"  {hit.text}"
    citations = moved(cite_whole(text, [hit]), by=by, end=end)
    equal_on_both_sides(text[by : by + end], citations)


def test_passages_in_a_prompt_are_compared_too(hit: Hit) -> None:
    words = " ".join(hit.text.split()[1:5])
    (citation,) = cite_whole(f"So {words}", [hit])
    assert (citation.start, citation.end) == (0, 3 + len(words))
    assert equal_on_both_sides(f"So {words}", [citation])
    assert cite_whole("", [hit]) == cite_whole("a", []) == []


@pytest.mark.parametrize("seed", range(3))
def test_what_models_write(trained: RetroForCausalLM, book: Database, seed: int) -> None:
    options: dict[str, Any] = {"max_new_tokens": 40, "sampling": Sampling(temperature=0.7), "seed": seed}
    result = generate(trained, book, "Number 3. ba", **options)
    equal_on_both_sides(result.text, result.citations)
    answer = ask(trained, book, "Number 3", **options)
    equal_on_both_sides(answer.answer, answer.citations)
