"""The base as RETRO's decoder: what every reader of neighbors needs of it."""

import weakref
from typing import Self, cast

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from openbook.errors import SettingsError
from openbook.model.cache import RetroCache
from openbook.model.retrofitting.carrier import carry_arguments
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.families import family_of


class BaseDecoder(nn.Module):
    """A causal language model of transformers, in the place of `RetroDecoder`.

    Args:
        config: of the whole model.
        base: keeps working on its own.
    """

    def __init__(self, config: RetrofitConfig, base: PreTrainedModel) -> None:
        super().__init__()
        self.family = family_of(base)
        self.base = base
        self.trains_base = config.train_base

    @property
    def new_parts(self) -> nn.ModuleDict:
        """What is added to the base's layers, by their numbers."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> Self:
        """Train; a frozen base goes without dropout, though its layers know, for checkpointing asks them."""
        super().train(mode)
        if not self.trains_base:
            self.base.train(False)
            for layer in self.layers:
                layer.training = mode
        return self

    @property
    def layers(self) -> nn.ModuleList:
        """The base's."""
        return self.family.layers(self.backbone)

    @property
    def backbone(self) -> PreTrainedModel:
        """The base without its output."""
        return cast(PreTrainedModel, self.base.base_model)

    @property
    def embed_tokens(self) -> nn.Embedding:
        """The base's token embedding."""
        return cast(nn.Embedding, self.base.get_input_embeddings())

    @property
    def max_positions(self) -> int | None:
        """Tokens beyond which the base cannot read; None: there are none."""
        longest: int = self.base.config.max_position_embeddings
        return longest if self.family.absolute_positions else None

    def _hook_in(self, hooks: list[RemovableHandle]) -> None:
        """Have our arguments reach self-attention where layers pass on none; and mind the base's hooks.

        Args:
            hooks: all others of this decoder. The base outlives it, and would keep what they belong to.
        """
        if self.family.carrier is not None:
            for layer in self.layers:
                hooks += carry_arguments(layer, self.family.attention(layer), self.family.carrier)
        weakref.finalize(self, _remove, hooks).atexit = False

    def _check_length(self, input_ids: Tensor, cache: RetroCache | None, positions: Tensor | None) -> None:
        longest = self.max_positions
        if longest is None:
            return
        past = 0 if cache is None else cache.get_seq_length()
        end = past + input_ids.shape[1] if positions is None else int(positions.max()) + 1
        if end > longest:
            raise SettingsError(
                f"{end} tokens: this {self.base.config.model_type} has positions for {longest}, none beyond; "
                "give a shorter text"
            )


def _remove(hooks: list[RemovableHandle]) -> None:
    for hook in hooks:
        hook.remove()
