"""A head that is gone ends a command, also where all of it waits inside Ray."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import openbook as package
from command_line import OpenBook
from openbook.cluster import head_watch
from openbook.cluster.head_watch import HeadWatch, head_error, host_and_port
from openbook.cluster.ray_session import connected
from openbook.database import Database
from openbook.errors import ClusterError, SettingsError

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

SOURCE = Path(package.__file__).parent.parent
_PATIENCE = 300
"""Seconds for what takes half a minute on a machine that does nothing else."""


@pytest.fixture
def head() -> Iterator[socket.socket]:
    """What listens where a head would."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_watch, "EVERY", 0.01)
    monkeypatch.setattr(head_watch, "_PATIENCE", 0.1)


def test_addresses() -> None:
    assert host_and_port("192.0.2.1:6379") == ("192.0.2.1", 6379)
    assert host_and_port("[::1]:6379") == ("::1", 6379)
    for other in ("local", "auto", "ray://192.0.2.1:10001", "192.0.2.1"):
        assert host_and_port(other) is None


def test_a_head_that_is_there_is_left_alone(head: socket.socket, quickly: None) -> None:
    told: list[ClusterError] = []
    watch = HeadWatch("mine", head.getsockname(), told.append)
    for _ in range(5):
        head.accept()[0].close()  # looked at again and again
    watch.close()
    assert told == []
    assert head_error("mine", head.getsockname()) is None


def test_one_that_is_gone_is_told_once(head: socket.socket, quickly: None) -> None:
    told: list[ClusterError] = []
    lost = Event()

    def on_lost(error: ClusterError) -> None:
        told.append(error)
        lost.set()

    place = head.getsockname()
    watch = HeadWatch("mine", place, on_lost)
    head.close()
    assert lost.wait(_PATIENCE)
    watch.close()
    (error,) = told
    assert f"cluster mine is gone (127.0.0.1:{place[1]}" in str(error)
    assert "run the same command again: it resumes" in str(error)


def test_what_ends_by_itself_is_not_ended(
    head: socket.socket, quickly: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_watch, "_PATIENCE", 1000.0)
    told: list[ClusterError] = []
    seen = Event()
    looked = head_watch.head_error

    def look(name: str, place: tuple[str, int]) -> ClusterError | None:
        error = looked(name, place)
        if error is not None:
            seen.set()
        return error

    monkeypatch.setattr(head_watch, "head_error", look)
    watch = HeadWatch("mine", head.getsockname(), told.append)
    head.close()
    assert seen.wait(_PATIENCE)
    watch.close()
    assert told == []


def test_where_nothing_listens_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def refuse(**_: object) -> None:
        raise AssertionError("Ray would try for minutes")

    monkeypatch.setattr(ray, "init", refuse)
    with (
        pytest.raises(
            SettingsError,
            match=r"--ray 127\.0\.0\.1:9: no Ray cluster.*ray start --head",
        ),
        connected("127.0.0.1:9"),
    ):
        pass


@pytest.fixture
def pretended(head: socket.socket, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """The address of a head that Ray believes in, and what happened to the connection."""
    ray = pytest.importorskip("ray")
    address = "{}:{}".format(*head.getsockname())
    happened: list[str] = []
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **_: None)
    monkeypatch.setattr(ray, "shutdown", lambda: happened.append("shutdown"))
    monkeypatch.setattr(ray, "get_runtime_context", lambda: SimpleNamespace(gcs_address=address))
    return address, happened


def test_whatever_ray_raises_of_a_lost_head_is_told_as_that_before_ray_shuts_down(
    head: socket.socket, pretended: tuple[str, list[str]]
) -> None:
    address, happened = pretended
    with (
        pytest.raises(ClusterError, match=f"cluster {address} is gone"),
        connected(address, on_lost=lambda error: happened.append(str(error))),
    ):
        head.close()
        raise RuntimeError("the actor is temporarily unavailable")
    said, last = happened
    assert f"cluster {address} is gone" in said and last == "shutdown"


