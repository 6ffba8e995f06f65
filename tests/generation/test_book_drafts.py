"""Drafts from the book: the greedy text is the same to the token, in fewer passes where it quotes."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.tiny import M, R, V, tiny_model
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.generation import Sampling, generate
from openbook.generation.batch_row import BatchRow, DecodingSettings
from openbook.generation.book_drafts import DraftCounts, propose
from openbook.generation.running_batch import RunningBatch
from openbook.model import RetroForCausalLM

GREEDY = Sampling(temperature=0)
tokens = st.lists(st.integers(0, 3), max_size=12)


def slow(text: list[int], sources: list[list[int]], most: int) -> list[int]:
    """Every ending, the longest first; every place of every source."""
    for length in range(8, 1, -1):
        ending = text[-length:]
        for source in sources:
            for place in range(length, len(source)):
                if len(ending) == length and source[place - length : place] == ending:
                    return source[place : place + most] if most > 0 else []
    return []


@given(text=tokens, sources=st.lists(tokens, max_size=3), most=st.integers(0, 5))
def test_a_draft_follows_the_longest_ending(text: list[int], sources: list[list[int]], most: int) -> None:
    assert propose(text, sources, most=most) == slow(text, sources, most)


def test_the_share_accepted() -> None:
    assert DraftCounts(passes=9, proposed=8, accepted=6).share_accepted == 0.75
    assert DraftCounts(passes=9, proposed=0, accepted=0).share_accepted is None


@dataclass(frozen=True)
class Quotes:
    """Neighbors that are parts of a text, here and there another token; one is short."""

    text: tuple[int, ...]
    wrong: int

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        text = torch.tensor(self.text)
        rows = [text.roll(-int(sum(chunk) + 5 * k))[:R] for chunk in chunks for k in range(2)]
        ids = torch.stack(rows).unflatten(0, (len(chunks), 2))
        ids[..., self.wrong % R] = self.wrong % V
        mask = torch.ones_like(ids, dtype=torch.bool)
        mask[:, 1, R - 2 :] = False
        return ids, mask


def written(model: RetroForCausalLM, source: Any, count: int, *, drafts: bool, **options: Any) -> BatchRow:
    settings = DecodingSettings(count, GREEDY, **({"eos_id": 0, "seed": 0, "drafts": drafts} | options))
    row = BatchRow([1, 2, 3, 4, 5], settings, source)
    batch = RunningBatch(model)
    batch.step([row])
    while batch.rows:
        batch.step()
    assert row.error is None
    return row


@pytest.mark.parametrize(
    "options",
    [{}, {"copy_head": True}, {"positions": "relative", "encoder_conditioned": False}],
    ids=["plain", "copy head", "relative, unconditioned"],
)
@settings(max_examples=25)
@given(
    text=st.lists(st.integers(0, 5), min_size=R, max_size=R + 5).map(tuple),
    wrong=st.integers(0, 200),
    count=st.integers(1, 4 * M),
    stride=st.none() | st.integers(1, M),
    eos=st.integers(0, V - 1),
    logprobs=st.booleans(),
)
def test_the_text_is_the_same_to_the_token(
    options: dict[str, Any],
    text: tuple[int, ...],
    wrong: int,
    count: int,
    stride: int | None,
    eos: int,
    logprobs: bool,
) -> None:
    model, source = tiny_model(**options), Quotes(text, wrong)
    asked: dict[str, Any] = {"eos_id": eos, "stride": stride, "num_logprobs": 2 if logprobs else None}
    plain = written(model, source, count, drafts=False, **asked)
    drafted = written(model, source, count, drafts=True, **asked)
    assert [token.id for token in drafted.written] == [token.id for token in plain.written]
    for here, there in zip(drafted.written, plain.written, strict=True):
        assert here.chunk == there.chunk
        assert here.shares == pytest.approx(there.shares, abs=1e-9)
        assert here.logprob == pytest.approx(there.logprob, abs=1e-9)
        assert (here.copied is None) == (there.copied is None)
    assert drafted.passes + drafted.accepted == plain.passes
    assert 0 <= drafted.accepted <= drafted.proposed


def deaf_model(seed: int = 0) -> RetroForCausalLM:
    """It writes the same whatever it reads."""
    model = tiny_model(seed=seed)
    for layer in model.model.decoder.layers:
        if layer.cca is not None:
            torch.nn.init.zeros_(layer.cca.output.weight)
    return model


@dataclass(frozen=True)
class Book:
    """Always the same neighbor."""

    neighbor: list[int]

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        ids = torch.tensor(self.neighbor).expand(len(chunks), 1, R)
        return ids, torch.ones_like(ids, dtype=torch.bool)


def test_a_text_that_quotes_its_book_needs_fewer_passes() -> None:
    """A chunk of 16 tokens, so that drafts have room."""
    model = tiny_model(chunk_size=16)
    for layer in model.model.decoder.layers:
        if layer.cca is not None:
            torch.nn.init.zeros_(layer.cca.output.weight)
    plain = written(model, None, 32, drafts=False, min_new_tokens=32)
    ids = [1, 2, 3, 4, 5, *(token.id for token in plain.written)]

    class Quoted:
        def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
            neighbor = torch.tensor(ids[3:35]).expand(len(chunks), 1, 32)
            return neighbor, torch.ones_like(neighbor, dtype=torch.bool)

    drafted = written(model, Quoted(), 32, drafts=True, min_new_tokens=32)
    assert [token.id for token in drafted.written] == ids[5:]
    assert drafted.passes * 1.5 <= 32
    assert drafted.accepted > 0


def test_no_draft_reaches_over_a_border(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[tuple[int, int]] = []
    original = RunningBatch._draft

    def spied(self: RunningBatch) -> list[int]:
        draft = original(self)
        lengths.append((self._length + 1, len(draft)))
        return draft

    monkeypatch.setattr(RunningBatch, "_draft", spied)
    model = deaf_model()
    ids = [token.id for token in written(model, None, 40, drafts=False, min_new_tokens=40).written]
    written(model, Book((ids * R)[:R]), 40, drafts=True, min_new_tokens=40)
    written(model, Book(([1] * R)[:R]), 40, drafts=True, min_new_tokens=40)
    assert all(
        first // M == (first + count) // M or (first % M == 0 and count < M) for first, count in lengths
    )


def test_texts_that_are_written_together_have_no_drafts() -> None:
    model, source = tiny_model(), Quotes((1, 2, 3) * 5, 0)
    rows = [
        BatchRow([1, 2, 3], DecodingSettings(9, GREEDY, 0, 0, min_new_tokens=9, drafts=True), source)
        for _ in range(2)
    ]
    batch = RunningBatch(model)
    batch.step(rows)
    while batch.rows:
        batch.step()
    assert [(row.proposed, row.passes) for row in rows] == [(0, 9), (0, 9)]


def test_what_is_asked_for_says_what_it_saved(trained: RetroForCausalLM, book: Database) -> None:
    plain = generate(trained, book, "Number 3. ba", max_new_tokens=60, sampling=GREEDY)
    drafted = generate(trained, book, "Number 3. ba", max_new_tokens=60, sampling=GREEDY, drafts=True)
    assert plain.drafts is None
    assert drafted.drafts is not None
    assert drafted.text == plain.text
    assert drafted.drafts.passes + drafted.drafts.accepted == drafted.tokens


def test_draws_have_no_drafts(trained: RetroForCausalLM, book: Database) -> None:
    with pytest.raises(SettingsError, match="temperature of 0"):
        generate(trained, book, "Number 3. ba", drafts=True)
