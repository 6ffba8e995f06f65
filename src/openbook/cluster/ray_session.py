"""The connection to Ray, which begins where a user asks for it and nowhere else."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from openbook.errors import ClusterError, MissingExtraError, SettingsError, one_line

LOCAL = "local"
"""The address that stands for a cluster of this machine alone, made for one command."""
_PATIENCE = 5.0
"""Seconds that the head node may take to answer."""


@dataclass(frozen=True, slots=True)
class RaySession:
    """A connection to a cluster.

    Args:
        ray: the package.
        address: as the user gave it.
    """

    ray: Any
    address: str

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes that are alive, as Ray describes them."""
        return [node for node in self.ray.nodes() if node["Alive"]]

    def resource(self, name: str) -> int:
        """How many of something, such as CPU or GPU, all nodes have together."""
        return int(self.ray.cluster_resources().get(name, 0))

    def require_head(self) -> None:
        """Refuse to wait for a cluster whose head node is gone: Ray itself would wait for minutes.

        Raises:
            ClusterError: it does not answer.
        """
        host, _, port = self.ray.get_runtime_context().gcs_address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
        except OSError as error:
            raise ClusterError(
                f"the head node of the Ray cluster {self.address} is gone ({host}:{port}: "
                f"{error.strerror or error}); start it, and run the same command again: it resumes"
            ) from error

    def require_shared(self, folder: Path) -> None:
        """Refuse a folder that some node does not see: what it wrote there would be nowhere.

        Raises:
            ClusterError: naming the node.
        """
        sign = folder / f"{uuid4().hex}.sign"
        sign.touch()
        try:
            for node, seen in self._on_each_node(_sees, str(sign)):
                if not seen:
                    raise ClusterError(
                        f"{folder}: the node {node['NodeManagerAddress']} of the Ray cluster does not see "
                        "it; choose a folder on a file system that all nodes share"
                    )
        finally:
            sign.unlink(missing_ok=True)

    def _on_each_node(self, function: Any, *arguments: Any) -> list[tuple[dict[str, Any], Any]]:
        """What a function returns on each node; a node that is lost meanwhile is left out."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        task = self.ray.remote(num_cpus=0, max_retries=3)(function)
        nodes = self.nodes()
        there = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
        waiting = [task.options(scheduling_strategy=where).remote(*arguments) for where in there]
        found = []
        for node, result in zip(nodes, waiting, strict=True):
            with suppress(self.ray.exceptions.RayError):
                found.append((node, self.ray.get(result)))
        return found


def _sees(path: str) -> bool:
    return Path(path).exists()


def require_ray() -> Any:
    """The package ray.

    Raises:
        MissingExtraError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("--ray needs the package ray: pip install 'openbook[cluster]'") from error
    return ray


@contextmanager
def connected(address: str) -> Iterator[RaySession]:
    """Connect to a cluster; a process that is connected already stays as it is.

    Args:
        address: of the head node, as `ray start --head` prints it; `local` begins a cluster of this machine
            alone, which ends with the block.

    Raises:
        MissingExtraError: ray is not installed.
        SettingsError: no cluster answers there, or one of another version.
    """
    ray = require_ray()
    if ray.is_initialized():
        yield RaySession(ray, address)
        return
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        ray.init(address=address, **options | ({"include_dashboard": False} if address == LOCAL else {}))
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise SettingsError(
            f"--ray {address}: no Ray cluster of version {ray.__version__} answers there "
            f"({one_line(error):.200}); start one: ray start --head; or use this machine alone: --ray {LOCAL}"
        ) from error
    try:
        yield RaySession(ray, address)
    finally:
        ray.shutdown()
