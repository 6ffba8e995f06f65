"""Two nodes, each a torchrun of its own, on this machine: checkpoints in shards, and who resumes them."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from openbook.database import Database
from openbook.errors import TrainingStoppedError
from openbook.train import Recipe, checkpoints, train
from openbook.train.sharded_checkpoints import read_weights

MakeRecipe = Callable[..., Recipe]
Metrics = Callable[[Path], list[dict[str, Any]]]
Weights = Callable[[Path], dict[str, torch.Tensor]]
WriteRecipe = Callable[[Recipe, Path], str]

SCRIPT = Path(__file__).with_name("under_torchrun.py")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def launch(launcher: list[str], jobs: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *launcher, str(SCRIPT), json.dumps(jobs)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def two_nodes(jobs: list[dict[str, Any]]) -> list[subprocess.Popen[str]]:
    meeting = ["--rdzv-backend", "c10d", "--rdzv-id", "test", "--rdzv-endpoint", f"127.0.0.1:{free_port()}"]
    each = ["--nnodes", "2", "--nproc-per-node", "1", "--local-addr", "127.0.0.1", *meeting]
    return [launch(["-m", "torch.distributed.run", *each], jobs) for _ in range(2)]


def finish(processes: list[subprocess.Popen[str]]) -> None:
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), "\n".join(said)[-4000:]


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    book: Database,
    make_recipe: MakeRecipe,
    write_recipe: WriteRecipe,
) -> Path:
    """What one process trains; and what two nodes begin, and one, two and three processes resume."""
    folder = tmp_path_factory.mktemp("nodes")
    whole = make_recipe(max_steps=6, batch_size=6, retrieval_dropout=0.3, save_every=1)
    recipe = replace(whole, train=replace(whole.train, fsdp=True, sharded_checkpoints=True))
    train(whole, book, folder / "one")
    path = write_recipe(recipe, folder / "recipe.yaml")

    def job(output: str, stop_after: int) -> dict[str, Any]:
        common = {"recipe": path, "database": str(book.path), "stop_after": stop_after}
        return common | {"output": str(folder / output)}

    finish(two_nodes([job("two one two", 2), job("two three", 2)]))
    for copy in ("begun", "damaged"):
        shutil.copytree(folder / "two three", folder / copy)
    asked = iter([False, True])
    with pytest.raises(TrainingStoppedError):
        train(recipe, book, folder / "two one two", stop=lambda: next(asked))
    assert checkpoints.steps_saved(folder / "two one two")[0] == 4
    finish([launch([], {"2": [job("two one two", 99)], "3": [job("two three", 99)]})])
    return folder


@pytest.mark.parametrize("name", ["two one two", "two three"])
def test_any_number_of_processes_resumes(folder: Path, metrics: Metrics, weights: Weights, name: str) -> None:
    losses = [[row["loss"] for row in metrics(at)] for at in (folder / name, folder / "one")]
    assert len(losses[0]) == 6
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    trained = weights(folder / "one")
    for key, weight in weights(folder / name).items():
        torch.testing.assert_close(weight, trained[key], atol=1e-5, rtol=1e-5)


def test_each_process_writes_its_part_alone(folder: Path) -> None:
    for step in (1, 2):
        found = {path.name for path in checkpoints.folder_of(folder / "begun", step).iterdir()}
        shards = {f"shard-{number:05d}-model-00001-of-00001.safetensors" for number in (1, 2)}
        assert found == shards | {"config.json", "checkpoint.json"}
    begun = checkpoints.folder_of(folder / "begun", 2)
    whole = sum(weight.numel() for weight in read_weights(begun).values())
    sizes = [path.stat().st_size for path in begun.glob("shard-*")]
    # weights and two moments, in float32, and a header
    assert max(sizes) < 0.6 * 3 * 4 * whole + 20_000


def test_a_model_starts_from_shards(
    folder: Path, book: Database, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    """The same step after it, so the same weights: those that the checkpoint has."""
    begun = checkpoints.folder_of(folder / "begun", 2)
    recipe = make_recipe(max_steps=1, batch_size=6, learning_rate=0.0, start_from=str(begun))
    train(recipe, book, tmp_path / "model")
    found, expected = load_file(tmp_path / "model" / "model.safetensors"), read_weights(begun)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_damaged_shard_costs_one_checkpoint(folder: Path, book: Database, make_recipe: MakeRecipe) -> None:
    damaged = folder / "damaged"
    shard = checkpoints.folder_of(damaged, 2) / "shard-00002-model-00001-of-00001.safetensors"
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    notes: list[str] = []
    recipe = make_recipe(max_steps=6, batch_size=6, retrieval_dropout=0.3, save_every=1)
    train(recipe, book, damaged, note=notes.append)
    assert any(note.startswith(str(shard)) for note in notes)
    assert any(note.endswith("resumes from step 1 of 6") for note in notes)
    assert not (damaged / "checkpoints").exists()
