"""What decoding token by token remembers: keys and values, and the last chunk's neighbors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import LongTensor, Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from openbook.model.encoded_neighbors import EncodedNeighbors
from openbook.model.growing_layer import GrowingLayer
from openbook.model.positions import DistanceTable


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Neighbors of consecutive chunks, as the decoder reads them.

    Args:
        ids: int64 [B, C, K, R].
        mask: bool [B, C, K, R].
        first_chunk: the number of the first of these chunks in the sequence.
        encoded: [B, N, K, R, E] of the last N chunks: those that are new. The others' projections are cached.
    """

    ids: Tensor
    mask: Tensor
    first_chunk: int
    encoded: Tensor

    @property
    def num_chunks(self) -> int:
        """C."""
        return self.ids.shape[1]


FetchNeighbors = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Takes chunks [B, C, M] of tokens; gives their neighbors' ids and mask [B, C, K, R]."""


class RetroCache(DynamicCache):
    """transformers' cache, with the state that crosses chunk borders.

    Attributes:
        partial: [B, P, D] activations (after self-attention of layer min P) of the incomplete last chunk.
        last: the last complete chunk's neighbors, C = 1, or None.
        projected: for each reader of neighbors its projection of `last`, by the reader's name.
        tables: for each attention with relative positions what it made of distances, by its name.
        encoded_neighbors: a store to take encoded neighbors from, for models with an unconditioned encoder.
        retrieve: gives the neighbors of the chunks that are completed while transformers' `generate` writes
            with this cache; None: only those that it is called with are read.
        num_prefix: tokens that a retrofit put before the text; the cache holds them, and does not count them.
        prefix_begins: int64 [B], where in each row it put them; None: it put none.
        shift: int64 [B], how far each row has moved to the right since its keys were made, by padding on its
            left (see `openbook.model.cache_rows`); None: none has. Rotary keys hold the place they had.
        grid_offset: tokens before the first chunk border, 0 … M - 1, see `end_chunk_after`.
        num_recent: of how many last tokens `recent` is kept; 0: of none.
        recent: [B, at most num_recent, D] activations like those of `partial`.
        reads_prompt: whether all tokens of the last pass read `last`, as parts of a prompt do (reader `own`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.layer_class_to_replicate is DynamicLayer:
            self.layer_class_to_replicate = GrowingLayer
        self.partial: Tensor | None = None
        self.last: Retrieved | None = None
        self.projected: dict[str, Tensor] = {}
        self.tables: dict[str, DistanceTable] = {}
        self.encoded_neighbors: EncodedNeighbors | None = None
        self.retrieve: FetchNeighbors | None = None
        self.num_prefix = 0
        self.prefix_begins: Tensor | None = None
        self.shift: Tensor | None = None
        self.grid_offset = 0
        self.num_recent = 0
        self.recent: Tensor | None = None
        self.reads_prompt = False

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens of the text."""
        return max(0, super().get_seq_length(layer_idx) - self.num_prefix)

    def length_with_prefix(self) -> int:
        """Tokens that have keys and values."""
        return super().get_seq_length()

    def end_chunk_after(self, count: int, *, chunk_size: int) -> None:
        """Move the chunk borders, so that the next `count` tokens complete a chunk of the last M tokens.

        With M = 4, one more token, and all that is given with it:

            t t t t | t t t t | t t ?            before: the next border is two tokens on
                t t t t | t t t t                the last two and ? are the end of a chunk of M tokens

        The neighbors given with the last of them are read from it on; those read before are forgotten.

        Args:
            count: at least 1; with the tokens before them at least M.
            chunk_size: M.
        """
        length = self.get_seq_length() + count
        assert 1 <= count <= chunk_size <= length, f"{count} tokens after {length - count}, M = {chunk_size}"
        self.grid_offset = length % chunk_size
        self.last = None
        if self.partial is not None:
            missing = chunk_size - count
            assert self.recent is not None and self.recent.shape[1] >= missing, "num_recent is too small"
            self.partial = self.recent[:, self.recent.shape[1] - missing :]

    def remember(self, hidden: Tensor) -> None:
        """Keep activations [B, T, D] of the tokens that were just read, as many as `recent` has room for."""
        if self.num_recent:
            joined = hidden if self.recent is None else torch.cat([self.recent, hidden], dim=1)
            self.recent = joined[:, -self.num_recent :].clone()

    def extend(self, name: str, new: Tensor | None, *, carried: bool) -> Tensor:
        """Append projections of new chunks [B, N, ...] to the last one's, and remember the newest.

        Args:
            name: of the reader.
            new: None if no chunk is new.
            carried: whether the last chunk before this pass is still read.
        """
        if new is None:
            return self.projected[name]
        joined = torch.cat([self.projected[name], new], dim=1) if carried else new
        self.projected[name] = new[:, -1:].clone()  # not a view, which would hold all the others
        return joined

    def table(self, name: str) -> DistanceTable:
        """Return what the attention of this name made of distances."""
        return self.tables.setdefault(name, DistanceTable())

    @property
    def is_croppable(self) -> bool:
        """No, not by any number: a chunk that was completed cannot be taken apart again."""
        return False

    def crop(self, tokens_to_remove: int) -> None:
        """Refuse, as transformers counts them from anywhere; see `take_back`."""
        raise NotImplementedError("a RetroCache takes back tokens of its incomplete chunk alone: take_back")

    def take_back(self, count: int, *, chunk_size: int) -> None:
        """Forget the last tokens, all of which are of the incomplete chunk.

        Args:
            count: at least 0.
            chunk_size: M.
        """
        incomplete = (self.get_seq_length() - self.grid_offset) % chunk_size
        assert 0 <= count <= incomplete, f"{count} tokens of a chunk that has {incomplete}"
        if count:
            super().crop(-count)
            if self.partial is not None:
                self.partial = self.partial[:, :-count]
            if self.recent is not None:
                self.recent = self.recent[:, :-count]

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Follow the beams (transformers' beam search)."""
        super().reorder_cache(cast(LongTensor, beam_idx))
        self._of_rows(lambda x: x.index_select(0, beam_idx))

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep these rows alone."""
        super().batch_select_indices(indices)
        self._of_rows(lambda x: x[indices])

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Have each row several times: many continuations of one prompt."""
        super().batch_repeat_interleave(repeats)
        self._of_rows(lambda x: x.repeat_interleave(repeats, dim=0))

    def reset(self) -> None:
        """Forget the sequence; the store of encoded neighbors stays."""
        super().reset()
        self.partial = self.last = None
        self.projected, self.tables = {}, {}
        self.num_prefix = self.grid_offset = 0
        self.reads_prompt = False
        self.prefix_begins = self.shift = self.recent = None

    def _of_rows(self, change: Callable[[Tensor], Tensor]) -> None:
        if self.partial is not None:
            self.partial = change(self.partial)
        if self.recent is not None:
            self.recent = change(self.recent)
        if self.last is not None:
            last = self.last
            self.last = Retrieved(change(last.ids), change(last.mask), last.first_chunk, change(last.encoded))
        self.projected = {name: change(kv) for name, kv in self.projected.items()}
        self.prefix_begins = None if self.prefix_begins is None else change(self.prefix_begins)
        self.shift = None if self.shift is None else change(self.shift)
