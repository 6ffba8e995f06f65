"""The decoding loop: cached against a slow one, and what is looked up at chunk borders."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from openbook.database import Database
from openbook.generation import Sampling, generate
from openbook.generation.batch_row import DecodingSettings
from openbook.generation.neighbor_fetcher import NeighborFetcher
from openbook.generation.running_batch import decode
from openbook.model import RetroForCausalLM

M = 16
GREEDY = Sampling(temperature=0)


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
    fetch = NeighborFetcher(book.opened, k, "bm25") if k else None
    return [token.id for token in decode(model, book.tokenizer.encode([prompt])[0], settings, fetch)]


@pytest.mark.parametrize("tokens", [5, 16, 37])
@pytest.mark.parametrize("k", [0, 1, 3])
def test_cached_decoding_equals_reading_everything_again(
    sharp: RetroForCausalLM, book: Database, tokens: int, k: int, prompt_of: Callable[[int], str]
) -> None:
    prompt = prompt_of(tokens)
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


def test_retrieval_changes_what_is_written(
    sharp: RetroForCausalLM, book: Database, prompt_of: Callable[[int], str]
) -> None:
    prompt = prompt_of(5)
    assert fast_greedy(sharp, book, prompt, 20, 2) != fast_greedy(sharp, book, prompt, 20, 0)


def test_looks_up_each_chunk_as_it_is_written(
    sharp: RetroForCausalLM, book: Database, spy: Any, prompt_of: Callable[[int], str]
) -> None:
    prompt = prompt_of(21)
    ids = book.tokenizer.encode([prompt])[0]
    written = fast_greedy(sharp, book, prompt, 2 * M + 1, 2)
    assert len(written) == 2 * M + 1
    chunks = [ids[:5], ids[5:], written[:M], written[M : 2 * M]]
    texts = book.tokenizer.decode(chunks)
    assert spy.queries == [texts[:2], [texts[2]], [texts[3]]]


def test_looks_nothing_up_that_no_token_could_use(
    sharp: RetroForCausalLM, book: Database, spy: Any, prompt_of: Callable[[int], str]
) -> None:
    written = fast_greedy(sharp, book, prompt_of(21), 2 * M, 2)
    assert len(written) == 2 * M
    assert len(spy.queries) == 2


def test_a_prompt_shorter_than_a_chunk_has_neighbors_for_the_first_token(
    trained: RetroForCausalLM, book: Database, prompt_of: Callable[[int], str]
) -> None:
    fetcher = NeighborFetcher(book.opened, 2, "bm25")
    settings = DecodingSettings(1, GREEDY, book.tokenizer.eos_id, 0)
    ids = book.tokenizer.encode([prompt_of(4)])[0]
    (token,) = decode(trained, ids, settings, fetcher)
    assert len(fetcher.hits[0]) == 2
    assert sum(token.shares) == pytest.approx(1, abs=1e-4)
