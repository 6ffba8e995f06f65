"""Training what is added to a base: resuming, starting from another, precision, and what does not fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaForCausalLM, PreTrainedModel

from model.retrofitting.quantized import quantize
from openbook.database import Database, NeighborTable, build_neighbors
from openbook.errors import MismatchError, SettingsError, TrainingStoppedError
from openbook.evaluate import EvaluationOptions, Evaluator
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import RetrofitForCausalLM, load_base, retrofit
from openbook.text import Document, train_tokenizer
from openbook.train import Recipe, checkpoints, load_recipe, train

Weights = Callable[[Path], dict[str, torch.Tensor]]
Metrics = Callable[[Path], list[dict[str, Any]]]
MakeBase = Callable[..., PreTrainedModel]
MakeRetrofit = Callable[..., Recipe]


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter([False] * (steps - 1) + [True])
    return lambda: next(asked)


def off(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(ids).logits


IDS = torch.arange(40)[None] + 5


def test_trained_small_and_the_base_stays(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path, metrics: Metrics
) -> None:
    base = make_base()
    base.save_pretrained(tmp_path / "base")
    base = LlamaForCausalLM.from_pretrained(tmp_path / "base")
    recipe = make_retrofit(train__eval_every=2, train__eval_sequences=2, train__save_every=3)
    before = off(base, IDS)
    result = train(recipe, book, tmp_path / "model", base=base)
    assert torch.equal(off(base, IDS), before)
    model = RetroForCausalLM.from_pretrained(tmp_path / "model")
    assert isinstance(model, RetrofitForCausalLM)
    assert torch.equal(off(model, IDS), before)
    stored = model.stored_weights()
    assert not any(".base." in name for name in stored)
    assert result.parameters == sum(weight.numel() for weight in stored.values())
    assert model.config.tokenizer_fingerprint == book.settings.tokenizer_fingerprint
    assert (tmp_path / "model" / "tokenizer.json").is_file()
    rows = metrics(tmp_path / "model")
    evaluated = [row["bits_per_byte"] for row in rows if "bits_per_byte" in row]
    assert len(evaluated) == 2
    assert evaluated[0]["off"] == evaluated[1]["off"]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[-1] < losses[0]


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit
) -> Path:
    """Folder of the training run that nothing interrupts."""
    folder = tmp_path_factory.mktemp("alone") / "model"
    train(make_retrofit(), book, folder, base=make_base())
    return folder


def test_it_resumes_where_it_stopped(
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    tmp_path: Path,
    alone: Path,
    metrics: Metrics,
) -> None:
    folder = tmp_path / "model"
    with pytest.raises(TrainingStoppedError):
        train(make_retrofit(), book, folder, base=make_base(), stop=stop_after(2))
    at = checkpoints.folder_of(folder, 2)
    names = {name.rpartition("/")[0] for name in load_file(at / "optimizer.safetensors")}
    assert names == load_file(at / "model.safetensors").keys()
    assert not any(".base." in name for name in names)
    assert isinstance(RetrofitForCausalLM.from_pretrained(at, base=make_base()), RetrofitForCausalLM)
    with pytest.raises(MismatchError, match=r"stopped at step 2, with the base '\w{16}'; now it is '\w{16}'"):
        train(make_retrofit(), book, folder, base=make_base(seed=1))
    other = make_retrofit(train__gradient_checkpointing=True, train__save_every=1)
    train(other, book, folder, base=make_base())
    assert (folder / "model.safetensors").read_bytes() == (alone / "model.safetensors").read_bytes()
    assert metrics(folder) == metrics(alone)


def test_it_is_evaluated_in_windows_as_long_as_its_training_sequences(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    recipe = make_retrofit(data__sequence_length=32, train__max_steps=1)
    train(recipe, book, tmp_path / "model", base=make_base(max_position_embeddings=8192))
    base = make_base(max_position_embeddings=8192)
    model = RetrofitForCausalLM.from_pretrained(tmp_path / "model", base=base)
    table = NeighborTable.load(book)

    def length(options: EvaluationOptions | None = None) -> int:
        return Evaluator(model, book, table, options=options).windows.dataset.sequence_length

    assert length() == 32
    assert length(EvaluationOptions(sequence_length=64)) == 64  # who asks for more gets it
    model.config.trained_length = None  # as in retrofits of before, or made in Python
    assert length() == 512
    model.config.max_position_embeddings = 100
    assert length() == 96


def test_it_starts_from_another_retrofit_of_the_base(
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    tmp_path: Path,
    alone: Path,
    weights: Weights,
) -> None:
    recipe = make_retrofit(train__start_from=str(alone), train__learning_rate=0.0, train__max_steps=1)
    train(recipe, book, tmp_path / "model", base=make_base())
    before, after = weights(alone), weights(tmp_path / "model")
    assert before.keys() == after.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    with pytest.raises(MismatchError, match="the retrofit belongs to a model made in memory"):
        train(recipe, book, tmp_path / "other", base=make_base(seed=1))
    assert not (tmp_path / "other").exists()


def test_retrofits_and_models_of_our_own_are_not_mixed(
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    make_recipe: Callable[..., Recipe],
    tmp_path: Path,
    alone: Path,
    trained_folder: Path,
) -> None:
    with pytest.raises(SettingsError, match=r"train\.start_from: .* is a retrofit"):
        train(make_recipe(start_from=str(alone)), book, tmp_path / "model")
    with pytest.raises(SettingsError, match=r"train\.start_from: .* is not a retrofit"):
        train(
            make_retrofit(train__start_from=str(trained_folder)), book, tmp_path / "model", base=make_base()
        )


@pytest.mark.filterwarnings("ignore:train_base")
def test_with_train_base_all_is_trained_and_saved(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    recipe = make_retrofit(model__train_base=True, train__max_steps=2)
    with pytest.warns(UserWarning, match="retrieval off will drift"):
        train(recipe, book, tmp_path / "alone", base=make_base())
    with pytest.raises(TrainingStoppedError):
        train(recipe, book, tmp_path / "model", base=make_base(), stop=stop_after(1))
    train(recipe, book, tmp_path / "model", base=make_base())
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("alone", "model")]
    assert files[0] == files[1]
    model = RetroForCausalLM.from_pretrained(tmp_path / "model")
    assert not torch.equal(off(model, IDS), off(make_base(), IDS))
    # It is a base of its own now, and its retrofit can train on.
    further = make_retrofit(
        model__train_base=True, train__start_from=str(tmp_path / "model"), train__max_steps=1
    )
    train(further, book, tmp_path / "further", base=make_base())


def test_a_base_in_bfloat16_trains_in_bfloat16(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path, weights: Weights
) -> None:
    base = make_base(dtype=torch.bfloat16)
    before = off(base, IDS)
    train(make_retrofit(train__precision="bfloat16", train__max_steps=2), book, tmp_path / "model", base=base)
    assert {weight.dtype for weight in weights(tmp_path / "model").values()} == {torch.float32}
    assert torch.equal(off(base, IDS), before)


def test_a_quantized_base_trains(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    base, recipe = quantize(make_base()), make_retrofit(train__max_steps=2)
    before = off(base, IDS)
    with pytest.raises(TrainingStoppedError):
        train(recipe, book, tmp_path / "model", base=base, stop=stop_after(1))
    train(recipe, book, tmp_path / "model", base=quantize(make_base()))
    model = RetrofitForCausalLM.from_pretrained(tmp_path / "model", base=quantize(make_base()))
    assert torch.equal(off(model, IDS), before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train__freeze_decoder": True}, "the base of a retrofit is frozen unless --train-base"),
        ({"data__num_neighbors": 0}, "without neighbors there is nothing to retrofit"),
        ({"model__chunk_size": 16}, "model.chunk_size comes from the database"),
        ({"model__hidden_size": 16}, "retrofit: unknown name 'hidden_size'"),
        ({"model__cca_layer": [2]}, "unknown name 'cca_layer'; did you mean 'cca_layers'"),
        ({"data__sequence_length": 128}, "sequence_length 128: the base reads 64 tokens"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(
    book: Database,
    make_base: MakeBase,
    make_retrofit: MakeRetrofit,
    tmp_path: Path,
    changes: Any,
    message: str,
) -> None:
    with pytest.raises(SettingsError, match=message):
        train(make_retrofit(**changes), book, tmp_path / "model", base=make_base())
    assert not (tmp_path / "model").exists()


def test_a_database_of_more_tokens_than_the_base_knows_is_refused(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    with pytest.raises(
        MismatchError, match=r"has \d+ tokens, the base 300; build the database with --tokenizer"
    ):
        train(make_retrofit(), book, tmp_path / "model", base=make_base(vocab_size=300))


def test_a_base_with_fewer_embeddings_than_its_own_tokenizer_has_tokens(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    make_base(vocab_size=300).save_pretrained(tmp_path / "base")
    book.tokenizer.save(tmp_path / "base")
    with pytest.raises(
        MismatchError, match=r"the base 300; its embeddings are too few for its own tokenizer"
    ):
        train(make_retrofit(), book, tmp_path / "model", base=load_base(str(tmp_path / "base")))


@pytest.fixture(scope="module")
def one_document(book: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Whose only neighbors are its own chunks, which it is not shown."""
    folder = tmp_path_factory.mktemp("one") / "db"
    database = Database.create(folder, tokenizer=book.tokenizer, embedder=None, chunk_size=16)
    database.add([Document(id="one", text=" ".join(f"ba {number} ke." for number in range(200)))])
    build_neighbors(database, k=2)
    return database


