"""Verbs that make and use a model: train, generate."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openbook.cli.console import bar, note, print_json, print_line
from openbook.cli.verbs.maintain import DatabaseArgument, Json
from openbook.cli.verbs.search import Mode

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from openbook.generation import Generation
    from openbook.model import RetroForCausalLM
    from openbook.train import Recipe

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a trained model.")]


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A YAML file, or a shipped name: tiny, small, medium, 172m, 425m, 1.5b, 7.5b, wikitext103.",
        ),
    ],
    database: Annotated[Path, typer.Option(help="Folder of the database, with its neighbor table.")],
    output: Annotated[Path, typer.Option(help="Folder for the model.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated."),
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option("--baseline", help="Train the decoder alone, without retrieval, on the same samples."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option(help="Replace a model or an unfinished training that the folder holds.")
    ] = False,
    json: Json = False,
) -> None:
    """Train a model on a database; the same command goes on where a training was interrupted.

    With several GPUs: torchrun --nproc-per-node 8 -m openbook train ...

    Example: openbook train tiny --database mybook --output mymodel --set train.max_steps=500
    """
    from openbook.train import load_recipe

    loaded = load_recipe(recipe, settings or [])
    run_training(
        loaded.without_retrieval() if baseline else loaded, database, output, overwrite=overwrite, json=json
    )


def run_training(
    recipe: "Recipe",
    database: Path,
    output: Path,
    *,
    base: "PreTrainedModel | None" = None,
    overwrite: bool,
    json: bool,
) -> None:
    """Train until the end or a signal, and say what was made; `base`: to retrofit."""
    from openbook.cli.signals import stop_on_signals
    from openbook.database import Database
    from openbook.errors import TrainingStoppedError
    from openbook.progress import silent
    from openbook.train import train as run
    from openbook.train.distributed import is_first

    shown = bar("training", recipe.train.max_steps) if is_first() else nullcontext(silent)
    with stop_on_signals() as stop:
        try:
            with shown as progress:
                result = run(
                    recipe,
                    Database.open(database),
                    output,
                    base=base,
                    overwrite=overwrite,
                    progress=progress,
                    report=show_evaluation,
                    tell=note,
                    stop=stop,
                )
        except TrainingStoppedError as stopped:
            if is_first():
                note(str(stopped))
            raise typer.Exit(stop.exit_code) from stopped
    if not is_first():
        return
    note(f"{result.parameters:,} parameters, {result.tokens:,} tokens in {result.seconds:.0f} s")
    if json:
        print_json(result)
    else:
        print_line(str(result.output))


def show_evaluation(row: dict[str, Any]) -> None:
    """A line for each evaluation during training; losses go to metrics.jsonl alone."""
    if "bits_per_byte" in row:
        by_mode = ", ".join(f"{mode} {value:.3f}" for mode, value in row["bits_per_byte"].items())
        note(f"step {row['step']}: held-out bits per byte: {by_mode}")


def load_model(path: Path) -> "RetroForCausalLM":
    """Load a trained model.

    Raises:
        SettingsError: the folder holds none, or a damaged one.
    """
    require_model(path)
    from safetensors import SafetensorError

    from openbook.errors import SettingsError
    from openbook.model import RetroForCausalLM

    try:
        return RetroForCausalLM.from_pretrained(path)
    except SafetensorError as error:
        raise SettingsError(f"{path}: its weights are damaged ({error}); restore them") from error


def require_model(path: Path) -> None:
    """Look before loading: of a folder that is not there, transformers would ask the hub.

    Raises:
        SettingsError: the folder holds no model of ours.
    """
    import json

    from openbook.errors import SettingsError

    config = path / "config.json"
    if not config.is_file():
        raise SettingsError(
            f"{path}: holds no model (no config.json); train one: openbook train tiny --output {path}"
        )
    try:
        kind = json.loads(config.read_bytes())["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{config}: not the description of a model") from error
    if kind not in ("retro", "retrofit"):
        raise SettingsError(
            f"{path}: a model of type {kind!r}, not a RETRO; to make it one: openbook retrofit {path} "
            "--database DB --output DIR"
        )


def generate(
    model: ModelArgument,
    db: DatabaseArgument,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="Text to go on from.")],
    max_new_tokens: Annotated[int, typer.Option(help="Longest continuation, in tokens.")] = 128,
    k: Annotated[int | None, typer.Option("-k", "--k", help="Neighbors. [default: as in training]")] = None,
    mode: Mode = None,
    retrieval: Annotated[bool, typer.Option(help="Look things up, or write from memory alone.")] = True,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest token each time.")] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Draw among this many likeliest tokens.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw among the likeliest tokens of this probability.")
    ] = 0.95,
    seed: Annotated[int | None, typer.Option(help="Makes the draws repeatable.")] = None,
    json: Json = False,
) -> None:
    """Continue a prompt, with the sources that were looked at.

    Example: openbook generate mymodel mybook "The sky is blue because" --max-new-tokens 64
    """
    from openbook.database import Database
    from openbook.generation import Sampling
    from openbook.generation import generate as run

    result = run(
        load_model(model),
        Database.open(db),
        prompt,
        max_new_tokens=max_new_tokens,
        k=k,
        mode=mode,
        retrieval=retrieval,
        sampling=Sampling(temperature=temperature, top_k=top_k, top_p=top_p),
        seed=seed,
    )
    if json:
        print_json(result)
    else:
        print_generation(prompt, result)


def print_generation(prompt: str, result: "Generation") -> None:
    """The text with numbered spans, then what each span looked at."""
    text, done = prompt, 0
    for number, citation in enumerate(result.citations, start=1):
        text += f"{result.text[done : citation.end]}[{number}]"
        done = citation.end
    print_line(text + result.text[done:])
    for number, citation in enumerate(result.citations, start=1):
        for neighbor in citation.neighbors:
            title = neighbor.title or neighbor.document_id
            print_line(
                f"[{number}] {neighbor.attention:4.0%} {title} ({neighbor.source}, chunk {neighbor.chunk_id})"
            )
