"""Bases that turn all keys by other angles beyond a length: what is too long is refused, others go on."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from model.tiny import enlarge
from openbook.database import Database
from openbook.errors import TooLongError
from openbook.generation import Sampling
from openbook.generation.engine import Engine
from openbook.generation.text_request import Lookup, TextEnd, TextEvent, TextFailure, TextRequest
from openbook.generation.text_writing import TextJob, prepare, write_texts
from openbook.model.retrofitting import RetrofitForCausalLM, retrofit

M = 16
ALIKE = 160
"""Tokens up to which keys are turned alike: two neighbors of 32 leave 96 for a text, three leave 64."""
ROPES: dict[str, dict[str, Any]] = {
    "longrope": {
        "short_factor": [1.0] * 4,
        "long_factor": [2.0, 3.0, 4.0, 5.0],
        "original_max_position_embeddings": ALIKE,
        "factor": 2.0,
    },
    "dynamic": {"factor": 2.0},
}


@pytest.fixture(params=list(ROPES))
def model(book: Database, request: pytest.FixtureRequest) -> RetrofitForCausalLM:
    torch.manual_seed(0)
    rope = {"rope_type": request.param, "rope_theta": 1e4} | ROPES[request.param]
    config = LlamaConfig(
        vocab_size=book.tokenizer.vocab_size,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=ALIKE,
        rope_parameters=rope,
    )
    base = enlarge(LlamaForCausalLM(config).double()).eval()
    fingerprint = book.settings.tokenizer_fingerprint
    return retrofit(base, chunk_size=M, tokenizer_fingerprint=fingerprint, num_neighbors=2).double().eval()


@pytest.fixture
def request_of(book: Database) -> Callable[..., TextRequest]:
    def make(prompt: int, count: int, k: int = 2) -> TextRequest:
        ids = tuple((5 + 3 * place) % 300 + 5 for place in range(prompt))
        return TextRequest(
            prompt_ids=ids,
            sampling=Sampling(temperature=0),
            max_new_tokens=count,
            min_new_tokens=count,
            lookup=Lookup(book=book.opened, k=k) if k else None,
        )

    return make


def written(model: RetrofitForCausalLM, jobs: list[TextJob], *, batch_size: int = 8) -> list[list[int]]:
    write_texts(model, jobs, batch_size=batch_size)
    return [[token.id for token in job.row.written] for job in jobs]


def test_a_text_that_would_be_too_long_with_its_neighbors_is_refused_before_it_is_written(
    book: Database, model: RetrofitForCausalLM, request_of: Callable[..., TextRequest]
) -> None:
    prepare(model, book.tokenizer, request_of(80, 17))
    with pytest.raises(TooLongError, match="positions for 96 beside its 2 neighbors; ask for at most 17"):
        prepare(model, book.tokenizer, request_of(80, 18))
    with pytest.raises(TooLongError, match="64 beside its 3 neighbors; shorten the prompt or read fewer"):
        prepare(model, book.tokenizer, request_of(80, 1, k=3))


def test_what_is_not_refused_is_written_to_its_end_beside_others_that_read_more(
    book: Database, model: RetrofitForCausalLM, request_of: Callable[..., TextRequest]
) -> None:
    """The longest text with two neighbors, and a short one with three, would be too long for each other."""
    asked = [request_of(64, 33), request_of(10, 30, k=3), request_of(20, 33)]
    alone = [written(model, [prepare(model, book.tokenizer, one)])[0] for one in asked]
    assert written(model, [prepare(model, book.tokenizer, one) for one in asked]) == alone


def test_a_text_without_neighbors_that_changes_what_others_are_is_written_alone(
    book: Database, model: RetrofitForCausalLM, request_of: Callable[..., TextRequest]
) -> None:
    asked = [request_of(20, 20), request_of(ALIKE + 10, 40, k=0), request_of(30, 20), request_of(9, 5, k=0)]
    jobs = [prepare(model, book.tokenizer, one) for one in asked]
    assert [job.row.settings.is_alone for job in jobs] == [False, True, False, False]
    alone = [written(model, [prepare(model, book.tokenizer, one)])[0] for one in asked]
    assert written(model, jobs) == alone


def test_in_the_engine_too(
    book: Database, model: RetrofitForCausalLM, request_of: Callable[..., TextRequest]
) -> None:
    asked = [request_of(20, 40), request_of(ALIKE + 10, 20, k=0), request_of(64, 33), request_of(10, 20, k=3)]
    alone = [written(model, [prepare(model, book.tokenizer, one)])[0] for one in asked]
    told: list[list[TextEvent]] = [[] for _ in asked]
    over = [Event() for _ in asked]

    def hear(number: int, event: TextEvent) -> None:
        told[number].append(event)
        if isinstance(event, TextEnd | TextFailure):
            over[number].set()

    engine = Engine(model, book.tokenizer, max_batch=4)
    try:
        for number, request in enumerate(asked):
            engine.submit(request, lambda event, number=number: hear(number, event))
        with pytest.raises(TooLongError):
            engine.submit(replace(asked[2], max_new_tokens=60), lambda event: None)
        assert all(each.wait(60) for each in over)
    finally:
        engine.close(finish=False)
    texts = [book.tokenizer.decode_inside([ids])[0] for ids in alone]
    assert [events[-1].text for events in told if isinstance(events[-1], TextEnd)] == texts
