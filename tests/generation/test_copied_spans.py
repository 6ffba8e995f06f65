"""What was copied, from where: against distributions and texts made by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from citing import cite
from foreign_tokenizers import foreign
from model.tiny import enlarge
from openbook.database import Database, Hit
from openbook.generation import Generation, generate
from openbook.generation.copied_spans import (
    CopiedToken,
    copied_spans,
    copied_token,
    ends_in_source,
    ends_of_tokens,
)
from openbook.generation.decoded_token import DecodedToken
from openbook.model import RetroForCausalLM
from openbook.model.copy_head import CopyDistribution, CopyHead
from openbook.model.retrofitting import retrofit
from openbook.model.retrofitting.own.own_copy_head import OwnCopyHead
from openbook.text import Document

M = 16


def distribution(weights: list[float], ids: list[int], gate: float) -> CopyDistribution:
    """Of a last position, after one that copies something else."""
    both = torch.tensor([[weights[::-1], weights]], dtype=torch.float64)
    gates = torch.tensor([[0.99, gate]], dtype=torch.float64)
    return CopyDistribution(both, torch.tensor([[ids, ids]]), gates.log(), (1 - gates).log())


def uniform(copied: CopyDistribution, size: int) -> Tensor:
    return copied.mix(torch.zeros(1, 2, size, dtype=torch.float64))[0, -1]


def test_a_token_has_its_share_and_the_place_that_weighs_most() -> None:
    copied = distribution([0.1, 0.2, 0.3, 0.4], [5, 7, 7, 1], gate=0.5)
    found = copied_token(copied, uniform(copied, 10), 7, retrieved_length=2)
    assert found is not None
    assert (found.neighbor, found.offset) == (1, 0)
    assert found.share == pytest.approx(0.5 * 0.5 / (0.5 * 0.5 + 0.5 * 0.1))


def test_a_token_that_stands_nowhere_is_not_copied() -> None:
    copied = distribution([0.5, 0.5], [5, 7], gate=0.5)
    log_probs = uniform(copied, 10)
    assert copied_token(copied, log_probs, 3, retrieved_length=2) is None
    assert copied_token(None, log_probs, 7, retrieved_length=2) is None


def test_spans_are_tokens_in_a_row_from_tokens_in_a_row() -> None:
    def of(neighbor: int, offset: int, share: float = 0.9) -> CopiedToken:
        return CopiedToken(share, neighbor, offset)

    sources = [of(0, 3), of(0, 4), None, of(0, 6), of(1, 7), of(1, 8, 0.4), of(1, 0, 0.7)]
    places = [(2 * i, 2 * i + 2, source) for i, source in enumerate(sources)]
    ends = [[3 * (i + 1) for i in range(10)]] * 2
    found = copied_spans(places, [("d", 11), ("d", 12)], ends)
    assert [(span.start, span.end, span.chunk_id) for span in found] == [
        (0, 4, 11),
        (6, 8, 11),
        (8, 10, 12),
        (12, 14, 12),
    ]
    assert [(span.source_start, span.source_end) for span in found] == [(9, 15), (18, 21), (21, 24), (0, 3)]
    assert [span.share for span in found] == pytest.approx([0.9, 0.9, 0.9, 0.7])


def test_tokens_end_where_their_characters_are_complete() -> None:
    tokenizer = foreign("llama-metaspace")
    (ids,) = tokenizer.encode(["saw the brown fox"])
    text = tokenizer.decode([ids])[0]
    ends = ends_of_tokens(ids, text, tokenizer)
    assert ends[-1] == len(text)
    assert ends == sorted(ends)
    for count, end in enumerate(ends, start=1):
        assert tokenizer.decode([ids[:count]])[0] == text[:end]


def test_characters_of_several_tokens_end_with_the_last(book: Database) -> None:
    (ids,) = book.tokenizer.encode(["→→"])
    assert len(ids) == 6
    assert ends_of_tokens(ids, "→→", book.tokenizer) == [0, 0, 1, 1, 1, 2]


@pytest.mark.parametrize("name", ["llama-metaspace", "gpt2"])
def test_tokens_after_what_is_no_character_end_where_they_stand(name: str) -> None:
    tokenizer = foreign(name)
    broken, rest = tokenizer.encode(["\u2603\u2603", " brown fox"])
    ids = [*broken[:-1], *rest]
    text = tokenizer.decode_inside([ids])[0]
    assert "\ufffd" in text
    ends = ends_of_tokens(ids, text, tokenizer)
    place = len(broken) - 2
    after = [tokenizer.decode_inside([ids[place + 1 : place + 2 + count]])[0] for count in range(len(rest))]
    assert [text[ends[place] : end] for end in ends[place + 1 :]] == after


def test_what_was_said_before_is_told_from_the_book(book: Database) -> None:
    """Both count their chunks from 0."""
    (ids,) = book.tokenizer.encode(["It says brass lantern of Orl"])
    of_book = Hit("notes", 0, 1.0, "nothing alike here", "", "", "")
    of_memory = Hit("said", 0, 1.0, "the brass lantern of Orl", "", "", "")
    tokens = [DecodedToken(token, 0, [0.02, 0.98]) for token in ids]
    _, (citation,) = cite(tokens, [[of_book, of_memory]], book.tokenizer)
    assert [near.document_id for near in citation.used] == ["said"]
    assert {span.document_id for span in citation.copied} == {"said"}


def test_citations_tell_what_was_copied_and_from_where(book: Database) -> None:
    (hits,) = book.search(["number"], k=2)
    chunks = book.opened.retrieved_tokens(torch.tensor([[hit.chunk_id for hit in hits]]).numpy())
    retrieved = [row[mask].tolist() for row, mask in zip(chunks[0][0], chunks[1][0], strict=True)]
    source = retrieved[1]
    tokens = [DecodedToken(source[20 + i], 0, [0.5, 0.5], CopiedToken(0.8, 1, 20 + i)) for i in range(4)]
    tokens.append(DecodedToken(source[0], 0, [0.5, 0.5]))
    text, (citation,) = cite(tokens, [hits], book.tokenizer, [retrieved])
    (span,) = citation.copied
    assert span.chunk_id == hits[1].chunk_id
    there = (hits[1].text + hits[1].continuation)[span.source_start : span.source_end]
    assert there == text[span.start : span.end] != ""
    assert (span.start, span.share) == (0, pytest.approx(0.8))
    assert cite(tokens, [hits], book.tokenizer)[1][0].copied == []


def test_places_in_a_source_count_whole_characters_also_where_a_border_cuts_one(tmp_path: Path) -> None:
    tokenizer = foreign("gpt2")
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=4)
    database.add([Document(id="a", text="貓頭鷹 🦉🌲 sleeps 👩‍🔬 from 蟋蟀 to 森林 🏳️‍🌈 and 🐉.")])
    chunks = database.layout.chunks_of(0)
    hits = database.opened.hits(np.array(chunks), np.zeros(len(chunks), dtype=np.float32))
    ids, mask = database.opened.retrieved_tokens(np.array(chunks))
    checked = 0
    for hit, row, exists in zip(hits, ids, mask, strict=True):
        tokens = row[exists].tolist()
        text = hit.text + hit.continuation
        ends = [0, *ends_in_source(tokens, text, tokenizer)]
        words = [token for token in tokens if tokenizer.token_bytes[token].strip().isalpha()]
        for token in words:
            place = tokens.index(token)
            assert text[ends[place] : ends[place + 1]] == tokenizer.token_bytes[token].decode()
            checked += 1
    assert checked > 4


@pytest.mark.parametrize("cut", [0, 7])
@pytest.mark.parametrize("head", ["", "Of the Mill\n"])
def test_places_in_a_source_are_counted_after_its_head_also_where_it_is_read_in_part(
    book: Database, head: str, cut: int
) -> None:
    text = " ba ke li mo, nu ra se."
    ids = book.tokenizer.encode([f"{head}{text.lstrip()}" if head else text])[0]
    read = ids[: len(ids) - cut]
    ends = [0, *ends_in_source(read, text, book.tokenizer)]
    spelled = [book.tokenizer.token_bytes[token].decode() for token in read]
    own = spelled[len(book.tokenizer.encode([head])[0]) :] if head else spelled
    assert "".join(own).strip() in text
    for place in range(len(read) - len(own) + 1, len(read)):
        assert text[ends[place] : ends[place + 1]] == spelled[place]
    copied = CopiedToken(0.9, 0, 0)
    found = copied_spans([(0, 2, copied)], [("d", 5)], [ends[1:]])
    assert [span.source_start for span in found] == ([] if head else [0])


def check_copied(result: Generation) -> None:
    """All that was written is a copy, and its sources say so."""
    assert result.citations
    for citation in result.citations:
        assert citation.copied[0].start == citation.start
        assert citation.copied[-1].end == citation.end
        texts = {near.chunk_id: near.text + near.continuation for near in citation.neighbors}
        for span in citation.copied:
            assert span.share == pytest.approx(1)
            assert (
                texts[span.chunk_id][span.source_start : span.source_end]
                == result.text[span.start : span.end]
            )


def test_what_an_open_gate_writes_is_copied_where_its_citations_say(
    trained: RetroForCausalLM, book: Database, prompt_of: Callable[[int], str]
) -> None:
    head = trained.copy_head
    assert isinstance(head, CopyHead)
    with torch.no_grad():
        head.gate.weight.zero_()
        head.gate.bias.fill_(50.0)
    result = generate(trained, book, prompt_of(20), max_new_tokens=2 * M, k=3, seed=1)
    check_copied(result)
    off = generate(trained, book, prompt_of(20), max_new_tokens=4, retrieval=False, seed=1)
    assert off.citations == []


def test_so_does_a_base_that_reads_itself(book: Database, prompt_of: Callable[[int], str]) -> None:
    torch.manual_seed(0)
    sizes = {"vocab_size": book.tokenizer.vocab_size, "hidden_size": 32, "intermediate_size": 48}
    config = LlamaConfig(**sizes, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2)
    base = enlarge(LlamaForCausalLM(config)).eval()
    fingerprint = book.settings.tokenizer_fingerprint
    model = retrofit(base, chunk_size=M, tokenizer_fingerprint=fingerprint, copy_head=True).eval()
    untrained = generate(model, book, prompt_of(20), max_new_tokens=M, seed=1)
    assert all(0 <= span.share <= 1 for citation in untrained.citations for span in citation.copied)
    head = model.copy_head
    assert isinstance(head, OwnCopyHead)
    with torch.no_grad():
        head.gate_bias.fill_(5.0)
    model.keep_neighbors()
    found = [generate(model, book, prompt_of(20), max_new_tokens=2 * M, k=3, seed=1) for _ in range(2)]
    check_copied(found[0])
    assert found[0].text == found[1].text
