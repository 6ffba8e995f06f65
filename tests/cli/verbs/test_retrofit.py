"""From a model of transformers and a folder of text to a merged retrofit, as a user types it."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from command_line import OpenBook, sets
from foreign_tokenizers import make_fast
from openbook.lock import take_lock
from tiny_gguf import write_gguf

SHORT = sets("data.sequence_length=32", "train.batch_size=2", "train.max_steps=2", "train.eval_every=0")
SMALL = ["--recipe", "retrofit-encoder", *sets("model.encoder_num_layers=1"), *SHORT]


def write_base(folder: Path, tokenizer: Tokenizer, *, seed: int = 0) -> Path:
    """A tiny GPT-2 with its tokenizer, as transformers saves them."""
    torch.manual_seed(seed)
    end = tokenizer.token_to_id("<|endoftext|>")
    sizes = {
        "vocab_size": tokenizer.get_vocab_size(),
        "n_embd": 32,
        "n_layer": 3,
        "n_head": 2,
        "n_positions": 64,
    }
    model = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=end, eos_token_id=end))
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|endoftext|>"}))
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "gpt2", make_fast("gpt2"))


@pytest.fixture
def ready(openbook: OpenBook, texts: Path, base: Path, tmp_path: Path) -> Path:
    """A database in the base's tokens, with neighbors."""
    build = ("--embedder", "none", "--tokenizer", base, "--chunk-size", "16", "--holdout", "0.2")
    assert openbook("build", tmp_path / "book", texts, *build).code == 0
    assert openbook("neighbors", tmp_path / "book", "-k", "2").code == 0
    return tmp_path / "book"


def test_the_whole_way(openbook: OpenBook, ready: Path, base: Path, tmp_path: Path) -> None:
    model, whole = tmp_path / "model", tmp_path / "whole"
    command = ("retrofit", base, "--database", ready, "--output", model, *SMALL)
    made = openbook(*command)
    assert made.code == 0, made.err
    assert made.out == f"{model}\n"
    assert "will drift" not in made.err
    assert (model / "model.safetensors").stat().st_size < (base / "model.safetensors").stat().st_size
    again = openbook(*command)
    assert again.code == 0
    assert "the model was complete already" in again.err

    read = ("--sequence-length", "32", "--json")
    modes = openbook("eval", "perplexity", model, ready, *read).json["modes"]
    assert modes["on"]["tokens"] == modes["off"]["tokens"] > 0
    assert modes["on"]["bits_per_byte"] != modes["off"]["bits_per_byte"]

    write = ("--max-new-tokens", "20", "--seed", "1", "--json")
    written = openbook("generate", model, ready, "Note 3. Apples", *write).json
    assert written["text"]
    assert written["citations"]

    merged = openbook("merge", model, "--output", whole, "--json")
    assert merged.code == 0, merged.err
    assert merged.json == {"output": str(whole), "bytes": (whole / "model.safetensors").stat().st_size}
    before = {path.name: path.stat().st_mtime_ns for path in whole.iterdir()}
    moved = base.rename(tmp_path / "moved")
    try:
        repeated = openbook("merge", model, "--output", whole, "--json")
        assert (repeated.code, repeated.json) == (0, merged.json), "the base is not needed for that"
        assert f"{whole}: was complete already" in repeated.err
        assert {path.name: path.stat().st_mtime_ns for path in whole.iterdir()} == before
        gone = openbook("generate", model, ready, "Note 3. Apples", *write)
        assert gone.code == 2
        assert f"the base is no longer at {base}" in gone.error
        assert openbook("generate", whole, ready, "Note 3. Apples", *write).json == written
        assert openbook("eval", "perplexity", whole, ready, *read).json["modes"] == modes
    finally:
        moved.rename(base)

    for argument, message in (
        ((whole, "--output", whole), "there is nothing to merge"),
        ((model, "--output", ready), "is not empty"),
        ((model, "--output", base), "is not empty"),
        ((base, "--output", tmp_path / "x"), "a model of type 'gpt2', not a RETRO"),
        ((tmp_path / "none", "--output", tmp_path / "x"), "there is no such folder; train one"),
    ):
        refused = openbook("merge", *argument)
        assert refused.code == 2
        assert message in refused.error
    again = openbook("retrofit", model, "--database", ready, "--output", tmp_path / "again")
    assert again.code == 2
    assert "train.start_from" in again.error
    (whole / "config.json").rename(tmp_path / "config.json")
    assert "is not empty" in openbook("merge", model, "--output", whole).error, "without it, it is no model"
    (tmp_path / "config.json").rename(whole / "config.json")
    (model / "model.safetensors").write_bytes(b"damaged")
    other = openbook("merge", model, "--output", whole)
    assert (other.code, "is not empty" in other.error) == (2, True), "it was made of another retrofit"
    damaged = openbook("eval", "perplexity", model, ready)
    assert damaged.code == 2
    assert "model.safetensors: is damaged" in damaged.error


