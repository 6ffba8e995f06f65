"""The verb train: what it says, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.signals import stop_on_signals

OpenBook = Callable[..., Any]

SMALL = [
    *("--set", "data.sequence_length=32"),
    *("--set", "train.batch_size=2"),
    *("--set", "train.max_steps=2"),
    *("--set", "train.eval_every=1"),
    *("--set", "train.eval_sequences=1"),
]


@pytest.fixture
def ready(openbook: OpenBook, database: Path) -> Path:
    """A database with a neighbor table."""
    assert openbook("neighbors", database, "-k", "2").code == 0
    return database


def test_trains_and_says_where(openbook: OpenBook, ready: Path, tmp_path: Path) -> None:
    result = openbook("train", "tiny", "--database", ready, "--output", tmp_path / "model", *SMALL)
    assert result.code == 0, result.err
    assert result.out == f"{tmp_path / 'model'}\n"
    assert "step 2: held-out bits per byte: on " in result.err
    again = openbook("train", "tiny", "--database", ready, "--output", tmp_path / "model", *SMALL)
    assert again.code == 2
    assert "holds a model already" in again.error


def test_baseline(openbook: OpenBook, ready: Path, tmp_path: Path) -> None:
    command = ("train", "tiny", "--baseline", "--database", ready, "--output", tmp_path / "model", *SMALL)
    result = openbook(*command)
    assert result.code == 0, result.err
    assert "step 2: held-out bits per byte: off " in result.err
    assert " on " not in result.err.partition("held-out")[2]
    other = openbook(*(part for part in command if part != "--baseline"))
    assert other.code == 2
    assert "holds a model already" in other.error


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.schedule=cosin", "must be one of cosine, linear, constant"),
        ("data.num_neighbors=3", "the table holds 2"),
        ("train.freeze_decoder=true", "set train.start_from"),
        ("train.start_from=nowhere", "nowhere holds no model of ours"),
    ],
)
def test_mistakes_are_one_line(
    openbook: OpenBook, ready: Path, tmp_path: Path, setting: str, message: str
) -> None:
    result = openbook("train", "tiny", "--database", ready, "--output", tmp_path / "model", "--set", setting)
    assert result.code == 2
    assert message in result.error
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_a_request_and_handlers_come_back(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
        assert stop.exit_code == code
        assert signal.getsignal(number) == before, "a second one ends the program"
    assert signal.getsignal(number) == before


def test_ctrl_c_saves_first(openbook: OpenBook, ready: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    command = ["train", "tiny", "--database", str(ready), "--output", str(model), *SMALL]
    command += [
        "--set",
        "train.max_steps=100000",
        "--set",
        "train.eval_every=0",
        "--set",
        "train.log_every=1",
    ]
    command += ["--set", "train.workers=1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "openbook", *command],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal sends it to all processes
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    try:
        metrics = model / "metrics.jsonl"
        while process.poll() is None and not (metrics.exists() and metrics.stat().st_size):
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    assert [path.name.startswith("step-") for path in (model / "checkpoints").iterdir()] == [True]
