"""What is run and recorded: small, but each verb with most of what it can do.

The two of `NOW` do not need each other and run side by side. The two of `LATER` come after them, in a copy:
they open what was left, which another version of the code may have written, and go on with it.
"""

import shutil
import signal
import time
from collections.abc import Sequence

from before.corpus import Words, write_rows
from before.recorder import Recorder

_MODES = ("bm25", "dense", "hybrid")
_QUESTION = "Where do fifogu and galoma talk about sasunrofun?"
_CHUNK = 32
_TRAINING = (
    "data.sequence_length=128",
    "train.batch_size=4",
    "train.max_steps=24",
    "train.warmup_steps=4",
    "train.log_every=1",
    "train.eval_every=12",
    "train.eval_sequences=4",
    "train.save_every=0",
)
_EVALUATE_GRAFTED = ("eval", "perplexity", "grafted", "small-base", "--sequence-length", "192", "--json")
_MANY_FILES = 6
"""Of some 20,000 chunks each, so that from 100,000 chunks on there is an approximate index."""
_PATIENCE = 120
"""Seconds for a training to write its first checkpoint."""


def words(run: Recorder) -> None:
    """A database without vectors, from building to compacting; models trained on it and evaluated."""
    run.openbook(
        "words: build",
        *("build", "words", "articles.jsonl", "notes", "--tokenizer", "train:1200"),
        *("--embedder", "none", "--holdout", "0.12", "--chunk-size", str(_CHUNK), "--json"),
    )
    run.openbook("words: excluded", "info", "words", "--excluded", "--json")
    run.openbook("words: neighbors", "neighbors", "words", "-k", "6", "--json")
    run.openbook("words: search shown", "search", "words", _QUESTION, "-k", "3")
    run.files("words: built", "words")
    _look(run, "words: built", "words", ["bm25"])
    _edit_words(run)
    _other_text(run)
    _train(run)
    _evaluate(run)
    _write(run)


def _edit_words(run: Recorder) -> None:
    run.openbook("words: add", "add", "words", "articles-edited.jsonl", "--json")
    run.openbook("words: remove", "remove", "words", "article-1", "article-2", "later-3", "--json")
    run.openbook("words: sync", "add", "words", "articles-edited.jsonl", "--sync", "--json")
    run.openbook("words: neighbors extended", "neighbors", "words", "-k", "6", "--json")
    run.files("words: edited", "words")
    _look(run, "words: edited", "words", ["bm25"])
    run.openbook("words: compact", "compact", "words", "--json")
    run.openbook("words: neighbors after compact", "neighbors", "words", "-k", "6", "--json")
    run.files("words: compacted", "words")
    _look(run, "words: compacted", "words", ["bm25"])
    run.openbook("words: recall", "eval", "retrieval", "words", "--queries", "200", "--json")


def _other_text(run: Recorder) -> None:
    """Another database, whose neighbors are in the first."""
    run.openbook(
        "corpus: build",
        *("build", "corpus", "corpus.jsonl", "--tokenizer", "words/tokenizer", "--embedder", "none"),
        *("--holdout", "0.1", "--chunk-size", str(_CHUNK), "--json"),
    )
    run.openbook("corpus: neighbors", "neighbors", "corpus", "--book", "words", "-k", "4", "--json")
    run.files("corpus", "corpus")


def _train(run: Recorder) -> None:
    trained = {
        "copying": [],
        "plain": ["model.copy_head=false", "model.positions=relative"],
        "accumulating": ["train.gradient_accumulation_steps=2", "model.dropout=0.1", "train.max_steps=12"],
    }
    for name, changes in trained.items():
        run.openbook(f"train {name}", *_training("words", name, *changes), "--json")
    run.openbook("train baseline", *_training("words", "baseline"), "--baseline", "--json")
    run.openbook("train on corpus", *_training("corpus", "on-corpus"), "--json")
    for name in (*trained, "baseline", "on-corpus"):
        run.files(f"model {name}", name)
    _interrupt(run)
    shutil.copytree(run.folder / "interrupted", run.folder / "resumed")
    run.openbook("train resumed", *_interrupted("resumed"), "--json")
    run.files("model resumed", "resumed")


