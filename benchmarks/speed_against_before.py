"""How fast this checkout's code is against another source tree's, measured in turns in one run.

    python benchmarks/speed_against_before.py BEFORE/src --rounds 4

Adds documents, finds neighbors, searches, trains and evaluates, on invented text; see
benchmarks/before/timings.py. The databases and the model are made once, by the code of BEFORE. Each round
measures both trees, each kind of work in a process of its own, and the next round begins with the other tree.

Prints the fastest speed of each tree and their ratio, after / before; what else a machine does can only make
a run slower. The other ratio is of the time that all processors spent: on a machine that others use as well
it says more, but it does not know of work that is not done in parallel any more.
Exit code 1 if a ratio, of the clock that --clock names, is below 0.97.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from before.corpus import Words, write_rows

ALLOWED = 0.97
KINDS = ("words", "vectors", "model")
_HERE = Path(__file__).resolve().parent
_SCRIPTS = _HERE / "before"

Speeds = dict[str, dict[str, float]]
"""By the name of what was measured, and by clock."""


def run(source: Path, folder: Path, *command: str) -> str:
    """What a Python process in this folder, with this source tree, prints."""
    environment = {**os.environ, "PYTHONPATH": str(source), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{source}: {' '.join(command)}: exit code {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def prepare(source: Path, folder: Path) -> None:
    """Make text, databases and a model."""
    folder.mkdir()
    words = Words(seed=1)
    write_rows(folder / "start.jsonl", words.articles(500, (15, 60), "start"))
    write_rows(folder / "rows.jsonl", words.articles(1500, (15, 60), "row"))
    write_rows(folder / "few.jsonl", words.articles(16, (15, 30), "few"))
    write_rows(folder / "one.jsonl", words.articles(1, (4, 5), "one"))
    write_rows(folder / "quick.jsonl", words.articles(900, (15, 60), "quick"))
    questions = [words.sentence(number % 40) for number in range(800)]
    (folder / "questions.json").write_text(json.dumps(questions))
    for verb in (
        "build book start.jsonl --tokenizer train:4000 --embedder none --holdout 0.1",
        "neighbors book",
        "build encoded one.jsonl --tokenizer book/tokenizer",
        "train tiny --database book --output model --set train.max_steps=5 --set train.eval_every=0",
    ):
        run(source, folder, "-m", "openbook", *verb.split())
    run(source, folder, str(_SCRIPTS / "inside.py"), "encoder", "encoder", "book/tokenizer")
    quick = "build quick quick.jsonl --tokenizer book/tokenizer --embedder encoder --chunk-size 16"
    run(source, folder, "-m", "openbook", *quick.split())


def measure(source: Path, folder: Path) -> Speeds:
    """Measure everything with one source tree."""
    found: Speeds = {}
    for kind in KINDS:
        found |= json.loads(run(source, folder, str(_SCRIPTS / "timings.py"), kind))
    return found


def show(before: list[Speeds], after: list[Speeds], clock: str) -> bool:
    """Print the table; returns whether nothing has become slower."""
    print(f"{'fastest of each':40}{'before':>12}{'after':>12}{'ratio':>8}{'of processors':>16}")
    good = True
    for name in before[0]:
        fastest = {
            kind: [max(speeds[name][kind] for speeds in side) for side in (before, after)]
            for kind in ("wall", "cpu")
        }
        ratios = {kind: after_ / before_ for kind, (before_, after_) in fastest.items()}
        good &= ratios[clock] >= ALLOWED
        numbers = "".join(f"{number:12,.1f}" for number in fastest["wall"])
        verdict = "ok" if ratios[clock] >= ALLOWED else "SLOWER"
        print(f"{name:40}{numbers}{ratios['wall']:8.3f}{ratios['cpu']:16.3f}  {verdict}")
    return good


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="folder of the package openbook to compare with")
    parser.add_argument("--after", type=Path, default=_HERE.parent / "src", help="[default: this checkout's]")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="that must not be slower")
    arguments = parser.parse_args()
    sides = {"before": arguments.before.resolve(), "after": arguments.after.resolve()}
    for source in sides.values():
        if not (source / "openbook").is_dir():
            raise SystemExit(f"{source}: holds no package openbook")
    found: dict[str, list[Speeds]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as place:
        folders = {side: Path(place) / side for side in sides}
        prepare(sides["before"], folders["before"])
        shutil.copytree(folders["before"], folders["after"])
        for number in range(arguments.rounds):
            began = time.monotonic()
            for side in sides if number % 2 == 0 else reversed(sides):
                found[side].append(measure(sides[side], folders[side]))
            took = time.monotonic() - began
            print(f"round {number + 1} of {arguments.rounds}: {took:.0f} s", file=sys.stderr, flush=True)
    sys.exit(not show(found["before"], found["after"], arguments.clock))


if __name__ == "__main__":
    main()
