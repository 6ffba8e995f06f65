"""Accumulation, precision, recomputation, compiling and loaders change how a step is computed, not what."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from openbook.database import Database, build_neighbors
from openbook.errors import SettingsError, TrainingError
from openbook.text import Document
from openbook.train import Recipe, checkpoints, train

MakeRecipe = Callable[..., Recipe]
Metrics = Callable[[Path], list[dict[str, Any]]]
Weights = Callable[[Path], dict[str, torch.Tensor]]
Compare = Callable[..., None]


@pytest.fixture
def require_close(metrics: Metrics, weights: Weights) -> Compare:
    """Two training runs had the same losses and ended with the same weights."""

    def require(ours: Path, theirs: Path, *, tolerance: float = 1e-5) -> None:
        for one, other in zip(metrics(ours), metrics(theirs), strict=True):
            assert one["step"] == other["step"]
            assert one["tokens"] == other["tokens"]
            assert one["loss"] == pytest.approx(other["loss"], abs=tolerance)
        expected = weights(theirs)
        for name, weight in weights(ours).items():
            torch.testing.assert_close(weight, expected[name], atol=tolerance, rtol=tolerance)

    return require


@pytest.fixture(scope="module")
def uneven(
    book: Database, book_documents: list[Document], tmp_path_factory: pytest.TempPathFactory
) -> Database:
    """Documents of a few tokens before long ones: samples predict very different numbers of tokens."""
    folder = tmp_path_factory.mktemp("uneven") / "db"
    short = [Document(id=f"short{number:03}", text=f"ba {number}") for number in range(60)]
    database = Database.create(folder, tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    database.add([*short, *book_documents[:20]])
    build_neighbors(database, k=2)
    return database


def train_in_batches(
    make_recipe: MakeRecipe, database: Database, folder: Path, batch_size: int, accumulated: int
) -> Path:
    # Clipping and weight decay act on the whole step, so they must agree too.
    recipe = make_recipe(
        max_steps=4,
        batch_size=batch_size,
        gradient_accumulation_steps=accumulated,
        weight_decay=0.1,
        max_grad_norm=0.3,
        retrieval_dropout=0.3,
    )
    return train(recipe, database, folder).output


@pytest.fixture(scope="module")
def one_large_batch(
    uneven: Database, tmp_path_factory: pytest.TempPathFactory, make_recipe: MakeRecipe
) -> Path:
    return train_in_batches(make_recipe, uneven, tmp_path_factory.mktemp("large") / "model", 8, 1)


@pytest.mark.parametrize(("batch_size", "accumulated"), [(1, 8), (2, 4)])
def test_accumulated_batches_equal_one_large_batch(
    uneven: Database,
    tmp_path: Path,
    make_recipe: MakeRecipe,
    require_close: Compare,
    one_large_batch: Path,
    batch_size: int,
    accumulated: int,
) -> None:
    small = train_in_batches(make_recipe, uneven, tmp_path / "small", batch_size, accumulated)
    require_close(small, one_large_batch)


def test_the_samples_of_that_test_are_uneven(uneven: Database) -> None:
    from openbook.database import SequenceDataset

    samples = SequenceDataset(uneven, "train", 64)
    counts = [int((samples[index]["labels"] >= 0).sum()) for index in range(len(samples))]
    assert max(counts) > 2 * min(counts)


def test_loaders_and_recomputation_change_no_bit(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    settings = {"plain": {}, "workers": {"workers": 2}, "recomputed": {"gradient_checkpointing": True}}
    for name, changes in settings.items():
        recipe = make_recipe(max_steps=2, retrieval_dropout=0.3, model={"dropout": 0.1}, **changes)
        train(recipe, book, tmp_path / name)
    files = {name: (tmp_path / name / "model.safetensors").read_bytes() for name in settings}
    assert files["plain"] == files["workers"] == files["recomputed"]


def test_a_compiled_model_trains_alike_without_graph_breaks(
    book: Database,
    tmp_path: Path,
    make_recipe: MakeRecipe,
    require_close: Compare,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[object] = []
    original = torch.compile

    def quick(model: Any, **options: Any) -> Any:
        """The default back end compiles C++ for a minute."""
        compiled.append(model)
        return original(model, backend="aot_eager", fullgraph=True)

    monkeypatch.setattr(torch, "compile", quick)
    small = {"num_hidden_layers": 1, "cca_layers": [1]}
    train(make_recipe(max_steps=3, model=small), book, tmp_path / "plain")
    assert not compiled
    train(make_recipe(max_steps=3, model=small, compile=True), book, tmp_path / "compiled")
    assert compiled
    require_close(tmp_path / "compiled", tmp_path / "plain")


def test_bfloat16_is_near(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, metrics: Metrics, weights: Weights
) -> None:
    for precision in ("float32", "bfloat16"):
        train(make_recipe(max_steps=3, precision=precision), book, tmp_path / precision)
    pairs = zip(metrics(tmp_path / "float32"), metrics(tmp_path / "bfloat16"), strict=True)
    differences = [abs(one["loss"] - other["loss"]) for one, other in pairs]
    assert 0 < max(differences) < 0.05
    assert all(weight.dtype == torch.float32 for weight in weights(tmp_path / "bfloat16").values())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_float16_needs_a_gpu(book: Database, tmp_path: Path, make_recipe: MakeRecipe) -> None:
    with pytest.raises(SettingsError, match=r"train\.precision float16: needs a GPU"):
        train(make_recipe(precision="float16"), book, tmp_path / "model")


@pytest.mark.parametrize("saved", [True, False])
def test_a_loss_that_is_not_finite_stops_before_the_weights_change(
    book: Database,
    tmp_path: Path,
    make_recipe: MakeRecipe,
    monkeypatch: pytest.MonkeyPatch,
    saved: bool,
) -> None:
    from openbook.train.loop import TrainingLoop

    original = TrainingLoop.compute_loss
    taken: list[torch.Tensor] = []

    def spoiled(self: TrainingLoop, *arguments: Any) -> torch.Tensor:
        loss = original(self, *arguments)
        if self.step < 3:
            return loss
        taken.append(next(self.network.parameters()).detach().clone())
        taken.append(next(self.network.parameters()))
        return loss * float("nan")

    monkeypatch.setattr(TrainingLoop, "compute_loss", spoiled)
    recipe, folder = make_recipe(max_steps=6, save_every=2 if saved else 0), tmp_path / "model"
    expected = "step-2 is kept" if saved else "there is no checkpoint yet"
    with pytest.raises(TrainingError, match=rf"step 4: the loss is nan; .*{expected}.*learning_rate"):
        train(recipe, book, folder)
    assert torch.equal(taken[0], taken[1])
    assert checkpoints.steps_saved(folder) == ([2] if saved else [])


def test_a_learning_rate_that_explodes_is_noticed(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe
) -> None:
    with pytest.raises(TrainingError, match="stopped before the weights changed"):
        train(make_recipe(max_steps=9, learning_rate=1e30, max_grad_norm=0.0), book, tmp_path / "model")


@pytest.mark.parametrize("saved", [True, False])
def test_memory_that_runs_out_is_said_with_what_to_lower(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch, saved: bool
) -> None:
    from openbook.train.loop import TrainingLoop

    original = TrainingLoop.compute_loss

    def too_large(self: TrainingLoop, *arguments: Any) -> torch.Tensor:
        loss = original(self, *arguments)
        return loss if self.step < 3 else loss + torch.empty(2**60, dtype=torch.uint8)

    monkeypatch.setattr(TrainingLoop, "compute_loss", too_large)
    common: dict[str, Any] = {"max_steps": 6, "save_every": 2 if saved else 0}
    again = "start again from scratch .--overwrite., or resume" if saved else "start again$"
    what = r"step 4: out of memory \(1152921504\.6 GB more were wanted\); lower "
    both = "train.batch_size 4 and raise train.gradient_accumulation_steps 2 as much, or lower "
    with pytest.raises(TrainingError, match=f"^{what}{both}data.sequence_length.*{again}"):
        train(make_recipe(batch_size=4, gradient_accumulation_steps=2, **common), book, tmp_path / "four")
    with pytest.raises(TrainingError, match=f"^{what}data.sequence_length.*{again}"):
        train(make_recipe(batch_size=1, **common), book, tmp_path / "one")


def test_another_error_in_a_step_stays_what_it_is(
    book: Database, tmp_path: Path, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openbook.train.loop import TrainingLoop

    monkeypatch.setattr(TrainingLoop, "compute_loss", lambda *_: torch.zeros(2) + torch.zeros(3))
    with pytest.raises(RuntimeError, match="must match the size"):
        train(make_recipe(max_steps=1), book, tmp_path / "model")
