"""What is asked of a cluster's nodes before work begins, and what is said where Ray does not start."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from openbook.cluster.ray_session import RaySession, connected
from openbook.errors import ClusterError

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster


@pytest.fixture
def session(ray_cluster: "Cluster") -> RaySession:
    import ray

    return RaySession(ray, ray_cluster.address)


def refuse_to_write(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """As if a folder were on a disk that can only be read."""
    touch = Path.touch

    def refuse(path: Path, *arguments: Any, **options: Any) -> None:
        if path.parent == folder:
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        touch(path, *arguments, **options)

    monkeypatch.setattr(Path, "touch", refuse)


def test_a_folder_that_is_seen_keeps_no_sign(session: RaySession, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    session.require_shared(tmp_path)
    session.require_seen(tmp_path / "there")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_folder_that_is_not_seen_is_named_with_the_node(session: RaySession, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=rf"^{tmp_path}: the node .* does not see it"):
        session.require_seen(tmp_path / "elsewhere")


def test_where_nothing_can_be_written_the_folder_is_named(
    session: RaySession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_write(monkeypatch, tmp_path)
    with pytest.raises(ClusterError, match=rf"^{tmp_path}: cannot be read or written: Read-only"):
        session.require_shared(tmp_path)


def connect_where_init_raises(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    ray = pytest.importorskip("ray")

    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    with connected("local"):
        pass


@pytest.mark.parametrize("kind", [Exception, RuntimeError, OSError])
def test_a_ray_that_does_not_start_is_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    words = "The current node timed out during startup.\nThis could " + "happen because of much. " * 20
    with pytest.raises(ClusterError) as refused:
        connect_where_init_raises(monkeypatch, kind(words))
    said = str(refused.value)
    assert said.startswith("--ray local: Ray did not start: the machine is too busy or out of memory")
    assert "(The current node timed out during startup. This could happen" in said
    assert said.endswith("try again") and len(said) < 350


def test_a_fault_of_ours_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError, match="of ours"):
        connect_where_init_raises(monkeypatch, TypeError("of ours"))
