"""The model that writes or answers: a retrofit, a native RETRO, or a base as people have it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.inputs import load_model, require_base
from openbook.errors import SettingsError
from openbook.pretrained import SMOLLM2, at_hand, how_to_install, is_here, shipped_adapter

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from openbook.cli.described_model import DescribedModel
    from openbook.generation.passage_judge import PassageJudge
    from openbook.model import RetroForCausalLM
    from openbook.text import ChatFormat, Tokenizer

_UNTRAINED_NEIGHBORS = 4
"""As many as the adapters that come with openbook read."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model, its tokenizer, and what it is, for people."""

    model: "RetroForCausalLM"
    tokenizer: "Tokenizer"
    description: str


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model, how questions are put to it, and what it is, for people."""

    model: "RetroForCausalLM"
    chat: "ChatFormat"
    description: str


def load_asked_model(name: str | None, *, reads: bool) -> AskedModel:
    """Load what `openbook ask --model` names.

    Args:
        name: folder of a model of openbook; folder, hub name or .gguf file of a base; None: SmolLM2.
        reads: it is to read neighbors beside its prompt. Where not, a base does not need to be able to.

    Raises:
        SettingsError: there is none, it is damaged, or it cannot read neighbors.
    """
    from openbook.text import ChatFormat

    named = load_named_model(SMOLLM2 if name is None else name, reads=reads)
    chat = ChatFormat.of(named.tokenizer)
    return AskedModel(named.model, chat, named.description)


def load_judge(model: "RetroForCausalLM", *, wanted: bool) -> "PassageJudge | None":
    """Load what says whether passages answer a question, beside a model.

    Args:
        model: on its device.
        wanted: False: there is none.

    Raises:
        SettingsError: as `require_judge`.
    """
    return require_judge().to(model.device) if wanted else None


def require_judge() -> "PassageJudge":
    """Load what says whether passages answer a question.

    Raises:
        SettingsError: its encoder is not to be had.
    """
    from openbook.generation import PassageJudge

    try:
        return PassageJudge.load()
    except SettingsError as error:
        said = str(error).partition("; ")[0]
        raise SettingsError(f'--judge: {said}; pip install "openbook[offline]" has the encoder') from error


def load_named_model(name: str, *, reads: bool, tokenizer: "Tokenizer | None" = None) -> NamedModel:
    """Load a model of openbook, or a base with the adapter that comes with openbook, or untrained.

    Args:
        name: folder of a model of openbook; folder, hub name or .gguf file of a base.
        reads: it is to read neighbors beside its text. Where not, a base does not need to be able to.
        tokenizer: of a model of openbook, where it is at hand; None: the one beside the model, or its base's.

    Raises:
        SettingsError: there is none, it is damaged, or it cannot read neighbors.
    """
    require_askable(name, reads=reads)
    if not is_ours(Path(name)):
        return _load_base(name, reads=reads)
    model = load_model(Path(name))
    if tokenizer is None:
        tokenizer = _tokenizer_of(Path(name), model)
    return NamedModel(model, tokenizer, name)


def require_askable(name: str | None, *, reads: bool = True) -> "DescribedModel | None":
    """Refuse what holds no model, or no tokenizer, before torch is loaded.

    Args:
        name: as in `load_asked_model`.
        reads: as in `load_asked_model`.

    Returns:
        What its folder says, where it is a model of openbook.

    Raises:
        SettingsError: there is no such model, it has no tokenizer, or it cannot read neighbors.
    """
    from openbook.cli.described_model import describe_model
    from openbook.text import load_tokenizer

    name = SMOLLM2 if name is None else name
    if is_ours(Path(name)):
        return describe_model(Path(name))
    require_base(name, retrofits=reads)
    place = at_hand(name)
    try:
        load_tokenizer(place)
    except SettingsError as error:
        what = (
            "has no tokenizer that can be used"
            if is_here(place)
            else "neither a folder nor to be had from the hub"
        )
        raise SettingsError(
            f"model {name!r}: {what} ({error.without_option}); give the folder of a model, or a .gguf file"
            f"{how_to_install(name)}"
        ) from error
    return None


def is_ours(folder: Path) -> bool:
    """Whether a folder holds a model of openbook, whole or damaged."""
    try:
        kind = json.loads((folder / "config.json").read_bytes())["model_type"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return kind in ("retro", "retrofit")


def _load_base(name: str, *, reads: bool) -> NamedModel:
    from openbook.model.retrofitting import load_base, retrofit
    from openbook.model.retrofitting.families import family_of
    from openbook.text import ChatFormat, load_tokenizer

    place = at_hand(name)
    # The default is small, and bfloat16, as the hub has it, is slow on most processors.
    base = load_base(place, dtype="float32" if name == SMOLLM2 else "auto")
    tokenizer = load_tokenizer(place)
    adapter = shipped_adapter(name) if reads else None
    if adapter is not None:
        model = _adapted(adapter, base, is_the_packaged=place != name)
        return NamedModel(model, tokenizer, f"{name} with the adapter that comes with openbook")
    reader = "own" if reads or not family_of(base).absolute_positions else "encoder"
    model = retrofit(
        base,
        reader=reader,
        num_neighbors=_UNTRAINED_NEIGHBORS,
        tokenizer_fingerprint=tokenizer.fingerprint,
        prefix_ids=ChatFormat.of(tokenizer).prefix_ids if reader == "own" else None,
    )
    return NamedModel(model, tokenizer, f"{name}, not trained to read" if reads else name)


def _adapted(adapter: Path, base: "PreTrainedModel", *, is_the_packaged: bool) -> "RetroForCausalLM":
    """The base with an adapter that comes with openbook.

    Those were trained on the weights of a package, which are the hub's in fewer bits: they fit both.
    """
    from openbook.model.retrofitting import RetrofitForCausalLM
    from openbook.model.retrofitting.fingerprint import core_fingerprint, weights_fingerprint
    from openbook.model.retrofitting.stored import read_config

    config = read_config(str(adapter))
    if not is_the_packaged:
        config.base_fingerprint = weights_fingerprint(base)
        config.base_core_fingerprint = core_fingerprint(base)
    return RetrofitForCausalLM.from_pretrained(adapter, base=base, config=config)


def _tokenizer_of(folder: Path, model: "RetroForCausalLM") -> "Tokenizer":
    """The model's, which stands beside it, or is its base's; with the chat template that the base has.

    Args:
        folder: of the model.
        model: as it was loaded from there.

    Raises:
        SettingsError: it has none.
    """
    from openbook.text import load_tokenizer

    base = getattr(model.config, "base_name", None)
    if not (folder / "tokenizer.json").is_file():
        return load_tokenizer(str(folder) if base is None else at_hand(base))
    saved = load_tokenizer(str(folder))
    if saved.chat_template is None and base is not None:
        try:
            of_base = load_tokenizer(at_hand(base))
        except SettingsError:  # its weights may be here and its tokenizer not
            return saved
        if of_base.fingerprint == saved.fingerprint:
            return of_base
    return saved
