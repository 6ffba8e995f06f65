"""What the tests of training share: reading what it wrote, recipes as files, processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from openbook.database import Database
from openbook.train import Recipe, load_recipe

Metrics = Callable[[Path], list[dict[str, Any]]]
Weights = Callable[[Path], dict[str, torch.Tensor]]
WriteRecipe = Callable[[Recipe, Path], str]
MakeBase = Callable[..., PreTrainedModel]
MakeRetrofit = Callable[..., Recipe]
Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def metrics() -> Metrics:
    """The lines of metrics.jsonl, without the seconds."""

    def read(folder: Path) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
        assert all(row.pop("seconds") >= 0 for row in rows)
        return rows

    return read


@pytest.fixture(scope="session")
def weights() -> Weights:
    """The weights of a model's folder."""
    return lambda folder: load_file(folder / "model.safetensors")


@pytest.fixture(scope="session")
def write_recipe() -> WriteRecipe:
    """Write a recipe as YAML; returns the path."""

    def write(recipe: Recipe, path: Path) -> str:
        sections = {name: part for name, part in asdict(recipe).items() if name != "name"}
        path.write_text(yaml.safe_dump(sections), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(scope="session")
def make_base(book: Database) -> MakeBase:
    """A tiny Llama that reads the book's tokens; the same at every call."""

    def make(*, seed: int = 0, dtype: torch.dtype = torch.float32, **options: Any) -> PreTrainedModel:
        torch.manual_seed(seed)
        sizes = {"vocab_size": book.tokenizer.vocab_size, "hidden_size": 32, "intermediate_size": 48}
        heads = {"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
        defaults = sizes | heads | {"max_position_embeddings": 64, "tie_word_embeddings": True}
        return LlamaForCausalLM(LlamaConfig(**(defaults | options))).to(dtype).eval()

    return make


@pytest.fixture(scope="session")
def make_retrofit() -> MakeRetrofit:
    """A shipped recipe, small."""

    def make(*, recipe: str = "retrofit-encoder", **changes: Any) -> Recipe:
        train = {"max_steps": 4, "batch_size": 2, "log_every": 1, "warmup_steps": 1, "eval_every": 0}
        settings = {f"train.{key}": value for key, value in train.items()} | {
            "data.sequence_length": 64,
            "train.learning_rate": 0.01,
            "model.cca_layers": [2, 3],
        }
        if recipe == "retrofit-encoder":
            settings["model.encoder_num_layers"] = 1
        settings |= {key.replace("__", "."): value for key, value in changes.items()}
        return load_recipe(recipe, [f"{key}={json.dumps(value)}" for key, value in settings.items()])

    return make


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start `python ARGUMENTS`, in a process that does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that a signal can go to all of its processes, as launchers send it
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
