"""What the tests of baselines share: a decoder without retrieval, and text for it."""

from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from openbook.database import Database, SequenceDataset
from openbook.evaluate import Windows
from openbook.model import RetroForCausalLM
from openbook.train import train


@pytest.fixture(scope="session")
def plain_folder(tmp_path_factory: pytest.TempPathFactory, book: Database, make_recipe: Any) -> Path:
    """Folder of a decoder that has trained a little on sequences of 128 tokens; only for reading."""
    folder = tmp_path_factory.mktemp("plain") / "model"
    recipe = make_recipe(
        model={"hidden_size": 64}, num_neighbors=0, sequence_length=128, max_steps=40, batch_size=8,
        learning_rate=5e-3,
    )  # fmt: skip
    train(recipe, book, folder)
    return folder


@pytest.fixture
def plain(plain_folder: Path) -> RetroForCausalLM:
    """That decoder, in evaluation mode."""
    model = RetroForCausalLM.from_pretrained(plain_folder).eval()
    assert not model.config.cca_layers
    return model


@pytest.fixture
def windows(book: Database) -> Windows:
    """The held-out text, 128 tokens at a time."""
    return Windows.spread(SequenceDataset(book, "holdout", 128, book=book))


@pytest.fixture
def change_last_chunk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it to have other tokens in the last chunk of every sequence."""
    read = SequenceDataset.__getitem__

    def changed(self: SequenceDataset, index: int) -> dict[str, NDArray[Any]]:
        sample = read(self, index)
        sample["input_ids"][-16:] = (sample["input_ids"][-16:] + 7) % 300
        sample["labels"][-16:] = sample["input_ids"][-16:]
        return sample

    return lambda: monkeypatch.setattr(SequenceDataset, "__getitem__", changed)
