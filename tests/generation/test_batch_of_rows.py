"""What a row of a batch writes is what it writes alone, whoever else is in the batch, joins or leaves it."""

from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.tiny import M, R, V
from openbook.generation import Sampling
from openbook.generation.batch_row import BatchRow, DecodingSettings
from openbook.generation.running_batch import RunningBatch, decode
from openbook.model import RetroForCausalLM
from written_rows import MODELS, Neighbors, model_of

EOS = 0
GREEDY, LIVELY = Sampling(temperature=0), Sampling(temperature=1.5, top_p=0.9)


@dataclass(frozen=True)
class Asked:
    """One text, and when it comes: after so many tokens of the batch, at the next border."""

    prompt: tuple[int, ...]
    count: int
    k: int
    seed: int | None
    after: int
    stride: int | None = None

    def settings(self) -> DecodingSettings:
        sampling = GREEDY if self.seed is None else LIVELY
        seed = self.seed or 0
        return DecodingSettings(self.count, sampling, EOS, seed, num_logprobs=2, stride=self.stride)

    def source(self) -> Neighbors | None:
        return Neighbors(self.k) if self.k else None

    def row(self) -> BatchRow:
        return BatchRow(list(self.prompt), self.settings(), self.source())


asked_texts = st.builds(
    Asked,
    prompt=st.lists(st.integers(1, V - 1), min_size=1, max_size=3 * M).map(tuple),
    count=st.integers(1, 3 * M),
    k=st.integers(0, 3),
    seed=st.none() | st.integers(1, 5),
    after=st.integers(0, 3 * M),
)


def written_together(
    model: RetroForCausalLM, asked: list[Asked], prompt_part: int | None = None
) -> list[BatchRow]:
    rows = [one.row() for one in asked]
    waiting = sorted(range(len(asked)), key=lambda place: asked[place].after)
    batch, steps = RunningBatch(model, prompt_part=prompt_part), 0
    while batch.texts or waiting:
        due = [rows[place] for place in waiting if asked[place].after <= steps or not batch.texts]
        joining = due[: batch.fitting(due)]
        waiting = waiting[len(joining) :]
        batch.step(joining)
        steps += 1
    return rows


def check_as_alone(model: RetroForCausalLM, asked: list[Asked], prompt_part: int | None = None) -> None:
    for one, row in zip(asked, written_together(model, asked, prompt_part), strict=True):
        assert row.error is None
        with torch.inference_mode():
            alone = decode(model, list(one.prompt), one.settings(), one.source())
        assert [token.id for token in row.written] == [token.id for token in alone]
        for here, there in zip(row.written, alone, strict=True):
            assert here.chunk == there.chunk
            assert here.logprob == pytest.approx(there.logprob, abs=1e-9)
            assert [near.id for near in here.likeliest] == [near.id for near in there.likeliest]
            assert sum(here.shares) == pytest.approx(sum(there.shares), abs=1e-9)
            if there.shares and here.shares:
                assert here.shares == pytest.approx(there.shares, abs=1e-9)
            assert (here.copied is None) == (there.copied is None)
            if there.copied is not None and here.copied is not None:
                assert (here.copied.neighbor, here.copied.offset) == (
                    there.copied.neighbor,
                    there.copied.offset,
                )
                assert here.copied.share == pytest.approx(there.copied.share, abs=1e-9)


@pytest.mark.parametrize("name", list(MODELS))
@settings(max_examples=25)
@given(asked=st.lists(asked_texts, min_size=2, max_size=5))
def test_each_row_writes_what_it_writes_alone(name: str, asked: list[Asked]) -> None:
    check_as_alone(model_of(name), asked)


@pytest.mark.parametrize("name", list(MODELS))
@settings(max_examples=10)
@given(asked=st.lists(asked_texts, min_size=2, max_size=4), stride=st.integers(1, M - 1))
def test_with_a_stride_too(name: str, asked: list[Asked], stride: int) -> None:
    check_as_alone(model_of(name), [replace(one, stride=stride) for one in asked])


@pytest.mark.parametrize("name", list(MODELS))
@settings(max_examples=6)
@given(
    asked=st.lists(asked_texts, min_size=2, max_size=5),
    part=st.sampled_from([1, M, 2 * M]),
    stride=st.none() | st.integers(1, M - 1),
)
def test_with_prompts_in_parts_too(name: str, asked: list[Asked], part: int, stride: int | None) -> None:
    check_as_alone(model_of(name), [replace(one, stride=stride) for one in asked], part)


@dataclass(frozen=True)
class Echo:
    """Neighbors that quote the chunk, again and again."""

    k: int

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        ids = torch.tensor([[(chunk[k % len(chunk) :] * R)[:R] for k in range(self.k)] for chunk in chunks])
        return ids, torch.ones_like(ids, dtype=torch.bool)


@pytest.mark.parametrize("name", list(MODELS))
@settings(max_examples=10)
@given(
    prompt=st.lists(st.integers(1, 4), min_size=1, max_size=2 * M),
    count=st.integers(1, 4 * M),
    k=st.integers(1, 2),
    stride=st.none() | st.integers(2, M - 1),
)
def test_drafts_change_nothing(name: str, prompt: list[int], count: int, k: int, stride: int | None) -> None:
    """In every kind of model, one that repeats itself so that drafts are taken."""
    sampling = Sampling(temperature=0, frequency_penalty=-1)
    asked = DecodingSettings(count, sampling, EOS, 0, num_logprobs=1, stride=stride)
    with torch.inference_mode():
        plain = decode(model_of(name), prompt, asked, Echo(k))
        drafted = decode(model_of(name), prompt, replace(asked, drafts=True), Echo(k))
    assert [token.id for token in drafted] == [token.id for token in plain]
    for here, there in zip(drafted, plain, strict=True):
        assert (here.chunk, here.shares) == (there.chunk, pytest.approx(there.shares, abs=1e-9))
        assert here.logprob == pytest.approx(there.logprob, abs=1e-9)


