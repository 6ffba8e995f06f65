"""A server of two replicas on a Ray cluster: one application, whichever answers; and they are killed."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from command_line import OpenBook
from openbook.cli.served import Served, server_of
from openbook.cluster.ray_session import LOCAL, RaySession
from openbook.database import Database
from openbook.errors import SettingsError
from serve_events import Running

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytest.importorskip("fastapi", reason="needs the extra serve")

PATIENCE = 600
KEY = {"Authorization": "Bearer secret"}


@pytest.fixture(scope="module")
def server(
    ray_cluster: "Cluster",
    tmp_path_factory: pytest.TempPathFactory,
    trained_folder: Path,
    book_documents: list[Any],
) -> Iterator[Running]:
    """Two replicas of a tiny model, on a book that clients may edit, behind a real address."""
    import ray

    from openbook.cluster.replicated_server import Replication, replicated
    from openbook.serve.server_settings import ServerSettings
    from openbook.text import load_tokenizer

    folder = tmp_path_factory.mktemp("replicas") / "fables"
    tokenizer = load_tokenizer(str(trained_folder))
    Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=16).add(book_documents[:20])
    served = Served(str(trained_folder), folder, [], name="tiny", max_batch=4, max_waiting=8)
    settings = ServerSettings(allow_edits=True, api_key="secret", max_body_bytes=20_000)
    # On one machine, as with --ray local, where edits are allowed.
    session = RaySession(ray, LOCAL)
    replication = Replication(replicas=2, most_requests=24)
    with replicated(session, partial(server_of, served, settings), settings, replication) as app:
        running = Running(None, app)  # type: ignore[arg-type]
        yield running
        running.stop()


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=PATIENCE, trust_env=False, headers=KEY) as client:
        yield client


def names_of_replicas(http: httpx.Client) -> set[str]:
    lines = http.get("/metrics").text.splitlines()
    return {line.partition('replica="')[2].partition('"')[0] for line in lines if "replica=" in line}


def wait_for_two(http: httpx.Client) -> set[str]:
    give_up = time.monotonic() + PATIENCE
    while len(found := names_of_replicas(http)) < 2:
        assert time.monotonic() < give_up
        time.sleep(0.2)
    return found


def completion(**more: Any) -> dict[str, Any]:
    return {"model": "tiny", "prompt": "Number 3.", "max_tokens": 8, "seed": 1} | more


pytestmark = pytest.mark.timeout(2 * PATIENCE)


def test_the_application_is_the_same(http: httpx.Client) -> None:
    assert http.get("/health").json()["status"] == "ok"
    assert http.get("/health", headers={"Authorization": ""}).status_code == 401
    assert http.get("/v1/models").json()["data"][0]["id"] == "tiny"
    answers = [http.post("/v1/completions", json=completion()).json()["choices"][0] for _ in range(6)]
    assert all(answer == answers[0] for answer in answers)
    assert http.post("/v1/completions", json=completion(best_of=3)).json()["error"]["param"] == "best_of"
    assert http.get("/").headers["content-type"].startswith("text/html")


def test_a_stream_is_one(http: httpx.Client) -> None:
    plain = http.post("/v1/completions", json=completion()).json()["choices"][0]["text"]
    with http.stream("POST", "/v1/completions", json=completion(stream=True)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [line[6:] for line in answer.iter_lines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    assert "".join(json.loads(event)["choices"][0]["text"] for event in events[:-1]) == plain


def test_both_replicas_answer_and_are_counted(http: httpx.Client) -> None:
    assert len(wait_for_two(http)) == 2
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(http.post, "/v1/completions", json=completion()) for _ in range(12)]
    assert [one.result().status_code for one in asked] == [200] * 12
    lines = http.get("/metrics").text.splitlines()
    assert len([line for line in lines if line.startswith("# TYPE openbook_requests_total")]) == 1
    counts = [
        float(line.split()[-1]) for line in lines if line.startswith('openbook_tokens_total{kind="comp')
    ]
    assert len(counts) == 2
    assert all(count > 0 for count in counts)


def test_who_may_not_is_refused_before_any_replica(http: httpx.Client) -> None:
    assert http.get("/v1/models", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert http.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert http.post("/v1/completions", json=completion(prompt="x" * 30_000)).status_code == 413


def test_what_one_replica_edits_all_see_at_once(http: httpx.Client) -> None:
    for number in range(3):
        text = f"A zyzzyva number{number} is a weevil of the tropics."
        added = http.post("/v1/documents", json={"documents": [{"id": "weevil", "text": text}]})
        assert added.status_code == 200
        for _ in range(6):
            found = http.post("/v1/search", json={"query": f"zyzzyva number{number}", "k": 1}).json()
            assert (found[0]["document_id"], f"number{number}" in found[0]["text"]) == ("weevil", True)
    uploaded = http.post("/v1/documents/upload", files={"files": ("a.md", b"The quokka smiles.")})
    assert uploaded.status_code == 200
    assert http.delete("/v1/documents/weevil").status_code == 200
    for _ in range(6):
        assert http.get("/v1/documents/weevil").status_code == 404


def test_a_client_that_goes_away_frees_its_place(http: httpx.Client) -> None:
    long = completion(max_tokens=4000, min_tokens=4000, stream=True)
    with http.stream("POST", "/v1/completions", json=long) as answer:
        next(answer.iter_lines())
    give_up = time.monotonic() + PATIENCE
    while any(
        line.startswith("openbook_texts_running") and not line.endswith(" 0.0")
        for line in http.get("/metrics").text.splitlines()
    ):
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_a_killed_replica_costs_what_it_held(http: httpx.Client) -> None:
    before = wait_for_two(http)
    long = completion(max_tokens=4000, min_tokens=4000)
    ended: list[Any] = []

    def ask_for_a_stream() -> None:
        with http.stream("POST", "/v1/completions", json=long | {"stream": True}) as answer:
            if answer.status_code == 200:
                ended.append([line for line in answer.iter_lines() if line.startswith("data: ")][-1])
            else:
                answer.read()
                ended.append(answer)

    def ask() -> None:
        ended.append(http.post("/v1/completions", json=long))

    threads = [Thread(target=how, daemon=True) for how in (ask_for_a_stream, ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while sum(
        float(line.split()[-1])
        for line in http.get("/metrics").text.splitlines()
        if line.startswith(("openbook_texts_running{", "openbook_texts_waiting{"))
    ) < len(threads):
        time.sleep(0.1)
    for process in psutil.Process().children(recursive=True):
        if " ".join(process.cmdline()).startswith("ray::ServeReplica"):
            process.kill()
    for thread in threads:
        thread.join()
    assert len(ended) == len(threads)
    for answer in ended:
        if isinstance(answer, httpx.Response):
            assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
            error = answer.json()["error"]
        else:
            error = json.loads(answer[6:])["error"]
        assert (error["code"], error["type"]) == ("replica_lost", "server_error")
    # What is asked meanwhile waits for the replicas that come in their place.
    assert http.post("/v1/completions", json=completion()).status_code == 200
    assert wait_for_two(http).isdisjoint(before)


def test_edits_over_several_machines_are_refused(ray_cluster: "Cluster") -> None:
    import ray

    from openbook.cluster.replicated_server import Replication, replicated
    from openbook.serve.server_settings import ServerSettings

    session = RaySession(ray, ray_cluster.address)
    settings = ServerSettings(allow_edits=True)
    with (
        pytest.raises(SettingsError, match=r"--allow-edits with --ray .* openbook add"),
        replicated(session, dict, settings, Replication(replicas=1, most_requests=1)),  # type: ignore[arg-type]
    ):
        pass


def test_more_replicas_than_cores_are_refused(ray_cluster: "Cluster") -> None:
    import ray

    from openbook.cluster.replicated_server import Replication, replicated
    from openbook.serve.server_settings import ServerSettings

    many = Replication(replicas=99, most_requests=1)
    with (
        pytest.raises(SettingsError, match=r"--replicas 99: .* has 8 cores"),
        replicated(RaySession(ray, "here"), dict, ServerSettings(), many),  # type: ignore[arg-type]
    ):
        pass


def test_replicas_need_ray(openbook: OpenBook, trained_folder: Path, book: Database) -> None:
    done = openbook("serve", trained_folder, book.path, "--replicas", 2)
    assert done.code == 2
    assert "--replicas 2: needs --ray" in done.err
