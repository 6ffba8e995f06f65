"""Which tests one process of pytest-xdist runs together, and which of them begin first.

pytest-xdist 3.8 writes the groups of `--dist loadgroup` into names of tests that pytest 9.2 does not read:
it gives out each test alone, and each process makes what the tests of a file share. This takes its place.
"""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parent
RAY = "ray"
"""The group of all files that share the Ray cluster."""
SMOLLM2 = "SmolLM2"
"""The group of all files that share what was read of that model, see tests/real_base.py."""
_SHARED = {"ray_cluster": RAY, '"base_at_hand"': SMOLLM2, "load_once": SMOLLM2}
"""What a test names that is worth being made in one process only."""
LONG = (
    "train/test_several_nodes.py",
    RAY,
    SMOLLM2,
    "train/test_distributed.py",
    "cli/verbs/test_chat.py",
)
"""Groups that take long, longest first: begun last, one would leave the other processes without work."""


@cache
def group_of(file: Path) -> str:
    """The group of a file's tests: its path below tests/, or that of a fixture that it shares."""
    text = file.read_text("utf-8")
    shared = (group for fixture, group in _SHARED.items() if fixture in text)
    return next(shared, file.relative_to(TESTS).as_posix())


def begins_after(file: Path) -> int:
    """The place of a file's group among those that begin first; all others have one place, behind them."""
    group = group_of(file)
    return LONG.index(group) if group in LONG else len(LONG)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Give out the tests group by group, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(TESTS.parent / nodeid.partition("::")[0])
