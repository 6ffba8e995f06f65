"""One text of a running batch: what it was given, what is written of it, and how its next token is chosen."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from openbook.generation.book_drafts import LONGEST_ENDING, MOST_PROPOSED, propose
from openbook.generation.copied_spans import copied_token
from openbook.generation.decoded_token import DecodedToken, TokenLogprob
from openbook.generation.joint_search import NeighborSource
from openbook.generation.memory import Memory
from openbook.generation.sampling import Sampling
from openbook.model.copy_head import CopyDistribution

IsDone = Callable[[list[DecodedToken]], bool]
"""Is called after each token with all that are written; True ends the text."""


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """Where decoding ends, and how tokens are drawn."""

    max_new_tokens: int
    sampling: Sampling
    eos_id: int
    seed: int
    end_ids: frozenset[int] = frozenset()
    """Other tokens that end the text, as `eos_id` does."""
    min_new_tokens: int = 0
    """Before so many tokens are written, none of these is drawn."""
    num_logprobs: int | None = None
    """How many of the likeliest tokens are told at each place; 0: the written token's alone; None: none."""
    stride: int | None = None
    """Tokens after which something is looked up, counted from each chunk border; None: a chunk."""
    look_ahead: int = 0
    """Tokens before a look-up at which its search begins, with the M tokens before it."""
    needs_neighbors: bool = False
    """Write nothing where the prompt finds none."""
    is_alone: bool = False
    """Write it while nothing else is written, because its length changes what the model makes of others."""
    drafts: bool = False
    """Check drafts from the book, where the text is the only one of its batch; needs a temperature of 0."""
    window: int | None = None
    """Tokens that the model reads at a time, whole chunks, at least two; None: all of the text."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a pass says of the token after a row's last.

    logits: [V].
    shares: [K] of the attention that each neighbor got; None: nothing was read.
    copied: of this row and place, B = T = 1; None: nothing could be copied.
    """

    logits: Tensor
    shares: Tensor | None
    copied: CopyDistribution | None


