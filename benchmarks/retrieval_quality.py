"""nDCG@10 and recall@10 of dense, bm25 and hybrid search on public relevance judgements.

    python benchmarks/retrieval_quality.py ../shared/data --work /tmp/quality

Cranfield and CACM (abstracts), SQuAD (question → sentence), XQuAD (question → paragraph), Natural Questions
(question → gold passage). A document's rank is that of its best chunk. The databases are kept in the folder
--work, so that a second run encodes the queries only. Words alone, which takes seconds: --modes bm25. Texts
and queries encoded by rounded products: --embedder-precision bfloat16, with a --work of its own.
"""

import argparse
import gzip
import json
import lzma
import re
import tarfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import numpy as np

from openbook.database import Database, SearchMode
from openbook.database.search.embedder import DEFAULT_EMBEDDER, EncodingPrecision
from openbook.text import Document, train_tokenizer

MODES: tuple[SearchMode, ...] = ("dense", "bm25", "hybrid")
CHUNKS = 100


@dataclass(frozen=True)
class Collection:
    """Texts by id, queries by id, and for each query the gain of its relevant documents."""

    name: str
    texts: dict[str, str]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


def cranfield(data: Path) -> Collection:
    raw = lzma.decompress((data / "retrieval/cranfield/cran.all.1400.xml.xz").read_bytes()).decode()
    texts = {}
    for block in re.findall(r"<doc>(.*?)</doc>", raw, re.S | re.I):
        number = re.search(r"<docno>\s*(\d+)\s*</docno>", block, re.S | re.I)
        body = [
            m for tag in ("title", "text") for m in re.findall(rf"<{tag}>(.*?)</{tag}>", block, re.S | re.I)
        ]
        if number and " ".join(body).strip():
            texts[number[1]] = " ".join(unescape(" ".join(body)).split())
    raw = (data / "retrieval/cranfield/cran.qry.xml").read_text()
    titles = re.findall(r"<title>(.*?)</title>", raw, re.S | re.I)
    queries = {str(place): " ".join(unescape(text).split()) for place, text in enumerate(titles, start=1)}
    return Collection("Cranfield", texts, queries, judged(data / "retrieval/cranfield/cranqrel.trec.txt"))


