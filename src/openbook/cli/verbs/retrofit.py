"""The verbs that give retrieval to a model of transformers: retrofit, merge."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.console import note
from openbook.cli.inputs import load_base, load_model, require_base
from openbook.cli.options.shared_options import Json, ModelArgument
from openbook.cli.options.training_options import (
    BaseArgument,
    Dtype,
    MergedFolder,
    Overwrite,
    Quantize,
    Questions,
    RetrofitDatabase,
    RetrofitFolder,
    RetrofitRecipe,
    Revision,
    Settings,
    TrainBase,
)
from openbook.cli.output import print_merged
from openbook.cli.training_questions import require_questions, with_questions
from openbook.cli.verbs.train import end, require_place, run_training
from openbook.durable import naming_errors
from openbook.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from openbook.database import Version
    from openbook.model.retrofitting import RetrofitForCausalLM
    from openbook.train import Recipe


def retrofit(
    base: BaseArgument,
    database: RetrofitDatabase,
    output: RetrofitFolder,
    recipe: RetrofitRecipe = "continue",
    questions: Questions = None,
    settings: Settings = None,
    train_base: TrainBase = False,
    revision: Revision = None,
    dtype: Dtype = "auto",
    quantize: Quantize = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Give retrieval to a model you have: train what reads neighbors, and leave the model as it is.

    What is saved are the new weights alone; they need the base, unless `openbook merge` joins them. The same
    command resumes an interrupted training run.

    Example: openbook build mybook texts --tokenizer HuggingFaceTB/SmolLM2-135M-Instruct --embedder none

    openbook neighbors mybook

    openbook retrofit HuggingFaceTB/SmolLM2-135M-Instruct --database mybook --output mymodel

    To answer questions: ... --recipe read --questions questions.jsonl, which needs no neighbors.
    """
    from openbook.train import load_recipe

    changes = [*(settings or []), *(["model.train_base=true"] if train_base else [])]
    loaded = load_recipe(recipe, changes)
    if questions is not None and recipe == "continue":
        raise SettingsError("recipe continue: learns text alone; --questions is for --recipe read")
    loaded = with_questions(loaded, questions)
    require_questions(loaded)
    if loaded.model.get("train_base"):
        note("the base will train, too: with retrieval off the model will drift from what it was")
    opened = require_fit(loaded, base, database, output, overwrite=overwrite)
    model = load_base(base, revision=revision, dtype=dtype, quantize=quantize)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="train_base")  # it was said above
        code = run_training(loaded, opened, output, base=model, overwrite=overwrite, json=json)
    end(code)


def require_fit(recipe: "Recipe", base: str, folder: Path, output: Path, *, overwrite: bool) -> "Version":
    """Refuse what could not be trained, before the base is loaded.

    Args:
        recipe: what to train, and how.
        base: a folder or hub name.
        folder: of the database.
        output: folder of the model.
        overwrite: replace what it holds.

    Returns:
        The version to train on.

    Raises:
        MismatchError: the database was tokenized for another model, or its neighbor table is stale.
        SettingsError: the base is not a model or has no tokenizer; an unknown setting; the folder of the
            model holds another.
        DatabaseError: there is no neighbor table.
    """
    from openbook.database import Version
    from openbook.train.base_tokenizer import require_tokenizer
    from openbook.train.model_settings import require_settings
    from openbook.train.run_files import require_output

    require_settings(recipe, retrofits=True)
    require_base(base)
    require_output(output, start_from=recipe.train.start_from, base=base)
    database = Version.open(folder)
    require_tokenizer(base, database)
    require_place(recipe, database, output, base=base, overwrite=overwrite)
    return database


def merge(model: ModelArgument, output: MergedFolder, json: Json = False) -> None:
    """Join a retrofit with its base into one folder that needs no other; run again, it says that it is done.

    Example: openbook merge mymodel --output mymodel-whole
    """
    from openbook.cli.described_model import describe_model
    from openbook.train.merged_model import files_fingerprint, is_merged_from
    from openbook.train.run_files import require_place_for_model

    described = describe_model(model)
    if not described.is_retrofit or described.is_self_contained:
        raise SettingsError(f"{model}: needs no other folder, there is nothing to merge; use it as it is")
    if is_merged_from(model, output):
        note(f"{output}: was complete already")
        print_merged(output, json=json)
        return
    require_place_for_model(output)

    from openbook.model.retrofitting import RetrofitForCausalLM  # loads torch

    loaded = load_model(model)
    assert isinstance(loaded, RetrofitForCausalLM)
    loaded.merge()
    loaded.config.merged_from = files_fingerprint(model)
    _write_merged(loaded, model, output)
    print_merged(output, json=json)


def _write_merged(merged: "RetrofitForCausalLM", model: Path, output: Path) -> None:
    """Write it with the tokenizer of the retrofit's folder, alone in the new folder, complete or absent."""
    from openbook.lock import take_lock
    from openbook.text import load_tokenizer
    from openbook.train.run_files import LOCK, require_place_for_model
    from openbook.train.run_folder import put_model

    def write(folder: Path) -> None:
        load_tokenizer(str(model)).save(folder)
        merged.save_pretrained(folder)

    with naming_errors(output, OutputError):
        output.mkdir(parents=True, exist_ok=True)
    lock = take_lock(output / LOCK, OutputError)
    try:
        require_place_for_model(output)  # once more: another command may have been here
        put_model(output, write, OutputError)
    finally:
        lock.release()