def test_an_error_while_the_head_is_there_stays_what_it_is(pretended: tuple[str, list[str]]) -> None:
    address, happened = pretended
    with (
        pytest.raises(SettingsError, match="no such encoder"),
        connected(address, on_lost=lambda error: happened.append(str(error))),
    ):
        raise SettingsError("no such encoder")
    assert happened == ["shutdown"]


STOPPED = """
import sys, time
from pathlib import Path
from openbook.cli.app import run
from openbook.cluster import book_build, head_watch, neighbor_job

before = {owner}.{name}
head_watch._PATIENCE = 2.0

def wait(*arguments, **options):
    here = Path(sys.argv[1])
    here.touch()
    while here.exists():
        time.sleep(0.05)
    return before(*arguments, **options)

{owner}.{name} = wait
sys.exit(run(sys.argv[2:]))
"""
"""A command that waits at one place until a file is taken away, and ends soon after its head is lost."""


NODES = """
import json, sys
from ray.cluster_utils import Cluster

store = {"object_store_memory": 80_000_000}
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **store})
nodes = [cluster.head_node, cluster.add_node(num_cpus=2, **store)]
pids = [[info.process.pid for infos in node.all_processes.values() for info in infos] for node in nodes]
print(json.dumps({"address": cluster.address, "pids": pids}), flush=True)
sys.stdin.read()
"""
"""A head without cores and another node, until the end of standard input."""


class LosableCluster:
    """Two nodes that another process has begun: Ray would end this one, too, when the head is gone."""

    def __init__(self) -> None:
        seen = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen([sys.executable, "-c", NODES], text=True, env=seen, **pipes)  # type: ignore[call-overload]
        assert self._process.stdout is not None
        lines = (line for line in self._process.stdout if line.startswith("{"))
        about = json.loads(next(lines))
        self.address: str = about["address"]
        self._head, self._other = about["pids"]

    def lose_head(self) -> None:
        """Kill all processes of the head."""
        _kill(self._head)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        _kill(self._head + self._other)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def losable() -> Iterator[LosableCluster]:
    pytest.importorskip("ray", reason="needs Ray: pip install 'openbook[cluster]'")
    cluster = LosableCluster()
    yield cluster
    cluster.close()


Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begin(losable: LosableCluster, tmp_path: Path) -> Iterator[Begin]:
    """Begin a command that waits at a place until the file of that name is taken away."""
    running = []

    def run(owner: str, name: str, *arguments: object) -> "subprocess.Popen[str]":
        line = [sys.executable, "-c", STOPPED.format(owner=owner, name=name), tmp_path / name, *arguments]
        seen = os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])}
        command = [*map(str, line), "--ray", losable.address]
        running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=seen))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.timeout(900)
def test_a_lost_head_ends_commands_that_wait_in_ray(
    begin: Begin,
    losable: LosableCluster,
    ray_cluster: "Cluster",
    openbook: OpenBook,
    copy_book: Callable[[], Database],
    corpus: Path,
    tmp_path: Path,
) -> None:
    """Before the first use of an actor's class, which Ray stores at the head: there it waits."""
    build = ("build", tmp_path / "book", corpus, "--tokenizer", "train:400", "--embedder", "none")
    neighbors = ("neighbors", copy_book().path, "-k", "2", "--rebuild")
    running = [begin("book_build", "BoardReader", *build)]
    running.append(begin("neighbor_job.ClusterSearch", "_begin", *neighbors))
    signs = [tmp_path / "BoardReader", tmp_path / "_begin"]
    while not all(sign.exists() for sign in signs):
        assert [process.poll() for process in running] == [None, None]
        time.sleep(0.1)
    losable.lose_head()
    for sign in signs:
        sign.unlink()
    for process in running:
        _, said = process.communicate(timeout=_PATIENCE)
        assert process.returncode == 2, said
        (error,) = [line for line in said.splitlines() if "openbook: error" in line]
        assert f"the head node of the Ray cluster {losable.address} is gone" in error
        assert "run the same command again: it resumes" in error
    for command in (build, neighbors):
        again = openbook(*command, "--ray", ray_cluster.address, "--workers", "1")
        assert again.code == 0, again.err
