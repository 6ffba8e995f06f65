"""Off is the base bit for bit, before and after training; only the new weights learn; it is saved small."""

import copy
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from openbook import RetroForCausalLM
from openbook.errors import SettingsError
from openbook.model.retrofitting import RetrofitForCausalLM, load_base, retrofit

from ..quantized import quantize
from ..test_families import other
from ..tiny import (
    OWN_READERS,
    draw_inputs,
    learned,
    new_weights,
    padded_inputs,
    tiny_base,
    tiny_own,
    tiny_retrofit,
    train_steps,
)

ALL = pytest.mark.parametrize("name", OWN_READERS)
INPUTS = draw_inputs(tokens=14, ragged=True)


def loss_of(model: RetrofitForCausalLM, **changes: object) -> Tensor:
    inputs = draw_inputs(tokens=14, ragged=True, **changes)
    return model(**inputs.asdict(), labels=inputs.input_ids).loss


def gradients(model: RetrofitForCausalLM) -> dict[str, Tensor]:
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    return found


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@ALL
def test_off_is_the_base_bit_for_bit(name: str, dtype: torch.dtype, implementation: str) -> None:
    untouched, base = (tiny_base(name, dtype=dtype) for _ in range(2))
    for model in (untouched, base):
        model.set_attn_implementation(implementation)
    inputs, positions = padded_inputs(neighbors=0)
    given = {"attention_mask": inputs.attention_mask, "position_ids": positions}
    model = tiny_own(base)
    with torch.no_grad():
        plain = untouched(inputs.input_ids).logits
        padded = untouched(inputs.input_ids, **given).logits
    for _ in range(2):
        with torch.no_grad():
            assert torch.equal(base(inputs.input_ids).logits, plain)
            assert torch.equal(model(inputs.input_ids).logits, plain)
            assert torch.equal(model(inputs.input_ids, **given).logits, padded)
        train_steps(model)
    weights = dict(untouched.named_parameters())
    assert all(torch.equal(weight, weights[key]) for key, weight in base.named_parameters())


@torch.no_grad()
def test_with_a_prefix_off_is_the_base_after_that_prefix() -> None:
    prefix = [3, 5]
    base = tiny_base("llama")
    model = learned(tiny_own(base, prefix_ids=prefix))
    ids = INPUTS.input_ids
    whole = torch.cat([torch.tensor(prefix).expand(len(ids), 2), ids], 1)
    hidden = base.base_model(whole).last_hidden_state[:, 2:]
    assert torch.equal(model(ids).logits, base.get_output_embeddings()(hidden))


@pytest.mark.parametrize("adapts", [False, True])
@ALL
def test_only_new_weights_take_gradients(name: str, adapts: bool) -> None:
    model = tiny_own(name, adapt_neighbors=adapts).train()
    new = set(new_weights(model))
    assert {key for key, weight in model.named_parameters() if weight.requires_grad} == new
    loss_of(model).backward()
    found = gradients(model)
    assert found.keys() == new
    # One half of a low-rank addition waits for the other to leave 0.
    assert {key for key, gradient in found.items() if not gradient.any()} == {
        key for key in new if key.endswith(".down")
    }
    train_steps(model, 1)
    model.zero_grad()
    loss_of(model).backward()
    assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients(model).values())


