"""The network without its output: decoder, encoder, and how neighbors pass from one to the other."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import initialization as init

from openbook.errors import SettingsError
from openbook.model.cache import RetroCache
from openbook.model.checks import check_inputs
from openbook.model.config import RetroConfig
from openbook.model.decoder import RetroDecoder
from openbook.model.encoder import RetroEncoder
from openbook.model.neighbors import PassNeighbors, join_new_chunks, remember_last_chunk
from openbook.model.pass_place import PassPlace
from openbook.model.positions import RelativePositions
from openbook.model.stack import Start


@dataclass(frozen=True, slots=True)
class RetroHidden:
    """What the network computes.

    hidden: [B, T, D], normalized.
    neighbors: those the pass read, or None.
    shares: [B, T, K] attention share of each neighbor, mean over the layers of P, if asked for.
    """

    hidden: Tensor
    neighbors: PassNeighbors | None
    shares: Tensor | None


class RetroPreTrainedModel(PreTrainedModel):
    """How RETRO's weights start, and what transformers should know of them."""

    config_class = RetroConfig
    config: RetroConfig
    base_model_prefix = "model"
    _supports_sdpa = True
    supports_gradient_checkpointing = True
    _no_split_modules = ["RetroDecoderLayer", "RetroEncoderLayer"]  # noqa: RUF012 (transformers' protocol)

    def activation_checkpointing_enable(
        self, activation_checkpointing_kwargs: dict[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Switch gradient checkpointing on, as transformers does.

        Raises:
            SettingsError: use_reentrant, which loses gradients of what layers share besides activations.
        """
        options = {"use_reentrant": False} | (activation_checkpointing_kwargs or {})
        if options["use_reentrant"]:
            raise SettingsError(
                "use_reentrant: gradients of the neighbors would be lost; leave it out, or say False"
            )
        super().activation_checkpointing_enable(options, *args, **kwargs)

    def _resize_token_embeddings(self, *args: Any, **kwargs: Any) -> nn.Embedding:
        """For transformers' `resize_token_embeddings`, which knows nothing of the encoder's."""
        resized: nn.Embedding = super()._resize_token_embeddings(*args, **kwargs)
        encoder = self.base_model.encoder
        if isinstance(encoder, RetroEncoder) and encoder.embed_tokens is not None:
            old = encoder.embed_tokens
            encoder.embed_tokens = self._get_resized_embeddings(old, resized.num_embeddings)
            encoder.embed_tokens.requires_grad_(old.weight.requires_grad)
        return resized

    def _init_weights(self, module: nn.Module) -> None:
        """Normal weights; what is added to the residual stream starts smaller the deeper the model is."""
        std = self.config.initializer_range
        if isinstance(module, nn.Linear):
            start: Start | None = getattr(module, "start", None)
            if start is not None and start.beta is not None:
                init.copy_(module.weight, start.deep_norm_weights(module.weight))
            else:
                if start is not None and start.output:
                    std /= (2 * self.config.num_hidden_layers) ** 0.5
                init.normal_(module.weight, mean=0.0, std=std)
            if module.bias is not None:
                # A bias here is a gate's: sigmoid(-2) = 0.12, mostly closed at the start.
                init.constant_(module.bias, -2.0)
        elif isinstance(module, RelativePositions):
            init.zeros_(module.content_bias)
            init.zeros_(module.position_bias)
        elif isinstance(module, nn.Embedding):
            init.normal_(module.weight, mean=0.0, std=std)
        elif isinstance(module, nn.RMSNorm):
            init.ones_(module.weight)


class RetroModel(RetroPreTrainedModel):
    """Decoder and encoder (arXiv 2112.04426, algorithm 1)."""

    def __init__(self, config: RetroConfig) -> None:
        super().__init__(config)
        self.decoder = RetroDecoder(config)
        self.encoder = RetroEncoder(config) if config.cca_layers else None
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.decoder.embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        assert isinstance(value, nn.Embedding)
        self.decoder.embed_tokens = value

    def forward(
        self,
        input_ids: Tensor,
        neighbor_ids: Tensor | None = None,
        neighbor_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        cache: RetroCache | None = None,
        position_ids: Tensor | None = None,
        *,
        output_shares: bool = False,
        is_prompt: bool = False,
    ) -> RetroHidden:
        """Run the network; arguments as in `RetroForCausalLM.forward`."""
        if is_prompt:
            raise SettingsError(
                "is_prompt: chunked cross-attention reads a chunk's neighbors only after it; leave it out"
            )
        if cache is not None and cache.encoded_neighbors is not None and self.config.encoder_conditioned:
            raise SettingsError(
                "encoded neighbors can be kept only where encoder_conditioned is false: here what is encoded "
                "depends on the chunk that retrieved; leave them out"
            )
        place = check_inputs(self.config, input_ids, neighbor_ids, neighbor_mask, attention_mask, cache)
        joined = join_new_chunks(neighbor_ids, neighbor_mask, place, cache, vocab_size=self.config.vocab_size)

        def retrieve(hidden: Tensor) -> PassNeighbors | None:
            return self._encode_neighbors(hidden, joined, attention_mask, place, cache)

        shares: list[Tensor] | None = [] if output_shares else None
        hidden, neighbors = self.decoder(
            input_ids,
            retrieve=retrieve,
            attention_mask=attention_mask,
            cache=cache,
            shares=shares,
            position_ids=position_ids,
        )
        if cache is not None:
            remember_last_chunk(cache, neighbors, given=neighbor_ids is not None)
        mean = torch.stack(shares).mean(0) if shares else None
        return RetroHidden(hidden, neighbors, mean)

    def _encode_neighbors(
        self,
        hidden: Tensor,
        neighbors: PassNeighbors | None,
        attention_mask: Tensor | None,
        place: PassPlace,
        cache: RetroCache | None,
    ) -> PassNeighbors | None:
        """Encode the neighbors of the chunks that a pass completes: E = ENCODER(RET(C), H) of algorithm 1.

        Args:
            hidden: [B, T, D], activations after the self-attention of layer min P.
            neighbors: of the pass, ids and mask [B, C, K, R], of which the last N chunks are new; None: none.
            attention_mask: [B, length], 0 or False for padding; None: there is none.
            place: of the pass.
            cache: has the activations of a chunk that began before the pass, and keeps those of the last.

        Returns:
            The neighbors with [B, N, K, R, E] encoded.
        """
        # Also where nothing is read: the next pass may complete a chunk of which this one has a part.
        chunk_hidden = self._complete_chunks(hidden, cache)
        if neighbors is None:
            return None
        ids, mask = neighbors.of_new_chunks
        N = ids.shape[1]
        assert self.encoder is not None and self.config.encoder_hidden_size is not None
        if not N:
            return neighbors.with_encoded(hidden.new_zeros(*ids.shape, self.config.encoder_hidden_size))
        shared = self.decoder.embed_tokens if self.config.share_embeddings else None
        if cache is not None and cache.encoded_neighbors is not None:
            return neighbors.with_encoded(cache.encoded_neighbors.encode(self.encoder, ids, mask, shared))
        chunk_mask = None if attention_mask is None else place.new_chunks_of(attention_mask.bool(), N)
        encoded = self.encoder(ids, mask, chunk_hidden[:, :N], chunk_mask, shared_embedding=shared)
        return neighbors.with_encoded(encoded)

    def _complete_chunks(self, hidden: Tensor, cache: RetroCache | None) -> Tensor:
        """Activations [B, C, M, D] of the chunks that this pass completes; the rest waits in the cache."""
        M = self.config.chunk_size
        if cache is not None:
            cache.remember(hidden)
        if cache is not None and cache.partial is not None:
            hidden = torch.cat([cache.partial, hidden], dim=1)
        num_complete = hidden.shape[1] // M
        if cache is not None:
            cache.partial = hidden[:, num_complete * M :].clone()  # not a view of the whole prompt
        return hidden[:, : num_complete * M].unflatten(1, (num_complete, M))
