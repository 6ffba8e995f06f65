"""The learning rate of each step."""

import pytest

from openbook.train.schedule import learning_rate_factor
from openbook.train.settings import TrainSettings


def factors(**settings: object) -> list[float]:
    made = TrainSettings(**settings)  # type: ignore[arg-type]
    return [learning_rate_factor(made, step) for step in range(made.max_steps)]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_it_rises_evenly_over_the_warm_up(schedule: str) -> None:
    found = factors(schedule=schedule, max_steps=20, warmup_steps=4)
    assert found[:4] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("warmup", [0, 3])
def test_cosine_and_linear_fall_to_the_lowest_share_with_the_last_step(warmup: int) -> None:
    for schedule, half in (("cosine", 0.55), ("linear", 0.55)):
        found = factors(schedule=schedule, max_steps=warmup + 10, warmup_steps=warmup)
        assert found[-1] == pytest.approx(0.1)
        assert found[warmup + 4] == pytest.approx(half)
        assert all(
            later < earlier for earlier, later in zip(found[warmup:], found[warmup + 1 :], strict=False)
        )


def test_a_cosine_is_flatter_at_both_ends_than_a_line() -> None:
    cosine, line = (factors(schedule=name, max_steps=100, warmup_steps=0) for name in ("cosine", "linear"))
    assert cosine[10] > line[10]
    assert cosine[90] < line[90]


def test_constant_stays() -> None:
    assert factors(schedule="constant", max_steps=9, warmup_steps=2)[2:] == [1.0] * 7


def test_a_warm_up_may_be_longer_than_the_training_run() -> None:
    assert factors(max_steps=3, warmup_steps=10) == [0.1, 0.2, 0.3]
