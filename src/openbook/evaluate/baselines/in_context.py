"""In-context retrieval (Ram et al. 2023, arXiv 2302.00083): neighbors stand in a plain decoder's prompt.

A chunk's tokens are predicted after the neighbors of the chunk before it, which are what RETRO sees there,
and after as much of the window's earlier text as still fits. It knows no index: neighbors are given.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openbook.database import NeighborRows
from openbook.database.neighbors.sequences import IGNORED_LABEL
from openbook.errors import SettingsError
from openbook.evaluate.baselines.plain_decoder import hidden_states, read_ids, token_nats
from openbook.evaluate.windows import Windows

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

_TOKENS_AT_ONCE = 8192
"""Of prompts in one pass; bounds the memory."""


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
        model: reads prompts of up to its `max_position_embeddings` tokens.
        neighbors: finds the rows [chunks, K], best first, of what is evaluated; asked once for each text.
        share: of the prompt, at most, is neighbors, best first: whole ones, only the best is cut to fit. The
            rest is the window's text.
        best_last: the best stands nearest to the text; else it stands first.

    Raises:
        SettingsError: a share outside 0 … 1, or one that leaves no room for the chunk and one before it.
    """

    model: "RetroForCausalLM"
    neighbors: Callable[[Windows], NeighborRows]
    _: KW_ONLY
    share: float = 0.5
    best_last: bool = True
    _found: tuple[Windows, NeighborRows] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise SettingsError(f"share {self.share}: of the prompt, must lie between 0 and 1")
        M, longest = self.model.config.chunk_size, self.model.config.max_position_embeddings
        if self._room < 1 or longest - self._room < 2 * M:
            raise SettingsError(
                f"a prompt of {longest} tokens with a share {self.share} of neighbors does not hold a "
                f"neighbor and two chunks of {M} tokens; train the baseline on longer sequences"
            )

    @property
    def _room(self) -> int:
        """Tokens of neighbors."""
        return int(self.share * self.model.config.max_position_embeddings)

    def __call__(self, windows: Windows, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Scorer`."""
        dataset = replace(windows.dataset, neighbors=self._neighbors(windows))
        samples = [dataset[row] for row in rows]
        ids = read_ids(samples)
        labels, neighbor_ids, mask = (
            np.stack([sample[key] for sample in samples])
            for key in ("labels", "neighbor_ids", "neighbor_mask")
        )
        nats = token_nats(self.model, hidden_states(self.model, ids), labels)
        chunks = labels.reshape(len(rows), -1, windows.chunk_size)
        prompts = self._prompts(ids, neighbor_ids, mask, np.any(chunks >= 0, axis=-1))
        step = max(1, _TOKENS_AT_ONCE // self.model.config.max_position_embeddings)
        for part in (prompts[start : start + step] for start in range(0, len(prompts), step)):
            where = [prompt.sample for prompt in part], [prompt.chunk for prompt in part]
            nats.reshape(chunks.shape)[where] = self._read(part, chunks[where])
        return nats

    def _neighbors(self, windows: Windows) -> NeighborRows:
        if self._found is None or self._found[0] is not windows:
            object.__setattr__(self, "_found", (windows, self.neighbors(windows)))
        assert self._found is not None
        return self._found[1]

    def _prompts(
        self,
        ids: NDArray[np.int64],
        neighbor_ids: NDArray[np.int64],
        mask: NDArray[np.bool_],
        wanted: NDArray[np.bool_],
    ) -> list[_Prompt]:
        """Of the wanted chunks [B, C] whose chunk before has neighbors [B, C-1, K, R]."""
        M, prompts = self.model.config.chunk_size, []
        for sample, before in np.argwhere(wanted[:, 1:] & mask.any((2, 3))).tolist():
            shown = self._shown(neighbor_ids[sample, before], mask[sample, before])
            past, chunk = np.split(ids[sample, : (before + 2) * M], [(before + 1) * M])
            past = past[past >= 0]
            start = max(0, len(past) + M + len(shown) - self.model.config.max_position_embeddings)
            prompts.append(_Prompt(np.concatenate([shown, past[start:], chunk]), sample, before + 1))
        return prompts

    def _shown(self, neighbor_ids: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Of neighbors [K, R] the tokens that fit, one after the other."""
        room = self._room
        parts: list[NDArray[np.int64]] = []
        for tokens in (row[there] for row, there in zip(neighbor_ids, mask, strict=True) if there.any()):
            if parts and len(tokens) > room:
                break
            parts.append(tokens[:room])
            room -= len(parts[-1])
        return np.concatenate(parts[::-1] if self.best_last else parts)

    def _read(self, prompts: list[_Prompt], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Nats [n, M] of the prompts' last chunks."""
        ends = np.array([len(prompt.ids) for prompt in prompts])
        ids = np.zeros((len(prompts), ends.max()), dtype=np.int64)  # nothing before the filling can see it
        for row, prompt in zip(ids, prompts, strict=True):
            row[: len(prompt.ids)] = prompt.ids
        # The last token of the text before predicts the chunk's first.
        places = ends[:, None] + np.arange(-labels.shape[1] - 1, 0)
        hidden = hidden_states(self.model, ids)[np.arange(len(ids))[:, None], places]
        after = np.pad(labels, ((0, 0), (1, 0)), constant_values=IGNORED_LABEL)
        return token_nats(self.model, hidden, after)[:, 1:]
