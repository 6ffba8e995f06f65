"""The retrofitted model: a base that computes what it always did, and what reads neighbors for it."""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast, get_args

from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import GenerationConfig, PreTrainedModel

from openbook.errors import SettingsError, refuse_unknown
from openbook.model.causal_lm import RetroForCausalLM
from openbook.model.config import HUB_ARGUMENTS
from openbook.model.copy_head import CopyAttention, CopyDistribution, CopyHead
from openbook.model.encoder import RetroEncoder
from openbook.model.neighbors import PassNeighbors
from openbook.model.retro import RetroModel, RetroPreTrainedModel
from openbook.model.retrofitting.base_decoder import BaseDecoder
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.decoder import GraftedDecoder
from openbook.model.retrofitting.fingerprint import is_quantized
from openbook.model.retrofitting.grafts import Graft
from openbook.model.retrofitting.loading import base_of, require_base, require_unchanged
from openbook.model.retrofitting.own.kept_neighbors import KeptNeighbors
from openbook.model.retrofitting.own.neighbor_pass import ReadingPrecision
from openbook.model.retrofitting.own.own_copy_head import OwnCopyHead
from openbook.model.retrofitting.own.own_decoder import OwnDecoder
from openbook.model.retrofitting.own.own_model import OwnReaderModel
from openbook.model.retrofitting.own.rotation import longest_alike
from openbook.model.retrofitting.stored import read_config, take_stored
from openbook.pretrained import hub_arguments

_BASE = "model.decoder.base."
_OF_AUTO_CLASSES = {"_from_auto", "adapter_kwargs", "trust_remote_code"}
"""What transformers' Auto classes pass on; no code that comes with a model is ever run."""


class RetrofitModel(RetroModel):
    """Encoder and base, see `RetroModel`."""

    config_class = RetrofitConfig

    def __init__(self, config: RetrofitConfig, base: PreTrainedModel) -> None:
        RetroPreTrainedModel.__init__(self, config)  # RetroModel's own would make a decoder
        decoder = GraftedDecoder(config, base)
        self.decoder = decoder  # type: ignore[assignment]
        self.encoder = RetroEncoder(config)
        self.post_init()
        for graft in decoder.grafts.values():
            nn.init.zeros_(cast(Graft, graft).cca.output.weight)

    def _encode_neighbors(self, hidden: Tensor, *args: Any) -> PassNeighbors | None:
        """The new parts have a dtype of their own."""
        assert self.encoder is not None
        return super()._encode_neighbors(hidden.to(next(self.encoder.parameters()).dtype), *args)


