"""Kills openbook at random moments and counts what was lost. Prints its counts; exit code 1 on a loss.

    python benchmarks/kills.py --work /tmp/kills --kills 200
    python benchmarks/kills.py --work /tmp/kills --kills 200 --shards 3

A child process adds, replaces, removes, syncs, compacts and computes neighbors, and writes a line when an
operation begins and when it has returned. It is killed (SIGKILL) some moment after an operation of a kind
drawn at random began. Then the database must open and verify, hold what was reported, and hold of the
operation that was cut short each document whole or not at all. Of a book of shards it must hold all of the
operation or nothing, for it is one commit.
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
from openbook.database.shards.book_creation import create_book
from openbook.database.shards.book_manifest import is_sharded
from openbook.database.storage.settings import is_held_out
from openbook.errors import OpenbookError
from openbook.text import Document, train_tokenizer

WORDS = [
    "river",
    "stone",
    "lantern",
    "copper",
    "meadow",
    "silver",
    "forest",
    "harbor",
    "winter",
    "candle",
    "garden",
    "thunder",
]
DOCUMENTS = 300
ACTIONS = ("add", "remove", "sync", "compact", "neighbors")


def text_of(name: str, revision: int) -> str:
    """A text that says which document and which revision it is."""
    rng = random.Random(f"{name} {revision}")
    body = " ".join(rng.choices(WORDS, k=rng.randint(20, 400)))
    return f"document {name} revision {revision}. {body}"


def plan(seed: int, state: dict[str, int]) -> tuple[str, dict[str, int]]:
    """The next operation, drawn from a seed, and the documents that it changes (0: removed)."""
    rng = random.Random(seed)
    action = rng.choice(["add", "add", "replace", "remove", "sync", "compact", "neighbors"])
    names = sorted(state)
    if action == "add" or not names:
        fresh = [f"d{seed}-{number}" for number in range(rng.randint(1, DOCUMENTS))]
        return "add", dict.fromkeys(fresh, 1)
    some = rng.sample(names, rng.randint(1, max(1, len(names) // 3)))
    if action == "replace":
        return "add", {name: state[name] + 1 for name in some}
    if action == "remove":
        return "remove", dict.fromkeys(some, 0)
    if action == "sync":
        return "sync", dict.fromkeys(some, 0)
    return action, {}


def child(folder: Path, seed: int, log: Path) -> None:
    """Do one operation after another until killed."""
    state: dict[str, int] = json.loads((log.parent / "state.json").read_text())
    database = Database.open(folder)
    with log.open("a") as lines:
        while True:
            action, changes = plan(seed, state)
            lines.write(json.dumps({"begin": action, "changes": changes}) + "\n")
            lines.flush()
            after = {name: revision for name, revision in (state | changes).items() if revision}
            if action == "add":
                database.add(Document(id=name, text=text_of(name, changes[name])) for name in changes)
            elif action == "remove":
                database.remove(changes)
            elif action == "sync":
                database.add((Document(id=n, text=text_of(n, r)) for n, r in after.items()), sync=True)
            elif action == "compact":
                database.compact()
            elif database.layout.live.any():
                build_neighbors(database, k=5)
            state = after
            lines.write(json.dumps({"done": action, "version": database.version}) + "\n")
            lines.flush()
            seed += 1


def current(database: Database) -> dict[str, int]:
    """Each document's revision as its stored text says, with its whole text compared."""
    found = {}
    names = [d.id for d in database.catalog.describe(database.layout.number.tolist())]
    for place, name in enumerate(names):
        if database.layout.live[place]:
            text = "".join(database.chunk_texts(list(database.layout.chunks_of(place))))
            revision = int(text.split("revision ")[1].split(".")[0])
            assert text == text_of(name, revision), f"the text of {name} is not what was added"
            found[name] = revision
    return found


def check(folder: Path, before: dict[str, int], lines: list[str], counts: Counter[str]) -> dict[str, int]:
    """Compare the database with what was reported; returns what it holds."""
    state, pending = dict(before), {}
    for number, line in enumerate(lines, start=1):
        entry = json.loads(line)
        if "begin" in entry:
            pending = entry["changes"]
            counts[f"killed in {entry['begin']}"] += number == len(lines)
        else:
            state = {name: revision for name, revision in (state | pending).items() if revision}
            pending = {}
    database = Database.open(folder)
    found = current(database)
    if is_sharded(folder):
        done = {found.get(name, 0) == revision for name, revision in pending.items()}
        counts["half of an operation"] += len(done) > 1
    for name in state.keys() | pending.keys() | found.keys():
        allowed = {state.get(name, 0), pending.get(name, state.get(name, 0))}
        if found.get(name, 0) not in allowed:
            counts["losses"] += 1
            print(f"LOST: {name}: {found.get(name, 0)}, expected one of {allowed}")
    report = database.verify()
    counts["not sound"] += not report.ok
    findable = [name for name in sorted(found) if not is_held_out(name, database.settings.holdout)]
    for name in random.Random(len(lines)).sample(findable, min(5, len(findable))):
        hits = database.search([text_of(name, found[name])[:200]], k=10)[0]
        counts["not found"] += name not in {hit.document_id for hit in hits}
        counts["stale text found"] += any(hit.document_id not in found for hit in hits)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=0.3, help="at most, from an operation's begin")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shards", type=int, default=0, help="of a book; 0: one database")
    parser.add_argument("--actions", nargs="+", choices=ACTIONS, default=ACTIONS, help="that are killed")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder, log = arguments.work / "book", arguments.work / "log.jsonl"
    if arguments.child:
        child(folder, int(arguments.child[0]), log)
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    tokenizer = train_tokenizer([text_of(str(n), 1) for n in range(300)], vocab_size=400)
    names = [f"shard-{place:05}" for place in range(arguments.shards)]
    for place in [folder / name for name in names] or [folder]:
        Database.create(
            place, tokenizer=tokenizer, embedder=None, chunk_size=16, holdout=0.05, decontaminate=False
        )
    if names:
        create_book(folder, names)
    counts: Counter[str] = Counter()
    state: dict[str, int] = {}
    rng = random.Random(arguments.seed)
    for number in range(arguments.kills):
        (arguments.work / "state.json").write_text(json.dumps(state))
        log.write_text("")
        command = [
            sys.executable,
            __file__,
            "--work",
            str(arguments.work),
            "--child",
            str(1000 * (number + 1000 * arguments.seed)),
            "-",
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        wanted, patience = f'{{"begin": "{rng.choice(arguments.actions)}"', time.monotonic() + 30
        while wanted not in log.read_text() and process.poll() is None and time.monotonic() < patience:
            time.sleep(0.005)
        time.sleep(rng.random() * arguments.seconds)
        counts["ended by itself"] += process.poll() is not None
        process.kill()
        _, errors = process.communicate()
        lines = log.read_text().splitlines()
        if errors:
            print(errors.decode())
            break
        try:
            state = check(folder, state, lines, counts)
        except (OpenbookError, AssertionError) as error:
            counts["does not open"] += 1
            print(f"BROKEN after kill {number}: {type(error).__name__}: {error}")
            break
        counts["kills"] += 1
        counts["operations reported"] += sum("done" in line for line in lines)
    bad = ("losses", "not sound", "not found", "stale text found", "does not open", "ended by itself")
    bad += ("half of an operation",)
    counts.update(dict.fromkeys(bad, 0))
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    sys.exit(any(counts[name] for name in bad))


if __name__ == "__main__":
    main()
