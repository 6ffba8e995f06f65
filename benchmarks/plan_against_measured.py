"""What `openbook plan` predicts of a corpus at 1, 2, 4 and 8 times its size, against what is measured.

    python benchmarks/plan_against_measured.py ARTICLES.jsonl.xz --work /tmp/plan --articles 2500

The rates are measured on the smallest part, before it and after the largest, and their mean is taken, for
machines are shared. Then each part is added to a new database by its words, its neighbors are computed with
bm25, and chunks, bytes and seconds are compared: seconds of the processors, of all threads; with --wall those
of a clock. With --encode the encoder and dense neighbors are timed too, by a clock.
"""

import argparse
import json
import lzma
import shutil
import time
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from openbook.cluster.book_size import BookShape
from openbook.cluster.corpus_plan import Machines, Plan, plan_corpus
from openbook.cluster.rate_measurement import Clock, measure_rates
from openbook.cluster.rates import Rates
from openbook.database import Database, SearchMode, build_neighbors
from openbook.database.search.embedder import DEFAULT_EMBEDDER
from openbook.text import Document, Tokenizer, train_tokenizer

TIMES = (1, 2, 4, 8)


def articles(path: Path, count: int) -> list[Document]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        rows = (json.loads(line) for line in file)
        return [Document(id=row["id"], title=row["title"], text=row["text"]) for row in islice(rows, count)]


def measured(
    documents: list[Document],
    folder: Path,
    tokenizer: Tokenizer,
    embedder: str | None,
    mode: SearchMode,
    clock: Clock,
) -> dict[str, float]:
    """Build, and compute the neighbors."""
    shutil.rmtree(folder, ignore_errors=True)
    book = Database.create(folder, tokenizer=tokenizer, embedder=embedder)
    started = clock()
    book.add(documents)
    added = clock() - started
    started = clock()
    build_neighbors(book, k=10, mode=mode)
    found: dict[str, float] = {"adding": added, "neighbors": clock() - started}
    info = book.info()
    found["chunks"] = info.chunks
    bytes_there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    own = sum(path.stat().st_size for path in (folder / "tokenizer").iterdir())
    return found | {"bytes": bytes_there - own, "tokens": info.tokens, "documents": info.documents}


def predicted(found: dict[str, float], rates: Rates, *, vector_size: int | None, mode: SearchMode) -> Plan:
    shape = BookShape(
        tokens=int(found["tokens"]),
        tokens_per_document=found["tokens"] / found["documents"],
        vocabulary=16_000,
        vector_size=vector_size,
    )
    return plan_corpus(shape, rates=rates, machines=Machines(), mode=mode)


def mean(rates: list[Rates]) -> Rates:
    """The geometric mean of each rate."""
    both = [asdict(one) for one in rates]
    return Rates(**{name: float((both[0][name] * both[1][name]) ** 0.5) for name in both[0]})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("articles_file", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=2500, help="of the smallest part")
    parser.add_argument("--encode", action="store_true")
    parser.add_argument("--wall", action="store_true", help="seconds of a clock, not of processors")
    arguments = parser.parse_args()
    clock: Clock = time.perf_counter if arguments.encode or arguments.wall else time.process_time
    arguments.work.mkdir(parents=True, exist_ok=True)
    documents = articles(arguments.articles_file, arguments.articles * TIMES[-1])
    embedder = DEFAULT_EMBEDDER if arguments.encode else None
    mode: SearchMode = "dense" if arguments.encode else "bm25"
    part = documents[: arguments.articles]
    tokenizer = train_tokenizer([document.text for document in part], vocab_size=16_000)
    before = measure_rates(part, embedder=embedder, clock=clock)
    results = []
    for times in TIMES:
        some = documents[: arguments.articles * times]
        results.append(measured(some, arguments.work / "book", tokenizer, embedder, mode, clock))
        print(times, json.dumps(results[-1]), flush=True)
    after = measure_rates(part, embedder=embedder, clock=clock)
    print("rates before and after", json.dumps([asdict(before), asdict(after)]))
    for times, found in zip(TIMES, results, strict=True):
        plan = predicted(found, mean([before, after]), vector_size=384 if embedder else None, mode=mode)
        hours = {name: work.hours * 3600 for name, work in plan.work.items()}
        adding = hours["preparing"] + hours.get("encoding", 0.0)
        ratios = {
            "chunks": plan.chunks / found["chunks"],
            "bytes": plan.size.total / found["bytes"],
            "adding": adding / found["adding"],
            "neighbors": hours["neighbors"] / found["neighbors"],
        }
        print(times, "predicted / measured", json.dumps({name: round(x, 3) for name, x in ratios.items()}))


if __name__ == "__main__":
    main()
