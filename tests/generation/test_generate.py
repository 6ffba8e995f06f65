"""Writing with retrieval: cached decoding against a slow loop, what is looked up, and citations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from openbook.database import Database, Version
from openbook.errors import DatabaseError, MismatchError, SettingsError
from openbook.generation import Generation, Sampling, generate
from openbook.generation.citations import cite
from openbook.generation.decoding import DecodedToken, DecodingSettings, decode
from openbook.generation.neighbor_fetcher import NeighborFetcher
from openbook.model import RetroForCausalLM
from openbook.text import Document

M = 16
GREEDY = Sampling(temperature=0)
LIVELY = Sampling(temperature=1.5, top_p=None)


@pytest.fixture
def sharp(trained: RetroForCausalLM) -> RetroForCausalLM:
    """A model of random large weights in float64: what it writes changes with whatever it reads."""
    generator = torch.Generator().manual_seed(0)
    model = trained.double()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and "embed" not in name:
                noise = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
                weight.copy_(1.5 * noise * weight.shape[1] ** -0.5)
            elif "embed" in name:
                weight.copy_(torch.randn(weight.shape, generator=generator, dtype=torch.float64))
    return model


@dataclass
class Spy:
    """What was searched for and found."""

    queries: list[list[str]] = field(default_factory=list)
    found: list[list[set[int]]] = field(default_factory=list)


@pytest.fixture
def spy(book: Database, monkeypatch: pytest.MonkeyPatch) -> Spy:
    seen = Spy()
    search = Version.search_chunks

    def search_chunks(self: Version, queries: Any, **options: Any) -> Any:
        ids, scores = search(self, queries, **options)
        seen.queries.append(list(queries.texts()))
        seen.found.append([set(row[row >= 0].tolist()) for row in ids])
        return ids, scores

    monkeypatch.setattr(Version, "search_chunks", search_chunks)
    return seen


def prompt_of(book: Database, tokens: int) -> str:
    """A prompt of so many tokens, out of the book."""
    text = " ".join(book.chunk_texts(np.arange(10)))
    ids = book.tokenizer.encode([text])[0][:tokens]
    prompt = book.tokenizer.decode([ids])[0]
    assert len(book.tokenizer.encode([prompt])[0]) == tokens
    return prompt


def neighbors_of(book: Database, tokens: list[int], k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """[C, K, R] of all complete chunks, each looked up by its text alone."""
    rows = [tokens[start : start + M] for start in range(0, len(tokens) // M * M, M)]
    found = [[hit.chunk_id for hit in book.search([book.tokenizer.decode([row])[0]], k=k)[0]] for row in rows]
    padded = np.array([row + [-1] * (k - len(row)) for row in found])
    ids, mask = book.opened.retrieved_tokens(padded)
    return torch.from_numpy(ids), torch.from_numpy(mask)


def slow_greedy(model: RetroForCausalLM, book: Database, prompt: str, count: int, k: int) -> list[int]:
    """Reads everything again for each token: no cache, all chunks looked up again."""
    tokens = book.tokenizer.encode([prompt])[0]
    padding = -len(tokens) % M
    tokens = [book.tokenizer.eos_id] * padding + tokens
    written: list[int] = []
    while len(written) < count:
        ids, mask = neighbors_of(book, tokens, k) if k else (None, None)
        exists = torch.tensor([[0] * padding + [1] * (len(tokens) - padding)])
        with torch.no_grad():
            logits = model(
                torch.tensor([tokens]),
                None if ids is None else ids[None],
                None if mask is None else mask[None],
                attention_mask=exists,
            ).logits
        token = int(logits[0, -1].argmax())
        if token == book.tokenizer.eos_id:
            break
        written.append(token)
        tokens.append(token)
    return written


def fast_greedy(model: RetroForCausalLM, book: Database, prompt: str, count: int, k: int) -> list[int]:
    settings = DecodingSettings(count, GREEDY, book.tokenizer.eos_id, 0)
    fetch = NeighborFetcher(book.opened, k, "bm25").fetch if k else None
    return [token.id for token in decode(model, book.tokenizer.encode([prompt])[0], settings, fetch)]


@pytest.mark.parametrize("tokens", [5, 16, 37])
@pytest.mark.parametrize("k", [0, 1, 3])
def test_cached_decoding_equals_reading_everything_again(
    sharp: RetroForCausalLM, book: Database, tokens: int, k: int
) -> None:
    prompt = prompt_of(book, tokens)
    count = 2 * M + 8
    expected = slow_greedy(sharp, book, prompt, count, k)
    assert len(expected) > M  # else it tells little
    assert fast_greedy(sharp, book, prompt, count, k) == expected
    result = generate(
        sharp,
        book,
        prompt,
        max_new_tokens=count,
        k=k or None,
        retrieval=k > 0,
        sampling=GREEDY,
    )
    assert result.text == book.tokenizer.decode([expected])[0]


def test_retrieval_changes_what_is_written(sharp: RetroForCausalLM, book: Database) -> None:
    prompt = prompt_of(book, 5)
    assert fast_greedy(sharp, book, prompt, 20, 2) != fast_greedy(sharp, book, prompt, 20, 0)


def test_looks_up_each_chunk_as_it_is_written(sharp: RetroForCausalLM, book: Database, spy: Spy) -> None:
    prompt = prompt_of(book, 21)
    ids = book.tokenizer.encode([prompt])[0]
    written = fast_greedy(sharp, book, prompt, 2 * M + 1, 2)
    assert len(written) == 2 * M + 1
    chunks = [ids[:5], ids[5:], written[:M], written[M : 2 * M]]
    texts = book.tokenizer.decode(chunks)
    assert spy.queries == [texts[:2], [texts[2]], [texts[3]]]


def test_looks_nothing_up_that_no_token_could_use(sharp: RetroForCausalLM, book: Database, spy: Spy) -> None:
    written = fast_greedy(sharp, book, prompt_of(book, 21), 2 * M, 2)
    assert len(written) == 2 * M
    assert len(spy.queries) == 2


def test_without_retrieval_nothing_is_searched(trained: RetroForCausalLM, book: Database, spy: Spy) -> None:
    result = generate(trained, book, "Number", max_new_tokens=2 * M, retrieval=False, sampling=LIVELY, seed=0)
    assert result.text
    assert result.citations == []
    assert spy.queries == []


def test_a_prompt_shorter_than_a_chunk_has_neighbors_for_the_first_token(
    trained: RetroForCausalLM, book: Database
) -> None:
    fetcher = NeighborFetcher(book.opened, 2, "bm25")
    settings = DecodingSettings(1, GREEDY, book.tokenizer.eos_id, 0)
    ids = book.tokenizer.encode([prompt_of(book, 4)])[0]
    (token,) = decode(trained, ids, settings, fetcher.fetch)
    assert len(fetcher.hits[0]) == 2
    assert sum(token.shares) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("count", [7, M, 2 * M + 8])
def test_citations_cover_the_text_and_name_what_was_retrieved(
    trained: RetroForCausalLM, book: Database, spy: Spy, count: int
) -> None:
    prompt = prompt_of(book, 20)
    sampling = Sampling(temperature=1, top_k=4)  # words of the book, no broken characters
    result = generate(trained, book, prompt, max_new_tokens=count, k=3, sampling=sampling, seed=1)
    check_spans(result)
    assert len(result.citations) == len(spy.queries) == -(-count // M)
    for citation, found in zip(result.citations, spy.found, strict=True):
        assert {neighbor.chunk_id for neighbor in citation.neighbors} == found[-1]
        attentions = [neighbor.attention for neighbor in citation.neighbors]
        assert sum(attentions) == pytest.approx(1, abs=1e-4)
        assert attentions == sorted(attentions, reverse=True)
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


def test_cited_neighbors_say_what_search_says(trained: RetroForCausalLM, book: Database) -> None:
    prompt = prompt_of(book, M)
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
    check_spans(Generation(text, citations))


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


def test_same_seed_same_text(trained: RetroForCausalLM, book: Database) -> None:
    def write(seed: int) -> Generation:
        return generate(trained, book, "Number 3", max_new_tokens=24, sampling=LIVELY, seed=seed)

    assert write(5) == write(5)
    assert write(5).text != write(6).text


def test_without_a_seed_texts_differ(trained: RetroForCausalLM, book: Database) -> None:
    texts = {generate(trained, book, "Number", max_new_tokens=12, sampling=LIVELY).text for _ in range(3)}
    assert len(texts) > 1


def test_dropout_is_off_and_the_mode_is_restored(trained: RetroForCausalLM, book: Database) -> None:
    expected = generate(trained, book, "Number 3", max_new_tokens=8, sampling=GREEDY)
    for module in trained.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    trained.train()
    assert generate(trained, book, "Number 3", max_new_tokens=8, sampling=GREEDY) == expected
    assert trained.training


def test_an_end_of_text_token_ends_it(
    trained: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([*book.tokenizer.encode(["ba ke"])[0], book.tokenizer.eos_id])
    monkeypatch.setattr(Sampling, "draw", lambda self, logits, generator: next(draws))
    assert generate(trained, book, "Number", max_new_tokens=50).text == "ba ke"


def test_a_text_that_ends_at_once_is_empty(
    trained: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sampling, "draw", lambda self, logits, generator: book.tokenizer.eos_id)
    assert generate(trained, book, "Number", max_new_tokens=50) == Generation("", [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt": " \n\t"}, "the prompt is empty"),
        ({"prompt": "a\ud800b"}, "lone surrogate at character 1"),
        ({"k": 0}, "k = 0"),
        ({"k": -1}, "k = -1"),
        ({"max_new_tokens": 0}, "max new tokens 0"),
        ({"max_new_tokens": -3}, "max new tokens -3"),
        ({"mode": "dense"}, "lexical only"),
        ({"mode": "fuzzy"}, "search mode 'fuzzy'"),
    ],
)
def test_refuses_wrong_settings(
    trained: RetroForCausalLM, book: Database, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        generate(trained, book, **({"prompt": "Number"} | options))
    assert not trained.training


@pytest.mark.parametrize(
    "change", [{"tokenizer_fingerprint": "other"}, {"chunk_size": 8}], ids=["tokenizer", "chunk size"]
)
def test_refuses_a_model_of_another_database(
    trained: RetroForCausalLM, book: Database, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(trained.config, name, value)
    with pytest.raises(MismatchError, match=str(*change.values())):
        generate(trained, book, "Number")


@pytest.fixture
def small(book: Database, tmp_path: Path) -> Callable[..., Database]:
    """A database with these texts."""

    def make(*texts: str) -> Database:
        database = Database.create(tmp_path / "small", tokenizer=book.tokenizer, embedder=None, chunk_size=M)
        if texts:
            database.add(Document(id=f"{number}", text=text) for number, text in enumerate(texts))
        return database

    return make


def test_a_database_smaller_than_k_gives_what_there_is(
    trained: RetroForCausalLM, small: Callable[..., Database]
) -> None:
    database = small("ba ke", "ba li")
    result = generate(trained, database, "ba", k=5, max_new_tokens=4, sampling=LIVELY, seed=0)
    (citation,) = result.citations
    assert {neighbor.document_id for neighbor in citation.neighbors} == {"0", "1"}
    assert sum(neighbor.attention for neighbor in citation.neighbors) == pytest.approx(1, abs=1e-4)


def test_a_huge_k_takes_no_room_for_neighbors_that_do_not_exist(small: Callable[..., Database]) -> None:
    ids, mask = NeighborFetcher(small("ba ke", "ba li").opened, 10**9, "bm25").fetch([[1, 2]])
    assert ids.shape[1] == mask.shape[1] == 2


def test_an_empty_database_is_refused_unless_nothing_is_looked_up(
    trained: RetroForCausalLM, small: Callable[..., Database]
) -> None:
    database = small()
    with pytest.raises(DatabaseError, match="is empty; add documents"):
        generate(trained, database, "ba ke", max_new_tokens=4)
    assert generate(trained, database, "ba ke", max_new_tokens=4, retrieval=False, seed=0).text


def test_a_database_without_live_documents_cites_nothing(
    trained: RetroForCausalLM, small: Callable[..., Database]
) -> None:
    database = small("ba ke")
    database.remove(["0"])
    result = generate(trained, database, "ba ke", max_new_tokens=2 * M, sampling=LIVELY, seed=0)
    assert result.text
    assert result.citations == []


def test_a_new_document_is_found_at_once(trained: RetroForCausalLM, small: Callable[..., Database]) -> None:
    database = small("ba ke li")

    def cited() -> set[str]:
        result = generate(trained, database, "zuzu titi", max_new_tokens=2, sampling=LIVELY, seed=0)
        return {n.document_id for citation in result.citations for n in citation.neighbors}

    assert "new" not in cited()
    database.add([Document(id="new", text="zuzu titi")])
    assert "new" in cited()


def test_a_generation_reads_one_version_though_the_database_changes_meanwhile(
    sharp: RetroForCausalLM, copy_book: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = copy_book()
    prompt, forward = prompt_of(database, 20), sharp.forward
    options = {"max_new_tokens": 40, "k": 2, "sampling": GREEDY}
    expected = generate(sharp, database, prompt, **options)
    cited = {near.document_id for citation in expected.citations for near in citation.neighbors}
    passes = iter(range(1000))

    def changing(*arguments: Any, **inputs: Any) -> Any:
        if next(passes) == 2:
            database.remove(cited)
            database.compact()
        return forward(*arguments, **inputs)

    monkeypatch.setattr(sharp, "forward", changing)
    version = database.opened
    assert generate(sharp, database, prompt, **options) == expected
    assert database.version == version.version + 2
    monkeypatch.undo()
    assert generate(sharp, version, prompt, **options) == expected
    assert generate(sharp, database, prompt, **options) != expected
