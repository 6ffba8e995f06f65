"""The learning rate of each step."""

import math

from openbook.train.settings import TrainSettings


def learning_rate_factor(settings: TrainSettings, step: int) -> float:
    """Share of the peak learning rate.

    Args:
        settings: schedule, warm-up, lowest share and number of steps.
        step: from 0.

    Returns:
        it rises evenly over the warm-up and reaches 1 with its last step; then it stays (constant), or falls
        evenly (linear) or as a cosine to the lowest share, which it reaches with the last step.
    """
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    if settings.schedule == "constant":
        return 1.0
    after = settings.max_steps - settings.warmup_steps
    done = min(1.0, (step + 1 - settings.warmup_steps) / after) if after > 0 else 1.0
    left = 1.0 - done if settings.schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
    lowest = settings.min_learning_rate_ratio
    return lowest + (1.0 - lowest) * left
