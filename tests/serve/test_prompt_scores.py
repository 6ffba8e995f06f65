"""Scores of a prompt: read in parts, they are those of one pass over all of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from model.tiny import enlarge
from openbook.database import Database
from openbook.generation.lookup_fetcher import make_fetcher
from openbook.generation.text_request import Lookup
from openbook.model import RetroForCausalLM
from openbook.model.positions import position_ids
from openbook.model.retrofitting import retrofit
from openbook.serve import prompt_scores
from openbook.serve.prompt_scores import PromptScores, score_prompt
from openbook.text import Tokenizer

M = 16
PART = 2 * M


@pytest.fixture(params=["native", "own"])
def model(request: pytest.FixtureRequest, trained: RetroForCausalLM, fables: Path) -> RetroForCausalLM:
    """In float64, with room for 128 tokens."""
    if request.param == "native":
        trained.config.max_position_embeddings = 128
        return trained.double()
    torch.manual_seed(0)
    tokenizer = Database.open(fables).tokenizer
    sizes = {"vocab_size": tokenizer.vocab_size, "hidden_size": 32, "intermediate_size": 48}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128}
    base = enlarge(LlamaForCausalLM(LlamaConfig(**sizes, **heads, num_hidden_layers=3)).double())
    fingerprint = tokenizer.fingerprint
    return retrofit(base, chunk_size=M, tokenizer_fingerprint=fingerprint, prefix_ids=[7, 9]).double().eval()


def prompt_of(book: Database, count: int) -> list[int]:
    text = " ".join(book.opened.chunk_texts(range(20)))
    return book.tokenizer.encode([text])[0][:count]


def parts_of(
    model: RetroForCausalLM, ids: Sequence[int], lookup: Lookup | None, tokenizer: Tokenizer
) -> tuple[PromptScores, int]:
    """The scores, and after how many parts they came."""
    scoring, count = score_prompt(model, ids, lookup, tokenizer=tokenizer, num_likeliest=2), 0
    while True:
        try:
            next(scoring)
        except StopIteration as end:
            return end.value, count
        count += 1


def at_once(model: RetroForCausalLM, ids: Sequence[int], lookup: Lookup | None, eos: int) -> Tensor:
    """Log-probabilities of the prompt's tokens after the first and of the end, from one pass."""
    row = torch.tensor([[eos] * (M - 1) + [*ids, eos]])
    exists = torch.ones_like(row)
    exists[:, : M - 1] = 0
    read: dict[str, Any] = {}
    if lookup is not None:
        fetcher = make_fetcher(model, lookup.book.tokenizer, lookup)
        whole = [row[0, end - M : end].tolist() for end in range(M, row.shape[1], M)]
        found = fetcher.fetch([[ids[0]], *whole[1:]])
        read = {"neighbor_ids": found[0][None], "neighbor_mask": found[1][None]}
    with torch.no_grad():
        logits = model(row, attention_mask=exists, position_ids=position_ids(exists), **read).logits[0]
    return logits.log_softmax(-1)[range(M - 1, row.shape[1] - 1), row[0, M:]]


@pytest.mark.parametrize("retrieval", [False, True])
@pytest.mark.parametrize(
    ("tokens", "parts"),
    # With M - 1 places of padding and the end of text rows of 17, 64, 65 and 128 places.
    [(1, 1), (48, 2), (49, 3), (112, 4)],
)
def test_parts_are_as_one_pass(
    model: RetroForCausalLM,
    fables: Path,
    monkeypatch: pytest.MonkeyPatch,
    tokens: int,
    parts: int,
    retrieval: bool,
) -> None:
    monkeypatch.setattr(prompt_scores, "_AT_ONCE", PART)
    book = Database.open(fables)
    ids, eos = prompt_of(book, tokens), book.tokenizer.eos_id
    lookup = Lookup(book=book.opened, k=2) if retrieval else None
    scores, count = parts_of(model, ids, lookup, book.tokenizer)
    assert count == parts
    assert [token.id for token in scores.tokens] == ids
    assert (scores.tokens[0].logprob, scores.end.id) == (None, eos)
    found = [token.logprob for token in [*scores.tokens[1:], scores.end]]
    # Between them stands float32, in which log-probabilities are computed.
    assert found == pytest.approx(at_once(model, ids, lookup, eos).tolist(), abs=1e-5)


def test_a_longer_prompt_goes_on_in_further_rows(
    model: RetroForCausalLM, fables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 tokens and the end, 128 at a time, of which 16 stand before: three rows of four parts at most."""
    book = Database.open(fables)
    ids = prompt_of(book, 300)
    lookup = Lookup(book=book.opened, k=2)
    whole, rows = parts_of(model, ids, lookup, book.tokenizer)
    monkeypatch.setattr(prompt_scores, "_AT_ONCE", PART)
    scores, parts = parts_of(model, ids, lookup, book.tokenizer)
    assert (rows, parts) == (3, 12)
    assert [token.id for token in scores.tokens] == ids
    expected = [token.logprob for token in [*whole.tokens[1:], whole.end]]
    assert [token.logprob for token in [*scores.tokens[1:], scores.end]] == pytest.approx(expected, abs=1e-5)


def test_no_more_than_the_logits_of_a_part_are_computed(
    trained: RetroForCausalLM, fables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_scores, "_AT_ONCE", PART)
    seen: list[int] = []
    trained.lm_head.register_forward_hook(lambda module, given, out: seen.append(out.shape[1]))
    book = Database.open(fables)
    trained.config.max_position_embeddings = 128
    parts_of(trained, prompt_of(book, 100), None, book.tokenizer)
    # The last of the padding is predicted from by nobody: 15 places of the first part.
    assert seen == [17, 32, 32, 20]
