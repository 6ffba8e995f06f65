"""Kills replicas of a server under load, and counts what it costs. Prints its counts; exit code 1 on a loss.

    python benchmarks/serve_faults.py --work /tmp/faults --kills 20

A Ray cluster of two nodes; `openbook serve --ray` with two replicas of a tiny model; clients that ask without
a pause, half of them for streams. Now and then a replica's process is killed (SIGKILL), every fifth time its
whole node (--node-every). Right is: each answer is whole, or its request was there when something was killed,
and was told to ask again: 503 with Retry-After, or in a stream an event of the same code. No request that
comes later fails, and two replicas are there again.
"""

import argparse
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from malformed_requests import served
from ray.cluster_utils import Cluster

NODE = {"num_cpus": 2, "object_store_memory": 100_000_000}
TOKENS = 24
PATIENCE = 600
"""Seconds until two replicas must be there."""
CODE = "replica_lost"


@dataclass
class Load:
    """Clients, and what they saw."""

    url: str
    until: threading.Event = field(default_factory=threading.Event)
    counts: Counter[str] = field(default_factory=Counter)
    kills: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    held: int = 0
    most_held: int = 0

    def ask(self, number: int) -> None:
        """Ask until it is over; every other client for streams."""
        with httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False) as http:
            while not self.until.is_set():
                began = time.monotonic()
                with self.lock:
                    self.held += 1
                try:
                    how = stream(http) if number % 2 else whole(http)
                except (httpx.HTTPError, ValueError, KeyError, IndexError) as error:
                    how = f"{type(error).__name__}: {error}"
                with self.lock:
                    self.held -= 1
                    self.note(how, began)

    def note(self, how: str, began: float) -> None:
        """Count an answer; one that failed must have been there when something was killed."""
        self.counts[how if how in ("whole", CODE) else "wrong"] += 1
        if how == CODE and not any(began <= kill for kill in self.kills):
            self.wrong.append(f"{CODE} without a kill since it was asked")
            self.counts["late"] += 1
        elif how == CODE and not began <= self.kills[-1]:
            self.counts["late"] += 1
            self.wrong.append(f"{CODE} {began - self.kills[-1]:.2f} s after the kill")
        elif how not in ("whole", CODE):
            self.wrong.append(how)


def body(**more: Any) -> dict[str, Any]:
    """A request for a text."""
    return {"model": "model", "prompt": "river stone copper", "max_tokens": TOKENS, "seed": 1} | more


def whole(http: httpx.Client) -> str:
    """Ask for a text, all at once; returns how it went."""
    answer = http.post("/v1/completions", json=body())
    if answer.status_code == 503:
        error = answer.json()["error"]
        return error["code"] if int(answer.headers["Retry-After"]) > 0 else "no Retry-After"
    answer.raise_for_status()
    return "whole" if answer.json()["choices"][0]["finish_reason"] else "not whole"