def _training(database: str, output: str, *changes: str) -> list[str]:
    settings = [part for change in (*_TRAINING, *changes) for part in ("--set", change)]
    return ["train", "tiny", "--database", database, "--output", output, *settings]


def _interrupted(output: str) -> list[str]:
    return _training("words", output, "train.save_every=5", "train.retrieval_dropout=0.3")


def _interrupt(run: Recorder) -> None:
    """Stop a training after its first checkpoint. When exactly is chance; the result of going on is not."""
    process = run.start(*_interrupted("interrupted"))
    until = time.monotonic() + _PATIENCE
    while not (run.folder / "interrupted" / "checkpoints" / "step-5").exists() and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    if process.wait() != 128 + signal.SIGTERM:
        raise SystemExit("the training that was to be interrupted was not")


def _evaluate(run: Recorder) -> None:
    evaluate = ("eval", "perplexity")
    run.openbook(
        "evaluate everything",
        *(*evaluate, "copying", "words", "--baseline", "baseline", "--in-context", "--knn-lm"),
        *("--shares", "0,10,100", "--max-sequences", "24", "--report", "report", "--json"),
    )
    run.files("report", "report")
    run.openbook("evaluate shown", *evaluate, "copying", "words", "--max-sequences", "12")
    run.openbook(
        "evaluate overlapping windows",
        *(*evaluate, "plain", "words", "--sequence-length", "96", "--stride", "32"),
        *("-k", "5", "--max-sequences", "20", "--json"),
    )
    run.openbook("evaluate a text", *evaluate, "copying", "words", "--text", "reading.txt", "--json")
    run.openbook("evaluate on corpus", *evaluate, "on-corpus", "corpus", "--modes", "on,off", "--json")


def _write(run: Recorder) -> None:
    write = ("generate", "copying", "words", _QUESTION, "--max-new-tokens", "80")
    run.openbook("generate", *write, "--seed", "3", "--json")
    run.openbook("generate shown", *write, "--seed", "4", "--top-k", "20", "-k", "4")
    run.openbook("generate greedily", *write, "--temperature", "0", "--no-retrieval", "--json")


def vectors(run: Recorder) -> None:
    """Databases with vectors; one in a base's tokens, and a retrofit of the base that reads it."""
    run.inside("networks", "networks")
    run.openbook(
        "small: build",
        *("build", "small", "small.jsonl", "--tokenizer", "train:1000", "--holdout", "held-out.txt"),
        *("--deduplicate", "--chunk-size", "48", "--json"),
    )
    for mode in _MODES:
        run.openbook(f"small: neighbors {mode}", "neighbors", "small", "--mode", mode, "-k", "5", "--json")
        run.files(f"small: neighbors {mode}", "small/neighbors")
        run.openbook(f"small: search {mode}", "search", "small", _QUESTION, "--mode", mode, "--json")
    run.files("small: built", "small")
    _edit_small(run)
    _retrofit(run)
    _many(run)


def _edit_small(run: Recorder) -> None:
    run.openbook("small: add", "add", "small", "small-edited.jsonl", "--json")
    run.openbook("small: remove", "remove", "small", "small-6", "small-11", "--json")
    run.openbook("small: neighbors extended", "neighbors", "small", "-k", "5", "--mode", "hybrid", "--json")
    run.files("small: edited", "small")
    _look(run, "small: edited", "small", _MODES)
    run.openbook("small: compact", "compact", "small", "--json")
    run.openbook("small: neighbors after compact", "neighbors", "small", "-k", "5", "--json")
    run.files("small: compacted", "small")
    _look(run, "small: compacted", "small", _MODES)
    for mode in ("dense", "hybrid"):
        run.openbook(f"small: recall {mode}", "eval", "retrieval", "small", "--mode", mode, "--json")


