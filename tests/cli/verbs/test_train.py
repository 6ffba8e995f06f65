"""The verb `train`: what it says, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from command_line import OpenBook, sets

SMALL = sets(
    "data.sequence_length=32",
    "train.batch_size=2",
    "train.max_steps=2",
    "train.eval_every=1",
    "train.eval_sequences=1",
)


def test_trains_and_says_where(openbook: OpenBook, with_table: Path, tmp_path: Path) -> None:
    command = ("train", "tiny", "--database", with_table, "--output", tmp_path / "model", *SMALL)
    result = openbook(*command)
    assert result.code == 0, result.err
    assert result.out == f"{tmp_path / 'model'}\n"
    assert "step 2: held-out bits per byte: on " in result.err
    assert re.search(
        r"[\d,]+ parameters; \d+ samples of 32 tokens; 2 steps of 2 samples: \d+\.\d\d epochs", result.err
    )
    assert "loss" not in result.err, "log_every is 20"
    again = openbook(*command)
    assert again.code == 0 and "complete already" in again.err
    other = openbook(*command, "--set", "train.seed=1")
    assert other.code == 2
    assert str(tmp_path / "model") in other.error and "--overwrite" in other.error


def test_baseline(openbook: OpenBook, with_table: Path, tmp_path: Path) -> None:
    command = (
        "train",
        "tiny",
        "--baseline",
        "--database",
        with_table,
        "--output",
        tmp_path / "model",
        *SMALL,
    )
    result = openbook(*command)
    assert result.code == 0, result.err
    assert "step 2: held-out bits per byte: off " in result.err
    assert " on " not in result.err.partition("held-out")[2]
    other = openbook(*(part for part in command if part != "--baseline"))
    assert other.code == 2
    assert str(tmp_path / "model") in other.error and "--overwrite" in other.error


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.schedule=cosin", "cosine, linear, constant"),
        ("data.num_neighbors=3", "db -k 3"),
        ("train.freeze_decoder=true", "train.start_from"),
        ("train.start_from=nowhere", "nowhere"),
        ("train.seed=5000000000", "must be below 2**32"),
        ("model.reader=own", "has model.reader, which is for: openbook retrofit BASE --recipe tiny"),
    ],
)
def test_mistakes_are_one_line(
    openbook: OpenBook, with_table: Path, tmp_path: Path, setting: str, message: str
) -> None:
    command = ("train", "tiny", "--database", with_table, "--output", tmp_path / "model")
    result = openbook(*command, *sets(setting))
    assert result.code == 2
    assert message in result.error
    assert not (tmp_path / "model").exists()


def test_a_decoder_that_reads_nothing_is_a_baseline(
    openbook: OpenBook, with_table: Path, tmp_path: Path
) -> None:
    command = ("train", "tiny", "--database", with_table, "--output", tmp_path / "model", *SMALL)
    plain = sets("model.cca_layers=[]", "model.copy_head=false", "train.eval_every=0")
    refused = openbook(*command, *plain)
    assert refused.code == 2
    assert "no layer would read neighbors" in refused.error
    assert "data.num_neighbors=0, or give --baseline" in refused.error
    assert not (tmp_path / "model").exists()
    assert openbook(*command, *plain, "--baseline").code == 0


def test_a_recipe_for_the_other_verb_is_said_to_be_one(
    openbook: OpenBook, with_table: Path, tmp_path: Path
) -> None:
    refused = openbook("train", "continue", "--database", with_table, "--output", tmp_path / "model")
    assert refused.code == 2
    assert (
        "which is for: openbook retrofit BASE --recipe continue; openbook train takes 1.5b, 172m"
        in refused.error
    )


def test_ctrl_c_saves_first(openbook: OpenBook, with_table: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    command = ["train", "tiny", "--database", str(with_table), "--output", str(model), *SMALL]
    command += sets("train.max_steps=100000", "train.eval_every=0", "train.log_every=1", "train.workers=1")
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
    assert "stopped at step " in err and "the same command" in err
    assert "finishing this step, then saving; again to stop at once" in err
    assert "interrupted" not in err
    assert re.search(r"^step 1 of 100,000: loss \d+\.\d{4}, learning rate \d\.\d\de-\d\d$", err, re.MULTILINE)
    assert "Traceback" not in err
    assert [path.name.startswith("step-") for path in (model / "checkpoints").iterdir()] == [True]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.max_stesp=1", "did you mean 'max_steps'"),
        ("model.hiden_size=8", "did you mean 'hidden_size'"),
        ("model.hidden_size=-8", "hidden_size"),
        ("model.hidden_size=wide", "hidden_size"),
        ("data.sequence_length=33", "multiple"),
    ],
)
def test_wrong_settings_of_training_make_no_folder(
    openbook: OpenBook, book: Any, tmp_path: Path, setting: str, message: str
) -> None:
    result = openbook("train", "tiny", "--database", book.path, "--output", tmp_path / "m", "--set", setting)
    assert result.code == 2
    assert message in result.error
    assert not (tmp_path / "m").exists()