def test_train_base_says_what_it_costs(
    openbook: OpenBook, ready: Path, base: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    made = openbook(
        "retrofit",
        base,
        "--database",
        ready,
        "--output",
        tmp_path / "model",
        "--train-base",
        *SMALL,
        "--json",
    )
    assert made.code == 0, made.err
    said = [line for line in made.err.splitlines() if "will drift" in line]
    assert len(said) == 1, made.err
    assert not [item for item in recwarn if "train_base" in str(item.message)], "that would be said twice"
    assert made.json["parameters"] > sum(
        w.numel() for w in GPT2LMHeadModel.from_pretrained(base).parameters()
    )


def test_a_database_in_other_tokens_is_refused_with_what_to_do(
    openbook: OpenBook, database: Path, base: Path, tmp_path: Path
) -> None:
    refused = openbook("retrofit", base, "--database", database, "--output", tmp_path / "model")
    assert refused.code == 2
    assert f"derive a database for it: openbook retokenize {database} --tokenizer {base}" in refused.error
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "model.cca_layer=[2]"), "unknown name 'cca_layer'; did you mean 'cca_layers'"),
        (("--set", "model.hidden_size=8"), "unknown name 'hidden_size'"),
        ((*SMALL, "--set", "data.sequence_length=128"), "the base reads 64 tokens"),
        ((), "this gpt2 looks positions up in a table"),
        (("--set", "data.num_neighbors=0"), "without neighbors there is nothing to retrofit"),
        (("--recipe", "retrofti"), "recipe 'retrofti': neither a file nor one of the shipped"),
        (
            ("--recipe", "tiny"),
            "has model.hidden_size, which is for: openbook train tiny; openbook retrofit takes",
        ),
        (("--set", "train.retrieval_dropout=1.0"), "hides all neighbors, and nothing else would train"),
    ],
)
def test_mistakes_are_one_line(
    openbook: OpenBook, ready: Path, base: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    refused = openbook("retrofit", base, "--database", ready, "--output", tmp_path / "model", *arguments)
    assert refused.code == 2
    assert message in refused.error
    assert not (tmp_path / "model").exists()


def test_a_base_that_cannot_be_retrofitted_is_one_line(
    openbook: OpenBook, ready: Path, base: Path, tmp_path: Path
) -> None:
    broken = Path(shutil.copytree(base, tmp_path / "broken"))
    described = json.loads((broken / "config.json").read_text())
    command = ("retrofit", broken, "--database", ready, "--output", tmp_path / "model")
    for change, message in (
        ({"model_type": "bloom"}, "cannot retrofit a model of type 'bloom'; supported are llama"),
        ({"model_type": "gpt3"}, "cannot retrofit a model of type 'gpt3'"),
        ({"n_embd": 16}, "cannot be loaded"),
    ):
        (broken / "config.json").write_text(json.dumps(described | change))
        refused = openbook(*command)
        assert refused.code == 2, change
        assert message in refused.error
    (broken / "config.json").write_text(json.dumps(described))
    (broken / "model.safetensors").write_bytes(b"damaged")
    assert "cannot be loaded" in openbook(*command).error
    shutil.rmtree(broken)
    assert openbook(*command).code == 2
    assert openbook("retrofit", base, "--database", tmp_path / "none", "--output", tmp_path / "m").code == 2


def test_what_is_not_a_base_is_refused_before_anything_is_loaded(
    openbook: OpenBook, ready: Path, base: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    without = Path(shutil.copytree(base, tmp_path / "without"))
    for path in without.glob("*token*"):
        path.unlink()
    for folder, message in (
        (tmp_path / "nowhere", "there is no such folder"),
        (tmp_path / "empty", "holds no model (no config.json)"),
        (without, "its tokenizer.json is needed beside its weights"),
        (
            "nowhere/base",
            "base 'nowhere/base': there is no such folder, and no tokenizer of that name on the",
        ),
    ):
        refused = openbook("retrofit", folder, "--database", ready, "--output", tmp_path / "model")
        assert (refused.code, message in refused.error) == (2, True), refused.err
    assert "train:16000" not in refused.error, "that is for a database"


def test_the_base_is_no_place_for_the_retrofit(openbook: OpenBook, ready: Path, base: Path) -> None:
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    for more in ((), ("--overwrite",)):
        refused = openbook("retrofit", base, "--database", ready, "--output", base, *more, *SMALL)
        assert (refused.code, "is the base" in refused.error) == (2, True), refused.err
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before


def test_the_base_and_its_tokenizer_are_one_gguf_file(
    openbook: OpenBook, texts: Path, tmp_path: Path
) -> None:
    fast = make_fast("gpt2")
    sizes = {"hidden_size": 72, "num_hidden_layers": 3, "num_attention_heads": 9, "intermediate_size": 32}
    config = LlamaConfig(vocab_size=fast.get_vocab_size(), max_position_embeddings=64, **sizes)
    torch.manual_seed(0)
    base = write_gguf(tmp_path / "base.gguf", LlamaForCausalLM(config), fast)
    book, model, whole = tmp_path / "book", tmp_path / "model", tmp_path / "whole"
    build = ("--embedder", "none", "--tokenizer", base, "--chunk-size", "16", "--holdout", "0.2")
    assert openbook("build", book, texts, *build).code == 0
    assert openbook("neighbors", book, "-k", "2").code == 0
    made = openbook("retrofit", base, "--database", book, "--output", model, *SHORT)
    assert made.code == 0, made.err
    assert json.loads((model / "config.json").read_text())["reader"] == "own"
    whole.mkdir()
    lock = take_lock(whole / "train.lock")
    taken = openbook("merge", model, "--output", whole)
    assert taken.code == 2
    assert f"{whole}: another process is writing to it" in taken.error
    lock.release()
    (whole / "model.new").mkdir()
    (whole / "model.new" / "model.safetensors").write_text("of a merge that was killed")
    merged = openbook("merge", model, "--output", whole)
    assert merged.code == 0, merged.err
    assert not (whole / "model.new").exists()
    write = ("--max-new-tokens", "8", "--seed", "1", "--json")
    written = openbook("generate", model, book, "Note 3. Apples", *write).json
    assert openbook("generate", whole, book, "Note 3. Apples", *write).json == written
    refused = openbook("retrofit", tmp_path, "--database", book, "--output", tmp_path / "x")
    assert f"no config.json); give the file itself: {base}" in refused.error