def _retrofit(run: Recorder) -> None:
    run.openbook(
        "spelling: build",
        *("build", "spelling", "notes", "--glob", "*.txt", "--tokenizer", "train:704"),
        *("--embedder", "none", "--json"),
    )
    run.inside("base", "inside", "base", "base", "spelling/tokenizer")
    run.openbook(
        "retokenized",
        *("retokenize", "small", "--tokenizer", "base", "--output", "small-base"),
        *("--chunk-size", "64", "--json"),
    )
    run.openbook("retokenized: neighbors", "neighbors", "small-base", "-k", "5", "--json")
    run.files("retokenized", "small-base")
    _look(run, "retokenized", "small-base", _MODES)
    settings = [*_TRAINING, "train.max_steps=10", "train.eval_every=5", "data.sequence_length=192"]
    run.openbook(
        "retrofit",
        *("retrofit", "base", "--database", "small-base", "--output", "grafted", "--json"),
        *(part for setting in settings for part in ("--set", setting)),
    )
    run.files("model grafted", "grafted")
    run.openbook("merge", "merge", "grafted", "--output", "merged", "--json")
    run.files("model merged", "merged")
    run.openbook("evaluate grafted", *_EVALUATE_GRAFTED)
    write = ("generate", "grafted", "small-base", _QUESTION, "--max-new-tokens", "70", "--seed", "5")
    run.openbook("generate grafted", *write, "--json")


def _many(run: Recorder) -> None:
    """So many chunks that they have an approximate index, with an encoder that is quick."""
    for number in range(_MANY_FILES + 1):
        texts = Words(seed=number + 1).articles(160, (4, 30), f"many-{number}")
        write_rows(run.folder / f"many-{number}.jsonl", texts)
    run.inside("encoder", "inside", "encoder", "encoder", "spelling/tokenizer")
    run.openbook(
        "many: build",
        *("build", "many", "many-0.jsonl", "--tokenizer", "spelling/tokenizer", "--embedder", "encoder"),
        *("--chunk-size", "4", "--json"),
    )
    files = [f"many-{number}.jsonl" for number in range(1, _MANY_FILES)]
    run.inside("many: add", "inside", "add", "many", *files)
    run.files("many", "many")
    _look(run, "many", "many", ["dense"])
    run.openbook("many: recall", "eval", "retrieval", "many", "--queries", "100", "--json")


def words_later(run: Recorder) -> None:
    """Go on with an interrupted training and with the database without vectors."""
    run.openbook("train interrupted", *_interrupted("interrupted"), "--json")
    run.files("model interrupted", "interrupted")
    run.openbook("evaluate", "eval", "perplexity", "copying", "words", "--max-sequences", "8", "--json")
    write = ("generate", "on-corpus", "words", _QUESTION, "--max-new-tokens", "40", "--seed", "6")
    run.openbook("generate", *write)
    _go_on(run, "words", "more.jsonl", ["bm25"])


def vectors_later(run: Recorder) -> None:
    """Go on with the databases that have vectors, and with the retrofit."""
    run.openbook("evaluate grafted", *_EVALUATE_GRAFTED)
    _go_on(run, "small", "small-more.jsonl", _MODES)
    run.openbook("retokenized: verify", "verify", "small-base", "--json")
    run.openbook("retokenized: add", "add", "small-base", "small-more.jsonl", "--json")
    run.files("retokenized", "small-base")
    run.openbook("many: add", "add", "many", f"many-{_MANY_FILES}.jsonl", "--json")
    run.files("many", "many")
    _look(run, "many", "many", ["dense"])


def _go_on(run: Recorder, name: str, source: str, modes: Sequence[str]) -> None:
    _look(run, name, name, modes)
    run.openbook(f"{name}: add", "add", name, source, "--json")
    run.openbook(f"{name}: neighbors extended", "neighbors", name, "-k", "6", "--json")
    run.openbook(f"{name}: compact", "compact", name, "--json")
    run.openbook(f"{name}: neighbors", "neighbors", name, "-k", "6", "--json")
    run.files(name, name)
    _look(run, f"{name} after compact", name, modes)


def _look(run: Recorder, name: str, folder: str, modes: Sequence[str]) -> None:
    run.openbook(f"{name}: info", "info", folder, "--json")
    run.openbook(f"{name}: verify", "verify", folder, "--json")
    asked = ("search", folder, "questions.json", "--modes", ",".join(modes))
    run.inside(f"{name}: search", "inside", *asked)


NOW = (words, vectors)
LATER = (words_later, vectors_later)
