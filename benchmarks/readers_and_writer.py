"""Eight readers search while a writer adds, removes and compacts. Prints its counts; exit code 1 on an error.

    python benchmarks/readers_and_writer.py --work /tmp/readers --seconds 60

Each reader is a process that refreshes its database and searches for a document. A document that was removed
before the reader refreshed must not be found; one that was there all the time must be.
"""

import argparse
import multiprocessing
import random
import shutil
import sys
import time
from collections import Counter
from multiprocessing.managers import DictProxy
from pathlib import Path

from openbook.database import Database
from openbook.text import Document, train_tokenizer

DOCUMENTS = 200
NEVER = float("inf")


def text_of(number: int) -> str:
    rng = random.Random(number)
    return f"secret{number} " + " ".join(
        rng.choices(["river", "stone", "lantern", "copper", "meadow"], k=100)
    )


def read(folder: Path, until: float, seed: int, removed: DictProxy, counts: DictProxy) -> None:
    """Search until the time is over; `removed` says when each removal returned, or NEVER."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    try:
        database = Database.open(folder)
        while time.time() < until:
            number = rng.randrange(DOCUMENTS)
            gone_before = removed[number]
            database.refresh()
            began = time.time()
            hits = {hit.document_id for hit in database.search([f"secret{number}"], k=3)[0]}
            found["searches"] += 1
            there = str(number) in hits
            found["found after its removal returned"] += (
                there and gone_before < began and removed[number] == gone_before
            )
            found["not found though there"] += not there and gone_before == NEVER and removed[number] == NEVER
    except Exception as error:  # counted, whatever it is
        found[f"error: {type(error).__name__}: {error}"] += 1
    counts[seed] = dict(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--readers", type=int, default=8)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    context = multiprocessing.get_context("spawn")
    manager = context.Manager()
    tokenizer = train_tokenizer([text_of(n) for n in range(DOCUMENTS)], vocab_size=500)
    database = Database.create(arguments.work / "book", tokenizer=tokenizer, embedder=None, chunk_size=16)
    database.add(Document(id=str(n), text=text_of(n)) for n in range(DOCUMENTS))
    removed = manager.dict(dict.fromkeys(range(DOCUMENTS), NEVER))
    counts = manager.dict()
    until = time.time() + arguments.seconds
    readers = [
        context.Process(target=read, args=(database.path, until, seed, removed, counts))
        for seed in range(arguments.readers)
    ]
    for reader in readers:
        reader.start()
    rng, total = random.Random(99), Counter[str]()
    there = set(range(DOCUMENTS))
    while time.time() < until:
        number = rng.randrange(DOCUMENTS)
        if number in there:
            removed[number] = time.time() + 1e6  # from here on a reader may or may not find it
            database.remove([str(number)])
            removed[number] = time.time()
        else:
            removed[number] = time.time() + 1e6
            database.add([Document(id=str(number), text=text_of(number))])
            removed[number] = NEVER
        there ^= {number}
        total["commits"] += 1
        if rng.random() < 0.05:
            database.compact()
            total["compacts"] += 1
    for reader in readers:
        reader.join()
    for found in counts.values():
        total.update(found)
    for name, count in sorted(total.items()):
        print(f"{name}: {count:,}")
    bad = [name for name in total if total[name] and not name.startswith(("searches", "commits", "compacts"))]
    sys.exit(bool(bad) or len(counts) != arguments.readers)


if __name__ == "__main__":
    main()
