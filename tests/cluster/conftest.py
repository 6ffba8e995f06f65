"""A Ray cluster of two nodes on this machine, which all tests that need one share, and text to build from."""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import OpenBook, Result
from fakes import WORDS, use_fake_encoder
from openbook.cli.app import run
from openbook.cluster.build_plan import BUILDING, shard_name
from openbook.database import Database
from openbook.database.search import dense_store
from openbook.database.storage.database_folder import open_folder
from openbook.database.write.database_writer import DatabaseWriter
from openbook.text import Document, train_tokenizer
from tiny_encoder import save_tiny_encoder

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

SIZES = (260, 330)
"""Documents of each of two shards that are large in these tests."""
_STORE_BYTES = 100_000_000
_CPUS = 4
"""That each node says it has: how many tasks and actors may be there at a time, not how fast they are."""


@pytest.fixture(scope="session")
def ray_cluster() -> "Iterator[Cluster]":
    """Two nodes, and this process connected to them; `ray_cluster.address` is what `--ray` takes.

    The tests that use it run in one process of pytest-xdist (see tests/conftest.py), so that there is one
    cluster at a time.
    """
    ray = pytest.importorskip("ray", reason="needs Ray: pip install 'openbook[cluster]'")
    from ray.cluster_utils import Cluster

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray's own processes would else wait for those of pytest-xdist that run beside them: they are 15 nicer.
    os.environ.setdefault("RAY_worker_niceness", "0")
    node = {"num_cpus": _CPUS, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    node["include_log_monitor"] = False  # nobody looks at what it passes on
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        del node["include_dashboard"]
        cluster.add_node(**node)
        ray.init(address=cluster.address, log_to_driver=False)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def openbook(capsys: pytest.CaptureFixture[str]) -> OpenBook:
    """Run one command line in this process."""

    def run_command(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run_command


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an encoder that workers load in no time."""
    return save_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty documents in several files; three that a share of 0.1 holds out have near-copies far away."""
    folder = tmp_path_factory.mktemp("corpus") / "text"
    folder.mkdir()
    draw = random.Random(0)
    texts = {f"d{number}": " ".join(draw.choices(WORDS, k=draw.randint(30, 120))) for number in range(80)}
    for copy, original in (("d70", "d0"), ("d20", "d55"), ("d5", "d72")):
        texts[copy] = f"{texts[original]} {WORDS[0]}"
    rows = [json.dumps({"id": name, "text": text, "title": name.upper()}) for name, text in texts.items()]
    for number in range(3):
        (folder / f"rows{number}.jsonl").write_text("\n".join(rows[25 * number : 25 * (number + 1)]))
    for name in list(texts)[75:]:
        (folder / f"{name}.md").write_text(texts[name])
    return folder


@pytest.fixture
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two shards whose rows are complete, of a book that is being built."""
    fake = use_fake_encoder(monkeypatch)
    monkeypatch.setattr(dense_store, "EXACT_BELOW", 200)
    draw = random.Random(0)
    tokenizer = train_tokenizer([" ".join(WORDS)] * 4, vocab_size=300)
    folders = []
    for number, size in enumerate(SIZES):
        folder = tmp_path / BUILDING / shard_name(number)
        Database.create(folder, tokenizer=tokenizer, embedder="fake", chunk_size=16)
        texts = [" ".join(draw.choices(WORDS, k=12)) for _ in range(size)]
        with DatabaseWriter(open_folder(folder), lambda: fake, of_book=True, dense=False) as writer:
            writer.add([Document(id=f"s{number}d{row}", text=text) for row, text in enumerate(texts)])
        folders.append(folder)
    return folders
