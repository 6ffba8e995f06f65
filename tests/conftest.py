"""What the tests of several rooms share: a small book of synthetic text, and tiny models that read it.

What loads torch is imported where it is used: the process that only gives out the tests reads this file, too.
"""

import gc
import os
import random
import shutil
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from openbook.database import Database, NeighborTable, build_neighbors
from openbook.pretrained import PACKAGED, SMOLLM2
from openbook.text import Document, train_tokenizer
from slow_tests import mark_slow
from work_groups import GroupScheduling, begins_after

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM
    from openbook.train import Recipe

settings.register_profile("shared machines", deadline=None)
settings.load_profile("shared machines")

MakeRecipe = Callable[..., "Recipe"]
CopyBook = Callable[[], Database]

_LETTERS = ("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu")
_TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "cca_layers": [2],
    "encoder_hidden_size": 32,
    "encoder_num_layers": 1,
    "encoder_intermediate_size": 64,
    "copy_head": True,
}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage only among what the tests make, not among a million objects that stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, before pytest chooses by marks; and begin with what takes long."""
    mark_slow(items)
    items.sort(key=lambda item: begins_after(item.path))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process more than there are cores: one of them mostly waits, for Ray's processes to begin."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling | None:
    """Let one process run all tests of a file, and those of all files that share the Ray cluster."""
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False  # they were put in order where they were collected
    return GroupScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """The machines that run these tests are small and shared; also those of processes that a test starts."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets that OPENBOOK_SHARED_DATA names; without it a test is skipped."""
    named = os.environ.get("OPENBOOK_SHARED_DATA", "")
    if not named or not Path(named).is_dir():
        pytest.skip(f"OPENBOOK_SHARED_DATA names no folder of data sets: {named!r}")
    return Path(named)


@pytest.fixture(scope="session")
def book_documents() -> list[Document]:
    """Forty documents of made-up words; most sentences stand in several of them."""
    source = random.Random(0)
    words = ["".join(source.choices(_LETTERS, k=source.randint(1, 3))) for _ in range(120)]
    sentences = [" ".join(source.choices(words, k=8)) + "." for _ in range(60)]
    return [
        Document(
            id=f"doc{number}",
            title=f"title {number}",
            source=f"book/{number}.txt",
            text=f"Number {number}. " + " ".join(source.sample(sentences, k=source.randint(2, 8))),
        )
        for number in range(40)
    ]


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory, book_documents: list[Document]) -> Database:
    """A lexical-only database with a holdout and a neighbor table; only for reading."""
    tokenizer = train_tokenizer((document.text for document in book_documents), vocab_size=340)
    folder = tmp_path_factory.mktemp("book") / "db"
    database = Database.create(folder, tokenizer=tokenizer, embedder=None, chunk_size=16, holdout=0.2)
    database.add(book_documents)
    build_neighbors(database, k=10)
    return database


@pytest.fixture(scope="session")
def table(book: Database) -> NeighborTable:
    """The book's neighbors."""
    return NeighborTable.load(book)


@pytest.fixture
def copy_book(book: Database, tmp_path: Path) -> CopyBook:
    """Open a copy of the book, to change it."""
    return lambda: Database.open(shutil.copytree(book.path, tmp_path / "copied-book"))


@pytest.fixture(scope="session")
def make_recipe() -> MakeRecipe:
    """A recipe of a tiny model: `model` changes its options, other arguments those of training."""
    from openbook.train import Recipe
    from openbook.train.settings import DataSettings, TrainSettings

    def make(
        *,
        model: dict[str, Any] | None = None,
        sequence_length: int = 64,
        num_neighbors: int = 2,
        **train: Any,
    ) -> "Recipe":
        data = DataSettings(sequence_length=sequence_length, num_neighbors=num_neighbors)
        defaults = {"max_steps": 2, "batch_size": 2, "log_every": 1, "warmup_steps": 1, "eval_every": 0}
        return Recipe(
            name="test", model=_TINY | (model or {}), data=data, train=TrainSettings(**(defaults | train))
        )

    return make


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory, book: Database, make_recipe: MakeRecipe) -> Path:
    """Folder of a model that has trained a little on the book; only for reading."""
    from openbook.train import train

    folder = tmp_path_factory.mktemp("trained") / "model"
    recipe = make_recipe(max_steps=40, batch_size=8, learning_rate=5e-3, eval_every=20, eval_sequences=4)
    train(recipe, book, folder)
    return folder


@pytest.fixture
def trained(trained_folder: Path) -> "RetroForCausalLM":
    """That model, in evaluation mode."""
    from openbook.model import RetroForCausalLM

    return RetroForCausalLM.from_pretrained(trained_folder).eval()


@pytest.fixture
def base_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """SmolLM2 from its package, whose file is read once in a process: each load gets a copy of the first."""
    if find_spec(PACKAGED[SMOLLM2].module) is None:
        pytest.skip(f"needs {PACKAGED[SMOLLM2].package}")
    from openbook.model.retrofitting import loading
    from real_base import load_once

    monkeypatch.setattr(loading, "load_gguf", load_once)


@pytest.fixture
def measured_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine trains in a second is measured by fewer tokens: how sure that is, no test asks."""
    from openbook.cluster import rate_measurement

    for name, number in (("_SEQUENCES", 1), ("_LENGTH", 128), ("_TRAINING_STEPS", 1)):
        monkeypatch.setattr(rate_measurement, name, number)
