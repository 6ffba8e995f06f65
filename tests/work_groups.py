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
LONG = (
    "train/test_several_nodes.py",
    RAY,
    "cli/test_written_walks.py",
    "cli/verbs/test_demo.py",
    "cli/verbs/test_ask.py",
    "train/test_distributed.py",
    "test_shipped_adapter.py",
    "cli/verbs/test_talk.py",
)
"""Groups that take long, longest first: begun last, one would leave the other processes without work."""


@cache
def group_of(file: Path) -> str:
    """The group of a file's tests: its path below tests/, or RAY."""
    return RAY if "ray_cluster" in file.read_text("utf-8") else file.relative_to(TESTS).as_posix()


def begins_after(file: Path) -> int:
    """The place of a file's group among those that begin first; all others have one place, behind them."""
    group = group_of(file)
    return LONG.index(group) if group in LONG else len(LONG)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Give out the tests group by group, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(TESTS.parent / nodeid.partition("::")[0])
