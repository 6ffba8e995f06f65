"""The model that a training run begins with: fresh weights or another model's, the decoder frozen or not."""

from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from openbook.database import Version
from openbook.errors import MismatchError, SettingsError, one_line, refuse_unknown
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.retrofitting import RetrofitConfig, RetrofitForCausalLM, require_base, retrofit
from openbook.text import load_tokenizer
from openbook.train.base_tokenizer import require_tokenizer
from openbook.train.model_settings import refuse_settings_of_database
from openbook.train.recipe import Recipe
from openbook.train.sharded_checkpoints import read_weights

_OF_DECODER = ("positions", "rotary_base", "rms_norm_eps", "num_attention_heads", "head_dim")
_OF_RETRIEVAL = ("encoder_num_attention_heads", "cca_positions")
"""Options that change what weights compute, not which shapes they have."""


def new_model(
    recipe: Recipe,
    database: Version,
    base: PreTrainedModel | None,
    *,
    prefix_ids: list[int] | None = None,
) -> RetroForCausalLM:
    """Make the recipe's model for this database, with fresh weights; on a base, if one is given.

    Args:
        recipe: its section model counts.
        database: gives tokens and chunks.
        base: to retrofit; None: the recipe's own decoder.
        prefix_ids: what stands before texts and neighbors, where the recipe does not say; None: those that
            the tokenizer puts before a text.

    Raises:
        SettingsError: a key that is unknown, or that the database or the base decides.
        MismatchError: the base cannot read the database's tokens.
    """
    if base is None:
        return RetroForCausalLM(model_config(recipe, database))
    refuse_settings_of_database(recipe)
    name = base.name_or_path
    own_tokenizer = name and (Path(name) / "tokenizer.json").is_file()
    if name and own_tokenizer:
        require_tokenizer(name, database)
    tokens = database.tokenizer.vocab_size
    if tokens > base.config.vocab_size:
        remedy = (
            "build the database with --tokenizer BASE, or derive one: openbook retokenize DB --tokenizer BASE"
        )
        if own_tokenizer:
            remedy = (
                "its embeddings are too few for its own tokenizer, which the database has, too: load it with "
                f"transformers, call resize_token_embeddings({tokens}), and save it"
            )
        raise MismatchError(
            f"the database's tokenizer has {tokens:,} tokens, the base {base.config.vocab_size:,}; {remedy}"
        )
    settings = dict(recipe.model)
    if settings.get("reader", "own") == "own" and settings.get("prefix_ids") is None:
        settings["prefix_ids"] = database.tokenizer.start_ids if prefix_ids is None else prefix_ids
    model = retrofit(
        base,
        **settings,
        chunk_size=database.settings.chunk_size,
        num_neighbors=recipe.data.num_neighbors,
        trained_length=recipe.data.sequence_length if recipe.learns_text else recipe.sample_length,
        tokenizer_fingerprint=database.settings.tokenizer_fingerprint,
    )
    _require_lengths(recipe, model.config.max_position_embeddings)
    return model


def _require_lengths(recipe: Recipe, longest: int) -> None:
    """Refuse samples that are longer than the base reads."""
    lengths = {"data.sequence_length": recipe.data.sequence_length} if recipe.learns_text else {}
    if recipe.questions.file is not None:
        lengths["questions.length"] = recipe.questions.length
    for name, length in lengths.items():
        if length > longest:
            raise SettingsError(f"{name} {length}: the base reads {longest} tokens; set it to that or less")


def model_config(recipe: Recipe, database: Version) -> RetroConfig:
    """Configure the recipe's model for this database's tokens and chunks.

    Raises:
        SettingsError: an unknown key, or one that the database decides.
    """
    refuse_settings_of_database(recipe)
    if "train_base" in recipe.model:
        raise SettingsError(f"recipe {recipe.name}: needs a base: openbook retrofit BASE")
    refuse_unknown(recipe.model, RetroConfig.field_names(), where=f"recipe {recipe.name}: model")
    options: dict[str, Any] = {**recipe.model}
    if recipe.data.num_neighbors:
        options["num_neighbors"] = recipe.data.num_neighbors
    else:
        options |= {"cca_layers": [], "copy_head": False}
    return RetroConfig(
        **options,
        vocab_size=database.tokenizer.vocab_size,
        chunk_size=database.settings.chunk_size,
        max_position_embeddings=recipe.data.sequence_length,
        tokenizer_fingerprint=database.settings.tokenizer_fingerprint,
        eos_token_id=database.tokenizer.eos_id,
        pad_token_id=database.tokenizer.eos_id,
    )


