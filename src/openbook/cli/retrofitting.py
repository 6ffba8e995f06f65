"""Verbs that give retrieval to a model of transformers: retrofit, merge."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from openbook.cli.console import note, print_json, print_line
from openbook.cli.models import ModelArgument, load_model, run_training
from openbook.cli.upkeep import Json

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
    require_tokenizer(base, database)
    model = load(base, revision, dtype, quantize)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="train_base")  # it was said above
        run_training(loaded, database, output, base=model, overwrite=overwrite, json=json)


def merge(
    model: ModelArgument,
    output: Annotated[Path, typer.Option(help="Folder for the whole model; must not hold one.")],
    json: Json = False,
) -> None:
    """Join a retrofit with its base into one folder that needs no other.

    Example: openbook merge mymodel --output mymodel-whole
    """
    from openbook.errors import SettingsError
    from openbook.model.retrofitting import RetrofitForCausalLM
    from openbook.text.tokenizer import load_tokenizer

    if (output / "config.json").exists():
        raise SettingsError(f"{output}: holds a model already; choose another --output")
    loaded = load_model(model)
    if not isinstance(loaded, RetrofitForCausalLM):
        raise SettingsError(f"{model}: is no retrofit, and needs no other folder")
    loaded.merge()
    load_tokenizer(str(model)).save(output)
    loaded.save_pretrained(output)
    size = (output / "model.safetensors").stat().st_size
    note(f"{size / 1e6:,.1f} MB with the base")
    if json:
        print_json({"output": str(output), "bytes": size})
    else:
        print_line(str(output))


def require_tokenizer(base: str, database: Path) -> None:
    """Refuse a database that was tokenized for another model, before the base is loaded.

    Raises:
        MismatchError: saying both, and what to do.
        SettingsError: the base has no tokenizer.
    """
    from openbook.database import Database
    from openbook.errors import MismatchError
    from openbook.text.tokenizer import load_tokenizer

    settings = Database.open(database).settings
    theirs = load_tokenizer(base).fingerprint
    if theirs != settings.tokenizer_fingerprint:
        raise MismatchError(
            f"{database}: was built with tokenizer {settings.tokenizer_fingerprint} ({settings.tokenizer}), "
            f"the base {base} has {theirs}; derive a database for it: "
            f"openbook retokenize {database} --tokenizer {base}"
        )


def load(base: str, revision: str | None, dtype: str, quantize: str | None) -> "PreTrainedModel":
    """Load a base as transformers does."""
    from openbook.model.retrofitting import load_base

    loading: dict[str, Any] = {"dtype": dtype}
    if quantize is not None:
        loading["quantization_config"] = {"quant_method": "bitsandbytes", f"load_in_{quantize}": True}
    return load_base(base, revision=revision, **loading)
