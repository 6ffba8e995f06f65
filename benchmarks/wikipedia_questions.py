"""Questions about Wikipedia's articles, made by patterns and by search, to learn reading from.

    python benchmarks/wikipedia_questions.py ../shared/data WORK      # a quarter of an hour; WORK as
                                                                      # shipped_reader.py prepare leaves it

patterns.learned.jsonl: what the first sentences of articles of Simple English Wikipedia say in set phrases
("directed by", "is the capital of", "was born in") is asked in other words; answers of the same kind of other
articles are its swaps. search.learned.jsonl: questions of Natural Questions' training part (DPR's dev file),
with passages of English and Simple English Wikipedia that a word search finds and that hold the answer: no
judgement, so some of them do not answer. No article that the tests of shipped_reader.py ask about is asked
about here, and no question of theirs.
"""

import argparse
import gzip
import json
import lzma
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from shipped_reader import openbook, search, write

from openbook.pretrained import SMOLLM2

Row = dict[str, Any]

_WORD = r"(?:[A-Z][\w'\u2019-]+|[A-Z]\.)"
NAME = rf"({_WORD}(?: (?:{_WORD}|(?:de|van|von|da|di|der|la|le|bin|al|of|the)(?: the)? {_WORD}))*)"
NATIONALITY = re.compile(r"[A-Z]\w+(?:an|ish|ese|ch|i|ic)")
"""What stands before a name, rather than a name."""
OF_PEOPLE = ("performer", "writer", "star")
WORK = r"(?:film|movie|novel|book|album|song|single|series|show|game|play|opera|musical|drama|comedy)"
PATTERNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "director": (
        rf"[Dd]irected (?:and \w+ )?by {NAME}",
        ("Who was the director of {t}?", "Who directed {t}?", "{t} was directed by whom?"),
    ),
    "producer": (
        rf"[Pp]roduced (?:and \w+ )?by {NAME}",
        ("Who was the producer of {t}?", "Who produced {t}?"),
    ),
    "writer": (
        rf"(?:[Ww]ritten|[Ss]creenplay) (?:and \w+ )?by {NAME}",
        ("Who wrote {t}?", "Who was the screenwriter for {t}?", "Who is the author of {t}?"),
    ),
    "composer": (
        rf"(?:[Mm]usic|[Cc]omposed|[Ss]core) (?:was )?(?:\w+ )?by {NAME}",
        ("Who was the composer of {t}?", "Who wrote the music for {t}?"),
    ),
    "performer": (
        rf"(?:song|album|single) by (?:\w+ ){{0,3}}?{NAME}",
        ("Who is {t} by?", "Which artist made {t}?", "Who was the composer of {t}?"),
    ),
    "star": (rf"(?:stars|[Ss]tarring) {NAME}", ("Who stars in {t}?", "Which actor plays in {t}?")),
    "genre": (
        rf" is an? (?:\d{{4}} )?(?:[A-Z][\w-]+ )*([a-z][a-z-]+(?: [a-z-]+)??) {WORK}\b",
        ("What genre is {t}?", "What kind of work is {t}?"),
    ),
    "occupation": (
        r"\)? (?:is|was) an? (?:former |retired |professional )?(?:[A-Z][\w-]+ )*"
        r"((?:[a-z]+ )??(?:[a-z]+(?:er|or|ist|ian|man|woman|ess|ect|eur|ect|ant|ete|ain)))\b(?=[,. ])",
        ("What is {t}'s occupation?", "What was {t}'s job?", "What did {t} do for a living?"),
    ),
    "birthplace": (
        r"(?:was|He was|She was) born (?:on [\w ,]+ )?in ([A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)*)",
        ("In what city was {t} born?", "Where was {t} born?", "What is the place of birth of {t}?"),
    ),
    "birth": (
        r"\((?:born |b\. )(\w+ \d{1,2}, \d{4}|\d{1,2} \w+ \d{4}|\d{4})",
        ("When was {t} born?", "What is {t}'s date of birth?"),
    ),
    "death": (
        r"\(?(?:\w+ \d{1,2}, \d{4}|\d{1,2} \w+ \d{4}) [\u2013-] (\w+ \d{1,2}, \d{4}|\d{1,2} \w+ \d{4})\)",
        ("When did {t} die?", "On what day did {t} die?"),
    ),
    "capital": (
        rf"(?:capital|capital city|county seat|seat) (?:and largest city )?is {NAME}",
        ("What is the capital of {t}?", "Which city is the seat of {t}?"),
    ),
    "capital of": (
        rf"is the (?:capital|capital city) (?:and largest city )?of (?:the )?{NAME}",
        ("What is {t} the capital of?", "Of what is {t} the capital?"),
    ),
    "place": (
        r"is an? (?:small |large |former )?(?:commune|city|town|village|municipality|county|district|river|"
        rf"lake|island|province|region|borough|suburb|mountain)(?: \w+){{0,3}}? (?:in|of) (?:the )?{NAME}",
        ("In what country is {t}?", "Where is {t}?", "In which place is {t} found?"),
    ),
    "sport": (
        r"(?:is|was) an? (?:[A-Z][\w-]+ )*(?:former )?(?:professional )?((?:association |ice )?[a-z]+) "
        r"(?:player|team|club|manager|coach|driver)",
        ("What sport does {t} play?", "Which sport is {t} known for?"),
    ),
    "year": (
        r"(?:released|founded|established|published|built|created|opened|started|formed) (?:on|in) "
        r"(\w+ \d{1,2}, \d{4}|\d{1,2} \w+ \d{4}|\w+ \d{4}|\d{4})",
        ("When did {t} begin?", "In what year did {t} come about?", "When did {t} come out?"),
    ),
    "population": (
        r"(?:population (?:was|of|is)|There were|had) (?:about |over |around )?(\d[\d,.]+)(?: people)?",
        ("What is the population of {t}?", "How many people live in {t}?"),
    ),
    "parent": (rf"(?:son|daughter) of {NAME}", ("Who is the father of {t}?", "Who was a parent of {t}?")),
    "maker": (
        r"(?:[Dd]eveloped|[Pp]ublished|[Ff]ounded|[Dd]iscovered|[Ii]nvented|[Dd]esigned|[Cc]reated) by "
        rf"{NAME}",
        ("Who made {t}?", "Who is behind {t}?"),
    ),
    "namesake": (rf"named (?:after|for) (?:the )?{NAME}", ("What is {t} named after?",)),
    "club": (
        rf"(?:plays|played) for (?:the )?{NAME}",
        ("What team does {t} play for?", "For whom did {t} play?"),
    ),
    "party": (rf"member of the {NAME}", ("What is {t} a member of?",)),
}
LEAD = 900
"""Characters of an article's beginning in which phrases are looked for."""
OF_A_PATTERN = 1800
SWAPS = 8
KEPT = 5
"""Passages that are found for each question."""


