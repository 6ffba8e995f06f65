"""What two workers gain, what Ray and the manifest cost, and how the cost of a chunk grows with the corpus.

    python benchmarks/cluster_scaling.py workers --work /tmp/scaling --documents 6000 --rounds 3
    python benchmarks/cluster_scaling.py sizes --work /tmp/scaling --documents 1000

`workers` builds a book of Simple English Wikipedia on one machine without Ray, with one worker and with two,
in turn, each in processes of their own with one thread (OMP, torch, tokenizers). It prints the seconds of
each part and the processor seconds of all processes together: on a machine that others use as well, the
latter say more of what something costs, and the former are compared only within a round.

`sizes` builds, adds to, searches and finds neighbors in books of one, two, four and eight times as many
documents, and prints processor seconds for each chunk, and the most memory that a process took.
"""

import argparse
import json
import lzma
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from openbook.database import Database, build_neighbors
from openbook.text import Document, load_tokenizer, read_documents, train_tokenizer

SIMPLE_WIKIPEDIA = "lm/wikipedia/simplewiki-2021-12.jsonl.xz"
VOCABULARY = 8000
FILES = 8
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "RAYON_NUM_THREADS": "1",
    "RAY_worker_niceness": "0",  # else Ray's workers yield to all that others run on this machine
}


def write_text(folder: Path, documents: int, *, skip: int = 0) -> Path:
    """Take articles of the dump, in eight files."""
    if folder.exists():
        return folder
    source = Path(os.environ["OPENBOOK_SHARED_DATA"]) / SIMPLE_WIKIPEDIA
    folder.mkdir(parents=True)
    with lzma.open(source, "rt", encoding="utf-8") as lines:
        rows = [line for number, line in enumerate(lines) if skip <= number < skip + documents]
    step = -(-len(rows) // FILES)
    for file in range(FILES):
        (folder / f"part{file}.jsonl").write_text("".join(rows[file * step : (file + 1) * step]))
    return folder


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds[name] = round(time.monotonic() - began, 2)


# --- What one process does: its parts, as JSON on stdout


def build_alone(book: Path, text: Path, tokenizer: Path, embedder: str | None) -> dict[str, float]:
    """The path of one machine."""
    import torch

    torch.set_num_threads(1)
    seconds: dict[str, float] = {}
    with timed(seconds, "all"):
        with timed(seconds, "begin"):
            database = Database.create(book, tokenizer=str(tokenizer), embedder=embedder)
        with timed(seconds, "write"):
            database.add(read_documents([str(text)]))
    return seconds | {"chunks": database.layout.num_chunks}


def build_on_workers(
    book: Path, text: Path, tokenizer: Path, embedder: str | None, *, workers: int, shards: int
) -> dict[str, float]:
    """The path of a cluster of this machine; reading the sources for the plan is part of it."""
    from openbook.cli.checked_sources import Sources
    from openbook.cluster.book_build import _Building, describe_encoder
    from openbook.cluster.build_plan import BuildPlan
    from openbook.cluster.ray_session import connected
    from openbook.cluster.remote_encoder import work_places
    from openbook.cluster.source_plan import PlannedSources, SourcePlanner
    from openbook.database.shards.book_creation import create_book
    from openbook.database.shards.book_manifest import BookManifest
    from openbook.database.storage.settings import DatabaseSettings
    from openbook.text.sources import SourceOptions

    seconds: dict[str, float] = {}
    with timed(seconds, "all"):
        with timed(seconds, "Ray begins"):
            session_block = connected("local")
            session = session_block.__enter__()
        with timed(seconds, "begin"):
            places = work_places(session, workers=workers, encoder=embedder)
            encoder = describe_encoder(session, places[0])
        with timed(seconds, "plan"):
            planner = SourcePlanner()
            Sources([str(text)], SourceOptions(), skip=False).check(planner=planner)
            loaded = load_tokenizer(str(tokenizer))
            plan = BuildPlan(
                settings=DatabaseSettings(
                    tokenizer=loaded.name,
                    tokenizer_fingerprint=loaded.fingerprint,
                    embedder=encoder.name if encoder else None,
                    embedder_source=encoder.source if encoder else None,
                    embedder_fingerprint=encoder.fingerprint if encoder else None,
                    embedding_size=encoder.size if encoder else 0,
                ),
                tokenizer=str(tokenizer),
                encoder=encoder,
                sources=PlannedSources(names=(str(text),), options=SourceOptions()),
                shards=tuple(planner.shards(shards)),
                asked_shards=shards,
            )
            book.mkdir()
            plan.begin(book, loaded)
        with timed(seconds, "write"):
            _Building(book, plan, session, lambda done, of: None, lambda line: None).build(places)
        with timed(seconds, "manifest"):
            create_book(book, plan.names)
        chunks = BookManifest.read(book).head.num_chunks
        with timed(seconds, "Ray ends"):
            session_block.__exit__(None, None, None)
    return seconds | {"chunks": chunks}


def child(what: str, arguments: argparse.Namespace) -> None:
    embedder = None if arguments.embedder == "none" else arguments.embedder
    book, text, tokenizer = (arguments.work / name for name in ("book", "text", "tokenizer"))
    if what == "alone":
        found = build_alone(book, text, tokenizer, embedder)
    else:
        found = build_on_workers(book, text, tokenizer, embedder, workers=int(what), shards=arguments.shards)
    print(json.dumps(found))


# --- Workers


class ProcessorSeconds(threading.Thread):
    """Adds up what a process and all below it use, looking several times a second."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._used: dict[int, float] = {}
        self.start()

    def run(self) -> None:
        while True:
            try:
                for each in [self._process, *self._process.children(recursive=True)]:
                    times = each.cpu_times()
                    self._used[each.pid] = times.user + times.system
            except psutil.Error:
                if not self._process.is_running():
                    return
            time.sleep(0.2)

    @property
    def total(self) -> float:
        return round(sum(self._used.values()), 1)


def measured(what: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Build once in a process of its own."""
    shutil.rmtree(arguments.work / "book", ignore_errors=True)
    options = ["--work", arguments.work, "--embedder", arguments.embedder, "--shards", arguments.shards]
    line = [sys.executable, __file__, "workers", *map(str, options), "--child", what]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, env=os.environ | ENVIRONMENT)
    used = ProcessorSeconds(psutil.Process(process.pid))
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{what}: exit code {process.returncode}")
    found: dict[str, float] = json.loads(out.decode().splitlines()[-1])
    return found | {"processor": used.total}


