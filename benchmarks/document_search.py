"""Documents first, or chunks alone: how often an answer is among four passages that a question finds.

    python benchmarks/document_search.py ../shared/data WORK

Short documents are the passages of Natural Questions and of DynamicQA and the paragraphs of XQuAD, long ones
XQuAD's articles, each of five paragraphs; the documents of the exam's world are between them. Questions are
300 of each, spread over all; those that the book does not answer are left out.
"""

import argparse
import json
from pathlib import Path

import shipped_reader
from shipped_reader import SMOLLM2, Row, openbook, write

from openbook.database import SearchUnit, Version
from openbook.evaluate.answering.passages import ask_book
from openbook.evaluate.answering.questions import Question, read_questions
from openbook.evaluate.exact_match import holds_answer

K = 4


def articles(data: Path, work: Path) -> None:
    """Whole articles as documents."""
    documents: list[Row] = []
    rows: list[Row] = []
    for place, article in enumerate(json.loads((data / "qa/xquad/xquad.en.json").read_text("utf-8"))["data"]):
        paragraphs = article["paragraphs"]
        text = "\n\n".join(paragraph["context"] for paragraph in paragraphs)
        title = article.get("title", "").replace("_", " ")
        documents.append({"id": f"article/{place}", "title": title, "text": text})
        for item in (item for paragraph in paragraphs for item in paragraph["qas"]):
            answers = [answer["text"] for answer in item["answers"]]
            rows.append({"question": item["question"], "answers": answers, "document": f"article/{place}"})
    write(work / "articles.docs", documents)
    write(work / "articles.test", rows)


def prepare(data: Path, work: Path) -> None:
    work.mkdir(parents=True)
    for make in (
        shipped_reader.dynamicqa,
        shipped_reader.natural_questions,
        shipped_reader.xquad,
        articles,
    ):
        make(data, work)
    for book in ("dynamicqa", "nq", "xquad", "articles"):
        rows = work / f"{book}.docs"
        openbook("build", work / book, rows.rename(rows.with_suffix(".jsonl")), "--tokenizer", SMOLLM2)
    shipped_reader.write_world(work, "exam", {**shipped_reader.EXAM, "part": "test"})
    (work / "exam-text/questions.jsonl").rename(work / "exam.test")


def share(book: Version, rows: list[Question], mode: str, *, by: SearchUnit) -> float:
    asked = ask_book(book, rows, k=K, mode=mode, by=by)
    found = [
        any(holds_answer(passage.text, item.question.answers) for passage in item.found[:K]) for item in asked
    ]
    return sum(found) / len(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    arguments = parser.parse_args()
    if not arguments.work.exists():
        prepare(arguments.data, arguments.work)
    for name in ("exam", "dynamicqa", "nq", "xquad", "articles"):
        book = Version.open(arguments.work / name)
        rows = [row for row in read_questions(arguments.work / f"{name}.test") if row.answers]
        rows = rows[:: max(1, len(rows) // arguments.questions)][: arguments.questions]
        for mode in ("bm25", "hybrid"):
            plain, first = (share(book, rows, mode, by=by) for by in ("chunk", "document"))
            print(f"{name}, {mode}, {len(rows)} questions: by chunk {plain:.3f}, by document {first:.3f}")


if __name__ == "__main__":
    main()
