"""A newer book: the same model with Wikipedia of 2015 to look things up in, then of 2018; nothing is trained.

    python benchmarks/newer_book.py prepare ../shared/data WORK --passages 100 --articles 600   # words only
    python benchmarks/newer_book.py found WORK        # how much of what is found is new
    python benchmarks/newer_book.py losses WORK       # bits per byte
    python benchmarks/newer_book.py ask WORK          # questions whose answer changed between the two
    python benchmarks/newer_book.py draw WORK         # the plot (extra `plots`)

**Passages.** Of articles that both years have, a paragraph of 2018 is held out of which hardly anything
stands in the article of 2015 (at most a tenth of its runs of five words), cut to 250 tokens. Both books hold
the same articles, that of 2018 without the paragraph. Each chunk of a paragraph is searched by its words
(bm25); the base reads the neighbors itself, untrained, before the text; loss off, with each book, and with
chunks of the book of 2018 drawn at random, on the same tokens.

**Questions.** SituatedQA gives answers by date: asked are questions whose answers of 2015 and 2018 have none
in common, and whose new answer stands in the 2018 version of at least one and at most twenty of all 6,076
articles whose 2015 version does not have it; both books hold these articles as well. The shipped reader
answers from what bm25 finds with the question alone, without its date.
"""

import argparse
import json
import lzma
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from edited_wikipedia import interval, share

from openbook.database import Database, Version, nearest_neighbors
from openbook.evaluate import EvaluationOptions, Evaluator
from openbook.evaluate.answering.passages import read_passages
from openbook.evaluate.exact_match import exact_match, holds_answer, is_refusal, normalize_answer
from openbook.pretrained import SMOLLM2, at_hand
from openbook.text import Document, load_tokenizer

YEARS = ("2015", "2018")
FILES = {"2015": "enwiki-2015-05-AAids", "2018": "enwiki-2018-07-AA"}
LENGTH = 250
"""Tokens of a passage: four chunks, with the token that ends a document."""
RUN = 5
MOST_KNOWN = 0.1
MOST_ARTICLES = 20
Row = dict[str, Any]


def articles(data: Path, year: str) -> dict[str, Row]:
    with lzma.open(data / f"lm/wikipedia/{FILES[year]}.jsonl.xz", "rt", encoding="utf-8") as lines:
        return {row["id"]: row for row in map(json.loads, lines)}


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def new_paragraph(old: str, new: str, tokenizer: Any) -> str | None:
    """The first long paragraph of which hardly anything stood there before, cut to LENGTH tokens."""
    known = runs(old)
    for paragraph in new.split("\n"):
        if len(paragraph) < 3 * LENGTH:
            continue
        own = runs(paragraph)
        if len(own & known) <= MOST_KNOWN * len(own):
            tokens = tokenizer.encode([paragraph])[0]
            if len(tokens) >= LENGTH:
                return paragraph
    return None


def passages(old: dict[str, Row], new: dict[str, Row], count: int) -> Iterator[tuple[str, str, str]]:
    """Of articles in random order: the article, its new paragraph, and that as it is read."""
    tokenizer = load_tokenizer(at_hand(SMOLLM2))
    both = sorted(old.keys() & new.keys(), key=int)
    random.Random(0).shuffle(both)
    for article in both:
        paragraph = new_paragraph(old[article]["text"], new[article]["text"], tokenizer)
        if paragraph is not None:
            yield article, paragraph, tokenizer.decode([tokenizer.encode([paragraph])[0][:LENGTH]])[0]
            count -= 1
        if count == 0:
            return


