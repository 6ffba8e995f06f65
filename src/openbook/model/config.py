"""The model's configuration: sizes and options, checked at construction."""

import math
import os
from typing import Any, Literal, get_args

from transformers import PreTrainedConfig

from openbook.errors import SettingsError, refuse_unknown
from openbook.model.presets import paper_cca_layers, preset

HUB_ARGUMENTS = ("revision", "token", "cache_dir", "local_files_only")
"""Where to look for a model on the hub."""

_FROM_TRANSFORMERS = {
    "_commit_hash",
    "_name_or_path",
    "attn_implementation",
    "model_type",
    "name_or_path",
    "torch_dtype",
    "transformers_version",
    "auto_map",
    "output_attentions",
}

Positions = Literal["rotary", "relative"]
CCAPositions = Literal["rotary", "relative", "none"]
Normalization = Literal["pre", "deepnorm"]
_CHOICES = {"positions": Positions, "cca_positions": CCAPositions, "normalization": Normalization}

_COUNTS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "head_dim",
    "intermediate_size",
    "chunk_size",
    "num_neighbors",
    "encoder_hidden_size",
    "encoder_num_layers",
    "encoder_num_attention_heads",
    "encoder_intermediate_size",
    "max_position_embeddings",
)
_POSITIVE = ("rms_norm_eps", "rotary_base", "initializer_range")
_SWITCHES = ("encoder_conditioned", "share_embeddings", "tie_word_embeddings", "copy_head", "use_cache")


