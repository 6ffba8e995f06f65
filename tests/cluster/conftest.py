"""A Ray cluster of two nodes on this machine, which all tests that need one share."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

_STORE_BYTES = 100_000_000
_CPUS = 4
"""That each node says it has: how many tasks and actors may be there at a time, not how fast they are."""


@pytest.fixture(scope="session")
def ray_cluster() -> "Iterator[Cluster]":
    """Two nodes, and this process connected to them; `ray_cluster.address` is what `--ray` takes.

    The tests that use it run in one process of pytest-xdist (see tests/conftest.py), so that there is one
    cluster at a time.
    """
    ray = pytest.importorskip("ray", reason="needs Ray: pip install 'openbook[cluster]'")
    from ray.cluster_utils import Cluster

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    node = {"num_cpus": _CPUS, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        del node["include_dashboard"]
        cluster.add_node(**node)
        ray.init(address=cluster.address, log_to_driver=False)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()
