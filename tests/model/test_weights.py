"""Weights: saved and loaded, tied and shared, at the start, and in other precisions."""

from pathlib import Path
from typing import Any

import pytest
import torch

from openbook.model import RetroConfig, RetroForCausalLM, RetroModel

from .tiny import Inputs, M, V, draw_inputs, enlarge, tiny_config, tiny_model

SHARED = {"share_embeddings": True, "encoder_hidden_size": 8, "encoder_num_attention_heads": 2}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cca_layers": []},
        {"copy_head": True},
        {"tie_word_embeddings": False},
        SHARED,
        {**SHARED, "tie_word_embeddings": False},
        {"encoder_conditioned": False, "cca_positions": "none"},
    ],
)
def test_a_saved_model_loads_as_it_was(tmp_path: Path, options: dict[str, Any]) -> None:
    model = enlarge(RetroForCausalLM(tiny_config(**options))).eval()
    model.save_pretrained(tmp_path)
    loaded = RetroForCausalLM.from_pretrained(tmp_path)
    assert isinstance(loaded, RetroForCausalLM)
    assert loaded.config.to_dict().items() >= {k: getattr(model.config, k) for k in options}.items()
    before, after = model.state_dict(), loaded.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    inputs = draw_inputs(neighbors=0) if options.get("cca_layers") == [] else draw_inputs(ragged=True)
    assert torch.equal(loaded(**inputs.asdict()).logits, model(**inputs.asdict()).logits)


def test_a_model_loads_in_another_precision(tmp_path: Path) -> None:
    tiny_model().float().save_pretrained(tmp_path)
    loaded = RetroForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert loaded.dtype == torch.bfloat16
    assert loaded(**draw_inputs().asdict()).logits.isfinite().all()


@pytest.mark.parametrize("tied", [True, False])
def test_the_output_is_the_token_embedding_only_when_tied(tied: bool, tmp_path: Path) -> None:
    model = RetroForCausalLM(tiny_config(tie_word_embeddings=tied))
    model.save_pretrained(tmp_path)
    for one in (model, RetroForCausalLM.from_pretrained(tmp_path)):
        same = one.get_output_embeddings().weight is one.get_input_embeddings().weight
        assert same == tied
    sizes = [RetroForCausalLM(tiny_config(tie_word_embeddings=t)).num_parameters() for t in (True, False)]
    assert sizes[1] - sizes[0] == V * 8


def test_shared_embeddings_are_one_matrix_that_both_sides_teach() -> None:
    model, inputs = tiny_model(**SHARED, tie_word_embeddings=False), draw_inputs(tokens=9)
    assert model.model.encoder is not None and model.model.encoder.embed_tokens is None
    ids = inputs.input_ids % (V - 1)
    assert inputs.neighbor_ids is not None
    neighbors = torch.full_like(inputs.neighbor_ids, V - 1)
    model(ids, neighbors, labels=ids).loss.backward()
    gradient = model.get_input_embeddings().weight.grad
    assert gradient is not None
    assert gradient[V - 1].any()
    assert gradient[int(ids[0, 0])].any()


def test_weights_start_as_the_configuration_says() -> None:
    config = RetroConfig(
        vocab_size=400,
        hidden_size=64,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=128,
        chunk_size=M,
        initializer_range=0.1,
        copy_head=True,
        tie_word_embeddings=False,
    )
    torch.manual_seed(0)
    model = RetroForCausalLM(config)
    added = ("self_attention.output", "cca.output", "cross_attention.output", "feed_forward.output")
    for name, weight in model.named_parameters():
        if "norm" in name:
            assert weight.eq(1).all(), name
        elif name == "copy_head.gate.bias":
            assert weight.item() == -2
        elif weight.numel() > 1000:
            expected = 0.1 / 8**0.5 if name.removesuffix(".weight").endswith(added) else 0.1
            assert weight.std().item() == pytest.approx(expected, rel=0.1), name
            assert weight.mean().item() == pytest.approx(0, abs=0.01), name


def test_dropout_works_in_training_alone() -> None:
    model, inputs = tiny_model(dropout=0.5), draw_inputs()
    plain = tiny_model()
    torch.manual_seed(0)
    assert torch.equal(model(**inputs.asdict()).logits, plain(**inputs.asdict()).logits)
    model.train()
    outs = [model(**inputs.asdict()).logits for _ in range(2)]
    assert not torch.allclose(outs[0], outs[1])


def test_the_network_without_output_gives_normalized_states() -> None:
    model, inputs = tiny_model(), draw_inputs()
    assert isinstance(model.model, RetroModel)
    hidden = model.model(inputs.input_ids, inputs.neighbor_ids).hidden
    torch.testing.assert_close(model.lm_head(hidden), model(**inputs.asdict()).logits)


def test_the_model_computes_under_autocast() -> None:
    model, inputs = tiny_model(copy_head=True).float(), draw_inputs(ragged=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(**inputs.asdict(), labels=inputs.input_ids)
    exact = model(**inputs.asdict(), labels=inputs.input_ids)
    out.loss.backward()
    assert out.loss.item() == pytest.approx(exact.loss.item(), rel=0.05)
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("options", [{}, SHARED, {"cca_layers": []}, {"tie_word_embeddings": False}], ids=str)
def test_a_model_with_more_tokens_reads_them_everywhere(tmp_path: Path, options: dict[str, Any]) -> None:
    model = tiny_model(**options).float()
    inputs = draw_inputs(tokens=9, neighbors=0 if "cca_layers" in options else 2)
    before = model(**inputs.asdict()).logits
    model.resize_token_embeddings(V + 5)
    torch.testing.assert_close(model(**inputs.asdict()).logits[..., :V], before)
    model.save_pretrained(tmp_path)
    loaded = RetroForCausalLM.from_pretrained(tmp_path)
    new = {name: None if x is None else torch.full_like(x, V + 4) for name, x in inputs.asdict().items()}
    assert torch.equal(loaded(**new).logits, model(**new).logits)


def test_the_words_of_other_models_are_taken_and_mean_nothing() -> None:
    model, inputs = tiny_model(), draw_inputs()
    position_ids = torch.arange(11)[None]
    out = model(**inputs.asdict(), position_ids=position_ids, return_dict=True)
    assert torch.equal(out.logits, model(**Inputs(**inputs.asdict()).asdict()).logits)
