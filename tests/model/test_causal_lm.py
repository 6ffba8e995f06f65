import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from openbook.errors import SettingsError

from .tiny import M, R, V, draw_inputs, tiny_model


def losses_by_hand(logits: Tensor, labels: Tensor) -> list[list[float]]:
    """-log softmax(logits at the position before)[label], 0 where there is none."""
    losses = []
    for row, row_labels in zip(logits.tolist(), labels.tolist(), strict=True):
        losses.append([0.0] * len(row_labels))
        for t in range(1, len(row_labels)):
            if row_labels[t] >= 0:
                largest = max(row[t - 1])
                total = sum(math.exp(logit - largest) for logit in row[t - 1])
                losses[-1][t] = math.log(total) + largest - row[t - 1][row_labels[t]]
    return losses


# Loss


@pytest.mark.parametrize("copy_head", [False, True])
@pytest.mark.parametrize("neighbors", [0, 2])
def test_the_loss_is_the_cross_entropy_of_the_logits(neighbors: int, copy_head: bool) -> None:
    """Log-probabilities are their own log-softmax, so one formula serves with and without a copy head."""
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs(ragged=True, neighbors=neighbors)
    out = model(**inputs.asdict(), labels=inputs.input_ids)
    by_hand = torch.tensor(losses_by_hand(out.logits, inputs.input_ids))
    torch.testing.assert_close(out.token_losses, by_hand, atol=1e-5, rtol=1e-5, check_dtype=False)
    assert out.loss.item() == pytest.approx(float(by_hand.sum()) / (2 * 10), rel=1e-5)
    assert out.loss.shape == ()


def test_token_losses_stand_at_the_labels_own_positions() -> None:
    inputs = draw_inputs(tokens=6)
    out = tiny_model()(**inputs.asdict(), labels=inputs.input_ids)
    expected = -out.logits.log_softmax(-1)[1, 3, inputs.input_ids[1, 4]]
    assert out.token_losses.shape == (2, 6)
    assert out.token_losses[1, 4].item() == pytest.approx(expected.item(), rel=1e-5)
    assert not out.token_losses[:, 0].any()


