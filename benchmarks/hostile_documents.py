"""Stores hostile documents and looks each up again. Prints its counts; exit code 1 if one is lost or changed.

    python benchmarks/hostile_documents.py --work /tmp/hostile --documents 10000 --tiny 100000

Each document is either refused when it is made, with its reason, or stored; then its text must come back from
its chunks, and a search for one of its words must find it. The last step adds many tiny documents.
"""

import argparse
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from openbook.database import Database
from openbook.database.search.whole_words import texts_to_index
from openbook.errors import SourceError
from openbook.text import Document, train_tokenizer

IDS = st.text(alphabet=st.sampled_from("ab'\"\\/;%_- .:\n\t\x00é∂漢א\u202e😀"), min_size=1, max_size=40)
EVERY_CHARACTER = st.characters(exclude_categories=())
RIGHT_TO_LEFT = st.text(alphabet="אבגדהابتثج \u200f\u202e", min_size=1, max_size=500)
CONTROL = st.text(alphabet=st.characters(max_codepoint=0x9F), min_size=1, max_size=300)
TEXTS = st.one_of(
    st.just(""),
    st.text(alphabet=EVERY_CHARACTER, min_size=1, max_size=1),
    st.text(alphabet=EVERY_CHARACTER, max_size=600),
    st.text(alphabet=st.characters(categories=["Cs", "Ll"]), min_size=1, max_size=50),
    RIGHT_TO_LEFT,
    CONTROL,
    st.just("\x00" * 100),
    st.builds(lambda part, times: part * times, st.text(min_size=1, max_size=8), st.integers(1, 3000)),
    st.sampled_from(
        ["<|endoftext|>", "[CLS] [SEP] <s> </s>", "a AND b OR (c", "field:value^2 +x -y ~", "\ufeff"]
    ),
)


def make(count: int, counts: Counter[str]) -> dict[str, Document]:
    """So many documents that could be made, and how many of each reason could not."""
    found: dict[str, Document] = {}

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(IDS, TEXTS)
    def draw(name: str, text: str) -> None:
        counts["drawn"] += 1
        try:
            document = Document(id=f"{counts['drawn']}{name}", text=text, title=name, source=name)
        except SourceError as error:
            reason = "lone surrogate" if "surrogate" in str(error) else "empty"
            counts[f"refused: {reason}"] += 1
            assert "text" in str(error), error
        else:
            found[document.id] = document

    while counts["drawn"] < count:
        draw()
    huge = "x" * 10_000_000
    found["huge line"] = Document(id="huge line", text=huge)
    found["huge words"] = Document(id="huge words", text="lantern " * 1_250_000)
    return found


def check(database: Database, documents: dict[str, Document], counts: Counter[str]) -> None:
    """Each document's text from its chunks, and a search for its own first chunk."""
    layout = database.layout
    names = [described.id for described in database.catalog.describe(layout.number.tolist())]
    counts["lost"] += len(documents.keys() - set(names))
    firsts = []
    for place, name in enumerate(names):
        chunks = layout.chunks_of(place)
        ids = database.tokens[chunks.start : chunks.stop].reshape(-1)
        text = database.tokenizer.decode([ids[: int(layout.document_tokens[place]) - 1].tolist()])[0]
        counts["changed"] += text != documents[name].text
        firsts.append(chunks.start)
    everything = layout.num_chunks
    index = database.opened.searcher.indexes.lexical
    chunks = np.array(firsts, dtype=np.int64)
    texts = texts_to_index(database.tokens, database.tokenizer, layout, chunks)
    for chunk, text in zip(firsts, texts, strict=True):
        words = index.words(text)
        if not words:
            counts["without words"] += 1
            continue
        ids, _ = index.search([" ".join(words[:3])], everything)
        counts["found" if chunk in ids else "NOT FOUND"] += 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--tiny", type=int, default=100_000)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    counts: Counter[str] = Counter()
    documents = make(arguments.documents, counts)
    print(f"{len(documents):,} documents to store", flush=True)
    tokenizer = train_tokenizer((d.text for d in documents.values() if len(d.text) < 10_000), vocab_size=4000)
    database = Database.create(arguments.work / "hostile", tokenizer=tokenizer, embedder=None)
    began = time.perf_counter()
    report = database.add(documents.values())
    counts["stored"] = report.added
    print(f"stored in {time.perf_counter() - began:.1f} s", flush=True)
    check(database, documents, counts)
    counts["not sound"] += not database.verify().ok
    rng = random.Random(0)
    tiny = [Document(id=f"tiny {n}", text=f"{rng.choice('abc')} number{n}") for n in range(arguments.tiny)]
    began = time.perf_counter()
    database.add(tiny)
    print(f"{len(tiny):,} tiny documents stored in {time.perf_counter() - began:.1f} s", flush=True)
    for document in rng.sample(tiny, min(1000, len(tiny))):
        hits = database.search([document.text.split()[1]], k=1, mode="bm25")[0]
        counts["tiny not found"] += [hit.document_id for hit in hits] != [document.id]
    counts["not sound"] += not database.verify().ok
    for name, count in sorted(counts.items()):
        print(f"{name}: {count:,}")
    sys.exit(any(counts[name] for name in ("lost", "changed", "NOT FOUND", "not sound", "tiny not found")))


if __name__ == "__main__":
    main()
