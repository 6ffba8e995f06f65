"""Two processes on this machine's CPU (gloo), with copies of the model or with shards of it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from openbook.database import Database
from openbook.errors import MismatchError, SettingsError, TrainingError, TrainingStoppedError
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import load_base
from openbook.train import Recipe, checkpoints, distributed, train
from openbook.train.loop import check_machine
from openbook.train.run_folder import locked
from openbook.train.settings import TrainSettings

MakeRecipe = Callable[..., Recipe]
MakeBase = Callable[..., PreTrainedModel]
MakeRetrofit = Callable[..., Recipe]
Metrics = Callable[[Path], list[dict[str, Any]]]
Weights = Callable[[Path], dict[str, torch.Tensor]]

pytestmark = pytest.mark.filterwarnings("ignore:train_base")


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    book: Database,
    make_recipe: MakeRecipe,
    write_recipe: Callable[[Recipe, Path], str],
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
) -> Path:
    """What one process and two have trained, all of one recipe: under one start of torchrun, to save time."""
    folder = tmp_path_factory.mktemp("processes")
    copies = make_recipe(
        max_steps=4,
        batch_size=4,
        gradient_accumulation_steps=2,
        retrieval_dropout=0.3,
        eval_every=2,
        eval_sequences=3,
        save_every=2,
    )
    shards = replace(copies, train=replace(copies.train, fsdp=True))
    train(copies, book, folder / "one")
    for name in ("one then copies", "one then shards"):
        asked = iter([False, True])
        with pytest.raises(TrainingStoppedError):
            train(copies, book, folder / name, stop=lambda asked=asked: next(asked))
    path = {
        "copies": write_recipe(copies, folder / "c.yaml"),
        "shards": write_recipe(shards, folder / "s.yaml"),
        "others": write_recipe(replace(copies, train=replace(copies.train, seed=1)), folder / "o.yaml"),
    }
    common = {"database": str(book.path)}
    command = ["train", path["copies"], "--database", str(book.path), "--output", str(folder / "copies")]
    jobs: list[dict[str, Any]] = [{"arguments": command}]
    for output, kind, stop_after in (
        ("shards", "shards", 99),
        ("one then copies", "copies", 99),
        ("one then shards", "shards", 99),
        ("copies then one", "copies", 2),
        ("shards then one", "shards", 2),
        ("shards", "others", 99),  # is refused: a model of another recipe is there
    ):
        jobs.append(common | {"recipe": path[kind], "output": str(folder / output), "stop_after": stop_after})
    jobs += retrofits(folder, book, make_base, make_retrofit, write_recipe)
    script = Path(__file__).with_name("under_torchrun.py")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, *launcher, str(script), json.dumps(jobs)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (folder / "stdout").write_text(done.stdout)
    (folder / "stderr").write_text(done.stderr)
    for name in ("copies then one", "shards then one"):
        assert checkpoints.steps_saved(folder / name)[0] == 2
        train(copies, book, folder / name)
    train(make_retrofit(), book, folder / "retrofit shards then one", base=load_base(str(folder / "base")))
    return folder


def retrofits(
    folder: Path,
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    write_recipe: Callable[[Recipe, Path], str],
) -> list[dict[str, Any]]:
    """What two processes are to train on a base; one trains the same here."""
    make_base().save_pretrained(folder / "base")
    # With so many hidden the first process has neighbors in the first step, and the second none.
    hidden = {"train__retrieval_dropout": 0.7, "train__max_steps": 2}
    own = hidden | {"recipe": "continue", "model__copy_head": True, "train__distillation": 1.0}
    kinds = {
        "retrofit": ({}, "float32"),
        "own": (own, "float32"),
        "adapted": (own | {"model__adapt_neighbors": True}, "float32"),
        "whole": ({"model__train_base": True, "train__max_steps": 2}, "float32"),
        "whole own": (own | {"model__train_base": True}, "float32"),
        "bfloat16": ({"train__precision": "bfloat16", "train__max_steps": 2}, "bfloat16"),
    }
    jobs: list[dict[str, Any]] = []
    for name, (changes, dtype) in kinds.items():
        recipe = make_retrofit(**changes)
        base = load_base(str(folder / "base"), dtype=dtype)
        train(recipe, book, folder / name, base=base)
        for kind in ("copies", "shards") if name in ("retrofit", "whole own") else ("shards",):
            changed = replace(recipe, train=replace(recipe.train, fsdp=kind == "shards"))
            path = write_recipe(changed, folder / f"{name} {kind}.yaml")
            job = {"recipe": path, "database": str(book.path), "base": str(folder / "base"), "dtype": dtype}
            jobs.append(job | {"output": str(folder / f"{name} {kind}"), "stop_after": 99})
            if kind == "shards" and name == "retrofit":
                jobs.append(job | {"output": str(folder / f"{name} shards then one"), "stop_after": 2})
    return jobs


NAMES = ["copies", "shards", "one then copies", "one then shards", "copies then one", "shards then one"]


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_have_the_losses_and_weights_of_one(
    folder: Path, metrics: Metrics, weights: Weights, name: str
) -> None:
    expected, found = metrics(folder / "one"), metrics(folder / name)
    assert len(found) == len(expected) == 4 + 2
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours["step"], ours["tokens"], ours.keys()) == (
            theirs["step"],
            theirs["tokens"],
            theirs.keys(),
        )
        for key in ("loss", "grad_norm", "learning_rate"):
            if key in theirs:
                assert ours[key] == pytest.approx(theirs[key], abs=1e-5)
        if "bits_per_byte" in theirs:
            assert ours["bits_per_byte"] == pytest.approx(theirs["bits_per_byte"], abs=1.1e-4)
    trained = weights(folder / "one")
    for key, weight in weights(folder / name).items():
        torch.testing.assert_close(weight, trained[key], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        ("retrofit copies", 1e-4),
        ("retrofit shards", 1e-4),
        ("retrofit shards then one", 1e-4),
        ("own shards", 1e-4),
        ("adapted shards", 1e-4),
        ("whole shards", 1e-4),
        ("whole own copies", 1e-4),
        ("whole own shards", 1e-4),
        ("bfloat16 shards", 2e-2),
    ],
)
def test_retrofits_by_two_processes_are_those_of_one(
    folder: Path, metrics: Metrics, weights: Weights, name: str, exact: float
) -> None:
    one = folder / name.removesuffix(" then one").rpartition(" ")[0]
    losses = [[row["loss"] for row in metrics(at)] for at in (folder / name, one)]
    assert losses[0] == pytest.approx(losses[1], abs=exact)
    expected, found = weights(one), weights(folder / name)
    assert found.keys() == expected.keys()
    assert any(".base." in key for key in found) == name.startswith("whole")
    for key, weight in found.items():
        torch.testing.assert_close(weight, expected[key], atol=exact, rtol=exact)
    model = RetroForCausalLM.from_pretrained(folder / name)
    assert model.model.decoder.base.dtype == (torch.bfloat16 if name == "bfloat16 shards" else torch.float32)


def test_both_kinds_write_the_same_files(folder: Path) -> None:
    kinds = [{path.name for path in (folder / name).iterdir()} for name in ("one", "copies", "shards")]
    assert kinds[0] == kinds[1] == kinds[2]
    configs = [(folder / name / "config.json").read_text() for name in ("one", "copies", "shards")]
    assert configs[0] == configs[1] == configs[2]


def test_only_the_first_process_reports(folder: Path) -> None:
    assert (folder / "stdout").read_text().splitlines() == [str(folder / "copies")]
    assert (folder / "stderr").read_text().count("step 2: held-out bits per byte") == 1


def test_the_group_is_left_while_python_still_runs(folder: Path) -> None:
    """Later its threads would abort the process, now and then, with all the work done."""
    assert (folder / "stderr").read_text().count("group left: True") == 2


def test_what_the_first_process_refuses_all_refuse(folder: Path) -> None:
    said = [(folder / f"shards.{rank}").read_text("utf-8") for rank in (0, 1)]
    assert said[0].startswith("SettingsError: ")
    assert "holds a model already" in said[0]
    assert said[1] == "TrainingError: stopped, because the first process did; its message says why"


def test_a_batch_must_divide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "world_size", lambda: 3)
    with pytest.raises(SettingsError, match=r"train\.batch_size 8: must be a multiple of .* processes, 3"):
        check_machine(TrainSettings(batch_size=8))


def of_two(monkeypatch: pytest.MonkeyPatch, other: Callable[[Any], Any]) -> None:
    """Let this process be the first of two; what the second one has is made of what this one has."""
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    monkeypatch.setattr(distributed, "gathered", lambda value: [value, other(value)])


def test_processes_with_different_recipes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    of_two(monkeypatch, lambda value: ("elsewhere", json.dumps({"seed": 1})))
    with pytest.raises(MismatchError, match=r"process 1 on elsewhere has another recipe .*same files"):
        distributed.require_same({"seed": 0}, "recipe")
    distributed.require_same({"seed": 1}, "recipe")


def test_a_folder_that_another_node_does_not_see_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    of_two(monkeypatch, lambda value: value if isinstance(value, str) else ("elsewhere", False))
    monkeypatch.setattr(distributed, "in_first", lambda work: work() or 0)
    with (
        pytest.raises(TrainingError, match=r"elsewhere does not see there .* all nodes share"),
        locked(tmp_path),
    ):
        pass
    of_two(monkeypatch, lambda value: value)
    with locked(tmp_path):
        pass


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[.../gloo/transport/tcp/pair.cc:538] Connection closed by peer [127.0.0.1]:4242"),
        RuntimeError("[.../gloo/transport/tcp/unbound_buffer.cc:81] Timed out waiting 1800000ms for recv"),
        torch.distributed.DistBackendError("NCCL communicator was aborted on rank 1"),
    ],
)
def test_a_lost_process_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, error: RuntimeError) -> None:
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    with (
        pytest.raises(TrainingError, match=r"another process .* is gone .*the same command resumes"),
        distributed.noticing_lost_processes(),
    ):
        raise error


@pytest.mark.parametrize(
    ("processes", "said"), [(2, "mat1 and mat2 shapes cannot be multiplied"), (1, "gloo")]
)
def test_a_fault_of_ours_stays_one(monkeypatch: pytest.MonkeyPatch, processes: int, said: str) -> None:
    monkeypatch.setattr(distributed, "world_size", lambda: processes)
    with pytest.raises(RuntimeError, match=said), distributed.noticing_lost_processes():
        raise RuntimeError(said)
