"""The connection to Ray, which begins where a user asks for it and nowhere else."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from openbook.cluster.head_watch import HeadWatch, head_error, host_and_port, why_unreachable
from openbook.durable import naming_errors
from openbook.errors import ClusterError, MissingExtraError, SettingsError, one_line

LOCAL = "local"
"""The address that stands for a cluster of this machine alone, made for one command."""
OnLost = Callable[[ClusterError], None]
"""What is done where a command waits inside Ray for a head that is gone; see `connected`."""


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
        if (error := self.head_error()) is not None:
            raise error

    def head_error(self) -> ClusterError | None:
        """What is to be said if the head node is gone; None: it answers."""
        place = self.head()
        return None if place is None else head_error(self.address, place)

    def head(self) -> tuple[str, int] | None:
        """Host and port of the head node."""
        return host_and_port(self.ray.get_runtime_context().gcs_address)

    def require_shared(self, folder: Path) -> None:
        """Refuse a folder that some node does not see: what it wrote there would be nowhere.

        Raises:
            ClusterError: naming the node; or nothing can be written there.
        """
        sign = folder / f"{uuid4().hex}.sign"
        with naming_errors(folder, ClusterError):
            sign.touch()
        try:
            self.require_seen(sign)
        finally:
            with naming_errors(folder, ClusterError):
                sign.unlink(missing_ok=True)

    def require_seen(self, file: Path) -> None:
        """Refuse a folder that is only read, of which some node does not see this file; it is there already.

        Raises:
            ClusterError: naming the node.
        """
        for node, seen in self._on_each_node(_sees, str(file)):
            if not seen:
                raise ClusterError(
                    f"{file.parent}: the node {node['NodeManagerAddress']} of the Ray cluster does not see "
                    "it; choose a folder on a file system that all nodes share"
                )

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
def connected(address: str, *, on_lost: OnLost | None = None) -> Iterator[RaySession]:
    """Connect to a cluster; a process that is connected already stays as it is.

    Args:
        address: of the head node, as `ray start --head` prints it; `local` begins a cluster of this machine
            alone, which ends with the block.
        on_lost: called if the head is gone, at the end of the block, or on another thread where the block
            does not end, since it waits inside Ray; it should end the process. None: Ray ends it, after a
            minute, without a word.

    Raises:
        MissingExtraError: ray is not installed.
        SettingsError: no cluster answers there, or one of another version.
        ClusterError: Ray does not start, or the head was lost in the block.
    """
    ray = require_ray()
    if ray.is_initialized():
        yield RaySession(ray, address)
        return
    place = host_and_port(address)
    if place is not None and (why := why_unreachable(place)) is not None:
        raise _no_cluster(ray, address, why)  # Ray would try for minutes
    with ExitStack() as ends:
        if place is not None and on_lost is not None:
            ends.enter_context(closing(HeadWatch(address, place, on_lost)))
        _connect(ray, address)
        ends.callback(ray.shutdown)
        session = RaySession(ray, address)
        if place is None and on_lost is not None and (found := session.head()) is not None:
            ends.enter_context(closing(HeadWatch(address, found, on_lost)))  # closed before the head is ended
        try:
            yield session
        except Exception as error:  # whatever it is, a lost head may be why
            lost = session.head_error()
            if lost is None:
                raise
            if on_lost is not None:
                on_lost(lost)  # Ray's shutdown would wait for the head, or end the process first
            raise lost from error  # that is why, whatever Ray made of it


def _connect(ray: Any, address: str) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        ray.init(address=address, **options | ({"include_dashboard": False} if address == LOCAL else {}))
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        if address == LOCAL:
            raise _not_started(address, error) from error
        raise _no_cluster(ray, address, one_line(error)) from error
    except Exception as error:
        if type(error) is not Exception:  # which Ray raises where a node has not come up in time
            raise
        raise _not_started(address, error) from error


def _not_started(address: str, error: Exception) -> ClusterError:
    return ClusterError(
        f"--ray {address}: Ray did not start: the machine is too busy or out of memory, if Ray does not say "
        f"otherwise ({one_line(error):.200}); try again"
    )


def _no_cluster(ray: Any, address: str, why: str) -> SettingsError:
    return SettingsError(
        f"--ray {address}: no Ray cluster of version {ray.__version__} answers there "
        f"({why:.200}); start one: ray start --head; or use this machine alone: --ray {LOCAL}"
    )