@pytest.mark.parametrize("trains_base", [False, True])
@pytest.mark.parametrize("is_prompt", [False, True])
def test_in_training_none_to_read_is_read_as_nothing(is_prompt: bool, trains_base: bool) -> None:
    """Processes that share weights out pass through the base equally often, whatever each one reads."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="train_base")
        model = learned(tiny_own(copy_head=True, train_base=trains_base, adapt_neighbors=trains_base))
    passes: list[object] = []
    model.model.decoder.backbone.register_forward_hook(lambda *_: passes.append(1))
    off = {"neighbor_mask": torch.zeros_like(INPUTS.neighbor_ids, dtype=torch.bool)}
    given = INPUTS.asdict() | off | {"labels": INPUTS.input_ids, "is_prompt": is_prompt}
    with torch.no_grad():
        plain = model(**given).logits
    assert len(passes) == 1
    model.train()
    out = model(**given)
    assert len(passes) == 1 + 2
    torch.testing.assert_close(out.logits, plain.log_softmax(-1), atol=1e-5, rtol=1e-5)
    out.loss.backward()
    found = gradients(model)
    assert found.keys() == {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert not any(found[name].any() for name in new_weights(model))


def test_a_bias_learns_twenty_times_as_fast() -> None:
    model = tiny_own(rank=0)
    (reader, *_) = model.model.decoder.readers.values()
    assert {key.rpartition(".")[2] for key in new_weights(model)} == {"neighbor_bias"}
    with torch.no_grad():
        reader.neighbor_bias.fill_(-0.1)
    torch.testing.assert_close(reader.bias, torch.full((4,), -2.0))


@torch.no_grad()
def test_a_bias_far_below_zero_shuts_neighbors_out() -> None:
    model = tiny_own("llama", rank=0)
    off = model(INPUTS.input_ids).logits
    assert (model(**INPUTS.asdict()).logits - off).abs().max() > 0.1
    for reader in model.model.decoder.readers.values():
        reader.neighbor_bias.fill_(-5.0)
    torch.testing.assert_close(model(**INPUTS.asdict()).logits, off, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("adapts", [False, True])
@pytest.mark.parametrize("name", ["llama, grouped heads", "qwen3", "gpt_neox"])
def test_gradient_checkpointing_changes_no_gradient(name: str, adapts: bool) -> None:
    model = learned(tiny_own(name, adapt_neighbors=adapts, prefix_ids=[3], mlp_rank=2)).double().train()
    loss_of(model).backward()
    plain = gradients(model)
    model.activation_checkpointing_enable()
    first, second = loss_of(model), loss_of(model)
    (first + second).backward()
    for key, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, 2 * plain[key], msg=key)


def test_new_weights_fit_what_they_are_shown() -> None:
    model = tiny_own("llama")
    with torch.no_grad():
        before = loss_of(model)
    train_steps(model, 20)
    inputs = draw_inputs(tokens=12)
    with torch.no_grad():
        after = model(**inputs.asdict(), labels=inputs.input_ids).loss
    assert after < 0.5 * before


@pytest.mark.filterwarnings("ignore:train_base")
def test_a_base_that_trains_too(tmp_path: Path) -> None:
    model = tiny_own("llama", train_base=True)
    before = copy.deepcopy(dict(model.base.named_parameters()))
    train_steps(model)
    assert all(not torch.equal(weight, before[key]) for key, weight in model.base.named_parameters())
    model.save_pretrained(tmp_path)
    again = RetroForCausalLM.from_pretrained(tmp_path)
    assert torch.equal(again(**INPUTS.asdict()).logits, model(**INPUTS.asdict()).logits)


@ALL
@torch.no_grad()
def test_saved_and_merged_it_says_what_it_said(name: str, tmp_path: Path) -> None:
    tiny_base(name).save_pretrained(tmp_path / "base")
    base = load_base(str(tmp_path / "base"))
    ranks = {"rank": 2, "mlp_rank": 2}
    options = {"reading": "independent", "prefix_ids": [3], "neighbors_before": "chunk", **ranks}
    model = learned(tiny_own(base, **options))
    expected = model(**INPUTS.asdict()).logits
    model.save_pretrained(tmp_path / "adapter")
    stored = load_file(tmp_path / "adapter" / "model.safetensors")
    assert stored.keys() == new_weights(model).keys()
    loaded = RetroForCausalLM.from_pretrained(tmp_path / "adapter")
    assert isinstance(loaded, RetrofitForCausalLM)
    assert {key: getattr(loaded.config, key) for key in options} == options
    assert torch.equal(loaded(**INPUTS.asdict()).logits, expected)
    loaded.merge()
    loaded.save_pretrained(tmp_path / "merged")
    merged = RetroForCausalLM.from_pretrained(tmp_path / "merged")
    assert torch.equal(merged(**INPUTS.asdict()).logits, expected)
    model.base.save_pretrained(tmp_path / "again")
    assert torch.equal(
        load_base(str(tmp_path / "again"))(INPUTS.input_ids).logits, base(INPUTS.input_ids).logits
    )


@ALL
@torch.no_grad()
def test_new_neurons_take_part_only_where_neighbors_are_read(name: str) -> None:
    model = tiny_own(name, rank=0, mlp_rank=3)
    plain, read = model.base(INPUTS.input_ids).logits, model(**INPUTS.asdict()).logits
    without = tiny_own(name, rank=0)(**INPUTS.asdict()).logits
    assert torch.equal(read, without)  # they start as 0
    for reader in model.model.decoder.readers.values():
        torch.nn.init.normal_(reader.mlp.up)
    assert not torch.allclose(model(**INPUTS.asdict()).logits, read, atol=1e-3)
    assert torch.equal(model(INPUTS.input_ids).logits, plain)
    assert torch.equal(model.base(INPUTS.input_ids).logits, plain)


def test_new_neurons_need_a_feed_forward_sub_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    from openbook.model.retrofitting.families import LlamaFamily

    monkeypatch.setattr(LlamaFamily, "mlp", lambda self, layer: layer.no_such_part)
    with pytest.raises(SettingsError, match=r"no_such_part.*say in LlamaFamily where.*mlp_rank=0"):
        retrofit(tiny_base("llama"), mlp_rank=2)


@torch.no_grad()
def test_a_folder_from_before_has_an_encoder(tmp_path: Path) -> None:
    import json

    base = tiny_base("llama")
    model = learned(tiny_retrofit(base))
    model.save_pretrained(tmp_path)
    described = json.loads((tmp_path / "config.json").read_text())
    for name in ("reader", "reading", "neighbors_before", "prefix_ids", "rank", "adapt_neighbors"):
        described.pop(name)
    (tmp_path / "config.json").write_text(json.dumps(described))
    again = RetrofitForCausalLM.from_pretrained(tmp_path, base=tiny_base("llama"))
    assert again.config.reader == "encoder"
    assert torch.equal(again(**INPUTS.asdict()).logits, model(**INPUTS.asdict()).logits)


@torch.no_grad()
def test_other_retrofits_of_the_same_base_do_not_mind() -> None:
    base = tiny_base("llama")
    plain = base(INPUTS.input_ids).logits
    first = learned(tiny_own(base))
    alone = first(**INPUTS.asdict()).logits
    second = learned(tiny_own(base, cca_layers=[1, 4], reading="independent"), seed=8)
    third = learned(tiny_retrofit(base))
    of_encoder = learned(tiny_retrofit(tiny_base("llama")))(**INPUTS.asdict()).logits
    assert torch.equal(third(**INPUTS.asdict()).logits, of_encoder)
    assert torch.equal(first(**INPUTS.asdict()).logits, alone)
    apart = learned(tiny_own("llama", cca_layers=[1, 4], reading="independent"), seed=8)
    assert torch.equal(second(**INPUTS.asdict()).logits, apart(**INPUTS.asdict()).logits)
    for off in (first, second, third, base):
        assert torch.equal(off(INPUTS.input_ids).logits, plain)


@torch.no_grad()
def test_a_deep_copy_is_a_model_of_its_own() -> None:
    model = learned(tiny_own("gpt_neox"))
    before = model(**INPUTS.asdict()).logits
    copied = copy.deepcopy(model)
    for weight in model.parameters():
        weight.zero_()
    assert torch.equal(copied(**INPUTS.asdict()).logits, before)


def test_threads_do_not_meet() -> None:
    model = learned(tiny_own("qwen2"))
    several = [draw_inputs(seed=seed, ragged=seed > 0, tokens=39) for seed in range(3)]

    def read(inputs: object) -> list[Tensor]:
        with torch.inference_mode():
            return [
                x
                for _ in range(4)
                for x in (model(**inputs.asdict()).logits, model.base(inputs.input_ids).logits)
            ]

    alone = [read(inputs) for inputs in several]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(read, several))
    for ours, theirs in zip(together, alone, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_quantized_base_reads_and_learns() -> None:
    model = tiny_own(quantize(tiny_base("llama")))
    plain = quantize(tiny_base("llama"))(INPUTS.input_ids).logits
    before = model(**INPUTS.asdict()).logits
    train_steps(model)
    assert torch.equal(model(INPUTS.input_ids).logits, plain)
    assert not torch.equal(model(**INPUTS.asdict()).logits, before)


def test_in_half_precision_new_weights_are_float32() -> None:
    model = learned(tiny_own(tiny_base("llama", dtype=torch.bfloat16)))
    assert {weight.dtype for weight in new_weights(model).values()} == {torch.float32}
    exact = learned(tiny_own(tiny_base("llama")))
    near, far = (x(**INPUTS.asdict()).logits.float().softmax(-1) for x in (model, exact))
    assert (near - far).abs().max() < 0.3
    loss_of(model.train()).backward()
    assert all(gradient.isfinite().all() for gradient in gradients(model).values())


def test_by_default_a_retrofit_reads_itself_in_all_layers() -> None:
    config = retrofit(tiny_base("qwen3", num_hidden_layers=5)).config
    assert (config.reader, config.reading, config.cca_layers) == ("own", "joint", [1, 2, 3, 4, 5])
    assert (config.chunk_size, config.num_neighbors, config.copy_head) == (64, 2, False)
    assert (config.prefix_ids, config.rank, config.adapt_neighbors) == ([], 8, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reader": "mine"}, "reader 'mine': must be own or encoder"),
        ({"reading": "both"}, "reading 'both': must be joint or independent"),
        ({"neighbors_before": "end"}, "neighbors_before 'end': must be chunk or text"),
        ({"prefix_ids": [29]}, r"prefix_ids \[29\]: must be a list of tokens below 29"),
        ({"rank": -1}, "rank -1: must be a whole number, at least 0"),
        ({"adapt_neighbors": 1}, "adapt_neighbors 1: must be true or false"),
        ({"mlp_rank": -1}, "mlp_rank -1: must be a whole number, at least 0"),
        ({"copy_rank": -1}, "copy_rank -1: must be a whole number, at least 0"),
        ({"encoder_num_layers": 1}, "encoder_num_layers: is a setting of reader='encoder'"),
        ({"encoder_hidden_size": 8}, "encoder_hidden_size: is a setting of reader='encoder'"),
        ({"reader": "encoder", "rank": 4}, "rank: is a setting of reader='own'"),
        ({"reader": "encoder", "copy_rank": 4}, "copy_rank: is a setting of reader='own'"),
        ({"cca_layers": [5]}, r"cca_layers \[5\]"),
    ],
)
def test_wrong_settings_are_told(options: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        retrofit(tiny_base("llama"), **options)


def test_a_table_of_positions_cannot_hold_neighbors() -> None:
    with pytest.raises(SettingsError, match=r"this gpt2 looks positions up in a table.*reader='encoder'"):
        retrofit(tiny_base("gpt2"))


def test_an_attention_that_does_not_ask_is_told() -> None:
    model = tiny_own()
    model.base.set_attn_implementation("sdpa")
    with pytest.raises(SettingsError, match="layer 1 of this llama has not joined in"):
        model(**INPUTS.asdict())
    base = tiny_base("llama")
    base.config._attn_implementation = "flex_attention"
    with pytest.raises(SettingsError, match="attn_implementation 'flex_attention': reader 'own' needs sdpa"):
        retrofit(base)


def test_a_family_that_names_no_queries_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from openbook.model.retrofitting.families import LlamaFamily

    def query(self: LlamaFamily, attention: torch.nn.Module) -> torch.nn.Module:
        return attention.no_such_map

    monkeypatch.setattr(LlamaFamily, "query", query)
    with pytest.raises(SettingsError, match=r"no_such_map.*say in LlamaFamily which linear maps.*rank=0"):
        retrofit(tiny_base("llama"))
    assert retrofit(tiny_base("llama"), rank=0).config.rank == 0


@pytest.mark.parametrize("kind", ["arcee", "seed_oss"])
@torch.no_grad()
def test_another_architecture_in_a_small_class(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from openbook.model.retrofitting import FAMILIES
    from openbook.model.retrofitting.families import LlamaFamily

    class Family(LlamaFamily):
        model_types = (kind,)

    monkeypatch.setattr("openbook.model.retrofitting.families.FAMILIES", [*FAMILIES, Family()])
    sizes = {"num_hidden_layers": 2, "intermediate_size": 16, "num_key_value_heads": 4, "head_dim": 4}
    base = other(kind, **sizes).double()
    model = tiny_own(base)
    ids, neighbors = INPUTS.input_ids, INPUTS.neighbor_ids[:, :1]
    found = model(ids, neighbors, is_prompt=True).logits
    expected = base(torch.cat([neighbors.flatten(1), ids], 1)).logits[:, -ids.shape[1] :]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_an_attention_that_caps_its_logits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from openbook.model.retrofitting import FAMILIES
    from openbook.model.retrofitting.families import LlamaFamily

    class Family(LlamaFamily):
        model_types = ("gemma2",)

    monkeypatch.setattr("openbook.model.retrofitting.families.FAMILIES", [*FAMILIES, Family()])
    model = tiny_own(tiny_base("gemma2", head_dim=4, num_key_value_heads=4, final_logit_softcapping=None))
    with pytest.raises(SettingsError, match=r"attends with softcap, .*reader='encoder'"):
        model(**INPUTS.asdict())


@pytest.mark.parametrize("kind", ["longrope", "dynamic"])
@torch.no_grad()
def test_where_all_keys_turn_by_other_angles_is_the_end(kind: str) -> None:
    """14 tokens with 2 neighbors of 8 are 30."""
    settings = {
        "longrope": {
            "short_factor": [1.0, 1.0],
            "long_factor": [2.0, 3.0],
            "original_max_position_embeddings": 29,
            "factor": 2.0,
        },
        "dynamic": {"factor": 2.0},
    }
    rope = {"rope_type": kind, "rope_theta": 1e4} | settings[kind]
    model = tiny_own(tiny_base("llama", rope_parameters=rope, max_position_embeddings=29))
    with pytest.raises(
        SettingsError, match=r"30 tokens .* 2 neighbors: beyond 29 this llama turns .*shorter"
    ):
        model(**INPUTS.asdict())
    shorter = draw_inputs(tokens=13)
    on, off = (model(**inputs.asdict()).logits for inputs in (shorter, shorter.but(neighbor_ids=None)))
    assert (on - off).abs().max() > 0.1
    model(INPUTS.input_ids.repeat(1, 3))  # without neighbors, it is the base at any length
