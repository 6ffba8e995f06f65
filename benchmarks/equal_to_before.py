"""Whether a change of the code, such as moving it about, has changed nothing that it does.

    PYTHONPATH=OTHER/src python benchmarks/equal_to_before.py record /tmp/before
    python benchmarks/equal_to_before.py record /tmp/now --old /tmp/before
    python benchmarks/equal_to_before.py compare /tmp/before /tmp/now

`record` runs, with the openbook that is importable, a small pipeline of nearly all verbs on invented text
(benchmarks/before/steps.py), and writes to FOLDER/record.json what they print, every loss of the trainings,
and what the folders of databases and models hold: digests of files, rows of catalogues. Moments and durations
are left out. With --old it also goes on with the databases and models that another record left behind, which
must give what that other code gives when it goes on with them.

`compare` prints every difference; exit code 1 if there is one.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from before import steps
from before.corpus import write_corpus
from before.differences import Difference, differences
from before.recorder import Recorder

_FROM_OLD = "later, from old folders"
_SHOWN = 200
"""Differences; one early change has many consequences."""


def record(folder: Path, old: Path | None) -> dict[str, Any]:
    """Run everything in a new folder."""
    if old is not None and not (old / "work").is_dir():
        raise SystemExit(f"{old}: no folder of a record")
    work = folder / "work"
    work.mkdir(parents=True)
    write_corpus(work)
    found: dict[str, Any] = {"now": _run(steps.NOW, work)}
    found["later"] = _run_later(work, folder / "later")
    if old is not None:
        found[_FROM_OLD] = _run_later(old / "work", folder / "later-from-old")
    (folder / "record.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def _run_later(work: Path, copy: Path) -> dict[str, Any]:
    """What comes of going on in a copy of a folder."""
    shutil.copytree(work, copy)
    return _run(steps.LATER, copy, work)


def _run(chains: Sequence[Callable[[Recorder], None]], folder: Path, *other_places: Path) -> dict[str, Any]:
    """Run chains of steps side by side, and put together what they found."""
    runs = [Recorder(folder, _source(), other_places) for _ in chains]
    with ExitStack() as opened, ThreadPoolExecutor(len(runs)) as pool:
        for run in runs:
            opened.callback(run.close)
        list(pool.map(lambda chain, run: chain(run), chains, runs))
    return {name: answer for run in runs for name, answer in run.found.items()}


def _source() -> Path:
    """Where the package is: children run elsewhere, where a relative PYTHONPATH would lead astray."""
    spec = find_spec("openbook")
    if spec is None or spec.origin is None:
        raise SystemExit("openbook is not importable; set PYTHONPATH")
    return Path(spec.origin).resolve().parent.parent


def compare(a: Path, b: Path) -> list[Difference]:
    """All differences of two records; the second may have gone on with the first one's folders, too."""
    first, second = (json.loads((folder / "record.json").read_text("utf-8")) for folder in (a, b))
    from_old = second.pop(_FROM_OLD, None)
    first.pop(_FROM_OLD, None)
    found = list(differences(first, second))
    if from_old is not None:
        found += differences(first["later"], from_old, _FROM_OLD)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    recording = verbs.add_parser("record", help="run everything and write record.json")
    recording.add_argument("folder", type=Path, help="a new one")
    recording.add_argument("--old", type=Path, help="folder of an earlier record, to go on with its files")
    comparing = verbs.add_parser("compare", help="print where two records differ")
    comparing.add_argument("a", type=Path)
    comparing.add_argument("b", type=Path)
    arguments = parser.parse_args()
    if arguments.verb == "record":
        began = time.monotonic()
        found = record(arguments.folder.resolve(), arguments.old and arguments.old.resolve())
        count = sum(len(part) for part in found.values())
        print(f"{count} answers of {_source()} recorded in {time.monotonic() - began:.0f} s")
        return
    found = compare(arguments.a, arguments.b)
    for difference in found[:_SHOWN]:
        print(difference)
    if len(found) > _SHOWN:
        print(f"… and {len(found) - _SHOWN:,} more")
    wrong = sum(not difference.allowed for difference in found)
    print(f"{wrong} differences, {len(found) - wrong} allowed ones")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
