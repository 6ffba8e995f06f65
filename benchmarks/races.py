"""Starts two commands at once on one new folder, and counts what came of it. Exit code 1 on a bad result.

    python benchmarks/races.py --work /tmp/races --rounds 200
    python benchmarks/races.py --work /tmp/races --rounds 200 --kinds train

build: two first builds of one new database, of different texts. train: two training runs with different seeds
into one new folder. In each round the second starts up to half a second after the first. Afterwards what
stands there must be whole and of a command that returned 0: a database that opens, verifies and holds its
documents; the very weights that this seed gives alone. The other command ends with 0 too, or with 2
and one line.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from openbook.database import Database, build_neighbors
from openbook.errors import OpenbookError
from openbook.text import Document, train_tokenizer

WORDS = ["river", "stone", "lantern", "copper", "meadow", "silver", "forest", "harbor", "winter", "candle"]
BUILD = ("--embedder", "none", "--tokenizer", "train:400")
SMALL = (
    "model.hidden_size=16",
    "model.num_hidden_layers=2",
    "model.num_attention_heads=2",
    "model.intermediate_size=32",
    "model.cca_layers=[2]",
    "model.encoder_hidden_size=16",
    "model.encoder_num_layers=1",
    "model.encoder_num_attention_heads=2",
    "data.sequence_length=64",
    "train.batch_size=2",
    "train.max_steps=40",
    "train.eval_every=0",
    "train.save_every=10",
)


def texts(name: str) -> list[tuple[str, str]]:
    """Documents that are the same at every call."""
    rng = random.Random(name)
    return [(f"{name}-{number}", " ".join(rng.choices(WORDS, k=200))) for number in range(40)]


def both(commands: list[list[str]], delay: float, counts: Counter[str]) -> list[int]:
    """Run two commands at once; returns their exit codes, and counts those that end as none may."""
    processes = []
    for command in commands:
        full = [sys.executable, "-m", "openbook", *command]
        processes.append(subprocess.Popen(full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        time.sleep(delay)
    codes = []
    for process in processes:
        _, said = process.communicate(timeout=600)
        errors = [line for line in said.splitlines() if line.startswith("openbook: ")]
        codes.append(process.returncode)
        counts[f"exit {process.returncode}"] += 1
        counts["a fault in openbook"] += "a fault in openbook" in said or "Traceback" in said
        counts["not one line"] += process.returncode != 0 and len(errors) != 1
        for line in errors:
            counts["refused: another process is writing"] += "another process is writing" in line
            counts["refused: it is there already"] += "already" in line
        if process.returncode not in (0, 2):
            print(said)
    return codes


def build_round(work: Path, delay: float, counts: Counter[str]) -> None:
    """Two first builds of one database."""
    folder = work / "book"
    shutil.rmtree(folder, ignore_errors=True)
    names = ("a", "b")
    for name in names:
        rows = [json.dumps({"id": i, "text": text}) for i, text in texts(name)]
        (work / f"{name}.jsonl").write_text("\n".join(rows))
    commands = [["build", str(folder), str(work / f"{name}.jsonl"), *BUILD] for name in names]
    codes = both(commands, delay, counts)
    expected = {i for name, code in zip(names, codes, strict=True) if code == 0 for i, _ in texts(name)}
    try:
        database = Database.open(folder)
        whole = expected <= set(database.catalog.live_ids()) and database.verify().ok
        usable = bool(expected) and whole and bool(database.search(["river stone"])[0])
    except OpenbookError as error:
        print(error)
        usable = False
    counts["unusable"] += not usable


def train_command(book: Path, output: Path, seed: int) -> list[str]:
    settings = [part for value in (*SMALL, f"train.seed={seed}") for part in ("--set", value)]
    return ["train", "tiny", "--database", str(book), "--output", str(output), *settings]


def train_round(work: Path, delay: float, counts: Counter[str], alone: list[bytes]) -> None:
    """Two training runs into one folder."""
    folder = work / "model"
    shutil.rmtree(folder, ignore_errors=True)
    codes = both([train_command(work / "text", folder, seed) for seed in (0, 1)], delay, counts)
    usable = False
    if 0 in codes and (folder / "config.json").exists():
        seed = json.loads((folder / "recipe.json").read_text())["train"]["seed"]
        usable = codes[seed] == 0 and (folder / "model.safetensors").read_bytes() == alone[seed]
    counts["unusable"] += not usable


def prepare_training(work: Path) -> list[bytes]:
    """Make a database with neighbors; returns the weights of each training run alone."""
    documents = [Document(id=i, text=text) for i, text in texts("text")]
    tokenizer = train_tokenizer([document.text for document in documents], vocab_size=400)
    database = Database.create(work / "text", tokenizer=tokenizer, embedder=None, chunk_size=16)
    database.add(documents)
    build_neighbors(database, k=2)
    weights = []
    for seed in (0, 1):
        command = train_command(work / "text", work / f"alone-{seed}", seed)
        subprocess.run([sys.executable, "-m", "openbook", *command], check=True, capture_output=True)
        weights.append((work / f"alone-{seed}" / "model.safetensors").read_bytes())
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="an empty or new folder")
    parser.add_argument("--rounds", type=int, default=200, help="of each kind")
    parser.add_argument("--kinds", default="build,train")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    rng = random.Random(arguments.seed)
    bad = 0
    for kind in arguments.kinds.split(","):
        counts: Counter[str] = Counter({"unusable": 0, "a fault in openbook": 0, "not one line": 0})
        alone = prepare_training(arguments.work) if kind == "train" else []
        for _ in range(arguments.rounds):
            delay = rng.choice([0.0, rng.uniform(0, 0.5)])
            if kind == "train":
                train_round(arguments.work, delay, counts, alone)
            else:
                build_round(arguments.work, delay, counts)
        print(kind, json.dumps({"rounds": arguments.rounds, **counts}))
        bad += counts["unusable"] + counts["a fault in openbook"] + counts["not one line"]
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
