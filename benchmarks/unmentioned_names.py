"""How often a question has a name that nothing of what a search finds mentions.

    python benchmarks/unmentioned_names.py BOOK QUESTIONS.jsonl [--limit 100] [-k 4] [--by document]

QUESTIONS: rows of a question, answers (none: the book does not answer) and maybe passages that were found, as
`shipped_reader.py prepare` writes them; without passages the book is searched. No model is asked. Questions
with answers and those without are counted apart; with --foreign all are taken for questions to another book.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from openbook.database import Database, SearchUnit
from openbook.generation.question_names import names_in, unmentioned


def what_is_read(
    rows: list[dict[str, Any]], book: Path, k: int, by: SearchUnit
) -> list[list[tuple[str, ...]]]:
    """For each question the texts of each neighbor, as `ask` compares them."""
    if all(row.get("found") for row in rows):
        return [[(text,) for text in row["found"]] for row in rows]
    hits = Database.open(book).search([row["question"] for row in rows], k=k, by=by)
    return [[(hit.text, hit.continuation, hit.title, hit.source) for hit in found] for found in hits]


def count(what: str, asked: list[tuple[str, list[tuple[str, ...]]]]) -> None:
    named = sum(bool(names_in(question)) for question, _ in asked)
    missing = sum(bool(unmentioned(question, read)) for question, read in asked)
    if asked:
        share = missing / len(asked)
        print(f"{what}: {len(asked)} questions, {named} with a name, {missing} ({share:.2f}) unmentioned")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("book", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--limit", type=int, default=150)
    parser.add_argument("-k", type=int, default=4)
    parser.add_argument("--by", choices=("chunk", "section", "document"), default="chunk")
    parser.add_argument("--foreign", action="store_true")
    given = parser.parse_args()
    lines = given.questions.read_text(encoding="utf-8").splitlines()[: given.limit]
    rows = [json.loads(line) for line in lines]
    if given.foreign:
        rows = [{"question": row["question"], "answers": []} for row in rows]
    read = what_is_read(rows, given.book, given.k, given.by)
    asked = list(zip([row["question"] for row in rows], read, strict=True))
    has_answers = [bool(row["answers"]) for row in rows]
    count("answered by the book", [one for one, yes in zip(asked, has_answers, strict=True) if yes])
    count("not answered", [one for one, yes in zip(asked, has_answers, strict=True) if not yes])


if __name__ == "__main__":
    main()
