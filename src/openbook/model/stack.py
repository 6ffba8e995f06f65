"""What all layers of the decoder, or of the encoder, have in common: widths, normalization, first weights."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from openbook.model.config import RetroConfig
from openbook.model.positions import (
    NoPositions,
    PositionKind,
    RelativePositions,
    RotaryPositions,
    make_positions,
)


@dataclass(frozen=True, slots=True)
class Stack:
    """Settings of a stack of layers.

    alpha, beta: DeepNorm's (arXiv 2203.00555): with L sub-layers alpha = L^(1/4) weighs the residual stream
        and beta = (4 L)^(-1/4) scales values, outputs and feed-forward at the start. These are that paper's
        constants for a decoder (L = 2N) and for one with cross-attention (L = 3N), carried on to
        cross-attention in some layers. None: pre-norm.
    """

    width: int
    num_heads: int
    head_dim: int
    intermediate: int
    positions: PositionKind
    base: float
    dropout: float
    eps: float
    alpha: float | None
    beta: float | None

    @classmethod
    def of_decoder(cls, config: RetroConfig) -> "Stack":
        """Read the decoder's settings."""
        assert config.head_dim is not None and config.cca_layers is not None
        return cls(
            config.hidden_size,
            config.num_attention_heads,
            config.head_dim,
            config.intermediate_size,
            config.positions,
            float(config.rotary_base),
            float(config.dropout),
            config.rms_norm_eps,
            *_deep_norm(config, 2 * config.num_hidden_layers + len(config.cca_layers)),
        )

    @classmethod
    def of_encoder(cls, config: RetroConfig) -> "Stack":
        """Read the encoder's settings."""
        assert config.encoder_hidden_size is not None and config.encoder_intermediate_size is not None
        assert config.encoder_num_attention_heads is not None and config.encoder_dropout is not None
        assert config.encoder_cross_attention_layers is not None
        crossing = len(config.encoder_cross_attention_layers) if config.encoder_conditioned else 0
        return cls(
            config.encoder_hidden_size,
            config.encoder_num_attention_heads,
            config.encoder_head_dim,
            config.encoder_intermediate_size,
            config.positions,
            float(config.rotary_base),
            float(config.encoder_dropout),
            config.rms_norm_eps,
            *_deep_norm(config, 2 * config.encoder_num_layers + crossing),
        )

    @property
    def inner(self) -> int:
        """Width of all heads together."""
        return self.num_heads * self.head_dim

    def make_positions(
        self, kind: PositionKind | None = None
    ) -> RotaryPositions | RelativePositions | NoPositions:
        """Make positions for an attention whose queries come from this stack."""
        return make_positions(
            kind or self.positions,
            width=self.width,
            num_heads=self.num_heads,
            head_dim=self.head_dim,
            base=self.base,
        )

    def linear(
        self, inputs: int, outputs: int, *, fused: int = 1, output: bool = False, query: bool = False
    ) -> nn.Linear:
        """Make a linear map without bias that starts as this stack's do.

        Args:
            inputs, outputs: widths.
            fused: how many maps it is in one; the last gives values.
            output: its result is added to the residual stream.
            query: it gives queries, which DeepNorm does not scale.
        """
        linear = nn.Linear(inputs, outputs, bias=False)
        beta = 1.0 if query and self.beta is not None else self.beta
        linear.start = Start(fused, output, beta)  # type: ignore[assignment]
        return linear


@dataclass(frozen=True, slots=True)
class Start:
    """How a linear map is drawn, see `Stack.linear`; beta: of the last fused map, None: pre-norm."""

    fused: int
    output: bool
    beta: float | None

    def deep_norm_weights(self, like: Tensor) -> Tensor:
        """Draw normal numbers, of Glorot's deviation for each fused map, times beta for the last."""
        assert self.beta is not None
        outputs, inputs = like.shape
        std = (2 / (inputs + outputs / self.fused)) ** 0.5
        weights = torch.randn_like(like) * std
        weights[outputs - outputs // self.fused :] *= self.beta
        return weights


def _deep_norm(config: RetroConfig, num_sublayers: int) -> tuple[float | None, float | None]:
    if config.normalization == "pre":
        return None, None
    return num_sublayers**0.25, (4 * num_sublayers) ** -0.25


class Residual(nn.RMSNorm):
    """The residual stream around one sub-layer f, with its normalization.

    Pre-norm: x + f(norm x). DeepNorm: norm(alpha x + f(x)).
    """

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack.width, eps=stack.eps)
        self.alpha = stack.alpha
        self.dropout = nn.Dropout(stack.dropout)

    def read(self, hidden: Tensor) -> Tensor:
        """Give what the sub-layer reads."""
        return self(hidden) if self.alpha is None else hidden

    def add(self, hidden: Tensor, update: Tensor) -> Tensor:
        """Add what the sub-layer computed to the stream."""
        if self.alpha is None:
            return hidden + self.dropout(update)
        return self(self.alpha * hidden + self.dropout(update))


def final_norm(stack: Stack) -> nn.Module:
    """Make the norm after the last layer, where DeepNorm has normalized already."""
    return nn.RMSNorm(stack.width, eps=stack.eps) if stack.alpha is None else nn.Identity()
