"""Shards are filled from one training, so that they can be searched as one index."""

import numpy as np
import pytest

from openbook.database.shards.shared_training import _drawn


@pytest.mark.parametrize("size", [1, 5, 9, 100])
def test_the_sample_is_of_all_shards(size: int) -> None:
    parts = _drawn([3, 2, 4], size)
    assert sum(map(len, parts)) == min(size, 9)
    assert all(
        (part >= 0).all() and (part < count).all() for part, count in zip(parts, [3, 2, 4], strict=True)
    )
    assert all((np.diff(part) > 0).all() for part in parts)
