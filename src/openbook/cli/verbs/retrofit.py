"""Verbs that give retrieval to a model of transformers: retrofit, merge."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from openbook.cli.console import note, print_json, print_line
from openbook.cli.verbs.maintain import Json
from openbook.cli.verbs.train import ModelArgument, load_model, run_training

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Quantize = Literal["4bit", "8bit"]


def retrofit(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="Folder or hub name of a causal language model: Llama, Mistral, Qwen2, Qwen3, SmolLM, "
            "OLMo 2, GPT-2, GPT-NeoX, Pythia.",
        ),
    ],
    database: Annotated[
        Path, typer.Option(help="Folder of a database with the base's tokenizer, and its neighbor table.")
    ],
    output: Annotated[Path, typer.Option(help="Folder for the new weights.")],
    recipe: Annotated[
        str, typer.Option(metavar="RECIPE", help="A YAML file, or the shipped recipe.")
    ] = "retrofit",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated."),
    ] = None,
    train_base: Annotated[
        bool,
        typer.Option("--train-base", help="Let the base train, too: retrieval off drifts from what it was."),
    ] = False,
    revision: Annotated[str | None, typer.Option(help="Of the base, on the hub.")] = None,
    dtype: Annotated[Dtype, typer.Option(help="Of the base; auto: as it was saved.")] = "auto",
    quantize: Annotated[
        Quantize | None, typer.Option(help="Load the base quantized, by bitsandbytes (a GPU).")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option(help="Replace a model or an unfinished training that the folder holds.")
    ] = False,
    json: Json = False,
) -> None:
    """Give retrieval to a model you have: train what reads neighbors, and leave the model as it is.

    What is saved are the new weights alone; they need the base, unless `openbook merge` joins them. The same
    command goes on where a training was interrupted.

    Example: openbook build mybook texts --tokenizer HuggingFaceTB/SmolLM2-135M --embedder none

    openbook neighbors mybook

    openbook retrofit HuggingFaceTB/SmolLM2-135M --database mybook --output mymodel
    """
    from openbook.train import load_recipe

    changes = [*(settings or []), *(["model.train_base=true"] if train_base else [])]
    loaded = load_recipe(recipe, changes)
    if loaded.model.get("train_base"):
        note("the base will train, too: with retrieval off the model will drift from what it was")
    require_fit(base, database, loaded.model)
    model = load(base, revision, dtype, quantize)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="train_base")  # it was said above
        run_training(loaded, database, output, base=model, overwrite=overwrite, json=json)


def merge(
    model: ModelArgument,
    output: Annotated[Path, typer.Option(help="Folder for the whole model; must be new or empty.")],
    json: Json = False,
) -> None:
    """Join a retrofit with its base into one folder that needs no other.

    Example: openbook merge mymodel --output mymodel-whole
    """
    from openbook.errors import SettingsError
    from openbook.model.retrofitting import RetrofitForCausalLM
    from openbook.text.tokenizer import load_tokenizer

    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise SettingsError(f"{output}: is not empty; choose another --output")
    loaded = load_model(model)
    if not isinstance(loaded, RetrofitForCausalLM) or loaded.config.is_self_contained:
        raise SettingsError(f"{model}: needs no other folder, there is nothing to merge")
    loaded.merge()
    load_tokenizer(str(model)).save(output)
    loaded.save_pretrained(output)
    size = (output / "model.safetensors").stat().st_size
    note(f"{size / 1e6:,.1f} MB with the base")
    if json:
        print_json({"output": str(output), "bytes": size})
    else:
        print_line(str(output))


def require_fit(base: str, database: Path, settings: dict[str, Any]) -> None:
    """Refuse what could not be trained, before the base is loaded.

    Args:
        base: a folder or hub name.
        database: a folder.
        settings: the recipe's, of the model.

    Raises:
        MismatchError: the database was tokenized for another model, or its neighbor table is stale.
        SettingsError: the base is no model or has no tokenizer; an unknown setting.
        DatabaseError: there is no neighbor table.
    """
    from openbook.database import Database, NeighborTable
    from openbook.errors import SettingsError, refuse_unknown
    from openbook.model.retrofitting.building import known_settings
    from openbook.train.initialize import require_tokenizer

    folder = Path(base)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise SettingsError(f"{base}: holds no model (no config.json)")
    if not folder.exists() and (base.startswith((".", "~")) or folder.is_absolute()):
        raise SettingsError(f"{base}: there is no such folder")
    refuse_unknown(settings, known_settings(), where="model")
    opened = Database.open(database)
    require_tokenizer(base, opened)
    NeighborTable.load(opened)


def load(base: str, revision: str | None, dtype: str, quantize: str | None) -> "PreTrainedModel":
    """Load a base as transformers does."""
    from openbook.model.retrofitting import load_base

    loading: dict[str, Any] = {"dtype": dtype}
    if quantize is not None:
        loading["quantization_config"] = {"quant_method": "bitsandbytes", f"load_in_{quantize}": True}
    return load_base(base, revision=revision, **loading)