def reads_neighbors(name: str) -> bool:
    """Whether the weight of this name is of encoder, chunked cross-attention or copy head."""
    parts = name.split(".")
    return "encoder" in parts or "copy_head" in parts or "cca" in parts or "cca_norm" in parts


def freeze_decoder(model: RetroForCausalLM) -> None:
    """Freeze all but what reads neighbors.

    Raises:
        SettingsError: there is nothing of that kind.
    """
    if not model.config.cca_layers:
        raise SettingsError(
            "train.freeze_decoder: without retrieval (data.num_neighbors 0) nothing would train; set it to "
            "false"
        )
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(reads_neighbors(name))


def _fingerprints(folder: Path) -> frozenset[str]:
    """By which the tokenizer that was saved with a model is known; none without one."""
    if not (folder / "tokenizer.json").is_file():
        return frozenset()
    return load_tokenizer(str(folder)).fingerprints


def _require_same_function(theirs: RetroConfig, ours: RetroConfig, folder: Path) -> None:
    """Refuse weights that fit by name and shape, and would compute something else here."""
    both_read = bool(theirs.cca_layers and ours.cca_layers)
    for name in (*_OF_DECODER, *(_OF_RETRIEVAL if both_read else ())):
        there, here = getattr(theirs, name), getattr(ours, name)
        if there != here:
            raise SettingsError(
                f"train.start_from: {folder} does not fit: {name} is {there} there, {here} in this recipe's "
                "model; give both the same"
            )


def copy_weights(model: RetroForCausalLM, folder: Path) -> None:
    """Copy the weights of a model that openbook trained; what reads neighbors stays fresh where it has none.

    Raises:
        SettingsError: no such model, or weights that do not fit.
        MismatchError: it was trained with another tokenizer.
    """
    config, weights = _read(folder, type(model.config))
    theirs, ours = config.tokenizer_fingerprint, model.config.tokenizer_fingerprint
    if theirs != ours and ours not in _fingerprints(folder):
        raise MismatchError(
            f"train.start_from: {folder} was trained with tokenizer {theirs}, the database has {ours}; "
            "build the database with that model's tokenizer"
        )
    if config.cca_layers and config.chunk_size != model.config.chunk_size:
        raise MismatchError(
            f"train.start_from: {folder} reads chunks of {config.chunk_size} tokens, "
            f"the database has chunks of {model.config.chunk_size}; "
            f"build one with chunks of {config.chunk_size}"
        )
    if isinstance(config, RetrofitConfig) and isinstance(model, RetrofitForCausalLM):
        if config.is_self_contained and not model.config.is_self_contained:
            raise SettingsError(
                f"train.start_from: {folder} holds its base as well; give the folder that was merged into it"
            )
        require_base(config, model.base)
    own = {name: weight for name, weight in model.named_parameters() if model.stores(name)}
    fresh = [name for name in own if name not in weights]
    for name in [*fresh, *weights]:
        if name not in own or (name in fresh and not reads_neighbors(name)):
            where = "is missing there" if name in own else "has no place in this recipe's model"
            raise SettingsError(
                f"train.start_from: {folder} does not fit: {name} {where}; take the model section of "
                "its recipe"
            )
        if name in weights and weights[name].shape != own[name].shape:
            raise SettingsError(
                f"train.start_from: {folder} does not fit: {name} is {list(weights[name].shape)} there, "
                f"{list(own[name].shape)} in this recipe's model; give both the same sizes"
            )
    _require_same_function(config, model.config, folder)
    model.load_state_dict(weights, strict=False)


def _read(folder: Path, kind: type[RetroConfig]) -> tuple[RetroConfig, dict[str, Tensor]]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        described = PreTrainedConfig.get_config_dict(folder, local_files_only=True)[0]
        is_retrofit = described.get("model_type") == RetrofitConfig.model_type
        if is_retrofit == (kind is RetrofitConfig):
            config = kind.from_pretrained(folder, local_files_only=True)
            return config, read_weights(folder) or load_file(folder / "model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise SettingsError(
            f"train.start_from: {folder} holds no model of ours ({one_line(error)}); give the folder of one"
        ) from error
    which = "a retrofit, and this training run has no base" if is_retrofit else "not a retrofit"
    raise SettingsError(f"train.start_from: {folder} is {which}; give a model of the same kind")
