"""What a model is trained with, and a pretrained one retrofitted and merged."""

from pathlib import Path
from typing import Annotated, Literal

import typer

# All training

Questions = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FILE",
        help='JSON lines to learn from: {"question", "answers", "document", "swaps"}.',
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated."),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        help="Replace the model or unfinished training run in the folder, once this one is complete."
    ),
]

# A model of its own

RecipeArgument = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A YAML file, or a shipped name: tiny, small, medium, native-read, 172m, 425m, 1.5b, "
        "7.5b, wikitext103.",
    ),
]
TrainingDatabase = Annotated[Path, typer.Option(help="Folder of the database, with its neighbor table.")]
ModelFolder = Annotated[Path, typer.Option(help="Folder for the model.")]
PlainDecoder = Annotated[
    bool,
    typer.Option("--baseline", help="Train the decoder alone, without retrieval, on the same samples."),
]

# Retrofits

BaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="BASE",
        help="Folder, hub name or .gguf file of a causal language model: Llama, Mistral, Qwen2, Qwen3, "
        "SmolLM, Gemma (1 and 3), OLMo, Phi, StableLM, StarCoder 2, Mixtral, OLMoE, GPT-2, GPT-NeoX, Pythia.",
    ),
]
RetrofitDatabase = Annotated[
    Path, typer.Option(help="Folder of a database with the base's tokenizer, and its neighbor table.")
]
RetrofitFolder = Annotated[Path, typer.Option(help="Folder for the new weights.")]
RetrofitRecipe = Annotated[
    str,
    typer.Option(metavar="RECIPE", help="A YAML file, or a shipped name: continue, read, retrofit-encoder."),
]
TrainBase = Annotated[
    bool,
    typer.Option("--train-base", help="Let the base train, too: retrieval off drifts from what it was."),
]
Revision = Annotated[str | None, typer.Option(help="Of the base, on the hub.")]
Dtype = Annotated[
    Literal["auto", "float32", "bfloat16", "float16"],
    typer.Option(help="Of the base; auto: as it was saved."),
]
Quantize = Annotated[
    Literal["4bit", "8bit"] | None,
    typer.Option(help="Load the base quantized, by bitsandbytes (a GPU)."),
]
MergedFolder = Annotated[Path, typer.Option(help="Folder for the whole model; must be new or empty.")]
