"""How the time of some work grows with its size, by a ratio within one run: machines are shared, and slow."""

from collections.abc import Callable
from time import process_time
from timeit import repeat

TIMES = 8


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Eight times the size may take 24 times as long; work that grows with the square takes 64 times."""
    small = min(repeat(lambda: work(size), number=1, repeat=3, timer=process_time))
    large = min(repeat(lambda: work(TIMES * size), number=1, repeat=3, timer=process_time))
    assert large < 3 * TIMES * small, f"{small:.4f} s for {size}, {large:.4f} s for {TIMES} times as much"
