"""What is asked of a cluster's nodes before work begins, and what is said where Ray does not start."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from openbook.cluster.ray_session import RaySession
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
