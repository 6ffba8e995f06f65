"""Where questions and answers stand in samples; of chunked cross-attention every answer token reads."""

import numpy as np
import pytest
import torch

from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.batch import collate
from openbook.train.question_layout import (
    ChunkedLayout,
    PromptLayout,
    QuestionLayout,
    Sample,
    collate_prompts,
)

M = 8
PAD = 0


def neighbors(count: int = 2) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(1)
    mask = np.ones((count, 2 * M), dtype=np.bool_)
    mask[-1, 5:] = False
    return drawn.integers(1, 50, size=mask.shape), mask


def made(layout: QuestionLayout, question: list[int], answer: list[int]) -> Sample:
    return layout.sample(question, answer, *neighbors())


@pytest.fixture(scope="module")
def model() -> RetroForCausalLM:
    """Conditioned: the encoder reads the chunk of the question."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = RetroConfig(vocab_size=50, chunk_size=M, cca_layers=[2, 3], copy_head=True, **sizes)
    return RetroForCausalLM(config).double().eval()


def test_a_prompt_and_its_answer_stand_together_at_the_end() -> None:
    sample = made(PromptLayout(12, PAD), [1, 2, 3], [4, 5])
    assert sample["input_ids"].tolist() == [PAD] * 7 + [1, 2, 3, 4, 5]
    assert sample["labels"].tolist() == [-100] * 10 + [4, 5]
    assert sample["attention_mask"].tolist() == [0] * 7 + [1] * 5
    assert sample["position_ids"].tolist() == [0] * 7 + [0, 1, 2, 3, 4]
    assert sample["neighbor_ids"].shape == (1, 2, 2 * M)
    assert bool(sample["is_prompt"])


def test_a_prompt_has_room_for_what_its_question_leaves() -> None:
    assert [PromptLayout(12, PAD).room_beside(count) for count in (3, 11, 12, 13)] == [9, 1, 0, 0]


def test_a_prefix_takes_room_of_a_question() -> None:
    layout = ChunkedLayout(3 * M, PAD, M, prefix=(9, 9))
    assert [layout.room_beside(count) for count in (2 * M - 2, 2 * M - 1)] == [M, 0]


def test_a_question_ends_where_a_chunk_ends_and_its_answer_follows() -> None:
    sample = made(ChunkedLayout(2 * M, PAD, M, prefix=(9,)), [1, 2, 3], [4, 5])
    assert sample["input_ids"].tolist() == [PAD] * 4 + [9, 1, 2, 3] + [4, 5] + [PAD] * 6
    assert sample["labels"].tolist() == [-100] * 8 + [4, 5] + [-100] * 6
    assert sample["attention_mask"].tolist() == [0] * 4 + [1] * 12
    assert sample["position_ids"].tolist() == [0] * 4 + list(range(12))
    assert "is_prompt" not in sample
    ids, mask = neighbors()
    assert np.array_equal(sample["neighbor_ids"][0], ids)
    assert np.array_equal(sample["neighbor_mask"][0], mask)
    assert not sample["neighbor_mask"][1].any()  # the answer looks nothing up


def test_all_chunks_of_a_question_have_its_neighbors_and_no_others() -> None:
    layout = ChunkedLayout(3 * M + 4, PAD, M)
    assert [layout.room_beside(count) for count in (1, 3 * M, 3 * M + 1)] == [4, 4, 0]
    shown = made(layout, list(range(1, M + 3)), [4])["neighbor_mask"].any((1, 2))
    assert shown.tolist() == [False, True, True]
    assert made(layout, list(range(1, M + 1)), [4])["neighbor_mask"].any((1, 2)).tolist() == [
        False,
        False,
        True,
    ]
    assert made(layout, [1] * 3 * M, [4])["neighbor_mask"].any((1, 2)).all()


@pytest.mark.parametrize("size", [3, M, M + 2])
def test_every_token_of_an_answer_reads(model: RetroForCausalLM, size: int) -> None:
    """By gradients: each loss of the answer, the first one too, depends on the neighbors."""
    layout = ChunkedLayout(3 * M, PAD, M)
    sample = made(layout, list(range(1, size + 1)), [21, 22, 23])
    batch = collate([sample])
    for place in range(layout.begin, layout.begin + 3):
        labels = torch.full_like(batch["labels"], -100)
        labels[0, place] = batch["labels"][0, place]
        model.zero_grad()
        model(**(batch | {"labels": labels}), return_logits=False).loss.backward()
        key_value = model.model.decoder.layers[1].cca.key_value.weight.grad
        assert key_value is not None and bool(key_value.abs().sum() > 0), place


def test_padding_changes_no_loss(model: RetroForCausalLM) -> None:
    """Neither that on the left of the question nor that after the answer."""
    question, answer = [1, 2, 3], [21, 22]
    losses = [
        model(**collate([made(ChunkedLayout(length, PAD, M), question, answer)])).loss.item()
        for length in (M + 2, M + 5, 2 * M, 3 * M)
    ]
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-9)


def test_what_pads_all_prompts_of_a_batch_is_left_out() -> None:
    samples = [made(PromptLayout(12, PAD), [1, 2, 3], [4, 5]), made(PromptLayout(12, PAD), [6], [7, 8])]
    batch, whole = collate_prompts(samples), collate(samples)
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4, 5], [PAD, PAD, 6, 7, 8]]
    assert batch["labels"].tolist() == [[-100] * 3 + [4, 5], [-100] * 3 + [7, 8]]
    assert batch["attention_mask"].tolist() == [[1] * 5, [0, 0, 1, 1, 1]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 4], [0, 0, 0, 1, 2]]
    assert torch.equal(batch["neighbor_ids"], whole["neighbor_ids"])
    chunked = [made(ChunkedLayout(2 * M, PAD, M), [1], [2])]
    assert torch.equal(collate_prompts(chunked)["input_ids"], collate(chunked)["input_ids"])
