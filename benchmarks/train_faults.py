"""Kills one of two training processes again and again, and looks how the training run ends and resumes.

    python benchmarks/train_faults.py torchrun --work /tmp/faults --kills 20
    python benchmarks/train_faults.py ray --work /tmp/faults --kills 20

One training run of two processes, each with a shard of the model and of its checkpoints (FSDP). Some moment
after it has begun or resumed, one of its processes, drawn at random, is killed (SIGKILL); with `ray`, on a
cluster of two nodes, every fourth time the whole node under it; with `ray --heads` the head of the cluster,
and the next command runs on a new one. Counted is whether the command then ends by itself, how soon, and with
which line; the same command resumes, and is killed again. What comes out at last must have the bytes of a
training run under torchrun that nobody disturbed. Exit code 1 where it is not so.
"""

import argparse
import hashlib
import os
import random
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from openbook.database import Database, build_neighbors
from openbook.text import Document, train_tokenizer

PATIENCE = 300
"""Seconds after a kill at which the command is taken to hang."""
SAVE_EVERY, MOST_STEPS_A_ROUND = 5, 12
RECIPE: dict[str, Any] = {
    "model": {
        **{"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64},
        **{"cca_layers": [2], "encoder_hidden_size": 32, "encoder_num_layers": 1, "copy_head": True},
        "encoder_intermediate_size": 64,
    },
    "data": {"sequence_length": 64, "num_neighbors": 2},
    "train": {
        **{"batch_size": 4, "log_every": 1, "warmup_steps": 1, "eval_every": 0},
        **{"save_every": SAVE_EVERY, "retrieval_dropout": 0.2, "fsdp": True, "sharded_checkpoints": True},
        "trackers": [],
    },
}


@dataclass
class Counts:
    """What was seen."""

    kills: int = 0
    nodes: int = 0
    said: int = 0
    heads: int = 0
    hung: int = 0
    resumed: int = 0
    slowest: float = 0.0


def prepare(work: Path, steps: int) -> None:
    """A small book with neighbors, and the recipe."""
    draw = random.Random(0)
    words = ["".join(draw.choices(("ba", "ke", "li", "mo", "nu"), k=draw.randint(1, 3))) for _ in range(120)]
    documents = [Document(id=f"d{n}", text=" ".join(draw.choices(words, k=200))) for n in range(60)]
    tokenizer = train_tokenizer((document.text for document in documents), vocab_size=340)
    database = Database.create(work / "book", tokenizer=tokenizer, embedder=None, chunk_size=16)
    database.add(documents)
    build_neighbors(database, k=4)
    recipe = RECIPE | {"train": RECIPE["train"] | {"max_steps": steps}}
    (work / "recipe.yaml").write_text(yaml.safe_dump(recipe))


class UnderTorchrun:
    """The training run under torchrun."""

    def launcher(self) -> list[str]:
        return ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "openbook"]

    def options(self) -> list[str]:
        return []

    def processes(self, command: psutil.Process) -> list[psutil.Process]:
        """The two that train."""
        return command.children()

    def kill_node(self, process: psutil.Process) -> bool:
        return False


class UnderRay:
    """The training run on a Ray cluster of two nodes with one core each."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.second = add_node(cluster)

    def launcher(self) -> list[str]:
        return ["-m", "openbook"]

    def options(self) -> list[str]:
        return ["--ray", self.cluster.address, "--workers", "2"]

    def processes(self, command: psutil.Process) -> list[psutil.Process]:
        """The two that train: Ray names its processes after what they do, and what they have done."""
        ours = psutil.Process().children(recursive=True)
        return [process for process in ours if named(process).startswith("ray::RayTrainWorker")]

    def kill_node(self, process: psutil.Process) -> bool:
        """Kill the second node as a whole, if that is where the process is, and add a new one."""
        raylet = self.second.all_processes["raylet"][0].process.pid
        if raylet not in [parent.pid for parent in process.parents()]:
            return False
        self.cluster.remove_node(self.second, allow_graceful=False)
        self.second = add_node(self.cluster)
        return True

    def kill_head(self) -> None:
        """Kill the head of the cluster with its services, and the node on it."""
        self.cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)


NODE = {"num_cpus": 1, "object_store_memory": 100_000_000}


def add_node(cluster: Any) -> Any:
    """Add a node; on a machine that has much else to do Ray sometimes gives up, and is asked again."""
    for _ in range(5):
        try:
            return cluster.add_node(**NODE)
        except Exception as error:
            print(f"a node did not start: {error}", flush=True)
    raise SystemExit("no node starts")


def named(process: psutil.Process) -> str:
    """How a process is called; nothing if it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def launching(kind: str) -> Iterator[UnderTorchrun | UnderRay]:
    """What starts the training run."""
    if kind == "torchrun":
        yield UnderTorchrun()
        return
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    try:
        yield UnderRay(cluster)
    finally:
        cluster.shutdown()


