"""A little text made of invented words: the same in every run, of every size, with near-copies in it.

Documents have topics, so that there is something to find; some have titles and sources, some only text.
"""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_COMMON, _OF_A_TOPIC, _TOPICS = 160, 30, 40
_SENTENCE = (6, 14)
"""Words."""
_CHANGED_WORDS = 0.02
"""Share of a near-copy's words that are others than the original's."""

Row = dict[str, Any]


class Words:
    """Invented words: common ones, and some for each topic.

    Args:
        seed: other seeds, other words.
    """

    def __init__(self, seed: int = 0) -> None:
        self.rng = random.Random(seed)
        self.common = [self._word(2) for _ in range(_COMMON)]
        self.topics = [[self._word(3) for _ in range(_OF_A_TOPIC)] for _ in range(_TOPICS)]

    def _word(self, longest: int) -> str:
        syllables = self.rng.randint(1, longest)
        letters = (self.rng.choice(_CONSONANTS) + self.rng.choice(_VOWELS) for _ in range(syllables))
        return "".join(letters) + self.rng.choice(("", "", "n", "s"))

    def sentence(self, topic: int) -> str:
        """Words of a topic among common ones."""
        count = self.rng.randint(*_SENTENCE)
        words = [self.rng.choice(self.topics[topic] if n % 2 else self.common) for n in range(count)]
        return f"{' '.join(words).capitalize()}{self.rng.choice('..,!?')}"

    def text(self, topic: int, sentences: int) -> str:
        """Paragraphs of four sentences."""
        lines = [self.sentence(topic) for _ in range(sentences)]
        return "\n\n".join(" ".join(lines[start : start + 4]) for start in range(0, len(lines), 4))

    def near_copy(self, text: str) -> str:
        """The same text with a few words replaced."""
        words = text.split(" ")
        return " ".join(
            self.rng.choice(self.common) if self.rng.random() < _CHANGED_WORDS else word for word in words
        )

    def articles(self, count: int, sentences: tuple[int, int], name: str = "article") -> list[Row]:
        """Documents with ids; one in eight nearly equals the one before it."""
        rows: list[Row] = []
        for number in range(count):
            topic = self.rng.randrange(_TOPICS)
            row: Row = {"id": f"{name}-{number}", "text": self.text(topic, self.rng.randint(*sentences))}
            if number % 8 == 7:
                row["text"] = self.near_copy(rows[-1]["text"])
            if number % 3:
                row["title"] = self.sentence(topic)
            if number % 4 == 1:
                row["source"] = f"https://example.org/{name}/{number}"
            rows.append(row)
        return rows

    def edited(self, rows: list[Row], added: list[Row]) -> list[Row]:
        """A later state of documents: one in thirteen is gone, one in nine has other sentences at its end."""
        kept = [dict(row) for number, row in enumerate(rows) if number % 13 != 5]
        for row in kept[::9]:
            row["text"] += "\n\n" + self.text(self.rng.randrange(_TOPICS), 5)
        return [*kept, *added]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_corpus(folder: Path) -> None:
    """Write all the text that the pipeline reads."""
    words = Words()
    articles = words.articles(330, (12, 40))
    write_rows(folder / "articles.jsonl", articles)
    write_rows(folder / "articles-edited.jsonl", words.edited(articles, words.articles(24, (8, 30), "later")))
    write_rows(folder / "more.jsonl", words.articles(12, (8, 30), "more"))
    small = words.articles(40, (8, 24), "small")
    write_rows(folder / "small.jsonl", small)
    write_rows(folder / "small-edited.jsonl", words.edited(small, words.articles(4, (8, 16), "small-later")))
    write_rows(folder / "small-more.jsonl", words.articles(3, (8, 16), "small-more"))
    held_out = [row["id"] for number, row in enumerate(small) if number % 8 == 6]
    (folder / "held-out.txt").write_text("\n".join(held_out) + "\n")
    # Another text about the same things, with some documents that the book has, too.
    write_rows(folder / "corpus.jsonl", [*words.articles(50, (12, 40), "corpus"), *articles[40:44]])
    (folder / "reading.txt").write_text(words.text(3, 90))
    questions = [words.sentence(number % _TOPICS) for number in range(16)]
    questions += [articles[number]["text"][:300] for number in range(0, 320, 40)]
    (folder / "questions.json").write_text(json.dumps(questions))
    _write_notes(folder / "notes", words)


def _write_notes(folder: Path, words: Words) -> None:
    """A folder of files, of each kind some."""
    (folder / "deep").mkdir(parents=True)
    for number in range(12):
        text = words.text(number, 16)
        (folder / f"plain-{number}.txt").write_text(text)
        (folder / "deep" / f"marked-{number}.md").write_text(f"# Title {number}\n\n{text[::-1]}\n")
        page = "".join(f"<p>{part}</p>" for part in words.text(number + 12, 12).split("\n\n"))
        html = f"<html><head><title>Page {number}</title></head><body>{page}</body></html>"
        (folder / f"page-{number}.html").write_text(html)
