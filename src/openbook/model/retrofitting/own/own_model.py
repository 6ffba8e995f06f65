"""The network without its output, where the base is its own encoder."""

from dataclasses import replace

import torch
from torch import Tensor
from transformers import PreTrainedModel

from openbook.errors import SettingsError
from openbook.model.attended_chunks import ChunkGrid
from openbook.model.cache import Retrieved, RetroCache
from openbook.model.checks import check_ids, check_inputs, new_chunks
from openbook.model.neighbors import PassNeighbors, join_chunks
from openbook.model.retro import RetroHidden, RetroModel, RetroPreTrainedModel, remember_last_chunk
from openbook.model.retrofitting.config import RetrofitConfig
from openbook.model.retrofitting.own.own_decoder import OwnDecoder


class OwnReaderModel(RetroModel):
    """A base that reads its neighbors itself, see `RetroModel`."""

    config_class = RetrofitConfig

    def __init__(self, config: RetrofitConfig, base: PreTrainedModel) -> None:
        RetroPreTrainedModel.__init__(self, config)  # RetroModel's own would make a decoder
        self.decoder = OwnDecoder(config, base)  # type: ignore[assignment]
        self.encoder = None
        self.post_init()

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
        if cache is not None and cache.encoded_neighbors is not None:
            raise SettingsError("encoded neighbors: reader 'own' has no encoder; leave them out")
        # Chunks are counted from the cache's grid.
        offset = cache.grid_offset if cache is not None else 0
        past = cache.get_seq_length() - offset if cache is not None else 0
        last = cache.last if cache is not None else None
        of_prompt = is_prompt and neighbor_ids is not None
        if of_prompt:
            assert neighbor_ids is not None
            neighbor_ids, neighbor_mask = self._of_last_chunk(neighbor_ids, neighbor_mask, input_ids)
            check_inputs(
                self.config, input_ids, None, None, attention_mask, past=past, last=None, grid_offset=offset
            )
            neighbors = self._prompt_neighbors(neighbor_ids, neighbor_mask, input_ids, past, cache)
        else:
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
            neighbors = self._pass_neighbors(neighbor_ids, neighbor_mask, input_ids, past, cache)
        computed: RetroHidden = self.decoder(
            input_ids,
            neighbors,
            attention_mask=attention_mask,
            cache=cache,
            position_ids=position_ids,
            output_shares=output_shares,
            is_prompt=of_prompt,
        )
        if cache is not None:
            remember_last_chunk(cache, neighbors, given=neighbor_ids is not None)
            cache.reads_prompt = of_prompt and neighbors is not None
        return computed

    def _pass_neighbors(
        self,
        ids: Tensor | None,
        mask: Tensor | None,
        input_ids: Tensor,
        past: int,
        cache: RetroCache | None,
    ) -> PassNeighbors | None:
        """Those of the last chunk before this pass and of the chunks that it completes, if any."""
        M, T = self.config.chunk_size, input_ids.shape[1]
        first_new = past // M
        num_new = (past + T) // M - first_new
        ids, mask = new_chunks(ids, mask, num_new, pad=cache is not None)
        if ids is not None:
            check_ids("neighbor_ids", ids, self.config.vocab_size)
        joined = join_chunks(None if cache is None else cache.last, ids, mask, first_new, num_new)
        if joined is None or not self._reads(joined[1], cache):
            return None
        all_ids, all_mask, first_chunk = joined
        carried = first_new - first_chunk
        grid = ChunkGrid.of(
            past=past, num_tokens=T, chunk_size=M, first_chunk=first_chunk, num_chunks=all_ids.shape[1]
        )
        retrieved = Retrieved(all_ids, all_mask, first_chunk, _nothing_encoded(all_ids[:, carried:]))
        return PassNeighbors(retrieved, grid, cache, carried)

    def _reads(self, mask: Tensor, cache: RetroCache | None) -> bool:
        """Whether the base is to read neighbors of which these tokens exist.

        In training it always is, also where none exists: what is computed then changes nothing. Processes
        that share weights out gather them in each pass, so all must pass through the base equally often; and
        copies wait for the gradients of all weights.
        """
        return (self.training and cache is None) or bool(mask.any())

    def _of_last_chunk(
        self, ids: Tensor, mask: Tensor | None, input_ids: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """The neighbors that a prompt reads, of all that were given.

        Raises:
            SettingsError: their shape does not fit.
        """
        B, R = input_ids.shape[0], 2 * self.config.chunk_size
        shape = ids.shape
        if len(shape) != 4 or shape[0] != B or shape[3] != R or 0 in shape[1:3]:
            raise SettingsError(
                f"neighbor_ids {list(shape)}: must be [B, C, K, R] = [{B}, C, K, {R}], C and K at least 1"
            )
        if mask is not None and mask.shape != shape:
            raise SettingsError(f"neighbor_mask {list(mask.shape)}: must be {list(shape)}, as neighbor_ids")
        return ids[:, -1:], None if mask is None else mask[:, -1:]

    def _prompt_neighbors(
        self, ids: Tensor, mask: Tensor | None, input_ids: Tensor, past: int, cache: RetroCache | None
    ) -> PassNeighbors | None:
        """All tokens of the pass read these; so do those after it, up to the end of the next chunk.

        The part of a prompt that follows another one reads what the cache has of them.
        """
        T = input_ids.shape[1]
        kept, exists = new_chunks(ids, mask, 1, pad=False)
        assert kept is not None and exists is not None
        check_ids("neighbor_ids", kept, self.config.vocab_size)
        if not self._reads(exists, cache):
            return None
        grid = ChunkGrid(num_tokens=T, skip=0, take=T, lead=0, rows=1, row_length=T, first=0)
        number = (past + T) // self.config.chunk_size - 1
        last = cache.last if cache is not None and cache.reads_prompt else None
        if cache is not None and last is not None and _are_equal(last, kept, exists):
            cache.last = replace(last, first_chunk=number)
            return PassNeighbors(
                Retrieved(kept, exists, number, _nothing_encoded(kept[:, :0])), grid, cache, carried=1
            )
        retrieved = Retrieved(kept, exists, number, _nothing_encoded(kept))
        return PassNeighbors(retrieved, grid, cache)


def _are_equal(last: Retrieved, ids: Tensor, mask: Tensor) -> bool:
    """Whether these neighbors [B, 1, K, R] are those that a cache holds."""
    return torch.equal(last.ids, ids) and torch.equal(last.mask, mask)


def _nothing_encoded(ids: Tensor) -> Tensor:
    """There is no encoder: for each neighbor token no number, [B, N, K, R, 0]; the decoder may know some."""
    return torch.zeros(*ids.shape, 0, device=ids.device)
