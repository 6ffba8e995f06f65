"""Does a reader follow the book where it never learned the relation? DynamicQA, half of its relations each.

    python benchmarks/shipped_reader.py prepare ../shared/data WORK     # unless it is there: half an hour
    python benchmarks/unseen_relations.py split ../shared/data WORK
    python benchmarks/unseen_relations.py train WORK --half first       # an hour of two cores; one at a time
    python benchmarks/unseen_relations.py train WORK --half second
    python benchmarks/unseen_relations.py measure WORK --half first     # and second

Two readers begin as the base; each learns from the questions of half of the relations. Both are asked about
all, of subjects that neither learned of, before the book is edited and after it. So each half's figure of the
reader that never saw its relations stands beside that of the one that learned them.
"""

import argparse
import csv
import io
import json
import lzma
import random
from pathlib import Path

from shipped_reader import Row, openbook, write

from openbook.pretrained import SMOLLM2

HALVES = ("first", "second")
BOOKS = ("dynamicqa", "edited")


def relation_of(data: Path) -> dict[str, str]:
    """The relation that each question asks for."""
    text = lzma.decompress((data / "qa/dynamicqa/temporal.csv.xz").read_bytes()).decode()
    return {row["question"]: row["prop"] for row in csv.DictReader(io.StringIO(text))}


def split(data: Path, work: Path) -> None:
    asked_for = relation_of(data)
    relations = sorted(set(asked_for.values()))
    random.Random(0).shuffle(relations)
    middle = len(relations) // 2
    for half, chosen in zip(HALVES, (relations[:middle], relations[middle:]), strict=True):
        print(f"{half}: {', '.join(sorted(chosen))}")
        for source in ("dynamicqa.learned", *(f"{book}.asked" for book in BOOKS)):
            rows = [row for row in read(work / f"{source}.jsonl") if asked_for[row["question"]] in chosen]
            book, use = source.split(".")
            written = write(work / f"{book}-{half}.{use}.jsonl", rows)
            print(f"  {written.name}: {len(rows)} questions")


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def learn(work: Path, arguments: argparse.Namespace) -> None:
    """Train on the questions of one half; half of the draws say another answer of the same relation."""
    settings = {
        "train.max_steps": arguments.steps,
        "train.batch_size": arguments.batch,
        "train.gradient_accumulation_steps": arguments.accumulate,
        "train.seed": arguments.seed,
        "train.precision": "bfloat16",
        "train.eval_every": 0,
        "train.warmup_steps": 10,
        "train.min_learning_rate_ratio": 0.03,
        "model.mlp_rank": 20,
        "questions.length": 64,
        "questions.held_out": 0,
    }
    changes = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    questions = work / f"dynamicqa-{arguments.half}.learned.jsonl"
    given = ("--recipe", "read", "--questions", questions, "--database", work / "dynamicqa")
    openbook("retrofit", SMOLLM2, *given, "--output", work / f"relations-{arguments.half}", *changes)


def measure(work: Path, arguments: argparse.Namespace) -> None:
    """Ask the reader that learned one half about both, with the answer among four."""
    for book in BOOKS:
        for half in HALVES:
            print(f"learned {arguments.half}, asked {half}, {book}", flush=True)
            questions = work / f"{book}-{half}.asked.jsonl"
            options = ("--modes", "gold", "-k", 4, "--limit", arguments.limit, "--json")
            openbook("eval", "qa", work / f"relations-{arguments.half}", work / book, questions, *options)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    splitting = verbs.add_parser("split")
    splitting.add_argument("data", type=Path, help="folder of the data sets")
    training, measuring = verbs.add_parser("train"), verbs.add_parser("measure")
    for verb in (splitting, training, measuring):
        verb.add_argument("work", type=Path)
    for verb in (training, measuring):
        verb.add_argument("--half", choices=HALVES, required=True, help="of the relations, that is learned")
    training.add_argument("--steps", type=int, default=80)
    training.add_argument("--batch", type=int, default=4)
    training.add_argument("--accumulate", type=int, default=4, help="such batches in a step")
    training.add_argument("--seed", type=int, default=0)
    measuring.add_argument("--limit", type=int, default=300)
    arguments = parser.parse_args()
    if arguments.verb == "split":
        split(arguments.data, arguments.work)
    else:
        {"train": learn, "measure": measure}[arguments.verb](arguments.work, arguments)


if __name__ == "__main__":
    main()
