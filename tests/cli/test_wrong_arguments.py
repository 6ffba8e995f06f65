"""Arguments that cannot be followed are answered in one line, before torch or transformers is loaded."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import verbs_of
from openbook.cli.app import app

HEAVY = ("torch", "transformers", "faiss", "sentence_transformers")
VERBS = verbs_of(app)
Case = tuple[str, tuple[object, ...]]
"""What the line must say, and the command."""

_RUN_ALL = f"""
import json, sys
from openbook.cli.app import run

try:
    from lm_eval.tasks._index import TaskIndex
    # Of the harness' ten thousand files, which take ten seconds, one folder.
    TaskIndex._iter_yaml_files = staticmethod(lambda root: sorted(root.glob('piqa/*.yaml')))
except ImportError:
    pass
for message, arguments in json.loads(sys.argv[1]):
    print('>', message, file=sys.stderr, flush=True)
    code = run(arguments)
    print(code, [name for name in {HEAVY} if name in sys.modules])
"""


def refuse_all(cases: list[Case]) -> None:
    """Run these commands in one process, which must end with nothing heavy loaded."""
    typed = [(message, [str(word) for word in words]) for message, words in cases]
    done = subprocess.run(
        [sys.executable, "-c", _RUN_ALL, json.dumps(typed)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    parts = re.split(r"^> ", done.stderr, flags=re.MULTILINE)[1:]
    assert len(parts) == len(cases), done.stderr
    for part in parts:
        message, *lines = [line for line in part.splitlines() if line]
        assert "openbook: error: " in lines[-1] and message in lines[-1], part
        assert len(lines) == 1, part
    assert done.stdout.splitlines() == ["2 []"] * len(cases), done.stdout


@pytest.fixture
def places(with_table: Path, texts: Path, tmp_path: Path, train_tiny: Callable[..., Path]) -> dict[str, Path]:
    """A database, a model that was trained on it, and folders that are neither."""
    places = {"book": with_table, "texts": texts, "model": train_tiny("model"), "new": tmp_path / "new"}
    places["none"] = tmp_path / "none"
    for name, described in (
        ("foreign", None),
        ("half", {"model_type": "retro"}),
        ("base", {"model_type": "gpt2"}),
        ("bloom", {"model_type": "bloom"}),
    ):
        places[name] = tmp_path / name
        places[name].mkdir()
        (places[name] / "letter.txt").write_text("mine")
        if described is not None:
            (places[name] / "config.json").write_text(json.dumps(described))
    for path in (with_table / "tokenizer").iterdir():
        for name in ("base", "bloom"):
            (places[name] / path.name).write_bytes(path.read_bytes())
    places["questions"] = tmp_path / "questions.jsonl"
    places["questions"].write_text('{"question": "What ripens?", "answers": ["apples"]}\n')
    return places


def of_training(at: dict[str, Path]) -> list[Case]:
    """What `train`, `retrofit` and `merge` refuse."""
    place = ("--database", at["book"], "--output")
    train = ("train", "tiny", *place, at["new"], "--set")
    retrofit = ("retrofit", at["base"], *place, at["new"], "--set")
    return [
        ("neither a file nor", ("train", "tinny", *place, at["new"])),
        ("is a database; choose", ("train", "tiny", *place, at["book"])),
        ("lies in the database", ("train", "tiny", *place, at["book"] / "lexical" / "model")),
        ("holds letter.txt", ("train", "tiny", *place, at["foreign"])),
        ("holds config.json", ("train", "tiny", *place, at["half"])),
        ("did you mean 'hidden_size'", (*train, "model.hiden_size=8")),
        ("did you mean 'max_steps'", (*train, "train.max_stesp=8")),
        ("num_hidden_layers 'x': must be a whole number", (*train, "model.num_hidden_layers=x")),
        ("encoder_num_layers 0: must be a whole number", (*train, "model.encoder_num_layers=0")),
        ("hidden_size 130 is not divisible", (*train, "model.hidden_size=130")),
        ("cca_layers [99]", (*train, "model.cca_layers=[99]")),
        ("cca_layers x", (*train, "model.cca_layers=x")),
        ("dropout 2: must be", (*train, "model.dropout=2")),
        ("positions 'foo': must be rotary or relative", (*train, "model.positions=foo")),
        ("copy_head 'maybe': must be true or false", (*train, "model.copy_head=maybe")),
        ("head widths 7", (*train, "model.head_dim=7")),
        ("model.vocab_size comes from the database", (*train, "model.vocab_size=5")),
        ("sequence length 100: must be a multiple", (*train, "data.sequence_length=100")),
        ("20 neighbors asked for", (*train, "data.num_neighbors=20")),
        ("train.start_from: nowhere", (*train, "train.start_from=nowhere")),
        ("train.freeze_decoder", (*train, "train.freeze_decoder=true")),
        ("train.distillation", (*train, "train.distillation=1")),
        ("did you mean 'rank'", (*retrofit, "model.rnk=8")),
        ("rank -1: must be a whole number", (*retrofit, "model.rank=-1")),
        ("reader 'x': must be own or encoder", (*retrofit, "model.reader=x")),
        ("prefix_ids ['x']: must be a list of tokens", (*retrofit, "model.prefix_ids=[x]")),
        ("cca_layers [0]", (*retrofit, "model.cca_layers=[0]")),
        ("data.num_neighbors is 0", (*retrofit, "data.num_neighbors=0")),
        ("sequence length 100: must be a multiple", (*retrofit, "data.sequence_length=100")),
        ("there is no such folder", ("retrofit", at["none"], *place, at["new"])),
        ("of type 'bloom'; supported are llama", ("retrofit", at["bloom"], *place, at["new"])),
        ("needs no other folder", ("merge", at["model"], "--output", at["new"])),
    ]


def of_evaluation(at: dict[str, Path]) -> list[Case]:
    """What the verbs of `eval` and `exam` refuse."""
    perplexity = ("eval", "perplexity", at["model"], at["book"])
    harness = ("eval", "harness", at["model"], at["book"], "--tasks")
    qa = ("eval", "qa", at["base"], at["book"], at["questions"])
    exam = ("exam", "--model", at["base"], "--documents", 12, "--embedder", "none")
    return [
        ("there is no such folder", ("eval", "perplexity", at["none"], at["book"])),
        ("does not say chunk_size", ("eval", "perplexity", at["half"], at["book"])),
        ("evaluation mode 'x'", (*perplexity, "--modes", "x")),
        ("k 0: must be", (*perplexity, "-k", 0)),
        ("search mode 'x'", (*perplexity, "--search-mode", "x")),
        ("needs vectors", (*perplexity, "--search-mode", "dense")),
        ("sequence length 7", (*perplexity, "--sequence-length", 7)),
        ("sequence length 320: the model reads 32", (*perplexity, "--sequence-length", 320)),
        ("stride 7", (*perplexity, "--stride", 7)),
        ("max sequences 0", (*perplexity, "--max-sequences", 0)),
        ("batch size 0", (*perplexity, "--batch-size", 0)),
        ("--seed", (*perplexity, "--seed", -1)),
        ("there is no such folder", (*perplexity, "--baseline", at["none"])),
        ("needs --baseline MODEL", (*perplexity, "--in-context")),
        ("needs --baseline MODEL", (*perplexity, "--knn-lm")),
        ("give numbers by commas", (*perplexity, "--shares", "few")),
        ("needs --report DIR", (*perplexity, "--overwrite")),
        ("lies in the database", (*perplexity, "--report", at["book"] / "report")),
        ("is a database; choose another --report", (*perplexity, "--report", at["book"])),
        ("no such file or folder", (*perplexity, "--text", at["none"])),
        ("--keep 0.0", ("rank", at["model"], at["book"], "--output", at["new"], "--keep", 0)),
        ("there is no such folder", ("rank", at["none"], at["book"], "--output", at["new"])),
        ("k 0: must be", ("rank", at["model"], at["book"], "--output", at["new"], "-k", 0)),
        ("needs vectors", ("eval", "retrieval", at["book"], "--mode", "dense")),
        ("0 queries", ("eval", "retrieval", at["book"], "--queries", 0)),
        ("a model of type 'gpt2'", ("eval", "retrieval", at["base"], at["book"])),
        ("k = 0", (*harness, "piqa", "-k", 0)),
        ("batch size 0", (*harness, "piqa", "--batch-size", 0)),
        ("limit 0", (*harness, "piqa", "--limit", 0)),
        ("num fewshot -1", (*harness, "piqa", "--num-fewshot", -1)),
        ("is not a folder", (*harness, "piqa", "--include-path", at["none"])),
        ("there is no such file", (*harness, "none.yaml")),
        ("no task", (*harness, ",")),
        ("task 'no_such_task_at_all': unknown", (*harness, "no_such_task_at_all")),
        ("exists already", (*harness, "piqa", "--output", at["questions"])),
        ("mode 'x'", (*qa, "--modes", "x")),
        ("-k 0", (*qa, "-k", 0)),
        ("--limit 0", (*qa, "--limit", 0)),
        ("exists already", (*qa, "--answers", at["questions"])),
        ("needs vectors", (*qa, "--search-mode", "dense")),
        ("of type 'bloom'", ("eval", "qa", at["bloom"], at["book"], at["questions"])),
        ("there is no such folder", ("eval", "qa", at["none"], at["book"], at["questions"])),
        ("k = 0", (*exam, "-k", 0)),
        ("0 questions", (*exam, "--questions", 0)),
        ("2 documents", (*exam, "--documents", 2)),
        ("lexical only", (*exam, "--mode", "dense")),
        ("batch size 0", (*exam, "--batch-size", 0)),
        ("is a file", (*exam, "--workdir", at["questions"])),
        ("no openbook database here", (*exam, "--book", at["none"])),
        ("there is no such folder", ("exam", "--model", at["none"])),
        ("of type 'bloom'", ("exam", "--model", at["bloom"], "--documents", 12, "--embedder", "none")),
        ("another", ("exam", "--write", at["foreign"], "--documents", 3)),
    ]


def of_the_book(at: dict[str, Path]) -> list[Case]:
    """What the verbs that build, search, ask and write refuse."""
    generate = ("generate", at["model"], at["book"])
    ask = ("ask", at["book"], "What?", "--model", at["base"])
    return [
        ("holdout 5", ("build", at["new"], at["texts"], "--holdout", 5)),
        ("chunk size 1", ("build", at["new"], at["texts"], "--chunk-size", 1)),
        ("train:12", ("build", at["new"], at["texts"], "--tokenizer", "train:12")),
        ("at most 1,000,000", ("build", at["new"], at["texts"], "--tokenizer", "train:99999999999")),
        ("lies in the database", ("build", at["book"] / "inner", at["texts"], "--embedder", "none")),
        ("exists and is not a database", ("build", at["foreign"], at["texts"], "--embedder", "none")),
        ("no such file or folder", ("add", at["book"], at["none"])),
        ("no document 'nix'", ("remove", at["book"], "nix")),
        ("no document 'nix'", ("show", at["book"], "nix")),
        ("no openbook database here", ("compact", at["none"])),
        ("no openbook database here", ("verify", at["none"])),
        ("no openbook database here", ("info", at["none"])),
        ("no openbook database here", ("list", at["none"])),
        ("neither a folder", ("retokenize", at["book"], "--tokenizer", at["none"])),
        ("no openbook database here", ("neighbors", at["none"])),
        ("the text to look for is empty", ("search", at["book"], " ")),
        ("the prompt is empty", (*generate, " ")),
        ("max new tokens 0", (*generate, "a", "--max-new-tokens", 0)),
        ("top-p 2", (*generate, "a", "--top-p", 2)),
        ("needs vectors", (*generate, "a", "--mode", "dense")),
        ("--seed", (*generate, "a", "--seed", -1)),
        ("there is no such folder", ("generate", at["new"], at["book"], "a")),
        ("k = 0", (*ask, "-k", 0)),
        ("is a file", (*ask, "--keep", at["questions"])),
        ("lies in the database", (*ask, "--keep", at["book"] / "kept")),
        ("nothing is read", (*ask, "--keep", at["new"], "--no-retrieval")),
        ("is a database", (*generate, "a", "--keep", at["book"])),
        ("'float16'", (*ask, "--read-precision", "float16")),
        ("max new tokens 0", (*ask, "--max-tokens", 0)),
        ("temperature -1", (*ask, "--temperature", -1)),
        ("there is no such folder", ("ask", at["book"], "What?", "--model", at["none"])),
        ("is a file", ("ask", at["book"], "What?", "--model", at["questions"])),
        ("there is no such file", ("ask", at["book"], "What?", "--model", "none.gguf")),
        ("the question is empty", ("ask", at["book"], " ")),
        ("no openbook database here", ("mcp", at["none"])),
        ("of type 'bloom'", ("ask", at["book"], "What?", "--model", at["bloom"])),
        ("of type 'bloom'", ("serve", at["bloom"], at["book"])),
        ("of type 'bloom'", ("chat", at["book"], "--model", at["bloom"])),
        ("there is no such folder", ("chat", at["book"], "--model", at["none"])),
        ("there is no such folder", ("serve", at["none"], at["book"])),
        ("many", ("plan", "many")),
        ("--minutes", ("demo", at["new"], "--minutes", "x")),
    ]


@pytest.mark.parametrize("cases", [of_training, of_evaluation, of_the_book])
def test_wrong_arguments_are_refused_before_anything_heavy_is_loaded(
    cases: Callable[[dict[str, Path]], list[Case]], places: dict[str, Path]
) -> None:
    refuse_all(cases(places))
    assert not places["new"].exists()


def test_every_verb_is_among_them() -> None:
    somewhere = dict.fromkeys(
        ("book", "texts", "model", "new", "none", "foreign", "half", "base", "bloom", "questions"), Path("x")
    )
    tried = set()
    for cases in (of_training, of_evaluation, of_the_book):
        tried |= {
            " ".join(map(str, words[: 2 if words[0] == "eval" else 1])) for _, words in cases(somewhere)
        }
    assert sorted(tried) == VERBS