@pytest.mark.parametrize("copy_head", [False, True])
def test_ignored_labels_cost_nothing_and_are_not_counted(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs()
    labels = inputs.input_ids.clone()
    labels[0, :5] = -100
    labels[1, 7] = -100
    labels[1, 0] = -100  # predicts nothing anyway
    every = model(**inputs.asdict(), labels=inputs.input_ids)
    some = model(**inputs.asdict(), labels=labels)
    counted = labels[:, 1:] >= 0
    assert not some.token_losses[labels < 0].any()
    # Not to the bit: some processors round a product of fewer rows otherwise.
    torch.testing.assert_close(some.token_losses[:, 1:][counted], every.token_losses[:, 1:][counted])
    mean = every.token_losses[:, 1:][counted].mean().item()
    assert some.loss.item() == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("tokens", [1, 6])
def test_a_loss_over_no_label_is_zero_and_teaches_nothing(tokens: int) -> None:
    model, inputs = tiny_model(), draw_inputs(tokens=tokens, neighbors=0)
    loss = model(**inputs.asdict(), labels=torch.full_like(inputs.input_ids, -100)).loss
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("count", [7, torch.tensor(7)])
def test_num_items_in_batch_replaces_the_number_of_labels(count: int | Tensor) -> None:
    model, inputs = tiny_model(), draw_inputs()
    plain = model(**inputs.asdict(), labels=inputs.input_ids)
    out = model(**inputs.asdict(), labels=inputs.input_ids, num_items_in_batch=count)
    assert out.loss.item() == pytest.approx(plain.token_losses.sum().item() / 7, rel=1e-6)


def test_the_trainer_sees_that_the_model_divides_by_the_whole_batch(tmp_path: Path) -> None:
    """transformers' Trainer passes num_items_in_batch to models that take further keywords."""
    from transformers import Trainer, TrainingArguments

    trainer = Trainer(tiny_model(), TrainingArguments(output_dir=str(tmp_path), report_to=[], use_cpu=True))
    assert trainer.model_accepts_loss_kwargs


@pytest.mark.parametrize("copy_head", [False, True])
def test_the_loss_needs_no_logits_returned(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs(ragged=True)
    out = model(**inputs.asdict(), labels=inputs.input_ids)
    spared = model(**inputs.asdict(), labels=inputs.input_ids, return_logits=False)
    assert spared.logits is None
    assert torch.equal(spared.loss, out.loss)
    assert torch.equal(spared.token_losses, out.token_losses)


@pytest.mark.parametrize("copy_head", [False, True])
@pytest.mark.parametrize("start", [0, 3, 8])
def test_logits_of_the_last_positions_alone(copy_head: bool, start: int) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs(ragged=True)
    whole = model(**inputs.asdict()).logits
    torch.testing.assert_close(model(**inputs.asdict(), logits_from=start).logits, whole[:, start:])


def test_without_labels_there_is_no_loss() -> None:
    out = tiny_model()(**draw_inputs().asdict())
    assert out.loss is None
    assert out.token_losses is None
    assert out.neighbor_shares is None


# Copy head and shares


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("neighbors", [0, 2])
def test_logits_of_a_copy_head_are_log_probabilities(neighbors: int, dtype: torch.dtype) -> None:
    model, inputs = tiny_model(copy_head=True).to(dtype), draw_inputs(ragged=True, neighbors=neighbors)
    out = model(**inputs.asdict(), labels=inputs.input_ids)
    sums = out.logits.exp().sum(-1)
    torch.testing.assert_close(sums, torch.ones_like(sums), atol=1e-5, rtol=0)
    of_labels = -out.logits[:, :-1].gather(-1, inputs.input_ids[:, 1:, None])[..., 0]
    torch.testing.assert_close(out.token_losses[:, 1:], of_labels, atol=1e-5, rtol=1e-5, check_dtype=False)


@pytest.mark.parametrize("options", [{}, {"copy_head": True}, {"cca_layers": [3]}])
def test_shares_sum_to_one_where_a_chunk_has_neighbors_and_to_zero_elsewhere(options: dict[str, Any]) -> None:
    inputs = draw_inputs(tokens=14, neighbors=3, ragged=True)
    shares = tiny_model(**options)(**inputs.asdict(), output_shares=True).neighbor_shares
    assert shares.shape == (2, 14, 3)
    assert inputs.neighbor_mask is not None
    exists = inputs.neighbor_mask.any(-1)
    for b in range(2):
        for t in range(14):
            chunk = (t + 1) // M - 1
            has = exists[b, chunk] if chunk >= 0 else torch.zeros(3, dtype=torch.bool)
            assert shares[b, t].sum().item() == pytest.approx(float(has.any()), abs=1e-6)
            assert not shares[b, t][~has].any()
            assert (shares[b, t][has] > 0).all()


@pytest.mark.parametrize("options", [{}, {"copy_head": True}, {"positions": "relative"}])
def test_shares_leave_what_is_predicted_as_it_is(options: dict[str, Any]) -> None:
    inputs, model = draw_inputs(tokens=14, neighbors=3, ragged=True), tiny_model(**options)
    expected = model(**inputs.asdict()).logits
    torch.testing.assert_close(model(**inputs.asdict(), output_shares=True).logits, expected)


def test_shares_are_none_when_retrieval_is_off() -> None:
    assert tiny_model()(draw_inputs().input_ids, output_shares=True).neighbor_shares is None


# Shapes


@pytest.mark.parametrize("copy_head", [False, True])
def test_one_chunk_of_neighbors_more_changes_nothing(copy_head: bool) -> None:
    model = tiny_model(copy_head=copy_head)
    inputs = draw_inputs(tokens=10, chunks=3, ragged=True)
    assert inputs.neighbor_ids is not None and inputs.neighbor_mask is not None
    exact = inputs.but(neighbor_ids=inputs.neighbor_ids[:, :2], neighbor_mask=inputs.neighbor_mask[:, :2])
    assert torch.equal(model(**inputs.asdict()).logits, model(**exact.asdict()).logits)


@pytest.mark.parametrize("copy_head", [False, True])
def test_one_chunk_less_changes_only_the_prediction_after_whole_chunks(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs(tokens=12)
    assert inputs.neighbor_ids is not None
    less = inputs.but(neighbor_ids=inputs.neighbor_ids[:, :2])
    full, out = (model(**x.asdict(), labels=inputs.input_ids) for x in (inputs, less))
    torch.testing.assert_close(out.logits[:, :-1], full.logits[:, :-1])
    torch.testing.assert_close(out.loss, full.loss)
    assert not torch.allclose(out.logits[:, -1], full.logits[:, -1])


def test_one_chunk_less_of_a_single_one_is_retrieval_switched_off() -> None:
    model, inputs = tiny_model(), draw_inputs(tokens=6)
    assert inputs.neighbor_ids is not None
    none = inputs.neighbor_ids[:, :0]
    assert torch.equal(model(inputs.input_ids, none).logits, model(inputs.input_ids).logits)


def shaped(*shape: int, kind: torch.dtype = torch.long) -> Tensor:
    return torch.zeros(shape, dtype=kind)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"input_ids": shaped(10)}, r"input_ids \[10\]: must be \[B, T\]"),
        ({"input_ids": shaped(2, 0)}, r"input_ids \[2, 0\]: .* at least one token"),
        ({"attention_mask": shaped(2, 9)}, r"attention_mask \[2, 9\]: must be \[2, 10\]"),
        ({"attention_mask": shaped(1, 10)}, r"attention_mask \[1, 10\]: must be \[2, 10\]"),
        ({"neighbor_ids": shaped(2, 0, 3, R)}, r"neighbor_ids \[2, 0, 3, 8\].* = \[2, 2, K, 8\]"),
        ({"neighbor_ids": shaped(2, 4, 3, R)}, r"neighbor_ids \[2, 4, 3, 8\]"),
        ({"neighbor_ids": shaped(2, 2, 3, M)}, r"neighbor_ids \[2, 2, 3, 4\]"),
        ({"neighbor_ids": shaped(2, 2, 0, R)}, r"neighbor_ids \[2, 2, 0, 8\]"),
        ({"neighbor_ids": shaped(1, 2, 3, R)}, r"neighbor_ids \[1, 2, 3, 8\]"),
        ({"neighbor_ids": shaped(2, 2, R)}, r"neighbor_ids \[2, 2, 8\]"),
        ({"neighbor_mask": shaped(2, 2, 3, R, kind=torch.bool)}, "neighbor_mask was given without"),
        (
            {"neighbor_ids": shaped(2, 2, 3, R), "neighbor_mask": shaped(2, 2, 2, R)},
            r"neighbor_mask \[2, 2, 2, 8\]: must be \[2, 2, 3, 8\]",
        ),
        ({"labels": shaped(2, 9)}, r"labels \[2, 9\]: must be \[2, 10\]"),
    ],
)
def test_wrong_shapes_are_refused(wrong: dict[str, Tensor], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        tiny_model()(**({"input_ids": shaped(2, 10)} | wrong))


def test_a_mask_of_numbers_is_a_mask() -> None:
    model, inputs = tiny_model(), draw_inputs(ragged=True)
    assert inputs.neighbor_mask is not None
    numbers = inputs.but(neighbor_mask=inputs.neighbor_mask.long())
    assert torch.equal(model(**inputs.asdict()).logits, model(**numbers.asdict()).logits)


# Without retrieval


def test_a_plain_decoder_has_no_encoder_and_refuses_neighbors() -> None:
    model, inputs = tiny_model(cca_layers=[]), draw_inputs()
    assert model.model.encoder is None
    assert not any("cca" in name or "encoder" in name for name, _ in model.named_parameters())
    assert model(inputs.input_ids).logits.shape == (2, 11, V)
    with pytest.raises(SettingsError, match="no chunked cross-attention"):
        model(**inputs.asdict())


@pytest.mark.parametrize("name", ["inputs_embeds", "return_dict", "output_attentions", "head_mask"])
def test_none_for_what_transformers_passes_on_changes_nothing(name: str) -> None:
    model, inputs = tiny_model(), draw_inputs()
    with torch.no_grad():
        expected = model(**inputs.asdict()).logits
        assert torch.equal(model(**inputs.asdict(), **{name: None}).logits, expected)


@pytest.mark.parametrize("copy_head", [False, True])
def test_the_logits_of_some_positions_are_those_of_all(copy_head: bool) -> None:
    model, inputs = tiny_model(copy_head=copy_head), draw_inputs()
    with torch.no_grad():
        everything = model(**inputs.asdict()).logits
        for wanted, expected in (
            (0, everything),
            (1, everything[:, -1:]),
            (4, everything[:, -4:]),
            (99, everything),
            (torch.tensor([2, 5]), everything[:, [2, 5]]),
        ):
            torch.testing.assert_close(model(**inputs.asdict(), logits_to_keep=wanted).logits, expected)
        loss = model(**inputs.asdict(), labels=inputs.input_ids).loss
        assert torch.equal(model(**inputs.asdict(), labels=inputs.input_ids, logits_to_keep=1).loss, loss)
    with pytest.raises(SettingsError, match="logits_to_keep -1: must be at least 0"):
        model(**inputs.asdict(), logits_to_keep=-1)
    with pytest.raises(SettingsError, match="logits_to_keep and logits_from: give one of them"):
        model(**inputs.asdict(), logits_to_keep=2, logits_from=3)


def test_a_tuple_holds_what_is_there() -> None:
    model, inputs = tiny_model(), draw_inputs()
    with torch.no_grad():
        out = model(**inputs.asdict(), labels=inputs.input_ids, return_dict=True)
        loss, logits, losses = model(**inputs.asdict(), labels=inputs.input_ids, return_dict=False)
        assert len(model(**inputs.asdict(), return_dict=False)) == 1
    assert torch.equal(loss, out.loss)
    assert torch.equal(logits, out.logits)
    assert torch.equal(losses, out.token_losses)


def test_embeddings_in_place_of_tokens_are_refused_with_the_remedy() -> None:
    model, inputs = tiny_model(), draw_inputs()
    embeddings = model.get_input_embeddings()(inputs.input_ids)
    for arguments in (
        {"inputs_embeds": embeddings},
        {"input_ids": inputs.input_ids, "inputs_embeds": embeddings},
    ):
        with pytest.raises(SettingsError, match=r"inputs_embeds .*give the text as input_ids"):
            model(**arguments)
    with pytest.raises(SettingsError, match=r"input_ids are missing; give the text as input_ids"):
        model()


def test_a_misspelled_argument_is_refused() -> None:
    inputs = draw_inputs()
    with pytest.raises(SettingsError, match=r"'neighbour_ids'; did you mean 'neighbor_ids'"):
        tiny_model()(inputs.input_ids, neighbour_ids=inputs.neighbor_ids)
