"""Chooses and writes the texts of english_wikipedia.sh.

    python benchmarks/english_wikipedia.py DATA WORK

DATA is a folder with enwiki-2018-07-AA.jsonl.xz, simplewiki-2021-12.jsonl.xz and wiki.test.raw.joined.txt.xz
somewhere below it. Into WORK go:
    held-out.txt    ids of 150 English articles of 4,000 characters or more, drawn at random
    held-out.jsonl  those articles
    corpus.jsonl    those and 700 more: what is trained on and evaluated
    english.jsonl, simple.jsonl    all articles: the book
    subjects.jsonl  Simple English articles of 600 characters or more whose titles stand in held-out articles:
                    a book small enough to be encoded on this machine
    wikitext103-test.jsonl         its articles, with the spaces before punctuation taken out
"""

import json
import lzma
import random
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

Article = dict[str, str]
HELD_OUT, TRAINED, LONG, LONGEST_TITLE = 150, 700, 4000, 4


def main(data: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    english = list(articles(data, "enwiki-2018-07-AA.jsonl.xz", "en"))
    simple = list(articles(data, "simplewiki-2021-12.jsonl.xz", "simple"))
    long = [article for article in english if len(article["text"]) >= LONG]
    random.Random(0).shuffle(long)
    held_out = long[:HELD_OUT]
    (work / "held-out.txt").write_text("".join(f"{article['id']}\n" for article in held_out))
    write(work / "held-out.jsonl", held_out)
    write(work / "corpus.jsonl", long[: HELD_OUT + TRAINED])
    write(work / "english.jsonl", english)
    write(work / "simple.jsonl", simple)
    write(work / "subjects.jsonl", subjects(simple, held_out))
    write(work / "wikitext103-test.jsonl", wikitext(data))


def articles(data: Path, name: str, prefix: str) -> Iterator[Article]:
    with opened(data, name) as lines:
        for line in lines:
            row = json.loads(line)
            yield {"id": f"{prefix}-{row['id']}", "title": row["title"], "text": row["text"]}


def opened(data: Path, name: str) -> TextIO:
    return lzma.open(next(data.rglob(name)), "rt", encoding="utf-8")


def write(path: Path, rows: Iterable[Article]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def subjects(simple: list[Article], held_out: list[Article]) -> Iterator[Article]:
    words = [
        word for article in held_out for word in re.findall(r"\w+", f"{article['title']} . {article['text']}")
    ]
    named = {
        " ".join(words[start : start + length])
        for length in range(1, LONGEST_TITLE + 1)
        for start in range(len(words) - length + 1)
    }
    for article in simple:
        if len(article["text"]) > 600 and " ".join(re.findall(r"\w+", article["title"])) in named:
            yield article


def wikitext(data: Path) -> Iterator[Article]:
    with opened(data, "wiki.test.raw.joined.txt.xz") as lines:
        parts = re.split(r"^ ?= ([^=\n]+) = ?$", "".join(lines), flags=re.MULTILINE)
    for number, (title, text) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
        kept = [line for line in (joined(line) for line in [f"= {title} =", *text.split("\n")]) if line]
        yield {"id": f"wikitext103-{number}", "title": title, "text": "\n".join(kept)}


def joined(line: str) -> str:
    """Without the spaces of WikiText's tokenization."""
    for pattern, text in (
        (r" @([-,.])@ ", r"\1"),
        (r" ([,.;:!?%)\]}'])", r"\1"),
        (r"([(\[{$£]) ", r"\1"),
        (r'" ([^"]*?) ?"', r'"\1"'),
        (r" (n't|'s|'re|'ve|'m|'ll|'d)\b", r"\1"),
        (r"^ ?(=+ )+(.*?)( =+)+ ?$", r"\2."),
    ):
        line = re.sub(pattern, text, line)
    return line.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
