"""In-context retrieval (Ram et al. 2023, arXiv 2302.00083): neighbors stand in a plain decoder's prompt.

A chunk's tokens are predicted after the neighbors of the chunk before it, which are what RETRO sees there,
and after as much of the window's earlier text as still fits:

    window          c0  c1  c2  c3
    prompt of c3    [2nd of c2] [1st of c2]  c1  c2  c3      c0 has no room any more
                                                     --      these tokens' losses are taken

It knows no index: neighbors are given.
"""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database import SequenceDataset
from openbook.database.neighbors.sequences import IGNORED_LABEL
from openbook.errors import SettingsError
from openbook.evaluate.baselines.plain_decoder import hidden_states, stack_ids, token_nats

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM


@dataclass(frozen=True, slots=True)
class _Prompt:
    """Ids that end with chunk `chunk` of the batch's sample `sample`."""

    ids: NDArray[np.int64]
    sample: int
    chunk: int


@dataclass(frozen=True, eq=False)
class InContextScorer:
    """A `Scorer`: one pass of the decoder for each chunk that has neighbors; the others are read plainly.

    Args:
        model: reads prompts as long as the sequences of its training.
        samples: of the text, with neighbors; `Windows.samples`.
        share: of the prompt, at most, is neighbors, best first: whole ones, only the best is cut to fit. The
            rest is the window's text.
        best_last: the best stands nearest to the text; else it stands first.
        tokens_at_once: of prompts in one pass; bounds the memory.

    Raises:
        SettingsError: a share outside 0 … 1, or one that leaves no room for the chunk and one before it.
    """

    model: "RetroForCausalLM"
    samples: SequenceDataset
    _: KW_ONLY
    share: float = 0.5
    best_last: bool = True
    tokens_at_once: int = 8192

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise SettingsError(f"share {self.share}: of the prompt, must lie between 0 and 1")
        M, longest = self.model.config.chunk_size, self.model.config.training_length
        if self._room < 1 or longest - self._room < 2 * M:
            raise SettingsError(
                f"a prompt of {longest} tokens with a share {self.share} of neighbors does not hold a "
                f"neighbor and two chunks of {M} tokens; train the baseline on longer sequences"
            )

    @property
    def _room(self) -> int:
        """Tokens of neighbors."""
        return int(self.share * self.model.config.training_length)

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        samples = [self.samples[row] for row in rows]
        ids = stack_ids(samples)
        labels, neighbor_ids, mask = (
            np.stack([sample[key] for sample in samples])
            for key in ("labels", "neighbor_ids", "neighbor_mask")
        )
        nats = token_nats(self.model, hidden_states(self.model, ids), labels)
        chunks = labels.reshape(len(rows), -1, self.model.config.chunk_size)
        prompts = self._prompts(ids, neighbor_ids, mask, np.any(chunks >= 0, axis=-1))
        step = max(1, self.tokens_at_once // self.model.config.training_length)
        for part in (prompts[start : start + step] for start in range(0, len(prompts), step)):
            where = [prompt.sample for prompt in part], [prompt.chunk for prompt in part]
            nats.reshape(chunks.shape)[where] = self._nats_of_last_chunks(part, chunks[where])
        return nats

    def _prompts(
        self,
        ids: NDArray[np.int64],
        neighbor_ids: NDArray[np.int64],
        mask: NDArray[np.bool_],
        wanted: NDArray[np.bool_],
    ) -> list[_Prompt]:
        """Of the wanted chunks [B, C] whose chunk before has neighbors [B, C-1, K, R]."""
        M, longest = self.model.config.chunk_size, self.model.config.training_length
        prompts = []
        for sample, before in np.argwhere(wanted[:, 1:] & mask.any((2, 3))).tolist():
            neighbors = self._neighbor_tokens(neighbor_ids[sample, before], mask[sample, before])
            past, chunk = np.split(ids[sample, : (before + 2) * M], [(before + 1) * M])
            past = past[past >= 0]
            start = max(0, len(past) + M + len(neighbors) - longest)
            prompts.append(_Prompt(np.concatenate([neighbors, past[start:], chunk]), sample, before + 1))
        return prompts

    def _neighbor_tokens(self, neighbor_ids: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Of neighbors [K, R] the tokens that fit, one after the other."""
        room = self._room
        parts: list[NDArray[np.int64]] = []
        for tokens in (row[there] for row, there in zip(neighbor_ids, mask, strict=True) if there.any()):
            if parts and len(tokens) > room:
                break
            parts.append(tokens[:room])
            room -= len(parts[-1])
        return np.concatenate(parts[::-1] if self.best_last else parts)

    def _nats_of_last_chunks(self, prompts: list[_Prompt], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Nats [n, M] of the prompts' last chunks, whose labels [n, M] are.

        Prompts are padded on the right. With M = 2, of prompts of 5 and 4 tokens:

            ids       a b c d e      ends  5      places  2 3 4
                      f g h i .            4              1 2 3

        The last token of the text before (c, g) predicts the chunk's first (d, h).
        """
        ends = np.array([len(prompt.ids) for prompt in prompts])
        ids = np.zeros((len(prompts), ends.max()), dtype=np.int64)  # nothing before the padding can see it
        for row, prompt in zip(ids, prompts, strict=True):
            row[: len(prompt.ids)] = prompt.ids
        places = ends[:, None] + np.arange(-labels.shape[1] - 1, 0)
        hidden = hidden_states(self.model, ids)[np.arange(len(ids))[:, None], places]
        with_token_before = np.pad(labels, ((0, 0), (1, 0)), constant_values=IGNORED_LABEL)
        return token_nats(self.model, hidden, with_token_before)[:, 1:]
