"""The network without its output: decoder, encoder, and how neighbors pass from one to the other."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import initialization as init

from openbook.errors import SettingsError
from openbook.model.attended_chunks import ChunkGrid
from openbook.model.cache import Retrieved, RetroCache
from openbook.model.checks import check_ids, check_inputs, new_chunks
from openbook.model.config import RetroConfig
from openbook.model.decoder import RetroDecoder
from openbook.model.encoder import RetroEncoder
from openbook.model.neighbors import PassNeighbors, join_chunks
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
        # Chunks are counted from the cache's grid.
        offset = cache.grid_offset if cache is not None else 0
        past = cache.get_seq_length() - offset if cache is not None else 0
        if cache is not None and cache.encoded_neighbors is not None and self.config.encoder_conditioned:
            raise SettingsError(
                "encoded neighbors can be kept only where encoder_conditioned is false: here what is encoded "
                "depends on the chunk that retrieved; leave them out"
            )
        M = self.config.chunk_size
        last = cache.last if cache is not None else None
        check_inputs(
            self.config,
            input_ids,
            neighbor_ids,
            neighbor_mask,
            attention_mask,
            past=past,
            last=last,
            grid_offset=offset,
        )
        num_new = (past + input_ids.shape[1]) // M - past // M
        given = new_chunks(neighbor_ids, neighbor_mask, num_new, pad=cache is not None)
        if given[0] is not None:
            check_ids("neighbor_ids", given[0], self.config.vocab_size)

        def retrieve(hidden: Tensor) -> PassNeighbors | None:
            return self._retrieve(hidden, *given, attention_mask, past, cache)

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

    def _retrieve(
        self,
        hidden: Tensor,
        ids: Tensor | None,
        mask: Tensor | None,
        attention_mask: Tensor | None,
        past: int,
        cache: RetroCache | None,
    ) -> PassNeighbors | None:
        """Encode the neighbors of the chunks that this pass completes, and join them to the last chunk's."""
        M = self.config.chunk_size
        first_new, num_new = past // M, (past + hidden.shape[1]) // M - past // M
        chunk_hidden = self._complete_chunks(hidden, cache)
        joined = join_chunks(None if cache is None else cache.last, ids, mask, first_new, num_new)
        if joined is None:
            return None
        all_ids, all_mask, first_chunk = joined
        carried = first_new - first_chunk
        new_ids, new_mask = all_ids[:, carried:], all_mask[:, carried:]
        C = new_ids.shape[1]
        chunk_mask = None
        if attention_mask is not None:
            begin = first_new * M + (0 if cache is None else cache.grid_offset)
            chunk_mask = attention_mask.bool()[:, begin : begin + C * M].unflatten(1, (C, M))
        assert self.encoder is not None and self.config.encoder_hidden_size is not None
        store = None if cache is None else cache.encoded_neighbors
        shared = self.decoder.embed_tokens if self.config.share_embeddings else None
        if C and store is not None:
            encoded = store.encode(self.encoder, new_ids, new_mask, shared)
        elif C:
            encoded = self.encoder(
                new_ids, new_mask, chunk_hidden[:, :C], chunk_mask, shared_embedding=shared
            )
        else:
            encoded = hidden.new_zeros(*new_ids.shape, self.config.encoder_hidden_size)
        retrieved = Retrieved(all_ids, all_mask, first_chunk, encoded)
        grid = ChunkGrid.of(
            past=past,
            num_tokens=hidden.shape[1],
            chunk_size=M,
            first_chunk=first_chunk,
            num_chunks=all_ids.shape[1],
        )
        return PassNeighbors(retrieved, grid, cache, carried)

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


def remember_last_chunk(cache: RetroCache, neighbors: PassNeighbors | None, *, given: bool) -> None:
    """Keep the newest complete chunk's neighbors for the tokens to come.

    Args:
        cache: after the pass, with the length it then has.
        neighbors: that the pass read.
        given: whether the pass was given neighbors; if not, a chunk that it completed has none.
    """
    if neighbors is None:
        cache.last = None
        return
    retrieved = neighbors.retrieved
    completed = retrieved.encoded.shape[1] > 0
    if completed and not given:
        cache.last = None
    elif completed:
        number = retrieved.first_chunk + retrieved.num_chunks - 1
        # What was encoded is done with; clones, for a view would hold all chunks of this pass.
        last = (retrieved.ids[:, -1:], retrieved.mask[:, -1:], retrieved.encoded[:, :0])
        ids, mask, encoded = (x.clone() for x in last)
        cache.last = Retrieved(ids, mask, number, encoded)
