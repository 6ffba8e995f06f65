"""Files that were whole: cut off, and with some bytes changed."""

import random
from collections.abc import Iterator


def damaged(content: bytes, *, count: int) -> Iterator[bytes]:
    """So many damaged copies, the same each time: every third is cut off, in others up to 5 bytes differ."""
    rng = random.Random(0)
    for number in range(count):
        if number % 3 == 0:
            yield content[: rng.randrange(len(content))]
            continue
        changed = bytearray(content)
        for _ in range(rng.randint(1, 5)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        yield bytes(changed)
