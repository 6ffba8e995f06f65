"""Where the tokens of one forward pass lie among the chunks."""

from dataclasses import dataclass

from torch import Tensor

from openbook.model.attended_chunks import ChunkGrid
from openbook.model.cache import RetroCache


@dataclass(frozen=True, slots=True)
class PassPlace:
    """Counts chunks, which begin at the cache's first border; chunks and tokens are counted from 0.

    A pass may begin inside a chunk. With M = 4, T = 7 tokens after 8, the first border after 2 of these:

        text         . . | . . . . | . . T T | T T T T | T
        offset       └─┘                                       = 2
        past               └───────────┘                       = 6
        chunk              0         1         2         3
        completed                    new       new             first_new = 6 // 4 = 1
                                                               num_new = (6 + 7) // 4 - 1 = 2
        reads of                         0 1   1 1 1 2   2     chunk (i + 1) // 4 - 1, with i from past on

    Chunk 1 began before the pass and ends in it: it is new, and its neighbors are given with the pass. Those
    of chunk 0, the last one before, are carried in the cache, for the tokens before the last of chunk 1.
    Chunk 3 stays incomplete; a later pass completes it, and is given its neighbors.
    """

    offset: int
    """Tokens before the first border, see `RetroCache.grid_offset`; they belong to no chunk."""
    past: int
    """Tokens from there to the pass."""
    num_tokens: int
    """T."""
    chunk_size: int
    """M."""

    @classmethod
    def of(cls, cache: RetroCache | None, *, num_tokens: int, chunk_size: int) -> "PassPlace":
        """Find the place of the T tokens after those in a cache; None: there are none before."""
        if cache is None:
            return cls(0, 0, num_tokens, chunk_size)
        return cls(cache.grid_offset, cache.get_seq_length() - cache.grid_offset, num_tokens, chunk_size)

    @property
    def length(self) -> int:
        """Tokens of the whole text, this pass included."""
        return self.offset + self.past + self.num_tokens

    @property
    def end_chunk(self) -> int:
        """The number of the chunk after those that are complete when the pass is over."""
        return (self.past + self.num_tokens) // self.chunk_size

    @property
    def first_new(self) -> int:
        """The number of the first chunk that the pass completes, if it completes any."""
        return self.past // self.chunk_size

    @property
    def num_new(self) -> int:
        """Chunks that the pass completes."""
        return self.end_chunk - self.first_new

    def new_chunks_of(self, x: Tensor, count: int) -> Tensor:
        """Take the first `count` new chunks of a tensor over the text: [B, length] → [B, count, M]."""
        begin = self.offset + self.first_new * self.chunk_size
        return x[:, begin : begin + count * self.chunk_size].unflatten(1, (count, self.chunk_size))

    def grid(self, *, first_chunk: int, num_chunks: int) -> ChunkGrid:
        """Say which tokens of the pass attend to which of `num_chunks` chunks from `first_chunk` on."""
        return ChunkGrid.of(
            past=self.past,
            num_tokens=self.num_tokens,
            chunk_size=self.chunk_size,
            first_chunk=first_chunk,
            num_chunks=num_chunks,
        )
