"""top-p keeps the tokens that transformers' warper keeps."""

import pytest
import torch
from transformers import TopPLogitsWarper

from openbook.generation.nucleus import NucleusWarper


@pytest.mark.parametrize("size", [5, 1024, 1025, 9000])
@pytest.mark.parametrize("sharpness", [0.0, 0.3, 1.0, 3.0, 30.0])
@pytest.mark.parametrize("top_p", [1e-6, 0.1, 0.5, 0.95, 0.999999])
def test_the_same_tokens_are_kept(size: int, sharpness: float, top_p: float) -> None:
    generator = torch.Generator().manual_seed(size)
    scores = sharpness * torch.randn(1, size, generator=generator, dtype=torch.float64)
    scores += 1e-9 * torch.arange(size)  # none are equal
    found = NucleusWarper(top_p)(None, scores)
    expected = TopPLogitsWarper(top_p)(torch.empty((1, 0), dtype=torch.long), scores)
    assert torch.equal(found, expected)


def test_tokens_that_top_k_left_out_stay_out() -> None:
    scores = torch.full((1, 3000), -torch.inf, dtype=torch.float64)
    scores[0, [7, 2000]] = torch.tensor([1.0, 0.9], dtype=torch.float64)
    assert torch.equal(NucleusWarper(0.95)(None, scores), scores)
