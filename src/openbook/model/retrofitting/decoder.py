"""The base as RETRO's decoder: called like `RetroDecoder`, it computes what the base does, and the grafts."""

from typing import cast

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from openbook.errors import SettingsError
from openbook.model.cache import RetroCache
from openbook.model.decoder import EncodeNeighbors
from openbook.model.neighbors import PassNeighbors
from openbook.model.retrofitting.base_decoder import BaseDecoder
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.grafts import GRAFT_ARGUMENT, Graft, GraftedPass, drop_argument


class GraftedDecoder(BaseDecoder):
    """A causal language model of transformers, with chunked cross-attention in the layers of P.

    Args:
        config: of the whole model.
        base: keeps working on its own.
    """

    def __init__(self, config: RetrofitConfig, base: PreTrainedModel) -> None:
        super().__init__(config, base)
        assert config.cca_layers is not None
        self.grafts = nn.ModuleDict({str(number): Graft(config, number) for number in config.cca_layers})
        hooks: list[RemovableHandle] = []
        for number, layer in enumerate(self.layers, start=1):
            if str(number) in self.grafts:
                hooks += cast(Graft, self.grafts[str(number)]).attach(layer, self.family)
            attention = self.family.attention(layer)
            hooks.append(attention.register_forward_pre_hook(drop_argument, with_kwargs=True))
        self._hook_in(hooks)

    @property
    def new_parts(self) -> nn.ModuleDict:
        return self.grafts

    def forward(
        self,
        input_ids: Tensor,
        *,
        retrieve: EncodeNeighbors,
        attention_mask: Tensor | None = None,
        cache: RetroCache | None = None,
        shares: list[Tensor] | None = None,
        position_ids: Tensor | None = None,
    ) -> tuple[Tensor, PassNeighbors | None]:
        """Run all layers.

        Args:
            input_ids: int64 [B, T].
            retrieve: called by the first layer that reads neighbors, which are what it returns.
            attention_mask: [B, past + T], 0 or False for padding; None: there is none.
            cache: of the tokens before these.
            shares: collects the attention shares [B, T, K] of each layer that reads; None: they are not
                computed.
            position_ids: int64 [B, T], as the base takes them; None: it counts from 0, padding included.

        Returns:
            [B, T, D], normalized, and the neighbors that the pass read.

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
            **{GRAFT_ARGUMENT: grafted_pass},
        )
        if not grafted_pass.joined:
            first = min(map(int, self.grafts))
            raise SettingsError(
                f"layer {first} of this {self.base.config.model_type} has not joined in: the model's "
                "arguments do not reach its self-attention, or that is another module; see docs/retrofit.md"
            )
        return out.last_hidden_state, grafted_pass.neighbors
