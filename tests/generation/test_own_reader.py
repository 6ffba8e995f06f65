"""Writing with a base that reads its neighbors itself: as with the passages in its prompt."""

from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from foreign_tokenizers import foreign
from model.tiny import enlarge
from openbook.database import Database
from openbook.errors import MismatchError
from openbook.evaluate.harness import AnswerOptions
from openbook.generation import Sampling, generate
from openbook.generation.lookup_fetcher import make_fetcher
from openbook.generation.text_request import Lookup
from openbook.model.retrofitting import RetrofitForCausalLM, retrofit
from openbook.text import Tokenizer

M = 16
GREEDY = Sampling(temperature=0)
PREFIX = [7, 9]


@pytest.fixture(scope="module")
def base(book: Database) -> PreTrainedModel:
    torch.manual_seed(0)
    sizes = {"vocab_size": book.tokenizer.vocab_size, "hidden_size": 32, "intermediate_size": 48}
    config = LlamaConfig(**sizes, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2)
    return enlarge(LlamaForCausalLM(config).double()).eval()


@pytest.fixture(scope="module")
def model(book: Database, base: PreTrainedModel) -> RetrofitForCausalLM:
    fingerprint = book.settings.tokenizer_fingerprint
    return retrofit(base, chunk_size=M, tokenizer_fingerprint=fingerprint, prefix_ids=PREFIX).double().eval()


def text_of(book: Database, tokens: int) -> str:
    ids = book.tokenizer.encode([" ".join(book.chunk_texts(np.arange(12)))])[0][:tokens]
    return book.tokenizer.decode([ids])[0]


def continued(
    book: Database, base: PreTrainedModel, ids: list[int], count: int, tokenizer: Tokenizer | None = None
) -> str:
    """What the base writes after these tokens."""
    tokenizer = tokenizer or book.tokenizer
    end = tokenizer.eos_id
    given = torch.tensor([ids])
    written = base.generate(
        given, max_new_tokens=count, do_sample=False, eos_token_id=end, pad_token_id=end, bos_token_id=None
    )
    new = [token for token in written[0, len(ids) :].tolist() if token != end]
    return tokenizer.decode([new])[0]


@pytest.mark.parametrize("tokens", [1, 16, 21])
def test_up_to_the_first_border_it_writes_what_the_base_does_with_passages_in_its_prompt(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel, tokens: int
) -> None:
    prompt = text_of(book, tokens)
    ids = book.tokenizer.encode([prompt])[0]
    off = generate(model, book, prompt, retrieval=False, max_new_tokens=M, sampling=GREEDY)
    assert off.text == continued(book, base, PREFIX + ids, M)
    on = generate(model, book, prompt, max_new_tokens=M, sampling=GREEDY)
    fetcher = make_fetcher(model, book.tokenizer, Lookup(book=book.opened))
    last = ids[-(len(ids) % M or M) :] if len(ids) < M else ids[-M:]
    neighbors, mask = fetcher.fetch([last])
    assert on.text == continued(book, base, [*PREFIX, *neighbors[mask].tolist(), *ids], M)
    assert on.text != off.text
    (citation,) = on.citations
    assert sum(neighbor.attention for neighbor in citation.neighbors) == pytest.approx(1)
    assert {neighbor.chunk_id for neighbor in citation.neighbors} == {hit.chunk_id for hit in fetcher.hits[0]}


def test_it_looks_up_again_at_each_border(book: Database, model: RetrofitForCausalLM) -> None:
    prompt = text_of(book, 21)
    found = generate(model, book, prompt, max_new_tokens=40, sampling=GREEDY)
    assert len(found.citations) >= 2
    assert generate(model, book, prompt, max_new_tokens=40, sampling=GREEDY) == found