class BatchRow:
    """A text that is written.

    Args:
        prompt: at least one token.
        settings: see there.
        source: gives neighbors; None: without retrieval.
        is_done: see `IsDone`; None: no text ends it.
        memory: of what leaves the window; None: it is lost.

    Attributes:
        written: without the token that ends the text.
        reads: for each look-up the neighbors' ids and mask [C, K, R]; those of the last chunk are read on.
        passes: of the model, in which tokens were written.
        proposed: tokens in drafts; accepted: those of them that were written.
        left: tokens at the text's beginning that have left the window.
        padding: places of its batch before its first token.
        ended: nothing more will be written.
        found_nothing: nothing is written, for the prompt found no neighbor, and needs one.
        error: why it cannot go on; None: nothing went wrong.
    """

    def __init__(
        self,
        prompt: list[int],
        settings: DecodingSettings,
        source: NeighborSource | None = None,
        is_done: IsDone | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.prompt = prompt
        self.settings = settings
        self.source = source
        self.written: list[DecodedToken] = []
        self.reads: list[tuple[Tensor, Tensor]] = []
        self.passes = self.proposed = self.accepted = 0
        self.left = self.padding = 0
        self.ended = self.found_nothing = False
        self.error: Exception | None = None
        self._is_done = is_done
        self._memory = memory
        self._generator = torch.Generator().manual_seed(settings.seed)
        self._ends = sorted({settings.eos_id, *settings.end_ids})

    def in_window(self) -> list[int]:
        """The tokens that have not left the window; before anything is written, the prompt's."""
        return self._tokens(self.left, None)

    def outgrows(self) -> bool:
        """Whether the text has become as long as the window."""
        window, length = self.settings.window, len(self.prompt) + len(self.written) - self.left
        return window is not None and length >= window

    def leave(self, chunk_size: int) -> None:
        """Move the window on, at a chunk border, until it is half full; what leaves it is remembered.

        M = 4, window 16: chunks are counted from the text's beginning, so that whole ones leave

            the text     a a a a b b b b c c c c d d d d e e
            leaves       a a a a b b b b c c c c               12 of 18: so many that at most half is left
            chunks read                  . . d d d d e e       the first is padded, so that the last ends here

        Raises:
            DatabaseError: the memory cannot be written to.
        """
        assert self.settings.window is not None
        length = len(self.prompt) + len(self.written)
        left = -(-(length - self.settings.window // 2) // chunk_size) * chunk_size
        if self._memory is not None:
            self._memory.remember(self._tokens(self.left, left))
        self.left = left

    def _tokens(self, start: int, end: int | None) -> list[int]:
        return [*self.prompt, *(token.id for token in self.written)][start:end]

    def chunks_in_window(self, chunk_size: int) -> list[list[int]]:
        """Chunks of the window, of which the first may be shorter: on the left it is padded to whole ones."""
        tokens = self.in_window()
        first = chunk_size - -len(tokens) % chunk_size
        starts = range(first, len(tokens), chunk_size)
        return [tokens[:first], *(tokens[start : start + chunk_size] for start in starts)]

    def last_tokens(self, count: int) -> list[int]:
        """So many tokens before the next one, at most."""
        written = [token.id for token in self.written[-count:]]
        missing = count - len(written)
        return [*self.prompt[max(0, len(self.prompt) - missing) :], *written]

    def read(self, ids: Tensor, mask: Tensor) -> None:
        """Note the neighbors [C, K, R] of a look-up, which the tokens to come attend to."""
        self.found_nothing = self.settings.needs_neighbors and not self.reads and not bool(mask.any())
        self.ended |= self.found_nothing
        self.reads.append((ids, mask))

    def draft(self, most: int) -> list[int]:
        """Propose so many tokens at most to come next, out of the neighbors that are read."""
        room = min(most, MOST_PROPOSED, self.settings.max_new_tokens - len(self.written) - 1)
        if not self.settings.drafts or not self.reads or room < 1:
            return []
        ids, mask = self.reads[-1]
        sources = [row[exists].tolist() for row, exists in zip(ids[-1], mask[-1], strict=True)]
        return propose(self.last_tokens(LONGEST_ENDING), sources, most=room)

    def number_of_lookup(self, chunk_size: int) -> int:
        """Which look-up the next token reads, from 0: there are some at each border and between them.

        M = 8, stride 3     tokens written    0 1 2 3 4 5 6 7 | 8
                            look-up           0 0 0 1 1 1 2 2   3
        """
        stride = self.settings.stride or chunk_size
        chunk, place = divmod(len(self.written), chunk_size)
        return int(chunk * -(-chunk_size // stride) + place // stride)

    def fail(self, error: Exception) -> None:
        """End without a result."""
        self.error = error
        self.ended = True

    def add(self, predicted: Prediction, *, chunk_size: int, mixes: bool) -> None:
        """Draw the next token, and see whether the text ends.

        Args:
            predicted: of the token after the last one.
            chunk_size: M.
            mixes: there is a copy head, so logits may be log-probabilities or not.
        """
        logits = predicted.logits.log_softmax(-1) if mixes else predicted.logits
        settings = self.settings
        scores = settings.sampling.penalized(logits, self.prompt, [token.id for token in self.written])
        if len(self.written) < settings.min_new_tokens:
            scores = scores.index_fill(0, torch.tensor(self._ends, device=scores.device), -torch.inf)
        token = settings.sampling.draw(scores, self._generator)
        if token in self._ends:
            self.ended = True
            return
        self.written.append(self._decoded(token, predicted, logits, chunk_size))
        if self._is_done is not None and self._is_done(self.written):
            self.ended = True
        self.ended = self.ended or len(self.written) >= settings.max_new_tokens

    def _decoded(self, token: int, predicted: Prediction, logits: Tensor, chunk_size: int) -> DecodedToken:
        # Others of a batch may read more.
        num_neighbors = self.reads[-1][0].shape[1] if self.reads else 0
        shares = [] if predicted.shares is None else predicted.shares[:num_neighbors].tolist()
        source = copied_token(predicted.copied, logits, token, retrieved_length=2 * chunk_size)
        chunk = self.number_of_lookup(chunk_size)
        if self.settings.num_logprobs is None:
            return DecodedToken(token, chunk, shares, source)
        log_probs = logits.log_softmax(-1)
        best = log_probs.topk(min(self.settings.num_logprobs, len(log_probs)))
        likeliest = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        pairs = tuple(TokenLogprob(*pair) for pair in likeliest)
        return DecodedToken(token, chunk, shares, source, float(log_probs[token]), pairs)