def changed_questions(
    data: Path, old: dict[str, Row], new: dict[str, Row]
) -> Iterator[tuple[Row, list[str]]]:
    """Questions with the answers of both years, and the articles that have come to hold the newer one."""
    # Padded, so that whole words are found.
    before, after = (
        {name: f" {normalize_answer(row['text'])} " for name, row in texts.items()} for texts in (old, new)
    )
    for part in ("train", "dev", "test"):
        by_question: dict[str, dict[int, list[str]]] = {}
        with lzma.open(data / f"qa/situatedqa/temp.{part}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                year = row["date"].split()[-1]
                if year.isdigit():
                    by_question.setdefault(row["question"], {})[int(year)] = row["answer"]
        for question, answers in by_question.items():
            told = {year: answer_at(answers, int(year)) for year in YEARS}
            if not all(told.values()) or set(map(normalize_answer, told["2015"])) & set(
                map(normalize_answer, told["2018"])
            ):
                continue
            words = [f" {normalize_answer(answer)} " for answer in told["2018"]]
            holding = [
                name
                for name in before.keys() & after.keys()
                if any(word in after[name] for word in words)
                and not any(word in before[name] for word in words)
            ]
            if 1 <= len(holding) <= MOST_ARTICLES:
                yield {"question": f"{question.strip(' ?')}?", **told}, sorted(holding, key=int)


def answer_at(answers: dict[int, list[str]], year: int) -> list[str]:
    """The latest that is known of a year or of one before; none if none is."""
    known = [at for at in answers if at <= year]
    return list(dict.fromkeys(answers[max(known)])) if known else []


def prepare(data: Path, work: Path, *, count: int, size: int) -> None:
    work.mkdir(parents=True, exist_ok=True)
    old, new = (articles(data, year) for year in YEARS)
    held_out = list(passages(old, new, count))
    chosen = {article for article, _, _ in held_out}
    questions = []
    for row, holding in changed_questions(data, old, new):
        questions.append(row)
        chosen.update(holding)
    rest = sorted((old.keys() & new.keys()) - chosen, key=int)
    chosen.update(random.Random(1).sample(rest, max(0, size - len(chosen))))
    for article, paragraph, _ in held_out:
        new[article]["text"] = new[article]["text"].replace(paragraph, "")
    write(work / "passages.jsonl", ({"id": f"new {name}", "text": text} for name, _, text in held_out))
    write(work / "questions.jsonl", questions)
    print(f"{len(held_out)} passages, {len(questions)} questions, {len(chosen)} articles", flush=True)
    tokenizer = load_tokenizer(at_hand(SMOLLM2))
    for name, texts in (("2015", old), ("2018", new)):
        if not (work / name).exists():
            documents = [
                Document(id=article, title=texts[article]["title"], source="", text=texts[article]["text"])
                for article in sorted(chosen, key=int)
            ]
            build(work, name, documents, tokenizer)
    if not (work / "passages").exists():
        build(
            work,
            "passages",
            [Document(id=f"new {n}", title="", source="", text=t) for n, _, t in held_out],
            tokenizer,
        )


def build(work: Path, name: str, documents: Sequence[Document], tokenizer: Any) -> None:
    """Complete or absent."""
    book = Database.create(work / f"{name}.new", tokenizer=tokenizer, embedder=None, holdout=0)
    print(name, book.add(documents), book.layout.num_chunks, "chunks", flush=True)
    (work / f"{name}.new").rename(work / name)


def write(path: Path, rows: Any) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def rows_of(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def losses(work: Path, *, k: int, count: int | None) -> None:
    """Bits per byte of the passages: off, with chunks drawn at random, with each book."""
    from openbook.evaluate.neighbor_modes import neighbors_of_mode
    from openbook.evaluate.overlap import overlap_runs
    from openbook.evaluate.scorers import ModelScorer
    from openbook.model.retrofitting import load_base, retrofit

    tokenizer = load_tokenizer(at_hand(SMOLLM2))
    base = load_base(at_hand(SMOLLM2), dtype="float32")
    model = retrofit(base, num_neighbors=k, tokenizer_fingerprint=tokenizer.fingerprint).eval()
    options = EvaluationOptions(
        k=k, sequence_length=256, search_mode="bm25", max_sequences=count, batch_size=4
    )
    text = Version.open(work / "passages")
    evaluators = {
        year: Evaluator(model, Version.open(work / year), None, corpus=text, options=options)
        for year in YEARS
    }
    newest = evaluators["2018"]
    windows = newest.windows
    nearest = {year: one.neighbors() for year, one in evaluators.items()}
    neighbors = {year: of_year.first(k) for year, of_year in nearest.items()}
    neighbors["random"] = neighbors_of_mode("random", neighbors["2018"], newest.book, seed=0)
    scorers = {"off": ModelScorer(model, windows.samples())}
    for name, rows in neighbors.items():
        of_book = evaluators["2015" if name == "2015" else "2018"].windows
        scorers[name] = ModelScorer(model, of_book.samples(rows))
    measured = newest.losses(scorers, lambda done, total: print(done, "of", total, flush=True))
    result: Row = {
        "passages": len(windows),
        "k": k,
        "bits_per_byte": {},
        "worse_than_2018": {},
        "overlap": {},
    }
    for name in scorers:
        result["bits_per_byte"][name] = measured.result(name).bits_per_byte
    for name, difference in measured.differences(base="2018").items():
        result["worse_than_2018"][name] = [difference.bits_per_byte, difference.low, difference.high]
    for year in YEARS:
        shared = overlap_runs(windows, nearest[year], evaluators[year].book)
        result["overlap"][year] = float((shared / windows.chunk_size).mean())
    (work / "losses.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(json.dumps(result, indent=1))


def found(work: Path, *, k: int, count: int | None) -> None:
    """Of the passages found in the book of 2018, how many are of the same article, and how many are new.

    New is a passage of whose runs of five words hardly any stand in its article of 2015.
    """
    text, old, new = (Version.open(work / name) for name in ("passages", *YEARS))
    chunks = np.arange(4 * (count or text.layout.num_chunks // 4))
    nearest = nearest_neighbors(text, chunks, book=new, k=k, mode="bm25")
    known = read_passages(new, np.unique(nearest[nearest >= 0]))
    records = old.catalog.live_records(sorted({passage.document for passage in known.values()}))
    stood = {
        name: runs(
            "".join(old.chunk_texts(np.arange(record.first_chunk, record.first_chunk + record.num_chunks)))
        )
        for name, record in records.items()
    }
    counts = Counter[str]()
    of_article = text.catalog.describe(text.layout.number[text.layout.document_of[chunks]].tolist())
    for row, own in zip(nearest.tolist(), of_article, strict=True):
        for passage in (known[chunk] for chunk in row if chunk >= 0):
            said = runs(passage.text)
            is_new = len(said & stood[passage.document]) <= MOST_KNOWN * len(said)
            counts.update(found=1, same=int(own.id == f"new {passage.document}"), new=int(is_new))
    print(dict(counts))


def ask(work: Path, *, k: int, count: int | None) -> None:
    """Of each question the old and the new answer, by book; kept line by line in answers.jsonl."""
    from openbook.cli.asked_model import load_asked_model
    from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
    from openbook.evaluate.answering.passages import ask_book
    from openbook.evaluate.answering.questions import Question

    path = work / "answers.jsonl"
    done = {(row["year"], row["question"]) for row in rows_of(path)} if path.exists() else set()
    questions = rows_of(work / "questions.jsonl")
    random.Random(0).shuffle(questions)
    questions = questions[:count]
    loaded = load_asked_model(None, reads=True)
    answerer = Answerer(loaded.model, loaded.chat, batch_size=4)
    for year in YEARS:
        book = Version.open(work / year)
        rows = [row for row in questions if (year, row["question"]) not in done]
        items = [Question(row["question"], tuple(row[year])) for row in rows]
        asked = ask_book(book, items, k=k, mode="bm25", by="chunk")
        for start in range(0, len(rows), 4):
            batch = asked[start : start + 4]
            texts = [[passage.text for passage in item.found] for item in batch]
            tokens = [loaded.chat.tokenizer.encode(found) for found in texts]
            read = NeighborTokens.of(tokens, length=2 * loaded.model.config.chunk_size)
            answers = answerer.answer([item.question.question for item in batch], read)
            with path.open("a", encoding="utf-8") as file:
                for row, found, answer in zip(rows[start : start + 4], texts, answers, strict=True):
                    held = {y: any(holds_answer(text, row[y]) for text in found) for y in YEARS}
                    file.write(json.dumps({"year": year, "answer": answer.text, "held": held, **row}) + "\n")
    report(work)


def report(work: Path) -> dict[str, dict[str, list[float]]]:
    """Shares by book: of the newer and the older answers, found and given."""
    shares: dict[str, dict[str, list[float]]] = {}
    for year in YEARS:
        rows = [row for row in rows_of(work / "answers.jsonl") if row["year"] == year]
        given = {f"answer of {y}": [exact_match(row["answer"], row[y]) for row in rows] for y in YEARS}
        found = {f"found, of {y}": [float(row["held"][y]) for row in rows] for y in YEARS}
        refused = {"refused": [float(is_refusal(row["answer"])) for row in rows]}
        shares[year] = given | found | refused
        for name, hits in shares[year].items():
            print(f"book of {year} | {name} | {share(hits)} | of {len(hits)}")
    return shares


def draw(work: Path) -> None:
    """The plot of both: newer_book.png."""
    from openbook.evaluate.report.plots import new_figure, style_axes, to_png

    result = json.loads((work / "losses.json").read_text("utf-8"))
    figure = new_figure(height=3.4)
    left, right = figure.subplots(1, 2)
    names = [name for name in ("off", "random", *YEARS) if name in result["bits_per_byte"]]
    colors = {"off": "#555555", "random": "#D55E00", "2015": "#E69F00", "2018": "#0072B2"}
    for place, name in enumerate(names):
        bits = result["bits_per_byte"][name]
        error = None
        if name in result["worse_than_2018"]:
            middle, low, high = result["worse_than_2018"][name]
            error = [[middle - low], [high - middle]]
        left.errorbar(place, bits, yerr=error, fmt="o", color=colors[name], capsize=4, markersize=7)
        left.annotate(f"{bits:.4f}", (place, bits), xytext=(6, 4), textcoords="offset points", fontsize=8)
    left.set_xticks(range(len(names)), [f"book\n{name}" if name in YEARS else name for name in names])
    left.set_xlim(-0.5, len(names))
    bars = "bars: 95 % of the difference from book 2018"
    style_axes(left, title="New paragraphs of 2018", x=bars, y="bits per byte (less is better)")
    shares = report(work)
    for place, year in enumerate(YEARS):
        for step, answer in enumerate(YEARS):
            hits = shares[year][f"answer of {answer}"]
            low, high = interval(hits)
            middle = sum(hits) / len(hits)
            x = place + (step - 0.5) * 0.3
            error = [[middle - low], [high - middle]]
            label = f"answer of {answer}" if place == 0 else None
            right.bar(x, middle, 0.28, color=colors[answer], yerr=error, capsize=4, label=label)
    right.set_xticks(range(len(YEARS)), [f"book {year}" for year in YEARS])
    right.legend(frameon=False, fontsize=8)
    right.set_ylim(0, 0.25)
    style_axes(right, title="Answers that changed", x="bars: 95 %", y="share of questions, exact")
    (work / "newer_book.png").write_bytes(to_png(figure))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    preparing = verbs.add_parser("prepare")
    preparing.add_argument("data", type=Path)
    preparing.add_argument("work", type=Path)
    preparing.add_argument("--passages", type=int, default=100)
    preparing.add_argument("--articles", type=int, default=600)
    for verb, k in (("found", 2), ("losses", 2), ("ask", 4)):
        added = verbs.add_parser(verb)
        added.add_argument("work", type=Path)
        added.add_argument("-k", type=int, default=k)
        added.add_argument("--count", type=int, help="of passages, or of questions [all]")
    verbs.add_parser("draw").add_argument("work", type=Path)
    arguments = parser.parse_args()
    if arguments.verb == "prepare":
        prepare(arguments.data, arguments.work, count=arguments.passages, size=arguments.articles)
    elif arguments.verb == "draw":
        draw(arguments.work)
    else:
        measure = {"found": found, "losses": losses, "ask": ask}[arguments.verb]
        measure(arguments.work, k=arguments.k, count=arguments.count)


if __name__ == "__main__":
    main()
