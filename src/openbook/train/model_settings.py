"""What a recipe's section `model` may say, known without the classes that it configures.

Importing those takes seconds; a wrong `--set` is answered before.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from openbook.database import NeighborTable, SequenceDataset, Version
from openbook.errors import SettingsError, refuse_unknown
from openbook.model_options import check_options, check_own_model
from openbook.train.recipe import Recipe, shipped_recipes
from openbook.train.run_files import CONFIG

_IN_NO_RECIPE = (
    "bos_token_id",
    "chunk_size",
    "eos_token_id",
    "max_position_embeddings",
    "num_neighbors",
    "pad_token_id",
    "tokenizer_fingerprint",
    "trained_length",
    "use_cache",
    "vocab_size",
)
"""Settings of the classes that training or the database decides."""


_FROM_DATABASE = (
    "vocab_size",
    "chunk_size",
    "num_neighbors",
    "max_position_embeddings",
    "trained_length",
    "tokenizer_fingerprint",
)


def require_settings(recipe: Recipe, *, retrofits: bool) -> None:
    """Refuse what the section `model` cannot say: a name that nothing has, or a value that is not allowed.

    Args:
        recipe: to check.
        retrofits: a base, or else makes a model of its own.

    Raises:
        SettingsError: an unknown name, with the nearest known one; one that the database decides; a value of
            another type or out of its range; sizes that do not fit together.
    """
    where = f"recipe {recipe.name}: model"
    _refuse_settings_of_other_verb(recipe, retrofits=retrofits)
    refuse_settings_of_database(recipe)
    settable = known_settings(retrofits=retrofits).difference(_FROM_DATABASE)
    refuse_unknown(recipe.model, settable, where=where)
    try:
        if retrofits:
            check_options(recipe.model)
        else:
            check_own_model(recipe.model, retrieves=recipe.data.num_neighbors > 0)
    except SettingsError as error:
        raise SettingsError(f"{where}.{error}") from error
    require_what_trains(recipe, retrofits=retrofits)


def _refuse_settings_of_other_verb(recipe: Recipe, *, retrofits: bool) -> None:
    """Say that a recipe is for the other kind of models: those for retrofits name a reader."""
    unknown = [name for name in recipe.model if name not in known_settings(retrofits=retrofits)]
    is_other = ("reader" in recipe.model) != retrofits
    if is_other and unknown and known_settings(retrofits=not retrofits).issuperset(unknown):
        verbs = ("retrofit", "train") if retrofits else ("train", "retrofit BASE --recipe")
        raise SettingsError(
            f"recipe {recipe.name}: has model.{unknown[0]}, which is for: openbook {verbs[1]} {recipe.name}; "
            f"openbook {verbs[0]} takes {', '.join(_recipes_of(retrofits=retrofits))}, or a recipe like these"
        )


def refuse_settings_of_database(recipe: Recipe) -> None:
    """Refuse settings of a model that the database, or another section, decides.

    Raises:
        SettingsError: naming the first.
    """
    for name in _FROM_DATABASE:
        if name in recipe.model:
            raise SettingsError(
                f"recipe {recipe.name}: model.{name} comes from the database or data section; leave it out"
            )


def require_samples(
    recipe: Recipe, database: Version, table: NeighborTable | None, *, retrofits: bool
) -> None:
    """Refuse samples that the database cannot give.

    Args:
        recipe: whose sections data and questions count.
        database: to train on.
        table: of its neighbors; None: the recipe needs none.
        retrofits: a base learns, or else a model of its own.

    Raises:
        SettingsError: lengths that are not whole chunks, or more neighbors than the table has; no such
            `start_from`.
        DatabaseError: no document to learn from.
    """
    start_from = recipe.train.start_from
    if recipe.learns_text:
        SequenceDataset(database, "train", recipe.data.sequence_length)
    if table is not None:
        table.first(recipe.data.num_neighbors)
    if recipe.questions.file is not None:
        require_length(recipe, chunk_size=database.settings.chunk_size, retrofits=retrofits)
    if start_from is not None and not (Path(start_from) / CONFIG).is_file():
        raise SettingsError(
            f"train.start_from: {start_from} holds no model of ours (no {CONFIG}); give the folder of one"
        )


def reads_itself(recipe: Recipe, *, retrofits: bool) -> bool:
    """Whether a recipe's model is a base that reads its neighbors itself."""
    return retrofits and recipe.model.get("reader", "own") == "own"


