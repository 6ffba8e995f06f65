"""Megatron's command, word for word: what it trains, and how it ends."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from megatron_command import COMMAND, LINE, SMALL, Run
from openbook.cli.megatron import command
from openbook.database import Database, NeighborTable
from openbook.model import RetroConfig
from openbook.train.loop import TrainingLoop

ROOT = Path(__file__).parents[3]


def test_word_for_word(book: Database, data: Path) -> None:
    """Megatron's line as it stands; flags behind it make the model small and the training short."""
    (data / "DIR").symlink_to(book.path)
    (data / "pretrain_retro.py").symlink_to(ROOT / "pretrain_retro.py")
    done = subprocess.run(
        [sys.executable, *shlex.split(LINE)[1:], *SMALL],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stdout) == (0, "retro-checkpoint\n"), done.stderr
    config = RetroConfig.from_pretrained(data / "retro-checkpoint")
    assert (config.num_hidden_layers, config.hidden_size, config.num_neighbors) == (2, 32, 2)
    table = NeighborTable.load(Database.open(data / "retro-checkpoint" / "corpus"))
    assert table.book.path.resolve() == book.path.resolve()
    assert (table.ids[:] >= 0).any()


def test_the_line_is_in_the_readme() -> None:
    assert " ".join(LINE.split()) in " ".join((ROOT / "README.md").read_text().replace("\\", " ").split())


def test_an_error_is_one_line_and_exit_code_2(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(COMMAND) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1
    assert "openbook build DIR" in captured.err


def samples_of(patch: pytest.MonkeyPatch) -> list[list[list[int]]]:
    """The ids of every batch that is trained on from now on."""
    seen: list[list[list[int]]] = []
    compute = TrainingLoop.compute_loss

    def looking(self: TrainingLoop, batch: dict[str, Any], *arguments: Any) -> Any:
        seen.append(batch["input_ids"].tolist())
        return compute(self, batch, *arguments)

    patch.setattr(TrainingLoop, "compute_loss", looking)
    return seen


def test_the_plain_gpt_is_trained_on_the_same_samples(
    pretrain: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = samples_of(monkeypatch)
    assert pretrain("--global-batch-size", "4") == 0
    of_retro = list(seen)
    seen.clear()
    assert pretrain("--global-batch-size", "4", retriever=False) == 0
    assert of_retro == seen and len(seen) == 4
    retro, gpt = (RetroConfig.from_pretrained(data / f"{name}-checkpoint") for name in ("retro", "gpt"))
    assert (retro.cca_layers, gpt.cca_layers) == ([2], [])
    assert not (data / "gpt-checkpoint" / "corpus" / "neighbors").exists()


def test_the_corpus_is_reused_and_a_model_replaced_only_on_request(
    pretrain: Run, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--save", "out", "--split", "8,1,1")
    assert pretrain(*flags, "--load", "out") == 0
    corpus = Database.open(data / "out" / "corpus")
    assert corpus.settings.holdout == pytest.approx(0.2) and corpus.settings.embedder is None
    assert pretrain(*flags) == 0
    assert "out: the model was complete already" in capsys.readouterr().err
    assert pretrain(*flags, "--seed", "9") == 2
    error = capsys.readouterr().err
    assert "out: " in error and "--save" in error and "--overwrite" in error
    assert pretrain(*flags, "--overwrite", "--seed", "9") == 0
    assert Database.open(corpus.path).version == corpus.version
    assert pretrain("--save", "out", "--split", "7,2,1") == 2
    error = capsys.readouterr().err
    assert "holdout" in error and "--save" in error
    assert pretrain("--save", "new", "--load", "out", "--finetune") == 0
    assert pretrain("--save", "new", "--load", "new", "--finetune", "--overwrite") == 2
    assert "new: is --load, which training would replace; choose another --save" in capsys.readouterr().err


def test_every_documents_neighbors_are_of_the_book_and_held_out_documents_are_evaluated(
    pretrain: Run, data: Path, book: Database
) -> None:
    assert pretrain("--split", "7,2,1", "--eval-interval", "1", "--eval-iters", "1") == 0
    rows = (data / "retro-checkpoint" / "metrics.jsonl").read_text().splitlines()
    evaluated = [row["bits_per_byte"] for row in map(json.loads, rows) if "bits_per_byte" in row]
    assert len(evaluated) == 2 and evaluated[0].keys() == {"on", "off", "random"}
    ids = NeighborTable.load(Database.open(data / "retro-checkpoint" / "corpus")).ids[:]
    assert book.layout.retrievable[ids[ids >= 0]].all()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--seq-length 40", "sequence length 40: must be a multiple of the database's chunk size 16"),
        ("--num-attention-heads 32", "head widths 1 and 1 (encoder): rotary positions need even ones"),
        ("--fp16", "--fp16: needs a GPU; take --bf16"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_megatrons_words(
    pretrain: Run, capsys: pytest.CaptureFixture[str], flags: str, message: str
) -> None:
    if flags == "--fp16" and torch.cuda.is_available():
        pytest.skip("it can be trained here")
    assert pretrain(*shlex.split(flags)) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("rows.jsonl:2: not JSON; correct the line", ", or leave it out: --on-error skip"),
        ("x.txt: not UTF-8 at byte 2; convert it", ", or go on without it: --on-error skip"),
        ("the shard x cannot be read: gone; restore it", ", or go on without it: --allow-missing-shards"),
        ("x:1: no text: 'text' is missing", "; choose another key with --text-key"),
        ("x.csv: no column 'text'; its columns: a, b", " (choose: --text-key)"),
    ],
)
def test_advice_for_another_command_is_left_out(message: str, advice: str) -> None:
    assert command.in_megatrons_words(message + advice) == message


def test_advice_is_given_in_the_flags_of_this_command() -> None:
    advice = "set train.start_from, or choose another --output, or --overwrite"
    assert command.in_megatrons_words(advice) == "set --load, or choose another --save, or --overwrite"


def test_a_damaged_line_is_refused_in_megatrons_words(
    pretrain: Run, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "my_text_data").write_text('{"text": "one"}\n{"text": \n')
    assert pretrain() == 2
    error = capsys.readouterr().err
    assert "my_text_data:2" in error
    assert "--on-error" not in error
