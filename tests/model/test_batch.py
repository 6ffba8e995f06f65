"""Around a call of the model: batches, and the mode that it reads in."""

import numpy as np
import pytest
import torch
from torch import nn

from openbook.linear_kernel import LinearKernel
from openbook.model.batch import collate, evaluation_mode


def test_samples_are_stacked_as_they_are() -> None:
    samples = [{"input_ids": np.arange(3) + n, "mask": np.array([True, n == 0, False])} for n in (0, 1)]
    batch = collate(samples)
    assert batch["input_ids"].tolist() == [[0, 1, 2], [1, 2, 3]]
    assert batch["input_ids"].dtype == torch.int64
    assert batch["mask"].tolist() == [[True, True, False], [True, False, False]]


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_restored_also_after_an_error(training: bool) -> None:
    model = nn.Sequential(nn.Dropout(0.5)).train(training)
    with pytest.raises(RuntimeError), evaluation_mode(model):
        assert not model.training
        assert not model[0].training
        raise RuntimeError
    assert model.training is training
    assert model[0].training is training


def test_reading_takes_the_faster_kernel() -> None:
    model = nn.Linear(3, 3)
    with evaluation_mode(model):
        within = set(vars(model))
    assert within - set(vars(model)) == ({"forward"} if LinearKernel(model)._maps else set())
