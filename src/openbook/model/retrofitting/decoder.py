"""The base as RETRO's decoder: called like `RetroDecoder`, it computes what the base does, and the grafts."""

from typing import cast

from torch import Tensor, nn
from transformers import PreTrainedModel

from openbook.errors import SettingsError
from openbook.model.cache import RetroCache
from openbook.model.decoder import Retrieve
from openbook.model.neighbors import PassNeighbors
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.families import family_of
from openbook.model.retrofitting.grafts import ARGUMENT, Graft, GraftedPass, drop_argument


class GraftedDecoder(nn.Module):
    """A causal language model of transformers, with chunked cross-attention in the layers of P.

    Args:
        config: of the whole model.
        base: keeps working on its own.
    """

    def __init__(self, config: RetrofitConfig, base: PreTrainedModel) -> None:
        super().__init__()
        assert config.cca_layers is not None
        self.family = family_of(base)
        self.base = base
        self.trains_base = config.train_base
        self.grafts = nn.ModuleDict({str(number): Graft(config, number) for number in config.cca_layers})
        for number, layer in enumerate(self.layers, start=1):
            if str(number) in self.grafts:
                cast(Graft, self.grafts[str(number)]).attach(layer, self.family)
            self.family.attention(layer).register_forward_pre_hook(drop_argument, with_kwargs=True)

    def train(self, mode: bool = True) -> "GraftedDecoder":
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

    def forward(
        self,
        input_ids: Tensor,
        *,
        retrieve: Retrieve,
        attention_mask: Tensor | None = None,
        cache: RetroCache | None = None,
        shares: list[Tensor] | None = None,
        position_ids: Tensor | None = None,
    ) -> tuple[Tensor, PassNeighbors | None]:
        """Run all layers; see `RetroDecoder.forward`.

        Args:
            position_ids: int64 [B, T], as the base takes them; None: it counts from 0, padding included.

        Raises:
            SettingsError: positions beyond those that the base has in its table, or a `Family` that does not
                suit the base.
        """
        self._check_length(input_ids, cache, position_ids)
        grafted_pass = GraftedPass(frozenset(self.grafts.values()), retrieve, shares)  # type: ignore[arg-type]
        out = self.backbone(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=cache is not None,
            **{ARGUMENT: grafted_pass},
        )
        if not grafted_pass.joined:
            first = min(map(int, self.grafts))
            raise SettingsError(
                f"layer {first} of this {self.base.config.model_type} has not joined in: the model's "
                "arguments do not reach its self-attention, or that is another module; see docs/retrofit.md"
            )
        return out.last_hidden_state, grafted_pass.neighbors

    @property
    def max_positions(self) -> int | None:
        """Tokens beyond which the base cannot read; None: there are none."""
        longest: int = self.base.config.max_position_embeddings
        return longest if self.family.absolute_positions else None

    def _check_length(self, input_ids: Tensor, cache: RetroCache | None, positions: Tensor | None) -> None:
        longest = self.max_positions
        if longest is None:
            return
        past = 0 if cache is None else cache.get_seq_length()
        end = past + input_ids.shape[1] if positions is None else int(positions.max()) + 1
        if end > longest:
            raise SettingsError(
                f"{end} tokens: this {self.base.config.model_type} has positions for {longest}, none beyond"
            )
