"""What gives each token of a text its loss: a model with some neighbors, and whatever is compared with it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM


class Samples(Protocol):
    """Samples by their number: a `SequenceDataset`, or one that adds to it."""

    def __getitem__(self, index: int, /) -> dict[str, NDArray[np.generic]]:
        """As `SequenceDataset` has it."""


class Scorer(Protocol):
    """Predicts the tokens of one text."""

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Nats [B, T] of each token, 0 where none is predicted.

        Args:
            rows: int64 [B], the numbers of samples in the text's dataset.
        """


@dataclass(frozen=True, eq=False)
class ModelScorer:
    """A model that reads samples with their neighbors, or without any: retrieval off.

    Args:
        model: left in the mode it was in.
        samples: of the text; `Windows.samples`.
    """

    model: "RetroForCausalLM"
    samples: Samples

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        import torch

        from openbook.model.batch import collate, evaluation_mode

        batch = collate([self.samples[row] for row in rows], self.model.device)
        with evaluation_mode(self.model), torch.inference_mode():
            losses = self.model(**batch, return_logits=False).token_losses
        assert losses is not None
        nats: NDArray[np.float32] = losses.float().cpu().numpy()
        return nats
