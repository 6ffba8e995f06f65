"""What gives each token of a text its loss: a model with some neighbors, and whatever is compared with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from openbook.database import NeighborRows
from openbook.evaluate.windows import Windows

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM


class Scorer(Protocol):
    """Reads some windows of a text."""

    def __call__(self, windows: Windows, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Nats [len(rows), T] of each token, 0 where none is predicted.

        Args:
            windows: the text.
            rows: int64 [B] of its samples, `windows.dataset[row]`.
        """


@dataclass(frozen=True, eq=False)
class ModelScorer:
    """A model that sees these neighbors; None: retrieval off."""

    model: "RetroForCausalLM"
    neighbors: NeighborRows | None = None

    def __call__(self, windows: Windows, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Scorer`."""
        import torch

        from openbook.model.batch import collate

        dataset = replace(windows.dataset, neighbors=self.neighbors)
        samples = [dataset[row] for row in rows]
        batch = collate(samples, self.model.device)
        with evaluating(self.model), torch.inference_mode():
            losses = self.model(**batch, return_logits=False).token_losses
        assert losses is not None
        nats: NDArray[np.float32] = losses.float().cpu().numpy()
        return nats


@contextmanager
def evaluating(model: "RetroForCausalLM") -> Iterator[None]:
    """Without dropout; afterwards the model is in the mode that it was in."""
    training = model.training
    model.train(False)
    try:
        yield
    finally:
        model.train(training)
