"""What a user names, when it is not a model of ours, or not one that fits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import TINY, OpenBook, sets
from openbook.model import RetroConfig, RetroForCausalLM


@pytest.fixture
def untrained(tmp_path: Path) -> Path:
    """A model with some other tokenizer."""
    config = RetroConfig(
        vocab_size=300,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        chunk_size=16,
        tokenizer_fingerprint="0123456789abcdef",
    )
    RetroForCausalLM(config).save_pretrained(tmp_path / "untrained")
    return tmp_path / "untrained"


@pytest.mark.parametrize("verb", [("rank",), ("eval", "perplexity")])
def test_a_folder_without_model(
    openbook: OpenBook, database: Path, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    output = ("--output", tmp_path / "ranker.json") if verb == ("rank",) else ()
    result = openbook(*verb, tmp_path / "nothing", database, *output)
    assert (result.code, str(tmp_path / "nothing") in result.error) == (2, True)
    assert "there is no such folder; train one: openbook train" in result.error
    assert "to give a base retrieval: openbook retrofit BASE" in result.error
    assert "to ask one as it is: openbook ask DB" in result.error
    other = tmp_path / "bert"
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "bert"}')
    result = openbook(*verb, other, database, *output)
    assert (result.code, "'bert'" in result.error) == (2, True)
    assert f"openbook retrofit {other}" in result.error


def test_a_folder_without_model_or_base(openbook: OpenBook, database: Path, tmp_path: Path) -> None:
    missing = openbook("generate", tmp_path / "nothing", database, "prompt")
    assert (missing.code, f"{tmp_path / 'nothing'}: there is no such folder" in missing.error) == (2, True)
    assert "give a model's folder, its name on the hub or a .gguf file" in missing.error
    other = tmp_path / "bert"
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "bert"}')
    result = openbook("generate", other, database, "prompt")
    assert (result.code, "bert" in result.error) == (2, True)


def test_a_database_in_the_place_of_a_model(openbook: OpenBook, database: Path, tmp_path: Path) -> None:
    """The command that is advised runs, once the database has its neighbors."""
    result = openbook("eval", "perplexity", database, database)
    said = f"{database}: is a database, not a model; train one: openbook "
    train = f"train tiny --database {database} --output MODEL"
    assert (result.code, result.error) == (2, f"openbook: error: {said}{train}")
    openbook("neighbors", database)
    words = [tmp_path / "model" if word == "MODEL" else word for word in train.split()]
    made = openbook(*words, *sets(*TINY))
    assert made.code == 0, made.err
    for words in (("ask", database, "What?", "--model", database), ("generate", database, database, "What?")):
        asked = openbook(*words)
        assert (asked.code, f"{database}: is a database, not a model; give" in asked.error) == (2, True)


def test_the_folder_of_an_unfinished_training_run(
    openbook: OpenBook, database: Path, train_tiny: Callable[..., Path]
) -> None:
    model = train_tiny("model", "train.save_every=1", "train.max_steps=2")
    checkpoint = model / "checkpoints" / "step-1"
    (model / "config.json").unlink()
    result = openbook("generate", model, database, "prompt")
    assert (result.code, result.error) == (
        2,
        f"openbook: error: {model}: holds an unfinished training run (without a checkpoint yet): run its "
        "command again",
    )
    checkpoint.mkdir(parents=True)
    result = openbook("generate", model, database, "prompt")
    assert "(step 1): run its command again, or give " + str(checkpoint) in result.error


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_a_damaged_config(openbook: OpenBook, database: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    result = openbook("generate", tmp_path, database, "prompt")
    assert (result.code, str(tmp_path) in result.error) == (2, True)


@pytest.mark.parametrize("weights", [None, b"", b"junk" * 100])
def test_missing_or_damaged_weights(
    openbook: OpenBook, database: Path, untrained: Path, weights: bytes | None
) -> None:
    config = untrained / "config.json"
    config.write_text(config.read_text().replace('"0123456789abcdef"', "null"))  # of any tokenizer
    (untrained / "model.safetensors").unlink()
    if weights is not None:
        (untrained / "model.safetensors").write_bytes(weights)
    result = openbook("generate", untrained, database, "prompt")
    assert (result.code, str(untrained) in result.error) == (2, True)


@pytest.mark.parametrize("verb", [("generate",), ("eval", "perplexity")])
def test_a_model_of_another_tokenizer(
    openbook: OpenBook, database: Path, untrained: Path, verb: tuple[str, ...]
) -> None:
    openbook("neighbors", database)
    result = openbook(*verb, untrained, database, *(("prompt",) if verb == ("generate",) else ()))
    assert (result.code, "0123456789abcdef" in result.error) == (2, True)
