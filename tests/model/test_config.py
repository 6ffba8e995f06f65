from pathlib import Path
from typing import Any

import pytest

from openbook.errors import OpenbookError, SettingsError
from openbook.model import RetroConfig

from .tiny import tiny_config


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (1, [1]),
        (2, [2]),
        (3, [3]),
        (4, [4]),
        (6, [3, 6]),
        (8, [5, 8]),
        (12, [6, 9, 12]),
        (16, [9, 12, 15]),
        (24, [9, 12, 15, 18, 21, 24]),
        (32, [9, 12, 15, 18, 21, 24, 27, 30]),
    ],
)
def test_cca_layers_follow_the_papers_rule(layers: int, expected: list[int]) -> None:
    assert RetroConfig(num_hidden_layers=layers).cca_layers == expected


def test_given_cca_layers_are_kept() -> None:
    assert RetroConfig(num_hidden_layers=4, cca_layers=[1, 3]).cca_layers == [1, 3]
    assert RetroConfig(num_hidden_layers=4, cca_layers=[]).cca_layers == []


def test_widths_that_are_not_given_follow_from_those_that_are() -> None:
    config = RetroConfig(hidden_size=24, num_attention_heads=3)
    assert config.head_dim == 8
    assert config.encoder_hidden_size == 24
    assert config.encoder_num_attention_heads == 3
    assert config.encoder_head_dim == 8
    assert config.encoder_intermediate_size == 96
    assert config.encoder_cross_attention_layers == [1]
    assert RetroConfig(encoder_hidden_size=16).encoder_intermediate_size == 64


def test_a_given_head_width_frees_the_hidden_size_from_the_number_of_heads() -> None:
    assert (
        RetroConfig(hidden_size=10, num_attention_heads=4, head_dim=6, encoder_hidden_size=16).head_dim == 6
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("hiden_size", "hidden_size"),
        ("num_layers", "num_hidden_layers"),
        ("neighbors", "num_neighbors"),
        ("cca_layer", "cca_layers"),
        ("encoder_num_layer", "encoder_num_layers"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(wrong: str, right: str) -> None:
    with pytest.raises(SettingsError, match=f"unknown name '{wrong}'; did you mean '{right}'"):
        RetroConfig(**{wrong: 1})


def test_a_name_unlike_any_other_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"known names: .*chunk_size.*vocab_size"):
        RetroConfig(zzz=1)


COUNTS = [
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "head_dim",
    "intermediate_size",
    "chunk_size",
    "num_neighbors",
    "encoder_hidden_size",
    "encoder_num_layers",
    "encoder_num_attention_heads",
    "encoder_intermediate_size",
]


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [0, -1, 1.5, "8", True])
def test_a_count_must_be_a_whole_number_of_at_least_one(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} {value!r}: must be a whole number, at least 1$"):
        tiny_config(**{name: value})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_size": 10, "num_attention_heads": 3, "head_dim": None}, "hidden_size 10 is not divisible"),
        ({"encoder_num_attention_heads": 5}, "encoder_hidden_size 12 is not divisible"),
        ({"head_dim": 5}, "head widths 5 and 4"),
        ({"encoder_num_attention_heads": 4}, "head widths 6 and 3"),
        ({"cca_layers": [0]}, r"cca_layers \[0\]: .* from 1 to 3"),
        ({"cca_layers": [2, 4]}, r"cca_layers \[2, 4\]"),
        ({"cca_layers": [3, 2]}, "rising"),
        ({"cca_layers": [2, 2]}, "rising"),
        ({"cca_layers": 2}, "a list"),
        ({"cca_layers": [2.0]}, "a list"),
        ({"cca_layers": [True]}, "a list"),
        ({"cca_layers": "2"}, "a list"),
        ({"encoder_cross_attention_layers": [3]}, "encoder_cross_attention_layers .* from 1 to 2"),
        ({"copy_head": True, "cca_layers": []}, "copy_head needs retrieval"),
        ({"cca_positions": "learned"}, "cca_positions 'learned': must be rotary or relative or none"),
        ({"positions": "none"}, "positions 'none': must be rotary or relative"),
        ({"positions": None}, "positions None: must be rotary or relative"),
        ({"normalization": "post"}, "normalization 'post': must be pre or deepnorm"),
        ({"positions": "relative", "hidden_size": 9}, "hidden_size 9 .*relative positions need even ones"),
        ({"encoder_dropout": 1.5}, "encoder_dropout 1.5"),
        ({"dropout": -0.1}, "dropout -0.1"),
        ({"dropout": 1}, "dropout 1"),
        ({"dropout": "low"}, "dropout 'low'"),
        ({"rotary_base": 0}, "rotary_base 0"),
        ({"rms_norm_eps": -1e-6}, "rms_norm_eps"),
        ({"initializer_range": 0.0}, "initializer_range"),
        ({"encoder_conditioned": "no"}, "encoder_conditioned 'no': must be true or false"),
        ({"copy_head": 1}, "copy_head 1"),
        ({"use_cache": "yes"}, "use_cache 'yes': must be true or false"),
        ({"dropout": False}, "dropout False"),
        ({"rms_norm_eps": float("inf")}, "rms_norm_eps inf"),
        ({"rotary_base": True}, "rotary_base True"),
    ],
)
def test_bad_values_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        tiny_config(**options)


def test_refusals_are_errors_a_user_can_act_on() -> None:
    assert issubclass(SettingsError, OpenbookError)
    assert issubclass(SettingsError, ValueError)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cca_layers": []},
        {"cca_layers": None, "num_hidden_layers": 6},
        {"copy_head": True, "cca_positions": "none", "dropout": 0.25, "rotary_base": 500.0},
        {"encoder_conditioned": False, "tie_word_embeddings": False, "tokenizer_fingerprint": "f00"},
        {"share_embeddings": True, "encoder_hidden_size": 8, "encoder_num_attention_heads": 2},
        {"eos_token_id": 3, "bos_token_id": 1, "pad_token_id": 0, "chunk_size": 16, "num_neighbors": 5},
        {"encoder_num_layers": 3, "encoder_cross_attention_layers": [2, 3]},
    ],
)
def test_a_saved_config_loads_as_it_was(tmp_path: Path, options: dict[str, Any]) -> None:
    config = tiny_config(**options)
    config.save_pretrained(tmp_path)
    loaded = RetroConfig.from_pretrained(tmp_path)
    for name in RetroConfig.__dataclass_fields__:
        if name not in ("name_or_path", "_name_or_path", "transformers_version"):
            assert getattr(loaded, name) == getattr(config, name), name
    assert RetroConfig(**config.to_dict()).to_dict() == config.to_dict()


def test_a_saved_config_with_an_unknown_name_is_refused(tmp_path: Path) -> None:
    tiny_config().save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"chunk_size"', '"chunk_sizes"'))
    with pytest.raises(SettingsError, match="'chunk_sizes'; did you mean 'chunk_size'"):
        RetroConfig.from_pretrained(tmp_path)