def start(launch: UnderTorchrun | UnderRay, work: Path, output: Path, log: Path) -> psutil.Popen:
    """Start the command, always the same."""
    arguments = ["train", work / "recipe.yaml", "--database", work / "book", "--output", output]
    command = [sys.executable, *launch.launcher(), *map(str, arguments), *launch.options()]
    with log.open("w") as file:
        return psutil.Popen(command, stdout=file, stderr=file)


def steps_done(output: Path) -> int:
    """Lines of metrics.jsonl."""
    metrics = output / "metrics.jsonl"
    return len(metrics.read_text().splitlines()) if metrics.exists() else 0


def disturb(
    launch: Any, work: Path, output: Path, counts: Counts, draw: random.Random, *, head: bool = False
) -> bool:
    """Start the command, kill a process of it, wait; returns whether all was as it should be."""
    log = work / "log"
    begun = steps_done(output) // SAVE_EVERY * SAVE_EVERY
    command = start(launch, work, output, log)
    goal = begun + draw.randint(SAVE_EVERY + 1, MOST_STEPS_A_ROUND)
    while not goal <= steps_done(output):
        if command.poll() is not None:
            print(f"ended before it was killed: {log.read_text()[-2000:]}", flush=True)
            return False
        time.sleep(0.02)
    counts.resumed += "resumes from step" in log.read_text()
    time.sleep(draw.random() * 0.5)
    victim = draw.choice(launch.processes(command))
    wants_node = counts.kills % 4 == 3
    killed_at = time.monotonic()
    if head:
        launch.kill_head()
        counts.heads += 1
    elif wants_node and launch.kill_node(victim):
        counts.nodes += 1
    else:
        victim.kill()
    counts.kills += 1
    try:
        code = command.wait(PATIENCE)
    except psutil.TimeoutExpired:
        counts.hung += 1
        for process in [*command.children(recursive=True), command]:
            process.kill()
        return False
    seconds = time.monotonic() - killed_at
    counts.slowest = max(counts.slowest, seconds)
    remedies = ("the same command resumes", "run the same command again: it resumes")
    lines = [line for line in log.read_text().splitlines() if any(remedy in line for remedy in remedies)]
    counts.said += bool(code and lines)
    said = (lines or ["?"])[0]
    print(f"kill {counts.kills}: ended after {seconds:.1f} s, code {code}: {said:.160}", flush=True)
    return bool(code and lines)


def digest(folder: Path) -> str:
    """Of the model's weights."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16]


def main() -> int:
    """Do it, and print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("launcher", choices=["torchrun", "ray"])
    parser.add_argument("--work", type=Path, required=True, help="a new folder")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=600, help="of the training run; some 20 for each kill")
    parser.add_argument("--minutes", type=float, default=600, help="after which no more processes are killed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--heads", action="store_true", help="with ray: kill the head each time")
    given = parser.parse_args()
    # Ray lets its workers give way to all others, which on a shared machine would be all that is measured.
    os.environ |= {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    prepare(given.work, given.steps)
    counts, draw = Counts(), random.Random(given.seed)
    undisturbed = start(UnderTorchrun(), given.work, given.work / "undisturbed", given.work / "log")
    right = undisturbed.wait() == 0
    while right and given.heads and counts.kills < given.kills:
        with launching("ray") as launch:
            right = disturb(launch, given.work, given.work / "disturbed", counts, draw, head=True)
    with launching(given.launcher) as launch:
        stop_at = time.monotonic() + 60 * given.minutes
        while right and counts.kills < given.kills and time.monotonic() < stop_at:
            right = disturb(launch, given.work, given.work / "disturbed", counts, draw)
        last = start(launch, given.work, given.work / "disturbed", given.work / "log")
        right = last.wait() == 0 and right
        counts.resumed += "resumes from step" in (given.work / "log").read_text()
    if not right:
        print((given.work / "log").read_text()[-3000:])
        print(counts)
        return 1
    equal = digest(given.work / "undisturbed") == digest(given.work / "disturbed")
    print(
        f"{given.launcher}: {counts.kills} kills, {counts.nodes} of a node, {counts.heads} of a head; "
        f"{counts.said} ended with a line that says so, {counts.hung} hung, slowest after "
        f"{counts.slowest:.1f} s; {counts.resumed} resumed from the newest checkpoint; the weights are "
        f"{'equal' if equal else 'NOT equal'}"
    )
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
