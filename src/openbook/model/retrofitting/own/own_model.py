"""The network without its output, where the base is its own encoder."""

from dataclasses import replace

import torch
from torch import Tensor
from transformers import PreTrainedModel

from openbook.errors import SettingsError
from openbook.model.attended_chunks import ChunkGrid
from openbook.model.cache import Retrieved, RetroCache
from openbook.model.checks import check_ids, check_inputs, new_chunks
from openbook.model.neighbors import (
    PassNeighbors,
    join_new_chunks,
    nothing_encoded,
    remember_last_chunk,
)
from openbook.model.pass_place import PassPlace
from openbook.model.retro import RetroHidden, RetroModel, RetroPreTrainedModel
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
        of_prompt = is_prompt and neighbor_ids is not None
        if of_prompt:
            assert neighbor_ids is not None
            neighbor_ids, neighbor_mask = self._of_last_chunk(neighbor_ids, neighbor_mask, input_ids)
            place = check_inputs(self.config, input_ids, None, None, attention_mask, cache)
            neighbors = self._prompt_neighbors(neighbor_ids, neighbor_mask, place, cache)
        else:
            place = check_inputs(self.config, input_ids, neighbor_ids, neighbor_mask, attention_mask, cache)
            neighbors = self._pass_neighbors(neighbor_ids, neighbor_mask, place, cache)
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
        self, ids: Tensor | None, mask: Tensor | None, place: PassPlace, cache: RetroCache | None
    ) -> PassNeighbors | None:
        """Those of the last chunk before this pass and of the chunks that it completes, if any."""
        joined = join_new_chunks(ids, mask, place, cache, vocab_size=self.config.vocab_size)
        if joined is None or not self._reads(joined.retrieved.mask, cache):
            return None
        return joined

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
        self, ids: Tensor, mask: Tensor | None, place: PassPlace, cache: RetroCache | None
    ) -> PassNeighbors | None:
        """All tokens of the pass read these; so do those after it, up to the end of the next chunk.

        The part of a prompt that follows another one reads what the cache has of them.
        """
        T = place.num_tokens
        kept, exists = new_chunks(ids, mask, 1, pad=False)
        assert kept is not None and exists is not None
        check_ids("neighbor_ids", kept, self.config.vocab_size)
        if not self._reads(exists, cache):
            return None
        grid = ChunkGrid(num_tokens=T, skip=0, take=T, lead=0, rows=1, row_length=T, first=0)
        number = place.end_chunk - 1
        last = cache.last if cache is not None and cache.reads_prompt else None
        if cache is not None and last is not None and _are_equal(last, kept, exists):
            cache.last = replace(last, first_chunk=number)
            return PassNeighbors(
                Retrieved(kept, exists, number, nothing_encoded(kept[:, :0])), grid, cache, carried=1
            )
        retrieved = Retrieved(kept, exists, number, nothing_encoded(kept))
        return PassNeighbors(retrieved, grid, cache)


def _are_equal(last: Retrieved, ids: Tensor, mask: Tensor) -> bool:
    """Whether these neighbors [B, 1, K, R] are those that a cache holds."""
    return torch.equal(last.ids, ids) and torch.equal(last.mask, mask)
