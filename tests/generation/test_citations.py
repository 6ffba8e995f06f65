"""Citations: spans that cover the text, with the neighbors that each could see."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from citing import cite
from foreign_tokenizers import foreign
from openbook.database import Database
from openbook.generation import Generation, Sampling, generate
from openbook.generation.citations import cite_chunks
from openbook.generation.decoded_token import DecodedToken
from openbook.model import RetroForCausalLM

M = 16
LIVELY = Sampling(temperature=1.5, top_p=None)


@pytest.mark.parametrize("count", [7, M, 2 * M + 8])
def test_citations_cover_the_text_and_name_what_was_retrieved(
    trained: RetroForCausalLM, book: Database, spy: Any, count: int, prompt_of: Callable[[int], str]
) -> None:
    prompt = prompt_of(20)
    sampling = Sampling(temperature=1, top_k=4)  # words of the book, no broken characters
    result = generate(trained, book, prompt, max_new_tokens=count, k=3, sampling=sampling, seed=1)
    check_spans(result)
    assert len(result.citations) == len(spy.queries) == -(-count // M)
    for citation, found in zip(result.citations, spy.found, strict=True):
        assert {neighbor.chunk_id for neighbor in citation.neighbors} == found[-1]
        assert sum(neighbor.attention for neighbor in citation.neighbors) == pytest.approx(1, abs=1e-4)
    # A span's text is what the next one was looked up with.
    spans = [result.text[citation.start : citation.end] for citation in result.citations]
    assert spans[: len(spy.queries) - 1] == [queries[0] for queries in spy.queries[1:]]


def check_spans(result: Generation) -> None:
    """One after the other, from the first character to the last."""
    assert result.citations[0].start == 0
    for before, after in zip(result.citations, result.citations[1:], strict=False):
        assert before.end == after.start
    assert all(citation.start < citation.end for citation in result.citations)
    assert result.citations[-1].end == len(result.text)


def test_cited_neighbors_say_what_search_says(
    trained: RetroForCausalLM, book: Database, prompt_of: Callable[[int], str]
) -> None:
    prompt = prompt_of(M)
    result = generate(trained, book, prompt, max_new_tokens=3, k=2, sampling=LIVELY, seed=0)
    hits = {hit.chunk_id: hit for hit in book.search([prompt], k=2)[0]}
    (citation,) = result.citations
    assert len(citation.neighbors) == 2
    for neighbor in citation.neighbors:
        hit = hits[neighbor.chunk_id]
        for name in ("document_id", "title", "source", "text", "continuation", "score"):
            assert getattr(neighbor, name) == getattr(hit, name)


def test_spans_end_between_characters(book: Database) -> None:
    ids = book.tokenizer.encode(["→→"])[0]
    assert len(ids) == 6  # three bytes each, which the tokenizer has never seen together
    hits = book.search(["number"], k=1)
    tokens = [DecodedToken(token, number // 4, [1.0]) for number, token in enumerate(ids)]
    text, citations = cite(tokens, [hits[0], hits[0]], book.tokenizer)
    assert text == "→→"
    assert [(citation.start, citation.end) for citation in citations] == [(0, 1), (1, 2)]


def test_a_span_that_ends_in_half_a_character_still_covers_the_text(book: Database) -> None:
    ids = book.tokenizer.encode(["a→→"])[0][:-1]
    hits = book.search(["number"], k=1)
    tokens = [DecodedToken(token, number // 3, [1.0]) for number, token in enumerate(ids)]
    text, citations = cite(tokens, [hits[0]] * 2, book.tokenizer)
    check_spans(Generation(text, citations, prompt="", seed=0, tokens=len(tokens), finish_reason="length"))


def test_a_chunk_for_which_nothing_was_found_has_no_citation(book: Database) -> None:
    hits = book.search(["number"], k=1)[0]
    ids = book.tokenizer.encode(["ba ke li mo nu ra"])[0][:6]
    tokens = [DecodedToken(token, number // 2, [1.0]) for number, token in enumerate(ids)]
    text, citations = cite(tokens, [hits, [], hits], book.tokenizer)
    starts = [len(book.tokenizer.decode([ids[:count]])[0]) for count in (2, 4)]
    assert [(c.start, c.end) for c in citations] == [(0, starts[0]), (starts[1], len(text))]


def test_attention_is_the_mean_over_a_spans_tokens(book: Database) -> None:
    hits = book.search(["number"], k=2)[0]
    ids = book.tokenizer.encode(["ba ke li"])[0][:2]
    tokens = [DecodedToken(ids[0], 0, [0.9, 0.1]), DecodedToken(ids[1], 0, [0.3, 0.7])]
    (citation,) = cite(tokens, [hits], book.tokenizer)[1]
    assert [(n.chunk_id, pytest.approx(n.attention)) for n in citation.neighbors] == [
        (hits[0].chunk_id, 0.6),
        (hits[1].chunk_id, 0.4),
    ]


def test_what_is_written_keeps_its_first_space() -> None:
    tokenizer = foreign("llama-metaspace")
    (ids,) = tokenizer.encode(["saw the brown fox"])
    (start,) = tokenizer.encode(["saw the"])
    assert ids[: len(start)] == start
    text, _ = cite([DecodedToken(token, 0, []) for token in ids[len(start) :]], [], tokenizer)
    assert text == " brown fox"


def test_neighbors_of_little_attention_that_nothing_was_copied_from_are_not_used(book: Database) -> None:
    hits = book.search(["number"], k=4)[0]
    ids = book.tokenizer.encode([" ".join(hits[3].text.split()[:6])])[0]
    shares = [0.7, 0.13, 0.12, 0.05]
    (citation,) = cite([DecodedToken(token, 0, shares) for token in ids], [hits], book.tokenizer)[1]
    used = {neighbor.chunk_id: neighbor.is_used for neighbor in citation.neighbors}
    copied = {span.chunk_id for span in citation.copied}
    assert copied
    assert used[hits[0].chunk_id]
    assert used[hits[1].chunk_id], "0.13 is more than half of a quarter"
    assert used[hits[2].chunk_id] == (hits[2].chunk_id in copied)
    assert {chunk for chunk in copied if not used[chunk]} == set()


def test_what_a_span_has_its_words_of_is_cited_before_what_was_looked_at_most(book: Database) -> None:
    hits = book.search(["number"], k=4)[0]
    ids = book.tokenizer.encode([" ".join(hits[2].text.split()[1:6])])[0]
    shares = [0.2, 0.5, 0.05, 0.25]
    (citation,) = cite([DecodedToken(token, 0, shares) for token in ids], [hits], book.tokenizer)[1]
    order = [neighbor.chunk_id for neighbor in citation.neighbors]
    assert order[0] == hits[2].chunk_id
    others = [neighbor.attention for neighbor in citation.neighbors[1:]]
    assert others == sorted(others, reverse=True)
    assert citation.used[0].chunk_id == hits[2].chunk_id


def test_citations_that_are_known_are_not_made_again(book: Database) -> None:
    hits = book.search(["number"], k=2)[0]
    ids = book.tokenizer.encode(["ba ke li mo nu ra si to"])[0][:9]
    tokens = [DecodedToken(token, number // 3, [0.5, 0.5]) for number, token in enumerate(ids)]
    text, found = cite_chunks(tokens, [hits] * 3, book.tokenizer)
    known = {chunk: replace(citation, copied=[]) for chunk, citation in found[:2]}
    again = cite_chunks(tokens, [hits] * 3, book.tokenizer, known=known)
    assert again == (text, [*known.items(), found[2]])
