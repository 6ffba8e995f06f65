"""Tasks end once each, whatever becomes of their workers; errors of the user come back as raised."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from openbook.cluster import task_queue
from openbook.cluster.ray_session import RaySession, connected
from openbook.cluster.task_queue import TaskQueue
from openbook.errors import ClusterError, SettingsError, SourceError

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster


@pytest.fixture
def session(ray_cluster: "Cluster") -> Iterator[RaySession]:
    with connected(ray_cluster.address) as found:
        yield found


def queue_of(session: RaySession, function: Any, places: int = 2) -> TaskQueue[int, int]:
    task = session.ray.remote(num_cpus=1, max_retries=0)(function)
    return TaskQueue(session, range(places), lambda key, place: task.remote(key), lambda key: f"task {key}")


def test_each_task_has_one_result(session: RaySession) -> None:
    def square(number: int) -> int:
        return number * number

    assert sorted(queue_of(session, square).run(range(5))) == [(n, n * n) for n in range(5)]


def test_what_a_killed_worker_was_doing_is_done_again(session: RaySession, tmp_path: Path) -> None:
    def once_killed(number: int) -> int:
        sign = tmp_path / str(number)
        if number == 1 and not sign.exists():
            sign.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    queue = queue_of(session, once_killed)
    assert sorted(queue.run(range(3))) == [(0, 0), (1, 1), (2, 2)]
    assert queue.lost == 1


def test_a_task_that_kills_its_workers_is_given_up(
    session: RaySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(number: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(task_queue, "_MOST_LOSSES", 2)
    with pytest.raises(ClusterError, match=r"task 7: 2 workers were lost at it.*it resumes"):
        list(queue_of(session, deadly).run([7]))


def test_an_error_of_the_user_is_the_one_that_was_raised(session: RaySession) -> None:
    def wrong(number: int) -> None:
        raise SourceError(f"rows.jsonl:{number}: is not JSON")

    with pytest.raises(SourceError, match=r"^rows\.jsonl:4: is not JSON$"):
        list(queue_of(session, wrong).run([4]))


def test_an_error_that_an_actor_told_a_task_comes_back_too(session: RaySession) -> None:
    class Asked:
        def answer(self) -> None:
            raise SettingsError("no such encoder")

    actor = session.ray.remote(num_cpus=0)(Asked).remote()

    def asking(number: int) -> None:
        import ray

        ray.get(actor.answer.remote())

    with pytest.raises(SettingsError, match=r"^no such encoder$"):
        list(queue_of(session, asking).run([0]))


def test_a_fault_of_ours_is_no_loss(session: RaySession) -> None:
    def faulty(number: int) -> float:
        return 1 / number

    queue = queue_of(session, faulty)
    with pytest.raises(ZeroDivisionError):
        list(queue.run([0]))
    assert queue.lost == 0


def test_a_head_that_does_not_answer_is_named(session: RaySession, monkeypatch: pytest.MonkeyPatch) -> None:
    class Context:
        gcs_address = "127.0.0.1:9"

    monkeypatch.setattr(session.ray, "get_runtime_context", Context)
    with pytest.raises(ClusterError, match=r"head node .*127\.0\.0\.1:9.*same command again: it resumes"):
        session.require_head()
