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
