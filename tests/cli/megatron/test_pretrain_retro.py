"""Megatron's command, word for word: what it trains, what each flag does there, and what it refuses."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from openbook.cli.megatron import command
from openbook.cli.megatron.arguments import make_parser, parse
from openbook.cli.megatron.corpus import find, open_corpus
from openbook.cli.megatron.recipe import holdout_of, recipe_of
from openbook.cli.megatron.unsupported import UNSUPPORTED
from openbook.database import Database, NeighborTable
from openbook.errors import DatabaseError, SettingsError, SourceError
from openbook.model import RetroConfig
from openbook.text import Document, train_tokenizer
from openbook.train import Recipe
from openbook.train.initialize import model_config
from openbook.train.loop import TrainingLoop
from openbook.train.settings import DataSettings, TrainSettings

ROOT = Path(__file__).parents[3]
LINE = (
    "python pretrain_retro.py --num-layers 12 --hidden-size 768 --retro-work-dir DIR --retro-add-retriever "
    "--seq-length 1024 --data-path my_text_data"
)
COMMAND = shlex.split(LINE)[2:]
SMALL = shlex.split("--num-layers 2 --hidden-size 32 --seq-length 64 --micro-batch-size 2 --train-iters 2")
Run = Callable[..., int]


@pytest.fixture
def data(tmp_path: Path, book_documents: list[Document], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to work in, with my_text_data: sentences of the book in another order, as JSON lines."""
    monkeypatch.chdir(tmp_path)
    rows = [
        json.dumps({"id": f"row{number}", "text": ". ".join(document.text.split(". ")[:0:-1]) + " end."})
        for number, document in enumerate(book_documents)
    ]
    (tmp_path / "my_text_data").write_text("\n".join(rows))
    return tmp_path


