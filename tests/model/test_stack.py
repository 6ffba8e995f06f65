"""Normalization and the first weights: pre-norm, and DeepNorm with the constants of its paper."""

import pytest
import torch

from openbook.model import RetroForCausalLM
from openbook.model.stack import Stack

from .tiny import draw_inputs, tiny_config


def test_deepnorm_has_its_papers_constants() -> None:
    plain = Stack.of_decoder(tiny_config(normalization="deepnorm", num_hidden_layers=18, cca_layers=[]))
    assert plain.alpha == pytest.approx((2 * 18) ** 0.25)  # a decoder alone: (2N)^(1/4), (8N)^(-1/4)
    assert plain.beta == pytest.approx((8 * 18) ** -0.25)
    every = list(range(1, 7))
    crossing = Stack.of_decoder(tiny_config(normalization="deepnorm", num_hidden_layers=6, cca_layers=every))
    assert crossing.alpha == pytest.approx((3 * 6) ** 0.25)  # with cross-attention: (3M)^(1/4), (12M)^(-1/4)
    assert crossing.beta == pytest.approx((12 * 6) ** -0.25)
    assert Stack.of_encoder(tiny_config()).alpha is None


def test_deepnorm_scales_values_outputs_and_feed_forward_but_not_queries_and_keys() -> None:
    torch.manual_seed(0)
    config = tiny_config(
        normalization="deepnorm", hidden_size=64, head_dim=64, num_attention_heads=2, intermediate_size=192
    )
    model = RetroForCausalLM(config)
    layer, beta = model.model.decoder.layers[1], Stack.of_decoder(config).beta
    assert beta is not None
    queries, keys, values = layer.self_attention.query_key_value.weight.chunk(3)
    expected = (2 / (64 + 128)) ** 0.5
    for weight, scale in (
        (queries, 1),
        (keys, 1),
        (values, beta),
        (layer.self_attention.output.weight, beta),
    ):
        assert weight.std().item() == pytest.approx(scale * expected, rel=0.05)
    assert layer.cca.query.weight.std().item() == pytest.approx(expected, rel=0.05)
    for weight in (layer.feed_forward.input.weight, layer.feed_forward.output.weight):
        assert weight.std().item() == pytest.approx(beta * (2 / (64 + 192)) ** 0.5, rel=0.05)


def test_weights_that_were_saved_are_not_drawn_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("deep")
    model = RetroForCausalLM(tiny_config(normalization="deepnorm", positions="relative", copy_head=True))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.125)
    model.save_pretrained(folder)
    again = RetroForCausalLM.from_pretrained(folder)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    assert again.config.normalization == "deepnorm"


def test_a_deep_model_with_deepnorm_learns_from_its_first_steps() -> None:
    """benchmarks/deep_norm.py does it with a thousand layers, and pre-norm beside it."""
    torch.manual_seed(0)
    model = RetroForCausalLM(
        tiny_config(normalization="deepnorm", num_hidden_layers=200, cca_layers=[100, 200], dropout=0.0)
    )
    inputs = draw_inputs(tokens=12, neighbors=1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(8):
        loss = model(**inputs.asdict(), labels=inputs.input_ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    assert max(losses) < losses[0] + 0.5