@pytest.mark.parametrize("name", list(MODELS))
def test_a_long_text_outlives_others_and_loses_the_padding_that_they_left(name: str) -> None:
    """The first has a long prompt and leaves early, so the others, moved for its sake, are moved back."""
    prompts = [tuple(range(1, 4 * M)), (3,), (5, 6, 7, 8, 9)]
    counts = [2, 4 * M + 1, 3 * M]
    asked = [Asked(p, c, 2, None, 0) for p, c in zip(prompts, counts, strict=True)]
    check_as_alone(model_of(name), [*asked, Asked((4, 4), 9, 1, 3, 2 * M), Asked((8,) * 11, 9, 3, None, 9)])


def test_padding_that_all_share_is_dropped() -> None:
    model = model_of("rotary")
    rows = [Asked(tuple(range(1, 4 * M)), 1, 0, None, 0).row(), Asked((3, 4), 3 * M, 2, None, 0).row()]
    batch = RunningBatch(model)
    batch.step(rows)
    assert batch.rows == [rows[1]]
    assert rows[1].padding == M - 2


def test_texts_join_at_borders_alone() -> None:
    batch = RunningBatch(model_of("rotary"))
    assert batch.may_join
    batch.step([Asked((1, 2), 3 * M, 0, None, 0).row()])
    may = []
    for _ in range(2 * M):
        may.append(batch.may_join)
        batch.step()
    assert may == [number % M == M - 1 for number in range(2 * M)]


def test_others_go_on_while_a_long_prompt_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model, lengths = model_of("own reader"), []
    forward = type(model).forward

    def noted(self: RetroForCausalLM, ids: Tensor, *given: object, **named: object) -> object:
        lengths.append(ids.shape[1])
        return forward(self, ids, *given, **named)

    batch = RunningBatch(model, prompt_part=M)
    short, long = Asked((1, 2), 4 * M, 2, None, 0).row(), Asked(tuple(range(1, 4 * M)), 3, 2, None, 0).row()
    batch.step([short])
    monkeypatch.setattr(type(model), "forward", noted)
    assert not batch.may_join
    assert batch.fitting([Asked((3,), 2, 2, None, 0).row()]) == 0
    assert batch.fitting([long]) == 1
    batch.step([long])
    assert batch.texts == [short, long]
    written = len(short.written)
    while not long.written:
        batch.step()
        assert len(short.written) == written + 1  # a token in each step
        written += 1
    assert written % M == 1  # where it joined a chunk of the other was complete
    assert max(lengths) == M
    assert lengths.count(M) == 4


def test_a_text_may_leave_while_its_prompt_is_read() -> None:
    model = model_of("rotary")
    batch = RunningBatch(model, prompt_part=M)
    asked = Asked((1, 2), 3 * M, 2, None, 0)
    row, long = asked.row(), Asked(tuple(range(1, 4 * M)), 3, 2, None, 0).row()
    batch.step([row])
    batch.step([long])
    batch.remove([long])
    assert batch.texts == [row]
    while batch.texts:
        batch.step()
    with torch.inference_mode():
        alone = decode(model, list(asked.prompt), asked.settings(), asked.source())
    assert [token.id for token in row.written] == [token.id for token in alone]
    assert long.written == []


@dataclass(frozen=True)
class Broken:
    """A book that is gone."""

    after: int
    calls: list[int]

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        self.calls.append(len(chunks))
        if len(self.calls) > self.after:
            raise OSError("the book is gone")
        return Neighbors(2).fetch(chunks)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_search_that_fails_ends_its_row_alone(after: int) -> None:
    model = model_of("rotary")
    good = Asked((1, 2, 3), 3 * M, 2, None, 0)
    bad = BatchRow([1, 2, 3], good.settings(), Broken(after, []))
    row = good.row()
    batch = RunningBatch(model)
    batch.step([bad, row])
    while batch.rows:
        batch.step()
    assert isinstance(bad.error, OSError)
    assert len(bad.written) == after * M
    with torch.inference_mode():
        alone = decode(model, list(good.prompt), good.settings(), good.source())
    assert [token.id for token in row.written] == [token.id for token in alone]


def test_a_pass_that_fails_fails_its_rows_and_the_batch_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("rotary")
    first, second = Asked((1, 2), 9, 2, None, 0), Asked((5,), 9, 1, None, 0)
    rows = [first.row(), first.row()]
    batch = RunningBatch(model)
    batch.step(rows)
    with monkeypatch.context() as patch:
        patch.setattr(model.model, "forward", lambda *_, **__: 1 / 0)
        batch.step()
    assert [type(row.error) for row in rows] == [ZeroDivisionError] * 2
    assert batch.rows == []
    after = second.row()
    batch.step([after])
    while batch.rows:
        batch.step()
    with torch.inference_mode():
        alone = decode(model, list(second.prompt), second.settings(), second.source())
    assert [token.id for token in after.written] == [token.id for token in alone]


def test_a_prompt_that_cannot_be_read_fails_alone() -> None:
    model = model_of("rotary")
    good = Asked((1, 2), 5, 2, None, 0)
    rows = [good.row(), BatchRow([V + 5, 1], good.settings()), good.row()]
    batch = RunningBatch(model)
    batch.step(rows)
    while batch.rows:
        batch.step()
    assert [row.error is None for row in rows] == [True, False, True]
    ids = [[token.id for token in row.written] for row in rows]
    assert ids[0] == ids[2] != ids[1] == []
