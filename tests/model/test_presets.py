"""Presets: the paper's parameter counts, and models that a laptop trains."""

import pytest
import torch

from openbook.errors import SettingsError
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.model.presets import PRESETS
from openbook.model_options import paper_cca_layers

PAPER = {
    "172m": 172,
    "425m": 425,
    "1.5b": 1451,
    "7.5b": 7532,
    "132m": 132,
    "368m": 368,
    "1.3b": 1309,
    "7b": 6982,
}
"""Millions of parameters, embeddings apart (the paper's table 2)."""


def parameters(config: RetroConfig) -> int:
    """Embeddings apart, without taking any memory."""
    with torch.device("meta"):
        model = RetroForCausalLM(config)
    apart = {id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)}
    return sum(weight.numel() for weight in model.parameters() if id(weight) not in apart)


@pytest.mark.parametrize("name", PAPER)
def test_sizes_are_the_papers(name: str) -> None:
    assert parameters(RetroConfig.preset(name)) == pytest.approx(PAPER[name] * 1e6, rel=0.02)


@pytest.mark.parametrize(
    ("name", "twin"), [("172m", "132m"), ("425m", "368m"), ("1.5b", "1.3b"), ("7.5b", "7b")]
)
def test_a_twin_is_the_same_decoder_without_retrieval(name: str, twin: str) -> None:
    with torch.device("meta"):
        retro, plain = (RetroForCausalLM(RetroConfig.preset(each)) for each in (name, twin))
    shapes = {key: weight.shape for key, weight in retro.state_dict().items()}
    assert plain.model.encoder is None
    for key, weight in plain.state_dict().items():
        assert shapes.pop(key) == weight.shape
    assert shapes and all("encoder" in key or "cca" in key for key in shapes)


@pytest.mark.parametrize("name", ["tiny", "small", "medium"])
def test_small_presets_are_small(name: str) -> None:
    config = RetroConfig.preset(name, vocab_size=512)
    assert parameters(config) < 50e6
    assert config.copy_head
    assert config.cca_layers


def test_settings_of_a_preset_can_be_replaced() -> None:
    config = RetroConfig.preset("172M", vocab_size=99, positions="rotary", num_neighbors=5)
    assert (config.vocab_size, config.positions, config.num_neighbors) == (99, "rotary", 5)
    assert PRESETS["172m"]["positions"] == "relative"


def test_presets_stay_as_they_are_when_a_config_is_changed() -> None:
    config = RetroConfig.preset("tiny")
    assert config.cca_layers is not None
    config.cca_layers.append(3)
    assert RetroConfig.preset("tiny").cca_layers == [2, 4]


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"preset '170m': choose from tiny, .*7\.5b, 132m"):
        RetroConfig.preset("170m")


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="hidden_size"):
        RetroConfig.preset("tiny", hiden_size=3)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (12, [6, 9, 12]),
        (24, [9, 12, 15, 18, 21, 24]),
        (32, [9, 12, 15, 18, 21, 24, 27, 30]),
        (1, [1]),
        (6, [3, 6]),
    ],
)
def test_cross_attention_stands_where_the_paper_has_it(layers: int, expected: list[int]) -> None:
    assert paper_cca_layers(layers) == expected