class RetroConfig(PreTrainedConfig):
    """Sizes and options of a RETRO model (arXiv 2112.04426). Layers are counted from 1, as in the paper.

    Raises:
        SettingsError: an unknown name, or a value that is not allowed.
    """

    model_type = "retro"
    keys_to_ignore_at_inference = ["past_key_values"]  # noqa: RUF012 (transformers' protocol)

    vocab_size: int = 32_000
    """V."""
    hidden_size: int = 512
    """D, width of the decoder."""
    num_hidden_layers: int = 8
    """Decoder layers."""
    num_attention_heads: int = 8
    """H, in self-attention and chunked cross-attention of the decoder."""
    head_dim: int | None = None
    """Width of a head; None: hidden_size / num_attention_heads."""
    intermediate_size: int = 2048
    """Width of the decoder's feed-forward layers."""
    chunk_size: int = 64
    """M, tokens in a chunk; a neighbor with its continuation has R = 2M."""
    num_neighbors: int = 2
    """K in training; any number works at evaluation."""
    max_position_embeddings: int = 2048
    """Tokens in a training sequence; longer ones work, but were never trained on."""
    cca_layers: list[int] | None = None
    """P, the decoder layers with chunked cross-attention. None: the paper's rule (6, 9, 12 of 12 layers;
    9, 12, … to the last of deeper ones; every third up to the last of the upper half in shallower ones).
    An empty list: a plain decoder without retrieval."""
    encoder_hidden_size: int | None = None
    """E, width of the encoder; None: hidden_size."""
    encoder_num_layers: int = 2
    encoder_num_attention_heads: int | None = None
    """None: num_attention_heads."""
    encoder_intermediate_size: int | None = None
    """None: four times the encoder's width."""
    encoder_conditioned: bool = True
    """Whether the encoder attends to the chunk that retrieved; without it an encoded neighbor depends on the
    neighbor alone."""
    encoder_cross_attention_layers: list[int] | None = None
    """Encoder layers that do so; None: the first."""
    positions: Positions = "rotary"
    """In all attention: rotary, or relative as in the paper (Transformer-XL's)."""
    cca_positions: CCAPositions | None = None
    """In chunked cross-attention, rotary, relative or none; None: as `positions`."""
    normalization: Normalization = "pre"
    """RMSNorm before each sub-layer, as in the paper; or deepnorm, after it, for hundreds of layers."""
    share_embeddings: bool = False
    """One token embedding for encoder and decoder; a linear map follows where their widths differ."""
    tie_word_embeddings: bool = True
    """One matrix for the decoder's token embedding and the output."""
    copy_head: bool = False
    """Mix the prediction with a copy distribution over the neighbors' tokens (pointer-generator)."""
    dropout: float | int = 0.0
    """In attention, after each sub-layer, and on embeddings."""
    encoder_dropout: float | int | None = None
    """The same in the encoder; None: as dropout."""
    rms_norm_eps: float = 1e-6
    rotary_base: float | int = 10_000.0
    """Of the rotary positions' wave lengths."""
    initializer_range: float = 0.02
    """Standard deviation of the weights at the start."""
    use_cache: bool = True
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None
    pad_token_id: int | None = None
    tokenizer_fingerprint: str | None = None
    """Of the tokenizer it was trained with; a database must have the same."""

    @property
    def training_length(self) -> int:
        """Tokens in a sequence of its training; the windows of an evaluation are as long."""
        return self.max_position_embeddings

    def __post_init__(self, **kwargs: Any) -> None:
        refuse_unknown(kwargs.keys() - _FROM_TRANSFORMERS, self.field_names(), where=type(self).__name__)
        self._check_kinds()
        if self.head_dim is None:
            self._divides(self.hidden_size, self.num_attention_heads, "hidden_size", "num_attention_heads")
            self.head_dim = self.hidden_size // self.num_attention_heads
        if self.encoder_hidden_size is None:
            self.encoder_hidden_size = self.hidden_size
        if self.encoder_num_attention_heads is None:
            self.encoder_num_attention_heads = self.num_attention_heads
        if self.encoder_intermediate_size is None:
            self.encoder_intermediate_size = 4 * self.encoder_hidden_size
        if self.encoder_dropout is None:
            self.encoder_dropout = self.dropout
        if self.cca_positions is None:
            self.cca_positions = self.positions
        if self.cca_layers is None:
            self.cca_layers = paper_cca_layers(self.num_hidden_layers)
        if self.encoder_cross_attention_layers is None:
            self.encoder_cross_attention_layers = [1]
        super().__post_init__(**kwargs)
        self._check()

    @property
    def encoder_head_dim(self) -> int:
        """Width of an encoder head."""
        assert self.encoder_hidden_size is not None and self.encoder_num_attention_heads is not None
        return self.encoder_hidden_size // self.encoder_num_attention_heads

    @classmethod
    def preset(cls, name: str, **changes: Any) -> "RetroConfig":
        """Make the configuration of a model of known size.

        There are tiny, small, medium; the paper's 172m, 425m, 1.5b and 7.5b (its tables 2 and 10), and the
        same without retrieval: 132m, 368m, 1.3b and 7b.

        Args:
            name: of the preset.
            changes: settings to replace, such as vocab_size.

        Raises:
            SettingsError: there is no such preset, or a change is not allowed.
        """
        return cls(**(preset(name) | changes))

    @classmethod
    def field_names(cls) -> list[str]:
        """List the names of all settings."""
        return [name for name in cls.__dataclass_fields__ if not name.startswith("_")]

    @staticmethod
    def _divides(whole: int, parts: int, whole_name: str, parts_name: str) -> None:
        if parts < 1 or whole % parts:
            raise SettingsError(f"{whole_name} {whole} is not divisible by {parts_name} {parts}")

    def _check_kinds(self) -> None:
        for name in _COUNTS:
            value = getattr(self, name)
            derived = value is None and self.__dataclass_fields__[name].default is None
            if not derived and (type(value) is not int or value < 1):
                raise SettingsError(f"{name} {value!r}: must be a whole number, at least 1")
        for name in _POSITIVE:
            value = getattr(self, name)
            if type(value) not in (int, float) or not 0 < value < math.inf:
                raise SettingsError(f"{name} {value!r}: must be a number above 0")
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{name} {getattr(self, name)!r}: must be true or false")
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in get_args(choices) and not (name == "cca_positions" and value is None):
                raise SettingsError(f"{name} {value!r}: must be {' or '.join(get_args(choices))}")
        for name in ("dropout", "encoder_dropout"):
            value = getattr(self, name)
            derived = value is None and name == "encoder_dropout"
            if not derived and (type(value) not in (int, float) or not 0 <= value < 1):
                raise SettingsError(f"{name} {value!r}: must be a number, at least 0 and below 1")

    def _check(self) -> None:
        assert self.encoder_hidden_size is not None and self.encoder_num_attention_heads is not None
        heads = self.encoder_num_attention_heads
        self._divides(self.encoder_hidden_size, heads, "encoder_hidden_size", "encoder_num_attention_heads")
        assert self.head_dim is not None
        kinds = {self.positions, self.cca_positions}
        if "rotary" in kinds and (self.head_dim % 2 or self.encoder_head_dim % 2):
            raise SettingsError(
                f"head widths {self.head_dim} and {self.encoder_head_dim} (encoder): "
                "rotary positions need even ones"
            )
        if "relative" in kinds and (self.hidden_size % 2 or self.encoder_hidden_size % 2):
            raise SettingsError(
                f"hidden_size {self.hidden_size} and encoder_hidden_size {self.encoder_hidden_size}: "
                "relative positions need even ones"
            )
        _check_layers("cca_layers", self.cca_layers, self.num_hidden_layers)
        _check_layers(
            "encoder_cross_attention_layers", self.encoder_cross_attention_layers, self.encoder_num_layers
        )
        if self.copy_head and not self.cca_layers:
            raise SettingsError("copy_head needs retrieval, but cca_layers is empty")


def saved_model_type(name: str | os.PathLike[str], **hub: Any) -> str:
    """Read the model_type in the config.json of a folder, or of a name of the hub; empty if it says none.

    Args:
        name: of the model.
        hub: of `HUB_ARGUMENTS`.

    Raises:
        OSError: there is no config.json.
    """
    return str(PreTrainedConfig.get_config_dict(name, **hub)[0].get("model_type") or "")


def _check_layers(name: str, layers: list[int] | None, highest: int) -> None:
    assert layers is not None
    known = range(1, highest + 1)
    rising = isinstance(layers, list) and layers == [layer for layer in known if layer in layers]
    if not rising or any(type(layer) is not int for layer in layers):
        raise SettingsError(f"{name} {layers}: must be a list of rising layer numbers, from 1 to {highest}")
