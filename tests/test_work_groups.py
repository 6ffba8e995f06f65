"""One process runs all tests of a file, one all that share the Ray cluster; what takes long begins."""

from collections import defaultdict
from types import SimpleNamespace

import pytest

from work_groups import LONG, RAY, SMOLLM2, TESTS, GroupScheduling, begins_after, group_of


class Node:
    """A process of pytest-xdist that runs at once what it is given."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.given: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indexes: list[int]) -> None:
        self.given += indexes

    def shutdown(self) -> None:
        self.shutting_down = True


def test_the_tests_of_a_group_are_run_by_one_process() -> None:
    files = ["test_errors.py", "cluster/test_two_nodes.py", "cluster/test_task_queue.py", "test_escapes.py"]
    names = [f"tests/{file}::test_{number}[{file}::a@b]" for file in files for number in range(8)]
    nodes = [Node("first"), Node("second")]
    option = SimpleNamespace(loadscopereorder=False)
    scheduling = GroupScheduling(SimpleNamespace(option=option, getvalue=lambda name: ["2*popen"]))
    for node in nodes:
        scheduling.add_node(node)
        scheduling.add_node_collection(node, names)
    scheduling.schedule()
    ended: dict[str, set[int]] = defaultdict(set)
    while not scheduling.tests_finished or any(node.given for node in nodes):
        for place, node in enumerate(nodes):
            if node.given:
                test = node.given.pop(0)
                ended[names[test].partition("::")[0]].add(place)
                scheduling.mark_test_complete(node, test)
    assert ended.keys() == {f"tests/{file}" for file in files}
    assert all(len(places) == 1 for places in ended.values()), ended
    assert ended["tests/cluster/test_two_nodes.py"] == ended["tests/cluster/test_task_queue.py"]
    assert len({place for places in ended.values() for place in places}) == 2


def test_a_run_by_several_processes_is_given_out_so(pytestconfig: pytest.Config) -> None:
    make = pytestconfig.pluginmanager.hook.pytest_xdist_make_scheduler
    for dist, expected in (("loadgroup", True), ("load", False)):
        option = SimpleNamespace(loadscopereorder=True)
        found = {"dist": dist, "tx": ["2*popen"]}
        config = SimpleNamespace(option=option, getvalue=found.__getitem__)
        assert isinstance(make(config=config, log=None), GroupScheduling) == expected
        assert option.loadscopereorder != expected


def test_what_takes_long_begins() -> None:
    files = sorted(TESTS.rglob("test_*.py"))
    groups = {group_of(file) for file in files}
    assert set(LONG) <= groups
    assert {RAY, SMOLLM2} <= groups
    first = sorted(files, key=begins_after)
    assert group_of(first[0]) == LONG[0]
    assert group_of(first[-1]) not in LONG
