"""Kills workers, nodes and heads of a Ray cluster in mid-build, mid-neighbors and mid-add, and counts losses.

    OMP_NUM_THREADS=1 python benchmarks/cluster_faults.py --work /tmp/faults --rounds 20

On a machine that others use as well, before it: RAY_worker_niceness=0 RAY_raylet_start_wait_time_s=120.

A cluster of three nodes runs on this machine: a head without cores, and two nodes of one core. In each round
a command of openbook runs as a process of its own; at a moment drawn from a seed one of its workers, or one
of the two nodes, is killed (SIGKILL). The command must end with exit code 0, and what it leaves must equal
what it leaves undisturbed: every document once, the same bytes of tokens, vectors and neighbors. An add
begins with a copy of one book each time, and what it leaves must be sound, too. When the head is killed the
command must end with exit code 2 and one line, or with 0 where it was done, and the same command on a new
cluster must complete what it began.
Prints the counts; exit code 1 if anything is not as it must be.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import ray
from ray.cluster_utils import Cluster

from openbook.database import Database, NeighborTable
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import BookManifest
from openbook.text import read_documents, train_tokenizer

STORE = 80_000_000
ENDS_WITHIN = 300
"""Seconds, after which a command counts as hanging."""
_TRIES = 20
AT_WORK = (
    "ray::build_shard",
    "ray::index_shard",
    "ray::EncoderActor",
    "ray::NeighborActor",
    "ray::add_part",
    "ray::index_copy",
)
"""How the names of processes begin that do the work."""


def patiently(begin: Callable[[], Any]) -> Any:
    """Try again what a busy machine is too slow for: Ray's nodes give up after half a minute."""
    for _ in range(_TRIES):
        try:
            return begin()
        except Exception as error:
            print(f"a node did not begin: {error!s:.80}", flush=True)
    return begin()