def stream(http: httpx.Client) -> str:
    """Ask for a stream; returns how it went."""
    with http.stream("POST", "/v1/completions", json=body(stream=True)) as answer:
        if answer.status_code == 503:
            error = json.loads(answer.read())["error"]
            return error["code"] if int(answer.headers["Retry-After"]) > 0 else "no Retry-After"
        answer.raise_for_status()
        events = [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
    if events[-1] == "[DONE]":
        return "whole"
    return str(json.loads(events[-1])["error"]["code"])


def replicas(http: httpx.Client) -> set[str]:
    """The names of those that answer."""
    answer = http.get("/metrics")
    return set(re.findall(r'replica="(\w+)"', answer.text)) if answer.status_code == 200 else set()


def wait_for_two(http: httpx.Client, before: set[str], command: subprocess.Popen[str]) -> float:
    """Wait until two replicas are there, and not the two from before; returns the seconds."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        assert command.poll() is None, "the server has ended"
        now = replicas(http)
        if len(now) >= 2 and now != before:
            return time.monotonic() - began
        time.sleep(0.5)
    raise SystemExit(f"no two replicas after {PATIENCE} s")


def add_node(cluster: Cluster) -> Any:
    """Add a node; on a machine that has much else to do Ray sometimes gives up, and is asked again."""
    for _ in range(5):
        try:
            return cluster.add_node(**NODE)
        except Exception as error:
            print(f"a node did not start: {error}", flush=True)
    raise SystemExit("no node starts")


class Killer:
    """Kills replicas, and nodes."""

    def __init__(self, cluster: Cluster, given: argparse.Namespace) -> None:
        self.cluster = cluster
        self.node_every = given.node_every
        self.second = add_node(cluster)
        self.draw = random.Random(given.seed)
        self.nodes = 0

    def kill(self, number: int, load: Load) -> None:
        """Kill a replica's process; now and then the second node, if one is there."""
        found = []
        for process in psutil.Process().children(recursive=True):
            try:
                if " ".join(process.cmdline()).startswith("ray::ServeReplica"):
                    found.append(process)
            except psutil.Error:
                continue
        raylet = self.second.all_processes["raylet"][0].process.pid
        there = [process for process in found if raylet in [parent.pid for parent in process.parents()]]
        with load.lock:
            load.most_held = max(load.most_held, load.held)
        if number % self.node_every == self.node_every - 1 and there:
            self.cluster.remove_node(self.second, allow_graceful=False)
            for process in there:  # a node's workers outlive its raylet by a moment, and answer meanwhile
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            load.kills.append(time.monotonic())
            self.second = add_node(self.cluster)
            self.nodes += 1
        else:
            self.draw.choice(found).kill()
            load.kills.append(time.monotonic())


def prepare(work: Path) -> None:
    """A model of random weights, and a book."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    state = served(work)
    state.model.save_pretrained(work / "model")
    state.chat.tokenizer.save(work / "model")
    state.engine.close()


def start_server(work: Path, address: str, port: int) -> subprocess.Popen[str]:
    """Start `openbook serve --ray` with two replicas, and wait until it says that it serves."""
    arguments = ["serve", work / "model", work / "book", "--port", port, "--replicas", 2, "--ray", address]
    with (work / "log").open("w") as log:
        command = subprocess.Popen(
            [sys.executable, "-m", "openbook", *map(str, arguments)], stdout=log, stderr=log, text=True
        )
    while " reads " not in (work / "log").read_text():
        assert command.poll() is None, (work / "log").read_text()
        time.sleep(0.5)
    return command


def disturb(killer: Killer, load: Load, command: subprocess.Popen[str], given: argparse.Namespace) -> float:
    """Kill, again and again; returns the longest time until two replicas were there again."""
    slowest, stop_at = 0.0, time.monotonic() + 60 * given.minutes
    with httpx.Client(base_url=load.url, timeout=60, trust_env=False) as http:
        wait_for_two(http, set(), command)
        threads = [threading.Thread(target=load.ask, args=(n,), daemon=True) for n in range(given.clients)]
        for thread in threads:
            thread.start()
        while len(load.kills) < given.kills and time.monotonic() < stop_at:
            time.sleep(3 + 3 * killer.draw.random())
            before = replicas(http)
            killer.kill(len(load.kills), load)
            slowest = max(slowest, wait_for_two(http, before, command))
            print(f"kill {len(load.kills)}: {dict(load.counts)}", flush=True)
        time.sleep(5)
        load.until.set()
        for thread in threads:
            thread.join()
    return slowest


def main() -> int:
    """Do it, and print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="a new folder")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=600, help="after which no more are killed")
    parser.add_argument("--node-every", type=int, default=5, metavar="N", help="kills that are of a node")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    # Ray lets its workers give way to all others, which on a shared machine would be all that is measured.
    os.environ |= {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    prepare(given.work)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    killer, load = Killer(cluster, given), Load(f"http://127.0.0.1:{port}")
    command = start_server(given.work, cluster.address, port)
    try:
        slowest = disturb(killer, load, command, given)
    finally:
        load.until.set()
        command.terminate()
        command.wait(PATIENCE)
        cluster.shutdown()
    print(
        f"{len(load.kills)} kills, {killer.nodes} of them of a node; {load.counts['whole']} answers whole, "
        f"{load.counts[CODE]} told to ask again, {load.counts['late']} of them asked after the kill, "
        f"{load.counts['wrong']} wrong; at most {load.most_held} requests were there at a kill; two replicas "
        f"again after at most {slowest:.0f} s; exit code {command.returncode}"
    )
    for line in load.wrong[:20]:
        print(line)
    return 1 if load.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