@pytest.mark.parametrize("recipe", ["continue", "retrofit-encoder"])
def test_without_any_neighbor_a_frozen_base_is_not_trained(
    one_document: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path, recipe: str
) -> None:
    with pytest.raises(SettingsError, match=r"no chunk .* is shown a neighbor .* add more documents"):
        train(make_retrofit(recipe=recipe), one_document, tmp_path / "model", base=make_base())
    assert not (tmp_path / "model").exists()
    notes: list[str] = []
    whole = make_retrofit(recipe=recipe, model__train_base=True, train__max_steps=1)
    train(whole, one_document, tmp_path / "model", base=make_base(), note=notes.append)
    assert [("is shown a neighbor" in said) for said in notes] == [True]


def test_without_any_neighbor_a_model_of_our_own_is_told_so(
    one_document: Database, make_recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    notes: list[str] = []
    train(make_recipe(max_steps=1), one_document, tmp_path / "model", note=notes.append)
    assert [("text is learned without retrieval" in said) for said in notes] == [True]
    plain: list[str] = []
    train(make_recipe(max_steps=1).without_retrieval(), one_document, tmp_path / "b", note=plain.append)
    assert plain == []


def test_the_recipe_needs_a_base(book: Database, make_retrofit: MakeRetrofit, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="recipe retrofit-encoder: needs a base: openbook retrofit BASE"):
        train(make_retrofit(), book, tmp_path / "model")


def test_a_database_of_another_tokenizer_is_refused_with_what_to_do(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    make_base().save_pretrained(tmp_path / "base")
    train_tokenizer(["another text altogether"], vocab_size=257).save(tmp_path / "base")
    base = LlamaForCausalLM.from_pretrained(tmp_path / "base")
    with pytest.raises(MismatchError, match=rf"openbook retokenize .* --tokenizer {tmp_path / 'base'}"):
        train(make_retrofit(), book, tmp_path / "model", base=base)
    book.tokenizer.save(tmp_path / "base")
    assert train(make_retrofit(), book, tmp_path / "model", base=base).steps == 4


def test_a_base_loaded_otherwise_does_not_resume(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    with pytest.raises(TrainingStoppedError):
        train(make_retrofit(), book, tmp_path / "model", base=make_base(), stop=stop_after(2))
    with pytest.raises(MismatchError, match=r"the base's loading .*float32.*bfloat16"):
        train(make_retrofit(), book, tmp_path / "model", base=make_base(dtype=torch.bfloat16))


def test_a_merged_retrofit_is_nothing_to_start_from(
    book: Database, make_base: MakeBase, make_retrofit: MakeRetrofit, tmp_path: Path
) -> None:
    train(make_retrofit(), book, tmp_path / "model", base=make_base())
    whole = RetrofitForCausalLM.from_pretrained(tmp_path / "model", base=make_base())
    whole.merge()
    whole.save_pretrained(tmp_path / "whole")
    recipe = make_retrofit(train__start_from=str(tmp_path / "whole"))
    with pytest.raises(SettingsError, match="holds its base as well; give the folder that was merged"):
        train(recipe, book, tmp_path / "next", base=make_base())


@pytest.mark.parametrize("name", ["continue", "retrofit-encoder"])
def test_python_and_the_command_have_the_same_defaults(make_base: MakeBase, name: str) -> None:
    recipe = load_recipe(name)
    base = make_base()
    by_recipe = retrofit(base, **recipe.model, num_neighbors=recipe.data.num_neighbors)
    assert retrofit(base, reader=recipe.model["reader"]).config.to_dict() == by_recipe.config.to_dict()
    if name == "continue":
        assert retrofit(base).config.to_dict() == by_recipe.config.to_dict()