class Nodes:
    """A head without cores and two nodes of one core, which can be lost."""

    def __init__(self) -> None:
        head = {"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False}
        self.cluster = patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
        self.nodes: list[Any] = []
        self.complete()

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def complete(self) -> None:
        """Add nodes until there are two."""
        while len(self.nodes) < 2:
            node = patiently(lambda: self.cluster.add_node(num_cpus=1, object_store_memory=STORE))
            self.nodes.append(node)

    def workers(self) -> list[psutil.Process]:
        """The processes of the two nodes that do the work."""
        found = []
        for node in self.nodes:
            for raylet in node.all_processes.get("raylet", []):
                for process in psutil.Process(raylet.process.pid).children(recursive=True):
                    try:
                        if " ".join(process.cmdline()).startswith(AT_WORK):
                            found.append(process)
                    except psutil.Error:
                        continue
        return found

    def kill_worker(self, rng: random.Random) -> str:
        """Kill one of them; empty: there was none."""
        workers = self.workers()
        if not workers:
            return ""
        victim = rng.choice(workers)
        name = victim.cmdline()[0].split("(")[0].removeprefix("ray::").split(".")[0]
        victim.kill()
        return name

    def kill_node(self, rng: random.Random) -> str:
        """Kill one of the two with all that runs on it."""
        node = self.nodes.pop(rng.randrange(2))
        self.cluster.remove_node(node, allow_graceful=False)
        return "node"

    def kill_head(self) -> str:
        """Kill the head with its services."""
        self.cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
        return "head"

    def close(self) -> None:
        self.cluster.shutdown()


def write_corpus(folder: Path, documents: int, seed: int) -> None:
    """Texts of made-up words in several files."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghiklmnoprstu", k=rng.randint(2, 8))) for _ in range(20_000)]
    folder.mkdir(parents=True)
    per_file = -(-documents // 8)
    for file in range(8):
        with (folder / f"rows{file}.jsonl").open("w") as lines:
            for number in range(file * per_file, min(documents, (file + 1) * per_file)):
                text = " ".join(rng.choices(words, k=rng.randint(100, 600)))
                lines.write(json.dumps({"id": f"d{number}", "text": text}) + "\n")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "openbook", *map(str, arguments)]


def begin(log: Path, *arguments: object) -> subprocess.Popen[bytes]:
    """Begin a command whose lines go to a file."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    with log.open("wb") as lines:
        return subprocess.Popen(command(*arguments), stdout=lines, stderr=lines, env=environment)


def fingerprint(book: Path, *, table: bool) -> str:
    """Of all documents, and of the bytes of all arrays."""
    digest = hashlib.sha256()
    opened = Database.open(book)
    documents = opened.documents()
    assert len({document.document_id for document in documents}) == len(documents)
    for document in documents:
        digest.update(f"{document.document_id} {document.chunks} {document.split}\n".encode())
    if table:
        found = NeighborTable.load(opened)
        assert found.version == opened.version
        digest.update(found.ids[:].tobytes() + found.scores[:].tobytes())
        return digest.hexdigest()
    for shard in BookManifest.read(book).shards:
        for name in ("tokens.bin", "tokens.sum", "vectors.f16", "vectors.sum"):
            path = book / shard.folder / name
            digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


class Faults:
    """Runs one kind of command again and again, and counts; arguments as the command line's."""

    def __init__(self, kind: str, arguments: argparse.Namespace) -> None:
        self.kind = kind
        self.work: Path = arguments.work
        self.seed: int = arguments.seed
        self.encoder: str = arguments.encoder
        self.shards: int = arguments.shards
        self.counts: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.book = self.work / "book"
        self.seconds = 0.0
        self.wanted = ""

    def run(self, address: str) -> subprocess.Popen[bytes]:
        """Begin the command on a cluster."""
        log = self.work / "log.txt"
        if self.kind == "build":
            settings = ("--tokenizer", "train:2000", "--embedder", self.encoder, "--shards", self.shards)
            return begin(log, "build", self.book, self.work / "text", *settings, "--ray", address)
        if self.kind == "add":
            return begin(log, "add", self.book, self.work / "text", "--ray", address)
        return begin(log, "neighbors", self.book, "-k", 5, "--rebuild", "--ray", address)

    def clear(self) -> None:
        """Let the next command begin with nothing done."""
        if self.kind in ("build", "add"):
            shutil.rmtree(self.book, ignore_errors=True)
        if self.kind == "add":
            shutil.copytree(self.work / "before", self.book)
        if self.kind == "neighbors":
            for folder in [*self.book.rglob("neighbors"), *self.book.rglob("neighbors.new")]:
                shutil.rmtree(folder)

    def measure(self, nodes: Nodes) -> None:
        """Run undisturbed: what is wanted, and for how long workers are at work."""
        self.clear()
        process = self.run(nodes.address)
        self._wait_for_workers(nodes, process)
        began = time.monotonic()
        while process.poll() is None and nodes.workers():
            time.sleep(0.2)
        self.seconds = time.monotonic() - began
        assert process.wait(ENDS_WITHIN) == 0, (self.work / "log.txt").read_text()
        self.wanted = fingerprint(self.book, table=self.kind == "neighbors")
        print(f"{self.kind}: workers are at work for {self.seconds:.0f} s undisturbed", flush=True)

    def round(self, nodes: Nodes, what: str, number: int) -> None:
        """Kill something while the command runs, and look at what it leaves."""
        rng = random.Random(f"{self.seed} {self.kind} {what} {number}")
        self.clear()
        process = self.run(nodes.address)
        self._wait_for_workers(nodes, process)
        time.sleep(rng.random() * 0.8 * self.seconds)
        killed = ""
        while process.poll() is None and not killed:
            killed = {"worker": lambda: nodes.kill_worker(rng), "node": lambda: nodes.kill_node(rng)}.get(
                what, nodes.kill_head
            )()
        self.kills[what] += bool(killed)
        self.counts[f"{what}: killed {killed or 'nothing, it was over'}"] += 1
        code = self._wait(process, what)
        if what == "head":
            has_ended_well = code == 2 and self._has_one_line()
            self.counts["head: ended with one line"] += has_ended_well
            self.counts["head: had done its work"] += code == 0
            self.counts["head: ended otherwise"] += code != 0 and not has_ended_well
            if code != 0 and not has_ended_well:
                print(f"exit code {code}", (self.work / "log.txt").read_text()[-3000:], flush=True)
            return
        self.counts[f"{what}: exit code 0"] += code == 0
        self.counts[f"{what}: other exit code"] += code != 0
        self.compare(what)

    def compare(self, what: str) -> None:
        try:
            same = fingerprint(self.book, table=self.kind == "neighbors") == self.wanted
            assert self.kind != "add" or Database.open(self.book).verify().ok, "it is not sound"
        except Exception as error:
            print(f"{self.kind} {what}: {type(error).__name__}: {error}", flush=True)
            same = False
        self.counts[f"{what}: same documents and bytes"] += same
        self.counts[f"{what}: different"] += not same
        if not same:
            print((self.work / "log.txt").read_text()[-3000:], flush=True)

    def _wait_for_workers(self, nodes: Nodes, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None and not nodes.workers():
            time.sleep(0.2)

    def _wait(self, process: subprocess.Popen[bytes], what: str) -> int:
        try:
            return process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            self.counts[f"{what}: hung"] += 1
            return -9

    def _has_one_line(self) -> bool:
        lines = [
            line for line in (self.work / "log.txt").read_text().splitlines() if "openbook: error" in line
        ]
        return len(lines) == 1 and "run the same command again" in lines[0]


def rounds_on_one_cluster(faults: Faults, count: int, wanted: Sequence[str]) -> None:
    """Kill workers and nodes of one cluster, which gets a new node for each that is lost."""
    nodes = Nodes()
    try:
        faults.measure(nodes)
        for what in wanted:
            for number in range(2 * count):
                if faults.kills[what] == count:
                    break
                faults.round(nodes, what, number)
                nodes.complete()
                print(faults.kind, what, number, dict(faults.counts), flush=True)
    finally:
        nodes.close()


def rounds_without_a_head(faults: Faults, count: int) -> None:
    """Kill the head, and run the same command on another cluster."""
    for number in range(count):
        nodes = Nodes()
        try:
            faults.round(nodes, "head", number)
        finally:
            nodes.close()
        nodes = Nodes()
        try:
            code = faults._wait(faults.run(nodes.address), "head")
            faults.counts["head: resumed"] += code == 0
            faults.counts["head: not resumed"] += code != 0
            faults.compare("head")
        finally:
            nodes.close()
        print(faults.kind, "head", number, dict(faults.counts), flush=True)


def kinds(wanted: str) -> Iterator[str]:
    yield from ("build", "neighbors", "add") if wanted == "all" else (wanted,)


def make_book_before(faults: Faults) -> None:
    """Make what an add begins with: a book of shards with other documents, of which it replaces some."""
    some = faults.work / "some"
    write_corpus(some, 40, faults.seed + 1)
    tokenizer = train_tokenizer([path.read_text() for path in some.iterdir()], vocab_size=2000)
    book = faults.work / "before"
    names = [f"shard-{place:05}" for place in range(faults.shards)]
    encoder = None if faults.encoder == "none" else faults.encoder
    for name in names:
        Database.create(book / name, tokenizer=tokenizer, embedder=encoder)
    create_book(book, names)
    Database.open(book).add(read_documents([str(some)]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=20, help="with a kill, of each kind; worker, node")
    parser.add_argument("--faults", nargs="+", default=["worker", "node", "head"], help="what is killed")
    parser.add_argument("--heads", type=int, default=3)
    parser.add_argument("--kind", choices=["build", "neighbors", "add", "all"], default="all")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--shards", type=int, default=6)
    parser.add_argument("--encoder", default="none", help="as --embedder of build")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    write_corpus(arguments.work / "text", arguments.documents, arguments.seed)
    bad = ("other exit code", "different", "hung", "ended otherwise", "not resumed")
    wrong = 0
    for kind in kinds(arguments.kind):
        faults = Faults(kind, arguments)
        if kind == "add":
            make_book_before(faults)
        elif not (kind == "build" or faults.book.exists()):
            settings = ("--tokenizer", "train:2000", "--embedder", arguments.encoder)
            subprocess.run(command("build", faults.book, arguments.work / "text", *settings), check=True)
        some = [what for what in ("worker", "node") if what in arguments.faults]
        rounds_on_one_cluster(faults, arguments.rounds, some)
        rounds_without_a_head(faults, arguments.heads if "head" in arguments.faults else 0)
        for name, count in sorted(faults.counts.items()):
            print(f"{kind}: {name}: {count}")
            wrong += count if name.endswith(bad) else 0
    ray.shutdown()
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