def require_length(recipe: Recipe, *, chunk_size: int, retrofits: bool) -> None:
    """Refuse a length of questions that the model cannot read, or that leaves no room for answers.

    Raises:
        SettingsError: of a base that reads its neighbors itself, one that is not whole chunks; of others,
            one that has no chunk for a question beside a place for an answer.
    """
    length = recipe.questions.length
    if reads_itself(recipe, retrofits=retrofits):
        if length % chunk_size:
            raise SettingsError(
                f"questions.length {length}: must be a multiple of the chunk size {chunk_size}"
            )
    elif length < chunk_size + 2:
        raise SettingsError(
            f"questions.length {length}: an answer stands in the chunk after its question; make it "
            f"{2 * chunk_size}, or more than the chunk size {chunk_size} by the tokens of the longest answer"
        )


def require_what_trains(recipe: Recipe, *, retrofits: bool) -> None:
    """Refuse training that would change nothing, or that has nothing to learn from.

    Args:
        recipe: to check.
        retrofits: a base, or else makes a model of its own.

    Raises:
        SettingsError: there is nothing to train, or to keep, or no teacher.
    """
    if retrofits and not recipe.data.num_neighbors:
        raise SettingsError(
            "data.num_neighbors is 0: without neighbors there is nothing to retrofit; set it to 1 or more"
        )
    is_frozen = recipe.train.freeze_decoder or (retrofits and not recipe.model.get("train_base"))
    if is_frozen and recipe.questions.file is None and recipe.train.retrieval_dropout == 1:
        raise SettingsError(
            "train.retrieval_dropout 1.0: hides all neighbors, and nothing else would train; lower it"
        )
    if not retrofits and recipe.data.num_neighbors and recipe.model.get("cca_layers") == []:
        raise SettingsError(
            "model.cca_layers is empty: no layer would read neighbors; for a model without retrieval set "
            "data.num_neighbors=0, or give --baseline"
        )
    if retrofits and recipe.train.freeze_decoder:
        raise SettingsError(
            "train.freeze_decoder: the base of a retrofit is frozen unless --train-base is given; leave "
            "freeze_decoder out"
        )
    if recipe.train.distillation and (not retrofits or recipe.model.get("reader", "own") != "own"):
        raise SettingsError(
            f"train.distillation {recipe.train.distillation}: needs a base that reads its neighbors itself "
            "(openbook retrofit, reader: own); set it to 0"
        )
    if not retrofits and recipe.train.freeze_decoder and recipe.train.start_from is None:
        raise SettingsError(
            "train.freeze_decoder: a decoder that never learned cannot be kept as it is; "
            "set train.start_from to the folder of a trained model"
        )


@cache
def known_settings(*, retrofits: bool) -> frozenset[str]:
    """The names that shipped recipes have, which name all that they can, and those that none has."""
    of_recipes = (_shipped_model(name).keys() for name in _recipes_of(retrofits=retrofits))
    return frozenset(_IN_NO_RECIPE).union(*of_recipes)


@cache
def _recipes_of(*, retrofits: bool) -> tuple[str, ...]:
    """The names of shipped recipes for retrofits, or for models of their own."""
    return tuple(name for name in shipped_recipes() if ("reader" in _shipped_model(name)) == retrofits)


@cache
def _shipped_model(name: str) -> dict[str, Any]:
    text = (files("openbook.train") / "recipes" / f"{name}.yaml").read_bytes()
    model: dict[str, Any] = yaml.safe_load(text)["model"]
    return model