class RetrofitForCausalLM(RetroForCausalLM):
    """A causal language model of transformers that reads neighbors; made by `openbook.retrofit`.

    Args:
        config: of the new parts.
        base: its layers get hooks; where `config.train_base` is false, its weights take no gradients.

    Raises:
        SettingsError: another retrofit of the same base trains it, and this one does not, or the other way
            round.
    """

    config_class = RetrofitConfig
    config: RetrofitConfig
    _tied_weights_keys = {}  # noqa: RUF012 (the base ties its own)

    def __init__(self, config: RetrofitConfig, base: PreTrainedModel) -> None:
        RetroPreTrainedModel.__init__(self, config)
        for module in base.modules():
            module._is_hf_initialized = True  # type: ignore[assignment]  # lest its weights are drawn again
        _require_agreement(base, config)
        base.requires_grad_(config.train_base)
        self.model = OwnReaderModel(config, base) if config.reader == "own" else RetrofitModel(config, base)
        self.copy_head = _copy_head(config) if config.copy_head else None
        self.post_init()
        self.generation_config = copy.deepcopy(base.generation_config)
        new = (self.model.encoder, self._decoder.new_parts, self.copy_head)
        for part in new:
            if part is not None:
                part.to(base.device)

    @property
    def _decoder(self) -> BaseDecoder:
        return cast(BaseDecoder, self.model.decoder)

    @property
    def base(self) -> PreTrainedModel:
        """The model that was retrofitted."""
        return self._decoder.base

    @property
    def lm_head(self) -> nn.Linear:
        """The base's output matrix."""
        return cast(nn.Linear, self.base.get_output_embeddings())

    @property
    def max_positions(self) -> int | None:
        """As many as a base has that looks positions up in a table."""
        return self._decoder.max_positions

    @property
    def longest_alike(self) -> int | None:
        """As many as the base turns by the same angles, see `own.rotation.longest_alike`."""
        return longest_alike(self._decoder.backbone)

    @property
    def reads_itself(self) -> bool:
        """Whether the base reads the neighbors, rather than an encoder."""
        return self.config.reader == "own"

    @property
    def prefix_ids(self) -> list[int]:
        """As its configuration says."""
        return list(self.config.prefix_ids or [])

    def stores(self, name: str) -> bool:
        """Say whether a weight is saved: the base's are only where they go with the new ones."""
        return self.config.is_self_contained or not name.startswith(_BASE)

    @contextmanager
    def as_prompt(self) -> Iterator[None]:
        """Within, read neighbors as the base reads its prompt: jointly, without biases, additions, copy head.

        So it reads untrained, in the layers that read; and what learns can be compared with it.

        Raises:
            SettingsError: an encoder reads.
        """
        decoder = self._decoder
        if not isinstance(decoder, OwnDecoder):
            raise SettingsError("as_prompt: needs reader 'own'; an encoder has to learn it")
        before = decoder.as_prompt
        decoder.as_prompt = True
        try:
            yield
        finally:
            decoder.as_prompt = before

    def _copies(self) -> bool:
        return not (isinstance(self._decoder, OwnDecoder) and self._decoder.as_prompt)

    def _logits(self, hidden: Tensor, copied: CopyDistribution | None, start: int) -> Tensor:
        """Where nothing can be copied, what the base gives, bit for bit."""
        if copied is None:
            logits: Tensor = self.lm_head(hidden[:, start:])
            return logits
        return super()._logits(hidden, copied, start)

    def keep_neighbors(
        self,
        capacity: int = 2**29,
        *,
        folder: str | os.PathLike[str] | None = None,
        folder_capacity: int = 2**32,
    ) -> KeptNeighbors:
        """Keep keys and values of neighbors that are read, so that reading the same ones again costs nothing.

        A neighbor that is read by itself (reading `independent`) is kept by itself; joint reading keeps the
        neighbors of a chunk together, in their order. Only calls without gradients use what is kept.

        Args:
            capacity: bytes; what was not read for the longest time goes first.
            folder: keep them here as well, for other processes and later ones; found by base, adapter and
                tokens, and read again where a file is damaged or anything has changed. None: in memory alone.
            folder_capacity: bytes of the folder's files.

        Returns:
            The store, which counts hits and misses.

        Raises:
            SettingsError: an encoder reads, see `EncodedNeighbors`; no capacity; or the folder is a file.
        """
        decoder = self._decoder
        if not isinstance(decoder, OwnDecoder):
            raise SettingsError("keep_neighbors: needs reader 'own'; an encoder has EncodedNeighbors")
        decoder.kept = KeptNeighbors(capacity)
        if folder is not None:
            decoder.keep_in(Path(folder), folder_capacity)
        return decoder.kept

    def read_neighbors_in(self, precision: ReadingPrecision) -> None:
        """Choose how exact the products are by which neighbors are read; calls with gradients are exact.

        bfloat16 takes about half the time on processors that multiply it. The text itself, and all that is
        without neighbors, is computed as before.

        Args:
            precision: of the factors; sums are float32.

        Raises:
            SettingsError: an encoder reads, or there is no such precision.
        """
        decoder = self._decoder
        if not isinstance(decoder, OwnDecoder):
            raise SettingsError(
                "read_neighbors_in: needs reader 'own'; an encoder computes as its model does"
            )
        if precision not in get_args(ReadingPrecision):
            raise SettingsError(
                f"precision {precision!r}: choose from {', '.join(get_args(ReadingPrecision))}"
            )
        decoder.reading_precision = precision

    def stored_weights(self) -> dict[str, Tensor]:
        """Collect what is saved, by name."""
        return {name: weight for name, weight in self.named_parameters() if self.stores(name)}

    def save_pretrained(  # type: ignore[override]
        self,
        save_directory: str | os.PathLike[str],
        *,
        state_dict: dict[str, Tensor] | None = None,
        is_main_process: bool = True,
        **options: Any,
    ) -> None:
        """Write config.json and model.safetensors: the new weights alone, unless the base's go with them.

        Args:
            save_directory: a folder; made if needed.
            state_dict: the weights to save, by name, as transformers' Trainer gives them; of the base's those
                that are not saved are passed over. None: the model's own.
            is_main_process: False: another process writes.
            options: transformers' safe_serialization and max_shard_size, which change nothing: the weights
                are one safetensors file.

        Raises:
            SettingsError: another option of transformers' method; state_dict lacks a weight; or the base's
                weights have changed, and are not among those that are saved.
        """
        refuse_unknown(options, ("safe_serialization", "max_shard_size"), where="save_pretrained")
        stored = self.stored_weights()
        if state_dict is not None:
            missing = sorted(stored.keys() - state_dict.keys())
            if missing:
                raise SettingsError(f"state_dict: lacks {missing[0]}; give that of this model")
            stored = {name: state_dict[name] for name in stored}
        require_unchanged(self.config, self.base)
        if not is_main_process:
            return
        # Not transformers' own method: it gives some bases' weights other names.
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        config = copy.deepcopy(self.config)
        config.architectures = [RetrofitForCausalLM.__name__]
        config.save_pretrained(folder)
        self.save_generation_config(folder)
        weights = {name: weight.detach().contiguous() for name, weight in stored.items()}
        save_file(weights, folder / "model.safetensors", {"format": "pt"})

    def save_generation_config(self, folder: Path) -> None:
        """Write the base's generation_config.json, if it has one that transformers takes for valid."""
        if self.generation_config is not None:
            with suppress(ValueError):
                self.generation_config.save_pretrained(folder)

    def merge(self) -> None:
        """From now on save the base's weights, too: one folder that needs no other.

        Raises:
            SettingsError: the base is quantized.
        """
        if is_quantized(self.base):
            raise SettingsError(
                "the base is quantized and cannot be merged; retrofit it as it was saved, or merge with one "
                "that is not: from_pretrained(folder, base=...)"
            )
        self.config.base_config = self.base.config.to_dict()
        self.config.base_name = self.config.base_revision = None

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls,
        pretrained_model_name_or_path: str | os.PathLike[str],
        *,
        base: PreTrainedModel | None = None,
        config: RetrofitConfig | None = None,
        **loading: Any,
    ) -> "RetrofitForCausalLM":
        """Load a retrofitted model with its base.

        Args:
            pretrained_model_name_or_path: a folder, or a name of the hub.
            base: given, rather than loaded by its name.
            config: given, rather than read from there.
            loading: revision, token, cache_dir and local_files_only, to find the retrofit on the hub; and for
                loading the base, in place of how it was loaded for the training: dtype, quantization_config,
                device_map, attn_implementation; torch_dtype is transformers' older name of dtype.

        Raises:
            MismatchError: the base is another one.
            SettingsError: the base is not where it was, or a file is missing, damaged or does not fit.
        """
        where = str(pretrained_model_name_or_path)
        loading = hub_arguments(where, loading)
        hub = {name: loading.pop(name) for name in HUB_ARGUMENTS if name in loading}
        loading = {name: value for name, value in loading.items() if name not in _OF_AUTO_CLASSES}
        if "torch_dtype" in loading:
            loading.setdefault("dtype", loading.pop("torch_dtype"))
        config = read_config(where, **hub) if config is None else config
        if "local_files_only" in hub:
            loading["local_files_only"] = hub["local_files_only"]
        if base is None:
            base = base_of(config, where=where, **loading)
        elif config.is_self_contained:
            raise SettingsError(f"{where}: holds its base; leave out base=")
        elif loading.keys() - {"local_files_only"}:
            raise SettingsError(
                f"{next(iter(loading))}: is for loading the base, but base= was given; leave one out"
            )
        require_base(config, base)
        model = cls(config, base)
        take_stored(model.stored_weights(), where, **hub)
        if config.is_self_contained:
            with suppress(OSError):  # none was written if the base's was not valid
                model.generation_config = GenerationConfig.from_pretrained(where, **hub)
        model.train(False)
        return model

    def resize_token_embeddings(self, *args: Any, **kwargs: Any) -> nn.Embedding:
        """Refuse: the fingerprint of the base would change."""
        raise SettingsError("resize the embeddings of the base, then retrofit it")


def _copy_head(config: RetrofitConfig) -> CopyAttention:
    return OwnCopyHead(config) if config.reader == "own" else CopyHead(config, starts_closed=True)


def _require_agreement(base: PreTrainedModel, config: RetrofitConfig) -> None:
    """Two retrofits may share a base, but it is frozen for both or for none."""
    trains = getattr(base, "_retrofit_trains_it", config.train_base)
    if trains != config.train_base:
        what = "trains it" if trains else "keeps it as it is"
        raise SettingsError(f"train_base: another retrofit of this base {what}; load the base once more")
    base._retrofit_trains_it = trains  # type: ignore[assignment]
