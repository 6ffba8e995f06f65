"""The cluster that the other tests run on is what they take it for."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster


def test_tasks_run_on_both_nodes(ray_cluster: "Cluster") -> None:
    ray = pytest.importorskip("ray")

    @ray.remote(num_cpus=1, scheduling_strategy="SPREAD")
    def node() -> str:
        return str(ray.get_runtime_context().get_node_id())

    alive = {each["NodeID"] for each in ray.nodes() if each["Alive"]}
    assert len(alive) == 2
    assert {ray.get(node.remote()) for _ in range(8)} == alive