def compare_workers(arguments: argparse.Namespace) -> None:
    text = write_text(arguments.work / "text", arguments.documents)
    if not (arguments.work / "tokenizer").exists():
        texts = (document.text for document in read_documents([str(text)]) if isinstance(document, Document))
        train_tokenizer(texts, vocab_size=VOCABULARY).save(arguments.work / "tokenizer")
    rounds: list[dict[str, dict[str, float]]] = []
    for number in range(arguments.rounds):
        rounds.append({what: measured(what, arguments) for what in ("alone", "1", "2")})
        for what, found in rounds[-1].items():
            print(number, what, json.dumps(found), flush=True)
        one, two, alone = (rounds[-1][what] for what in ("1", "2", "alone"))
        print(
            f"round {number}: two workers {one['write'] / two['write']:.2f} times one (writing shards); "
            f"processor seconds with one worker {one['processor'] / alone['processor']:.3f} of those without "
            f"Ray, with two {two['processor'] / alone['processor']:.3f}",
            flush=True,
        )


# --- Sizes


def cost(function: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of this process, and what the function returns."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    result = function()
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, result


def size_child(times: int, arguments: argparse.Namespace) -> None:
    """Measure one size in this process."""
    import faiss
    import torch

    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    embedder = None if arguments.embedder == "none" else arguments.embedder
    text = write_text(arguments.work / f"text{times}", times * arguments.documents)
    more = write_text(arguments.work / f"more{times}", times * arguments.documents // 10, skip=100_000)
    book = arguments.work / f"book{times}"
    shutil.rmtree(book, ignore_errors=True)
    tokenizer = str(arguments.work / "tokenizer")
    database = Database.create(book, tokenizer=tokenizer, embedder=embedder)
    row: dict[str, float] = {"times": times}
    used, _ = cost(lambda: database.add(read_documents([str(text)])))
    chunks = database.layout.num_chunks
    row |= {"chunks": chunks, "build ms": 1000 * used / chunks, "build MiB": memory()}
    used, report = cost(lambda: database.add(read_documents([str(more)])))
    row |= {"add ms": 1000 * used / report.chunks, "add MiB": memory()}
    modes = ("bm25",) if embedder is None else ("bm25", "dense")
    for mode in modes:
        used, _ = cost(lambda mode=mode: build_neighbors(database, k=10, mode=mode, rebuild=True))  # type: ignore[misc]
        row |= {f"neighbors {mode} ms": 1000 * used / database.layout.num_chunks, f"{mode} MiB": memory()}
        questions = database.chunk_texts(list(range(0, database.layout.num_chunks, chunks // 200)))
        database.search(questions[:1], mode=mode)
        used, _ = cost(lambda mode=mode, of=questions: [database.search([q], mode=mode) for q in of])  # type: ignore[misc]
        row |= {f"search {mode} ms": 1000 * used / len(questions)}
    print(json.dumps({name: round(value, 2) for name, value in row.items()}))


def memory() -> float:
    """The most that this process took so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare_sizes(arguments: argparse.Namespace) -> None:
    text = write_text(arguments.work / "text1", arguments.documents)
    if not (arguments.work / "tokenizer").exists():
        texts = (document.text for document in read_documents([str(text)]) if isinstance(document, Document))
        train_tokenizer(texts, vocab_size=VOCABULARY).save(arguments.work / "tokenizer")
    for times in (1, 2, 4, 8):
        options = ["--work", arguments.work, "--embedder", arguments.embedder]
        options += ["--documents", arguments.documents, "--child", times]
        line = [sys.executable, __file__, "sizes", *map(str, options)]
        print(
            subprocess.run(line, check=True, stdout=subprocess.PIPE, env=os.environ | ENVIRONMENT)
            .stdout.decode()
            .splitlines()[-1],
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["workers", "sizes"])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--embedder", default="none", help="a name or folder; none: words only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.work = arguments.work.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.what == "workers":
        child(arguments.child, arguments) if arguments.child else compare_workers(arguments)
    elif arguments.child:
        size_child(int(arguments.child), arguments)
    else:
        compare_sizes(arguments)


if __name__ == "__main__":
    main()
