"""The model's configuration: sizes and options, checked at construction."""

import os
from typing import Any

from transformers import PreTrainedConfig

from openbook.base_types import wrong_type
from openbook.errors import refuse_unknown
from openbook.model.presets import preset
from openbook.model_options import (
    CCAPositionOption,
    NormalizationOption,
    PositionOption,
    check_options,
    complete_options,
)

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

_SIZES = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "head_dim",
    "encoder_hidden_size",
    "encoder_num_layers",
    "encoder_num_attention_heads",
    "encoder_intermediate_size",
    "cca_layers",
    "encoder_cross_attention_layers",
    "positions",
    "cca_positions",
    "dropout",
    "encoder_dropout",
    "copy_head",
)
"""Options that must fit together, or follow from others."""


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
    positions: PositionOption = "rotary"
    """In all attention: rotary, or relative as in the paper (Transformer-XL's)."""
    cca_positions: CCAPositionOption | None = None
    """In chunked cross-attention, rotary, relative or none; None: as `positions`."""
    normalization: NormalizationOption = "pre"
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
        check_options({name: getattr(self, name) for name in self.field_names()})
        for name, value in complete_options({name: getattr(self, name) for name in _SIZES}).items():
            setattr(self, name, value)
        super().__post_init__(**kwargs)

    @property
    def encoder_head_dim(self) -> int:
        """Width of an encoder head."""
        assert self.encoder_hidden_size is not None and self.encoder_num_attention_heads is not None
        return self.encoder_hidden_size // self.encoder_num_attention_heads

    @classmethod
    def get_config_dict(
        cls, pretrained_model_name_or_path: str | os.PathLike[str], **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read a config.json, as transformers does before it makes anything of it.

        Raises:
            SettingsError: it is that of a model of another type.
        """
        found, rest = super().get_config_dict(pretrained_model_name_or_path, **kwargs)
        kind = found.get("model_type", cls.model_type)
        if kind != cls.model_type:
            raise wrong_type(pretrained_model_name_or_path, kind, wanted=cls.model_type)
        return found, rest

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


def saved_model_type(name: str | os.PathLike[str], **hub: Any) -> str:
    """Read the model_type in the config.json of a folder, or of a name of the hub; empty if it says none.

    Args:
        name: of the model.
        hub: of `HUB_ARGUMENTS`.

    Raises:
        OSError: there is no config.json.
    """
    return str(PreTrainedConfig.get_config_dict(name, **hub)[0].get("model_type") or "")