def articles(path: Path) -> Iterator[Row]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def asked_in_tests(work: Path) -> tuple[set[str], set[str]]:
    """Titles that tests ask about, and their questions, in lower case."""
    titles: set[str] = set()
    for name in ("dynamicqa", "nq"):
        tested = {json.loads(line)["document"] for line in (work / f"{name}.test").open(encoding="utf-8")}
        for row in map(json.loads, (work / f"{name}.jsonl").open(encoding="utf-8")):
            if row["id"] in tested:
                titles.add(row["title"].lower())
    questions = {
        json.loads(line)["question"].lower().strip("? ")
        for name in ("dynamicqa", "nq", "xquad")
        for line in (work / f"{name}.test").open(encoding="utf-8")
    }
    return titles, questions


def by_patterns(documents: Iterable[Row], avoided: set[str], drawn: random.Random) -> list[Row]:
    found: dict[str, list[tuple[Row, str]]] = defaultdict(list)
    for document in documents:
        title, lead = document["title"], document["text"][:LEAD]
        if title.lower() in avoided or ":" in title or len(lead) < 60:
            continue
        for relation, (pattern, _) in PATTERNS.items():
            match = re.search(pattern, lead)
            answer = match[1].strip(" .,'\u2019-") if match else ""
            if (
                NATIONALITY.match(answer)
                and " " not in answer
                and relation in ("performer", "writer", "star")
            ):
                continue
            if 2 < len(answer) < 50 and answer.lower() not in title.lower():
                found[relation].append((document, answer))
    rows = []
    for relation, pairs in found.items():
        drawn.shuffle(pairs)
        answers = [answer for _, answer in pairs]
        for document, answer in pairs[:OF_A_PATTERN]:
            form = drawn.choice(PATTERNS[relation][1])
            name = document["title"].partition(" (")[0]
            swaps = {other for other in drawn.sample(answers, min(SWAPS, len(answers))) if other != answer}
            rows.append(
                {
                    "question": form.format(t=name),
                    "answers": [answer],
                    "document": document["id"],
                    "swaps": sorted(swaps),
                }
            )
    return rows


def natural_questions(data: Path, asked: set[str]) -> Iterator[Row]:
    lines = (data / "qa/nq/topics.dpr.nq.dev.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        question, _, listed = line.partition("\t")
        answers = [answer.replace(" ,", ",") for answer in re.findall(r"['\"](.+?)['\"](?=[,\]])", listed)]
        if answers and min(map(len, answers)) > 3 and question.lower() not in asked:
            yield {"question": f"{question}?", "answers": answers}


def with_evidence(data: Path, asked: set[str]) -> Iterator[Row]:
    """Questions of Natural Questions with what another system's search has found for them."""
    with gzip.open(data / "qa/evidence-wiki18/nq.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            texts = [f"{passage['title']}\n{passage['text']}" for passage in row["passages"]]
            answers = row["golden_answers"]
            holding = [text for text in texts if any(answer.lower() in text.lower() for answer in answers)]
            if holding and row["question"].lower().strip("? ") not in asked:
                yield {
                    "question": f"{row['question']}?",
                    "answers": answers,
                    "swaps": [],
                    "found": texts,
                    "passages": holding[:2],
                }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    drawn = random.Random(3)
    titles, asked = asked_in_tests(work)
    simple = [
        {**row, "id": f"simple/{row['id']}"}
        for row in articles(data / "lm/wikipedia/simplewiki-2021-12.jsonl.xz")
    ]
    rows = by_patterns(simple, titles, drawn)
    wanted = {row["document"] for row in rows}
    leads = [{**row, "text": row["text"][: 2 * LEAD]} for row in simple if row["id"] in wanted]
    write(work / "leads.jsonl", leads)
    english = (
        {**row, "id": f"english/{row['id']}"}
        for row in articles(data / "lm/wikipedia/enwiki-2018-07-AA.jsonl.xz")
    )
    write(work / "articles.jsonl", [*english, *simple[: len(simple) // 2]])
    for name in ("leads", "articles"):
        openbook("build", work / name, work / f"{name}.jsonl", "--tokenizer", SMOLLM2, "--embedder", "none")
    drawn.shuffle(rows)
    write(work / "patterns.train", rows)
    write(work / "patterns.learned.jsonl", search(work, "leads", work / "patterns.train", "bm25", found=KEPT))
    write(work / "search.train", natural_questions(data, asked))
    searched = [*search(work, "articles", work / "search.train", "bm25"), *with_evidence(data, asked)]
    write(work / "search.learned.jsonl", searched)


if __name__ == "__main__":
    main()
