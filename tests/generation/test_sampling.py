"""Drawing a token: what can be drawn, and what is refused."""

from typing import Any

import pytest
import torch

from openbook.errors import SettingsError
from openbook.generation import Sampling

LOGITS = torch.tensor([0.5, 3.0, -1.0, 2.5, 2.0, -4.0])


def drawn(sampling: Sampling, count: int = 300) -> set[int]:
    generator = torch.Generator().manual_seed(0)
    return {sampling.draw(LOGITS, generator) for _ in range(count)}


@pytest.mark.parametrize(
    "sampling",
    [Sampling(temperature=0), Sampling(temperature=9, top_k=1), Sampling(temperature=9, top_p=1e-6)],
)
def test_only_the_likeliest(sampling: Sampling) -> None:
    assert drawn(sampling) == {1}


def test_top_k_draws_among_the_k_likeliest() -> None:
    assert drawn(Sampling(temperature=3, top_k=3, top_p=None)) == {1, 3, 4}


def test_top_p_draws_among_those_that_make_up_p() -> None:
    probabilities = LOGITS.softmax(-1)
    p = float(probabilities[1] + probabilities[3]) - 0.01
    assert drawn(Sampling(temperature=1, top_p=p)) == {1, 3}


def test_a_high_temperature_draws_everything() -> None:
    assert drawn(Sampling(temperature=50, top_p=None)) == set(range(6))


def test_draws_follow_the_probabilities() -> None:
    generator = torch.Generator().manual_seed(0)
    sampling = Sampling(temperature=2, top_p=None)
    draws = torch.tensor([sampling.draw(LOGITS, generator) for _ in range(4000)])
    found = torch.bincount(draws, minlength=6) / 4000
    torch.testing.assert_close(found, (LOGITS / 2).softmax(-1), atol=0.03, rtol=0)


def test_a_top_k_beyond_the_vocabulary_is_all_of_it() -> None:
    assert drawn(Sampling(temperature=50, top_k=1000, top_p=1)) == set(range(6))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -0.1}, "temperature -0.1"),
        ({"temperature": float("nan")}, "temperature nan"),
        ({"top_k": 0}, "top-k 0"),
        ({"top_k": -5}, "top-k -5"),
        ({"top_p": 0.0}, "top-p 0.0"),
        ({"top_p": 1.5}, "top-p 1.5"),
        ({"top_p": -0.5}, "top-p -0.5"),
        ({"top_p": float("nan")}, "top-p nan"),
    ],
)
def test_refuses_values_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Sampling(**options)


@pytest.mark.parametrize("temperature", [1e-30, 1e-300, float("inf")])
def test_extreme_temperatures_draw_a_token(temperature: float) -> None:
    assert drawn(Sampling(temperature=temperature), count=5) <= set(range(6))


def test_min_p_draws_among_those_near_the_likeliest() -> None:
    probabilities = LOGITS.softmax(-1)
    least = float(probabilities[4] / probabilities[1]) - 0.01
    assert drawn(Sampling(temperature=1, top_p=None, min_p=least)) == {1, 3, 4}
    assert drawn(Sampling(temperature=1, top_p=None, min_p=1.0)) == {1}
    assert drawn(Sampling(temperature=50, top_p=None, min_p=0.0)) == set(range(6))


def penalized(prompt: list[int], written: list[int], **options: Any) -> list[float]:
    return Sampling(**options).penalized(LOGITS, prompt, written).tolist()


def test_presence_and_frequency_penalties_count_the_text_and_not_the_prompt() -> None:
    found = penalized([0, 1], [3, 3, 4], presence_penalty=0.5, frequency_penalty=0.25)
    assert found == pytest.approx([0.5, 3.0, -1.0, 2.5 - 0.5 - 2 * 0.25, 2.0 - 0.5 - 0.25, -4.0])
    assert penalized([0, 1], [], presence_penalty=2, frequency_penalty=2) == LOGITS.tolist()
    assert penalized([], [1], presence_penalty=-1)[1] == 4.0


def test_the_repetition_penalty_is_of_prompt_and_text() -> None:
    found = penalized([1, 5], [3], repetition_penalty=2.0)
    assert found == [0.5, 1.5, -1.0, 1.25, 2.0, -8.0]


def test_a_bias_is_added() -> None:
    assert penalized([], [], logit_bias={0: 10, 5: -100}) == [10.5, 3.0, -1.0, 2.5, 2.0, -104.0]
    sure = Sampling(temperature=1, logit_bias={2: 100})
    assert sure.draw(sure.penalized(LOGITS, [], []), torch.Generator()) == 2


def test_logits_are_left_as_they_are_where_nothing_changes_them() -> None:
    before = LOGITS.clone()
    penalized([1], [2, 2], repetition_penalty=3, presence_penalty=1, logit_bias={1: 4})
    assert torch.equal(LOGITS, before)
    assert Sampling().penalized(LOGITS, [1], [2]) is LOGITS


def test_greedy_takes_the_likeliest_after_penalties_and_bias() -> None:
    greedy = Sampling(temperature=0, presence_penalty=2)
    generator = torch.Generator()
    assert greedy.draw(greedy.penalized(LOGITS, [], [1]), generator) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_p": -0.1}, "min-p -0.1: .*from 0 to 1"),
        ({"min_p": 1.1}, "min-p 1.1"),
        ({"min_p": float("nan")}, "min-p nan"),
        ({"repetition_penalty": 0}, "repetition penalty 0: .*above 0"),
        ({"repetition_penalty": float("inf")}, "repetition penalty inf"),
        ({"presence_penalty": 2.5}, "presence penalty 2.5: .*-2 to 2"),
        ({"frequency_penalty": float("nan")}, "frequency penalty nan"),
        ({"logit_bias": {3: 101}}, "logit bias 101 of token 3: .*-100 to 100"),
        ({"logit_bias": {-1: 1}}, "token -1"),
    ],
)
def test_refuses_more_values_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Sampling(**options)
