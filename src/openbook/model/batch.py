"""What stands between samples and a call of the model: batches of tensors, and the mode it reads in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from openbook.linear_kernel import LinearKernel


def collate(samples: Sequence[Mapping[str, Any]], device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """Stack samples into a batch of tensors, the keyword arguments of `RetroForCausalLM`.

    Args:
        samples: B of them with the same keys: arrays such as input_ids [T], neighbor_ids [C, K, R].
        device: where the tensors are to be.

    Returns:
        input_ids [B, T], neighbor_ids [B, C, K, R] and so on, dtypes as they are.
    """
    return {
        key: torch.from_numpy(np.stack([sample[key] for sample in samples])).to(device) for key in samples[0]
    }


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Read without dropout, by the faster kernel; afterwards the model is in the mode that it was in."""
    training = model.training
    model.train(False)
    try:
        with LinearKernel(model):
            yield
    finally:
        model.train(training)