def cacm(data: Path) -> Collection:
    texts = {}
    with tarfile.open(data / "retrieval/cacm/cacm.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".html") else None
            if file is not None:
                body = re.sub(r"<[^>]+>", " ", file.read().decode("latin-1"))
                texts[Path(member.name).stem] = " ".join(unescape(body).split())
    raw = (data / "retrieval/cacm/topics.cacm.txt").read_text()
    queries = {}
    for number, text in re.findall(r"<DOCNO>\s*(\d+)\s*</DOCNO>(.*?)</DOC>", raw, re.S):
        queries[number] = " ".join(unescape(text).split())
    return Collection("CACM", texts, queries, judged(data / "retrieval/cacm/qrels.cacm.txt"))


def judged(path: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for line in path.read_text().splitlines():
        query, _, document, gain = line.split()
        if int(gain) > 0:
            found.setdefault(query, {})[document] = int(gain)
    return found


def pairs(name: str, questions: list[str], answers: list[str]) -> Collection:
    """Each question with the one text that answers it; equal texts are one document."""
    texts = dict.fromkeys(answers)
    ids = {text: str(place) for place, text in enumerate(texts)}
    queries = {str(place): question for place, question in enumerate(questions)}
    judgements = {str(place): {ids[answer]: 1} for place, answer in enumerate(answers)}
    return Collection(name, {number: text for text, number in ids.items()}, queries, judgements)


def squad(data: Path) -> Collection:
    lines = [
        lzma.decompress((data / f"qa/squad/nqg-{side}-test.txt.xz").read_bytes()).decode().splitlines()
        for side in ("tgt", "src")
    ]
    return pairs("SQuAD", *lines)


def xquad(data: Path) -> Collection:
    questions, paragraphs = [], []
    for article in json.loads((data / "qa/xquad/xquad.en.json").read_text())["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                questions.append(question["question"])
                paragraphs.append(paragraph["context"])
    return pairs("XQuAD", questions, paragraphs)


def natural_questions(data: Path) -> Collection:
    questions, passages = [], []
    with gzip.open(data / "qa/nq/nq-open-oracle.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            gold = next(passage for passage in row["ctxs"] if passage.get("isgold", True))
            questions.append(row["question"])
            passages.append(f"{gold['title']}\n{gold['text']}")
    return pairs("NQ", questions, passages)


COLLECTIONS = {read.__name__: read for read in (cranfield, cacm, squad, xquad, natural_questions)}


def ranked(database: Database, queries: Mapping[str, str], mode: SearchMode) -> dict[str, list[str]]:
    """The documents of each query's best chunks, best first, each once."""
    found = {}
    texts = list(queries.values())
    ids, _ = database.search_chunks(database.text_queries(texts), k=CHUNKS, mode=mode)
    names = [document.id for document in database.catalog.describe(database.layout.number.tolist())]
    for query, row in zip(queries, ids, strict=True):
        places = database.layout.document_of[row[row >= 0]].tolist()
        found[query] = list(dict.fromkeys(names[place] for place in places))
    return found


def fused(database: Database, queries: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """The documents by other ways to join the two lists: reciprocal ranks, and sums with other weights."""
    asked = database.text_queries(list(queries.values()))
    lists = [database.search_chunks(asked, k=CHUNKS, mode=mode) for mode in ("dense", "bm25")]
    names = [document.id for document in database.catalog.describe(database.layout.number.tolist())]
    found: dict[str, dict[str, list[str]]] = {}
    for row, query in enumerate(queries):
        dense, lexical = (
            {chunk: float(score) for chunk, score in zip(ids[row].tolist(), scores[row], strict=True)}
            for ids, scores in lists
        )
        for name, scores in joined(dense, lexical).items():
            chunks = sorted((chunk for chunk in scores if chunk >= 0), key=lambda chunk: -scores[chunk])
            places = database.layout.document_of[chunks].tolist()
            found.setdefault(name, {})[query] = list(dict.fromkeys(names[place] for place in places))
    return found


def joined(dense: dict[int, float], lexical: dict[int, float]) -> dict[str, dict[int, float]]:
    """Scores of the chunks of both lists, best first, by each fusion."""
    result: dict[str, dict[int, float]] = {}
    for offset in (60, 20):
        ranks: Counter[int] = Counter()
        for part in (dense, lexical):
            ranks.update({chunk: 1 / (offset + rank) for rank, chunk in enumerate(part, start=1)})
        result[f"reciprocal ranks, offset {offset}"] = dict(ranks)
    lowest, highest = min(dense.values()), max(dense.values())
    for weight in (0.5, 0.6, 0.7):
        sums = {c: weight * (s - lowest) / max(highest - lowest, 1e-6) for c, s in dense.items()}
        for chunk, score in lexical.items():
            best = max(*lexical.values(), 1e-6)
            sums[chunk] = sums.get(chunk, 0.0) + (1 - weight) * score / best
        result[f"scores, dense weight {weight}"] = sums
    return result


def measure(
    found: Mapping[str, list[str]], judgements: Mapping[str, Mapping[str, int]]
) -> tuple[float, float]:
    """nDCG@10 (gains as judged) and recall@10, over the queries that have a relevant document."""
    gains, recalls = [], []
    discounts = 1 / np.log2(np.arange(2, 12))
    for query, relevant in judgements.items():
        if query not in found:
            continue
        first = found[query][:10]
        got = np.array([relevant.get(document, 0) for document in first] + [0] * (10 - len(first)))
        best = np.array(sorted(relevant.values(), reverse=True)[:10] + [0] * max(0, 10 - len(relevant)))
        gains.append(float((got * discounts).sum() / (best * discounts).sum()))
        recalls.append(float((got > 0).sum() / min(10, len(relevant))))
    return float(np.mean(gains)), float(np.mean(recalls))


def opened(collection: Collection, work: Path, *, vectors: bool, precision: EncodingPrecision) -> Database:
    folder = work / collection.name
    if (folder / "catalog.sqlite").exists():
        database = Database.open(folder)
    else:
        tokenizer = train_tokenizer(collection.texts.values(), vocab_size=16_000)
        embedder = DEFAULT_EMBEDDER if vectors else None
        database = Database.create(folder, tokenizer=tokenizer, embedder=embedder)
    if vectors:
        database.encode_in(precision)
    database.add(Document(id=name, text=text) for name, text in collection.texts.items() if text.strip())
    return database


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--collections", nargs="+", choices=COLLECTIONS, default=list(COLLECTIONS))
    parser.add_argument("--embedder-precision", choices=("float32", "bfloat16"), default="float32")
    arguments = parser.parse_args()
    modes, vectors = arguments.modes, arguments.modes != ["bm25"]
    print(
        "| collection | documents | queries | " + " | ".join(f"{m} nDCG@10 / recall@10" for m in modes) + " |"
    )
    print("|---|---|---|" + "---|" * len(modes))
    table = []
    fusions: dict[str, list[tuple[float, float]]] = {}
    for name in arguments.collections:
        collection = COLLECTIONS[name](arguments.data)
        database = opened(collection, arguments.work, vectors=vectors, precision=arguments.embedder_precision)
        row = [measure(ranked(database, collection.queries, mode), collection.judgements) for mode in modes]
        table.append(row)
        for fusion, found in (fused(database, collection.queries) if vectors else {}).items():
            fusions.setdefault(fusion, []).append(measure(found, collection.judgements))
        asked = len(collection.judgements.keys() & collection.queries.keys())
        cells = " | ".join(f"{gain:.4f} / {recall:.4f}" for gain, recall in row)
        print(f"| {collection.name} | {len(collection.texts)} | {asked} | {cells} |", flush=True)
    means = np.mean(table, axis=0)
    print("| mean | | | " + " | ".join(f"{gain:.4f} / {recall:.4f}" for gain, recall in means) + " |")
    if fusions:
        print("\n| fusion | mean nDCG@10 / recall@10 |\n|---|---|")
    for name, rows in fusions.items():
        gain, recall = np.mean(rows, axis=0)
        print(f"| {name} | {gain:.4f} / {recall:.4f} |")


if __name__ == "__main__":
    main()