@pytest.fixture
def pretrain(book: Database, data: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a small training in this process, with further flags; `GPT` leaves the retriever out."""

    def run(*flags: str, retriever: bool = True) -> int:
        given = [*SMALL, "--retro-work-dir", str(book.path), "--data-path", "my_text_data", *flags]
        return command.run([*given, *(["--retro-add-retriever"] if retriever else [])])

    return run


def recipe(*flags: str, processes: int = 1) -> Recipe:
    return recipe_of(parse([*COMMAND, *flags]), processes=processes)


def test_word_for_word(book: Database, data: Path) -> None:
    """Megatron's line as it stands; flags behind it make the model small and the training short."""
    (data / "DIR").symlink_to(book.path)
    (data / "pretrain_retro.py").symlink_to(ROOT / "pretrain_retro.py")
    done = subprocess.run(
        [sys.executable, *shlex.split(LINE)[1:], *SMALL],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stdout) == (0, "retro-checkpoint\n"), done.stderr
    config = RetroConfig.from_pretrained(data / "retro-checkpoint")
    assert (config.num_hidden_layers, config.hidden_size, config.num_neighbors) == (2, 32, 2)
    table = NeighborTable.load(Database.open(data / "retro-checkpoint" / "corpus"))
    assert table.book.path.resolve() == book.path.resolve()
    assert (table.ids[:] >= 0).any()


def test_the_line_is_in_the_readme() -> None:
    assert " ".join(LINE.split()) in " ".join((ROOT / "README.md").read_text().replace("\\", " ").split())


def test_an_error_is_one_line_and_exit_code_2(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(COMMAND) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1
    assert "DIR: no openbook database here; make one: openbook build DIR" in captured.err


def test_the_recipe_of_the_line() -> None:
    assert recipe() == Recipe(
        name="pretrain_retro",
        model={
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "head_dim": None,
            "intermediate_size": 3072,
            "cca_layers": [6, 9, 12],
            "encoder_num_layers": 2,
            "encoder_intermediate_size": 3072,
            "share_embeddings": True,
            "tie_word_embeddings": True,
            "dropout": 0.1,
            "encoder_dropout": 0.1,
            "initializer_range": 0.02,
            "rms_norm_eps": 1e-5,
            "rotary_base": 10_000.0,
        },
        data=DataSettings(sequence_length=1024, num_neighbors=2),
        train=TrainSettings(
            max_steps=1000,
            batch_size=4,
            learning_rate=6e-4,
            min_learning_rate_ratio=0.0,
            schedule="linear",
            warmup_steps=0,
            weight_decay=0.01,
            adam_beta2=0.999,
            log_every=100,
            eval_every=1000,
            eval_sequences=400,
            save_every=500,
            seed=1234,
        ),
    )


EFFECTS = [
    ("--num-attention-heads 8", "model.num_attention_heads", 8),
    ("--kv-channels 32", "model.head_dim", 32),
    ("--ffn-hidden-size 100", "model.intermediate_size", 100),
    ("--ffn-hidden-size 100", "model.encoder_intermediate_size", 100),
    ("--hidden-dropout 0 --attention-dropout 0", "model.dropout", 0.0),
    (
        "--retro-encoder-hidden-dropout 0.3 --retro-encoder-attention-dropout 0.3",
        "model.encoder_dropout",
        0.3,
    ),
    ("--retro-encoder-layers 3", "model.encoder_num_layers", 3),
    ("--init-method-std 0.01", "model.initializer_range", 0.01),
    ("--norm-epsilon 1e-6", "model.rms_norm_eps", 1e-6),
    ("--rotary-base 500000", "model.rotary_base", 500_000.0),
    ("--untie-embeddings-and-output-weights", "model.tie_word_embeddings", False),
    ("--num-layers 15", "model.cca_layers", [6, 9, 12, 15]),
    ("--num-layers 18", "model.cca_layers", [9, 12, 15, 18]),
    ("--num-layers 4", "model.cca_layers", None),
    ("--retro-num-neighbors 5", "data.num_neighbors", 5),
    ("--retro-attention-gate 0", "data.num_neighbors", 0),
    ("--retro-attention-gate 1 --retro-num-retrieved-chunks 2", "data.num_neighbors", 2),
    ("--max-position-embeddings 2048", "data.sequence_length", 1024),
    ("--micro-batch-size 2", "train.batch_size", 2),
    ("--micro-batch-size 2 --global-batch-size 16", "train.gradient_accumulation_steps", 8),
    ("--train-iters 7", "train.max_steps", 7),
    ("--train-samples 83 --global-batch-size 8", "train.max_steps", 10),
    ("--lr 0.01", "train.learning_rate", 0.01),
    ("--lr 0.01 --min-lr 0.001", "train.min_learning_rate_ratio", 0.1),
    ("--lr-decay-style cosine", "train.schedule", "cosine"),
    ("--lr-warmup-fraction 0.01", "train.warmup_steps", 10),
    ("--lr-warmup-iters 30", "train.warmup_steps", 30),
    ("--lr-warmup-samples 80", "train.warmup_steps", 20),
    ("--train-iters 7 --lr-decay-iters 7", "train.max_steps", 7),
    ("--weight-decay 0.5", "train.weight_decay", 0.5),
    ("--clip-grad 0.5", "train.max_grad_norm", 0.5),
    ("--adam-beta1 0.8", "train.adam_beta1", 0.8),
    ("--adam-beta2 0.8", "train.adam_beta2", 0.8),
    ("--bf16", "train.precision", "bfloat16"),
    ("--fp16", "train.precision", "float16"),
    ("--recompute-activations", "train.gradient_checkpointing", True),
    ("--use-torch-fsdp2", "train.fsdp", True),
    ("--num-workers 2", "train.workers", 2),
    ("--save-interval 20", "train.save_every", 20),
    ("--eval-interval 30", "train.eval_every", 30),
    ("--eval-iters 5 --global-batch-size 8", "train.eval_sequences", 40),
    ("--eval-iters 0", "train.eval_every", 0),
    ("--log-interval 9", "train.log_every", 9),
    ("--seed=3", "train.seed", 3),
    ("--load other --finetune", "train.start_from", "other"),
]


@pytest.mark.parametrize(("flags", "where", "expected"), EFFECTS, ids=[effect[0] for effect in EFFECTS])
def test_what_a_flag_does(flags: str, where: str, expected: object) -> None:
    section, key = where.split(".")
    found = getattr(recipe(*flags.split()), section)
    assert (found[key] if section == "model" else getattr(found, key)) == pytest.approx(expected)


def test_every_flag_is_tested_and_explained() -> None:
    """What belongs to data, tokenizer and folders has tests of its own."""
    elsewhere = "help retro-add-retriever retro-project-dir split data-path tokenizer-type tokenizer-model"
    elsewhere += " vocab-file merge-file save overwrite lr-decay-samples"
    tested = {word.split("=")[0] for flags, *_ in EFFECTS for word in flags.split()} | set(COMMAND)
    tested |= {f"--{name}" for name in elsewhere.split()}
    for action in make_parser()._actions:
        assert action.help
        assert tested.issuperset(name for name in action.option_strings if name != "-h")


def test_several_processes_share_the_global_batch() -> None:
    found = recipe("--micro-batch-size", "2", "--global-batch-size", "24", processes=4).train
    assert (found.batch_size, found.gradient_accumulation_steps) == (8, 3)
    with pytest.raises(
        SettingsError, match=r"--global-batch-size 12: must be a multiple .* 2 .* processes, 4"
    ):
        recipe("--micro-batch-size", "2", "--global-batch-size", "12", processes=4)


def test_every_recipe_makes_a_model(book: Database) -> None:
    for flags in ("", "--kv-channels 32 --num-layers 6", "--retro-attention-gate 0"):
        config = model_config(recipe(*flags.split()), book)
        assert config.hidden_size == 768
    assert config.cca_layers == []


REFUSED = [
    ("--num-layer 3", r"unknown name '--num-layer'; did you mean '--num-layers'\?"),
    ("--tensor-model-paralel-size 2", "did you mean '--tensor-model-parallel-size'"),
    (
        "--tensor-model-parallel-size 2",
        "--tensor-model-parallel-size 2: has no meaning here: the model is not",
    ),
    ("--distributed-backend nccl", "--distributed-backend nccl: has no meaning here: torch and the machine"),
    ("--use-flash-attn", "--use-flash-attn: has no meaning here: attention"),
    ("--position-embedding-type=learned_absolute", "has no meaning here: positions are rotary"),
    ("--normalization LayerNorm", "has no meaning here: normalization is RMSNorm"),
    ("--retro-num-retrieved-chunks 3", "only 2 is possible here"),
    ("--retro-attention-gate 0.5", "only 1 .* and 0 .* have a meaning"),
    ("--hidden-dropout 0.2", "--hidden-dropout 0.2 and --attention-dropout 0.1: there is one dropout"),
    ("--retro-encoder-hidden-dropout 0.2", "--retro-encoder-attention-dropout 0.1: there is one dropout"),
    ("--train-iters 3 --train-samples 12", "--train-iters and --train-samples: give one of them"),
    ("--bf16 --fp16", "--bf16 and --fp16"),
    ("--lr-warmup-fraction 0.1 --lr-warmup-iters 3", "give one of them"),
    ("--train-samples 3", "--train-samples 3: fewer than --global-batch-size 4"),
    ("--lr-decay-iters 9", "--lr-decay-iters 9: the schedule ends with the training here, 1000"),
    ("--lr-decay-samples 9", "--lr-decay-samples 9: the schedule ends with the training here, 4000"),
    ("--lr-decay-style inverse-square-root", "choose one of constant, linear, cosine"),
    ("--min-lr 1", "--min-lr 1: must not be above --lr 0.0006"),
    ("--max-position-embeddings 512", "must be at least --seq-length 1024"),
    ("--num-attention-heads 7", "not divisible by 7 heads"),
    ("--micro-batch-size 0", "'0' must be a whole number, at least 1"),
    ("--lr fast", "'fast' must be a number, at least 0"),
    ("--lr nan", "'nan' must be a number"),
    ("--adam-beta1 2", "'2' must lie between 0 and 1"),
    ("--save", "expected one argument"),
    ("--split 0,1,0", "the first must be above 0"),
    ("--split all", "three numbers are expected"),
    ("--finetune", "--finetune: needs --load"),
    ("--load elsewhere", "give --save elsewhere too"),
    ("stray.txt --lr 1", None),
]


@pytest.mark.parametrize(("flags", "message"), REFUSED, ids=[refused[0] for refused in REFUSED])
def test_what_is_refused(flags: str, message: str | None) -> None:
    def read() -> None:
        found = parse([*COMMAND, *flags.split()])
        recipe_of(found, processes=1)
        holdout_of(found.split)
        command.output_of(found)

    if message is None:  # one more word after --data-path is one more source
        return read()
    with pytest.raises(SettingsError, match=message):
        read()
    return None


def test_without_a_needed_flag() -> None:
    with pytest.raises(SettingsError, match="required: --retro-work-dir/--retro-project-dir"):
        parse([*COMMAND[:4], *COMMAND[6:]])


def test_what_asks_for_what_is_so_anyway_is_accepted() -> None:
    so_anyway = "--tensor-model-parallel-size 1 --pipeline-model-parallel-size=1 --normalization RMSNorm"
    so_anyway += " --position-embedding-type rope --disable-bias-linear --optimizer adam"
    assert recipe(*so_anyway.split()) == recipe()


def test_no_flag_is_both_known_and_without_meaning() -> None:
    known = {name for action in make_parser()._actions for name in action.option_strings}
    assert not known & UNSUPPORTED.keys()
    assert not [flag for flag in UNSUPPORTED if not flag.startswith("--")]


def test_the_later_name_of_the_work_dir_is_known() -> None:
    arguments = ["--retro-project-dir" if word == "--retro-work-dir" else word for word in COMMAND]
    assert parse(arguments) == parse(COMMAND)


@pytest.mark.parametrize(
    ("split", "share"), [("969,30,1", 0.031), ("100,0,0", 0.0), ("8,1,1", 0.2), ("90, 10", 0.1), ("1", 0.0)]
)
def test_the_split_is_a_share_of_held_out_documents(split: str, share: float) -> None:
    assert holdout_of(split) == pytest.approx(share)


def samples_of(patch: pytest.MonkeyPatch) -> list[list[list[int]]]:
    """The ids of every batch that is trained on from now on."""
    seen: list[list[list[int]]] = []
    compute = TrainingLoop.compute_loss

    def looking(self: TrainingLoop, model: Any, inputs: dict[str, Any], *args: Any, **options: Any) -> Any:
        seen.append(inputs["input_ids"].tolist())
        return compute(self, model, inputs, *args, **options)

    patch.setattr(TrainingLoop, "compute_loss", looking)
    return seen


def test_the_plain_gpt_is_trained_on_the_same_samples(
    pretrain: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = samples_of(monkeypatch)
    assert pretrain("--global-batch-size", "4") == 0
    of_retro = list(seen)
    seen.clear()
    assert pretrain("--global-batch-size", "4", retriever=False) == 0
    assert of_retro == seen and len(seen) == 4
    retro, gpt = (RetroConfig.from_pretrained(data / f"{name}-checkpoint") for name in ("retro", "gpt"))
    assert (retro.cca_layers, gpt.cca_layers) == ([2], [])
    assert not (data / "gpt-checkpoint" / "corpus" / "neighbors").exists()


def test_the_corpus_is_reused_and_a_model_only_replaced_when_told_to(
    pretrain: Run, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--save", "out", "--split", "8,1,1")
    assert pretrain(*flags, "--load", "out") == 0
    corpus = Database.open(data / "out" / "corpus")
    assert corpus.settings.holdout == pytest.approx(0.2) and corpus.settings.embedder is None
    assert pretrain(*flags) == 2
    assert "holds a model already; choose another --save, or --overwrite" in capsys.readouterr().err
    assert pretrain(*flags, "--overwrite", "--seed", "9") == 0
    assert Database.open(corpus.path).version == corpus.version
    assert pretrain("--save", "out", "--split", "7,2,1") == 2
    assert "made with other settings: holdout" in capsys.readouterr().err
    assert pretrain("--save", "new", "--load", "out", "--finetune") == 0


def test_every_documents_neighbors_are_of_the_book_and_held_out_documents_are_evaluated(
    pretrain: Run, data: Path, book: Database
) -> None:
    assert pretrain("--split", "7,2,1", "--eval-interval", "1", "--eval-iters", "1") == 0
    rows = (data / "retro-checkpoint" / "metrics.jsonl").read_text().splitlines()
    evaluated = [row["bits_per_byte"] for row in map(json.loads, rows) if "bits_per_byte" in row]
    assert len(evaluated) == 2 and evaluated[0].keys() == {"on", "off", "random"}
    ids = NeighborTable.load(Database.open(data / "retro-checkpoint" / "corpus")).ids[:]
    assert book.layout.retrievable[ids[ids >= 0]].all()


@pytest.mark.parametrize(
    ("file", "named", "ids"),
    [
        ("my_text_data", "my_text_data", ["my_text_data"]),
        ("my_text_data.txt", "my_text_data", ["my_text_data.txt"]),
        ("my_text_data.v2", "my_text_data.v2", ["my_text_data.v2"]),
        ("rows", "rows", ["a", "b"]),
        ("rows.jsonl", "rows", ["a", "b"]),
        ("rows.jsonl", "rows.jsonl", ["a", "b"]),
        ("rows.json", "rows", ["a", "b"]),
    ],
)
def test_data_are_found_with_and_without_their_suffix(
    book: Database, data: Path, file: str, named: str, ids: list[str]
) -> None:
    (data / "my_text_data").unlink()
    rows = "".join(json.dumps({"id": name, "text": f"bakeli {name} mo. nu"}) + "\n" for name in "ab")
    (data / file).write_text(rows if file.startswith("rows") else "Bakeli mo.\n\nNuse. {no json}")
    corpus = open_corpus(data / "corpus", [named], book, holdout=0.0)
    assert sorted(corpus.catalog.live_ids()) == ids


@pytest.mark.parametrize("named", ["tokens", "tokens.bin", "tokens.idx"])
def test_tokens_of_a_prefix_are_taken_as_they_are(book: Database, data: Path, named: str) -> None:
    documents = [[5, 6, 7] * 9, [8, 9]]
    write_prefix(data / "tokens", documents)
    corpus = open_corpus(data / "corpus", [named], book, holdout=0.0)
    layout = corpus.layout
    for place, expected in enumerate(documents):
        rows = corpus.tokens[np.array(layout.chunks_of(place))].reshape(-1)
        assert rows[: len(expected)].tolist() == expected
        assert layout.document_tokens[place] == len(expected) + 1


def write_prefix(prefix: Path, documents: Sequence[Sequence[int]]) -> None:
    """As Megatron's preprocess_data.py writes them: uint16, a sequence a document."""
    lengths = np.array([len(ids) for ids in documents])
    header = b"MMIDIDX\0\0" + (1).to_bytes(8, "little") + b"\x08"
    header += len(documents).to_bytes(8, "little") + (len(documents) + 1).to_bytes(8, "little")
    offsets = 2 * (np.cumsum(lengths) - lengths)
    arrays = (lengths.astype("<i4"), offsets.astype("<i8"), np.arange(len(documents) + 1, dtype="<i8"))
    Path(f"{prefix}.idx").write_bytes(header + b"".join(array.tobytes() for array in arrays))
    Path(f"{prefix}.bin").write_bytes(np.concatenate(documents).astype("<u2").tobytes())


def test_a_prefix_is_trained_on(pretrain: Run, data: Path) -> None:
    (data / "my_text_data").unlink()
    write_prefix(data / "my_text_data", [[number + 5 for number in range(150)]] * 2)
    assert pretrain("--split", "100,0,0") == 0
    assert (data / "retro-checkpoint" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--seq-length 40", "sequence length 40: must be a multiple of the database's chunk size 16"),
        ("--num-attention-heads 32", "head widths 1 and 1 (encoder): rotary positions need even ones"),
        ("--fp16", "--fp16: needs a GPU; take --bf16"),
    ],
)
def test_what_cannot_be_trained_is_told_in_megatrons_words(
    pretrain: Run, capsys: pytest.CaptureFixture[str], flags: str, message: str
) -> None:
    if flags == "--fp16" and torch.cuda.is_available():
        pytest.skip("it can be trained here")
    assert pretrain(*shlex.split(flags)) == 2
    assert message in capsys.readouterr().err


def test_data_that_cannot_be_found_are_told(book: Database, data: Path) -> None:
    with pytest.raises(SourceError, match="--data-path nothing: no such file, with or without a suffix"):
        find("nothing")
    with pytest.raises(SettingsError, match=r"--data-path 0\.5: weights have no meaning here"):
        find("0.5")
    for suffix in (".txt", ".jsonl"):
        (data / f"two{suffix}").write_text("text")
    with pytest.raises(SourceError, match=r"may be two\.txt or two\.jsonl"):
        find("two")
    (data / "empty").touch()
    with pytest.raises(SourceError, match="empty: the text is empty"):
        open_corpus(data / "corpus", ["empty"], book, holdout=0.0)
    with pytest.raises(DatabaseError, match="all of my_text_data is held out; train on it with --split"):
        open_corpus(data / "other", ["my_text_data"], book, holdout=1 - 1e-9)


@pytest.fixture
def parts(book: Database, data: Path) -> dict[str, Any]:
    """The book's tokenizer as Megatron's files of GPT-2's, in vocab.json and merges.txt."""
    found: dict[str, Any] = json.loads((book.path / "tokenizer" / "tokenizer.json").read_text())["model"]
    pairs = [pair if isinstance(pair, str) else " ".join(pair) for pair in found["merges"]]
    (data / "vocab.json").write_text(json.dumps(found["vocab"]))
    (data / "merges.txt").write_text("#version: 0.2\n" + "\n".join(pairs) + "\n")
    (data / "vocab.txt").write_text("[SEP]\nba\n")
    return found


def tokenizer_error(pretrain: Run, capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    """What the command says of a tokenizer that is not the book's."""
    assert pretrain(*flags) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_tokenizer_that_agrees_is_accepted(pretrain: Run, parts: dict[str, Any], book: Database) -> None:
    for flags in (
        "--tokenizer-type GPT2BPETokenizer --vocab-file vocab.json --merge-file merges.txt",
        "--vocab-file vocab.json --merge-file merges.txt",
        f"--tokenizer-type HuggingFaceTokenizer --tokenizer-model {book.path / 'tokenizer'}",
    ):
        assert pretrain(*flags.split(), "--overwrite") == 0


def test_a_tokenizer_that_does_not_agree_is_named_with_the_databases(
    pretrain: Run, parts: dict[str, Any], book: Database, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fingerprint = book.settings.tokenizer_fingerprint
    other = train_tokenizer(["other words"], vocab_size=300)
    other.save(data / "other")
    error = tokenizer_error(pretrain, capsys, "--tokenizer-model", "other")
    assert other.fingerprint in error and fingerprint in error
    gpt2 = shlex.split("--vocab-file vocab.json --merge-file merges.txt")
    lines = (data / "merges.txt").read_text().splitlines()
    (data / "merges.txt").write_text("\n".join(lines[:-1]))
    assert "which merges otherwise than" in tokenizer_error(pretrain, capsys, *gpt2)
    (data / "vocab.json").write_text(json.dumps(parts["vocab"] | {"surplus": 340}))
    error = tokenizer_error(pretrain, capsys, *gpt2)
    assert "vocab.json" in error and fingerprint in error and "has other tokens" in error
    bert = shlex.split("--tokenizer-type BertWordPieceLowerCase --vocab-file vocab.txt")
    assert "a WordPiece where that is a BPE" in tokenizer_error(pretrain, capsys, *bert)
    llama = shlex.split("--tokenizer-type Llama2Tokenizer --tokenizer-model x.model")
    assert "--tokenizer-type Llama2Tokenizer: cannot be compared" in tokenizer_error(pretrain, capsys, *llama)
    assert "needs --merge-file" in tokenizer_error(pretrain, capsys, *gpt2[:2])
    assert not (data / "retro-checkpoint").exists()