def test_the_harness_scores_answers_as_the_base_does(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel
) -> None:
    """Rows of many lengths in one batch, padded on both sides."""
    harness = pytest.importorskip("openbook.evaluate.harness.lm")
    tokens = book.tokenizer.encode([text_of(book, 90)])[0]
    pairs = [(tokens[:c], tokens[c : c + a]) for c, a in ((3, 2), (16, 5), (17, 1), (40, 20))]
    requests = [(("", ""), context, answer) for context, answer in pairs]
    found = harness.OpenbookLM(model, book, AnswerOptions(retrieval=False))._loglikelihood_tokens(requests)
    for (context, answer), (log_prob, _) in zip(pairs, found, strict=True):
        with torch.no_grad():
            logits = base(torch.tensor([PREFIX + context + answer])).logits[0].log_softmax(-1)
        told = logits[-len(answer) - 1 : -1].gather(-1, torch.tensor(answer)[:, None])
        assert log_prob == pytest.approx(float(told.sum()), abs=1e-4)
    on = harness.OpenbookLM(model, book)._loglikelihood_tokens(requests)
    assert all(abs(ours[0] - theirs[0]) > 1e-6 for ours, theirs in zip(on, found, strict=True))


# A database of other tokens and chunks


@pytest.fixture(scope="module")
def other() -> Tokenizer:
    return foreign("gpt2")


@pytest.fixture(scope="module")
def other_base(other: Tokenizer) -> PreTrainedModel:
    torch.manual_seed(1)
    sizes = {"vocab_size": other.vocab_size, "hidden_size": 32, "intermediate_size": 48}
    config = LlamaConfig(**sizes, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2)
    return enlarge(LlamaForCausalLM(config).double()).eval()


@pytest.fixture(scope="module")
def other_model(other: Tokenizer, other_base: PreTrainedModel) -> RetrofitForCausalLM:
    options = {"chunk_size": 24, "tokenizer_fingerprint": other.fingerprint, "prefix_ids": PREFIX}
    return retrofit(other_base, **options).double().eval()


def test_it_reads_a_database_of_other_tokens_and_chunks_as_text(
    book: Database, other: Tokenizer, other_model: RetrofitForCausalLM, other_base: PreTrainedModel
) -> None:
    prompt = text_of(book, 30)
    ids = other.encode([prompt])[0]
    assert len(ids) > 24
    found = generate(other_model, book, prompt, tokenizer=other, max_new_tokens=24, sampling=GREEDY)
    k = other_model.config.num_neighbors
    hits = book.search(other.decode([ids[-24:]]), k=k)[0]
    passages = [other.encode([hit.text + hit.continuation])[0][:48] for hit in hits]
    given = [*PREFIX, *(token for passage in passages for token in passage), *ids]
    assert found.text == continued(book, other_base, given, 24, other)
    (citation,) = found.citations
    assert {near.chunk_id for near in citation.neighbors} == {hit.chunk_id for hit in hits}


def test_there_it_looks_up_what_it_has_written(
    book: Database, other: Tokenizer, other_model: RetrofitForCausalLM, spy: Any
) -> None:
    options = {"tokenizer": other, "sampling": GREEDY, "min_new_tokens": 60, "max_new_tokens": 60}
    found = generate(other_model, book, "Number 3.", num_logprobs=0, **options)
    tokens = [token.id for token in found.logprobs]
    assert spy.queries == [["Number 3."], other.decode([tokens[:24]]), other.decode([tokens[24:48]])]
    assert found.tokens == 60


def test_there_the_text_is_of_the_models_own_tokens(
    book: Database, other: Tokenizer, other_model: RetrofitForCausalLM
) -> None:
    for retrieval in (True, False):
        with pytest.raises(MismatchError, match=r"give the model's: tokenizer=load_tokenizer\(MODEL\)"):
            generate(other_model, book, "Number 3.", retrieval=retrieval)
    off = generate(other_model, book, "Number 3.", tokenizer=other, retrieval=False, sampling=GREEDY)
    assert off.citations == []
