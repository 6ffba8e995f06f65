"""What of the exam a model misses: wordings of questions or statements, the prose around, names, words.

    python benchmarks/exam_parts.py MODEL

The exam's worlds and those of training differ in all of these at once. Here worlds are made that have some
from one part and the rest from the other, with the relations that both parts have, and MODEL, a native RETRO
that learned questions (native_exam.py), is asked about them. Names of the training part are made of syllables
drawn for these worlds alone. `fresh` puts made-up words where a statement and a question have a word in
common, as half of what was learned does (varied_worlds.py); `gap` asks with the statement itself, a question
word in the answer's place, and states each relation in one wording only.

Printed are of the answerable questions, with the passage that answers among k = 4: exact match, its interval,
refusals, wrong answers that stand in a passage read, and others; of wrong answers the share that are other
facts of the document asked about, and that are some document's fact of the sort asked for (a year, a person);
the mean part of an answer's probability that was copied; exact match where question and statement share a
word, and where they do not; of the unanswerable ones, refusals; exact match with what BM25 found.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from varied_worlds import KEPT, SHARED, in_common, other_words, syllable, training_part

from openbook.database import Database
from openbook.evaluate.answering.answerer import Answerer
from openbook.evaluate.answering.measure import measure_answers
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.answering.passages import AskedQuestion, ask_book
from openbook.evaluate.answering.questions import Question
from openbook.evaluate.exact_match import exact_match, holds_answer, is_refusal
from openbook.evaluate.exam import Part, World, documents_of, make_world, relations
from openbook.evaluate.exam.names import NamePieces, name_pieces
from openbook.evaluate.exam.question_rows import questions_of
from openbook.evaluate.exam.relations import relations_of, words_of
from openbook.evaluate.exam.wordings import RelationWordings, wordings_of
from openbook.model import RetroForCausalLM
from openbook.text import load_tokenizer
from openbook.text.chat_format import ChatFormat

K = 4
Row = dict[str, Any]
PARTS = ("questions", "statements", "around", "names", "words")
MIXES = {
    "all of the training part": (),
    "questions": ("questions",),
    "statements": ("statements",),
    "around": ("around",),
    "names": ("names",),
    "words": ("words",),
    "questions, statements": ("questions", "statements"),
    "around, names, words": ("around", "names", "words"),
    "all (the exam)": PARTS,
    "fresh": ("fresh",),
    "fresh, around, names, words": ("fresh", "around", "names", "words"),
    "gap": ("gap",),
    "gap, statements, around, names, words": ("gap", "statements", "around", "names", "words"),
}
"""By what is printed: what is of the test part."""
ASKED = {"person": "whom", "year": "which year", "number": "how many", "day": "which day"}


def facts(mix: Sequence[str], random: Random) -> dict[str, RelationWordings]:
    """Wordings of each relation that both parts have."""
    asking = wordings_of("test" if "questions" in mix else "train").facts
    stating = wordings_of("test" if "statements" in mix else "train").facts
    made = {}
    for relation, fact in wordings_of("test").facts.items():
        mixed = replace(fact, statements=stating[relation].statements, questions=asking[relation].questions)
        if "gap" in mix:
            statement = mixed.statements[0]
            question = statement.replace("{answer}", ASKED.get(fact.answers.split()[0], "what")) + "?"
            mixed = replace(mixed, statements=(statement,), questions=(question,))
        made[relation] = other_words(mixed, random) if "fresh" in mix else mixed
    return made


def drawn_pieces(random: Random) -> NamePieces:
    """As varied_worlds draws them, but syllables first: the results on record are of such worlds."""
    pieces = name_pieces("train")
    syllables = tuple(syllable(random) for _ in range(60))
    endings = {kind: tuple(syllable(random) for _ in range(6)) for kind in pieces.endings}
    return replace(pieces, syllables=syllables, endings=endings)


@contextmanager
def mixed_part(mix: Sequence[str], seed: int) -> Iterator[None]:
    """Have the training part be a mix of both."""
    random = Random(f"parts {seed}")
    pieces = name_pieces("test") if "names" in mix else drawn_pieces(random)
    around = wordings_of("test" if "around" in mix else "train")
    words: Part = "test" if "words" in mix else "train"
    with (
        training_part(replace(around, facts=facts(mix, random)), pieces),
        patch.object(relations, "relations_of", lambda part: relations_of("test")),
        patch.object(relations, "words_of", lambda sort, part: words_of(sort, words)),
    ):
        yield


def share_a_word(item: AskedQuestion, named: str) -> bool:
    """Whether a word of the question, its subject's name aside, stands in the sentence with the answer."""
    answer = item.question.answers[0]
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", item.gold[0].text) if answer in part]
    asked, stated = (
        set(re.findall(r"\b[a-z]{4,}\b", text.replace(named, "")))
        for text in (item.question.question, " ".join(sentences))
    )
    return any(in_common(word, other) >= SHARED for word in asked - KEPT for other in stated)


def described(
    world: World, asked: Sequence[AskedQuestion], given: Mapping[str, Sequence[ModelAnswer]]
) -> Row:
    """The row that is printed."""
    gold, on = given["gold"], given["on"]
    answerable = [place for place, item in enumerate(asked) if item.gold]
    right = {place: exact_match(gold[place].text, asked[place].question.answers) for place in answerable}
    refused = [place for place in answerable if is_refusal(gold[place].text)]
    wrong = [place for place in answerable if not right[place] and place not in refused]
    read = [
        place
        for place in wrong
        if any(holds_answer(passage.text, (gold[place].text,)) for passage in asked[place].with_gold(K))
    ]
    others = [place for place, item in enumerate(asked) if not item.question.answers]
    drawn = np.random.default_rng(0).choice(list(right.values()), size=(1000, len(right))).mean(1)
    return {
        "gold": mean(right.values()),
        "interval": [round(float(end), 3) for end in np.percentile(drawn, [2.5, 97.5])],
        "refused": round(len(refused) / len(answerable), 3),
        "read, wrong": round(len(read) / len(answerable), 3),
        "not read": round((len(wrong) - len(read)) / len(answerable), 3),
        **of_wrong(world, [asked[place] for place in wrong], [gold[place].text for place in wrong]),
        "copied": mean([sum(gold[place].copied or ()) for place in answerable]),
        **by_words(world, [asked[place] for place in answerable], list(right.values())),
        "unanswerable refused": mean([float(is_refusal(gold[place].text)) for place in others]),
        "on": mean([exact_match(on[place].text, asked[place].question.answers) for place in answerable]),
        "questions": len(answerable),
    }


def mean(values: Iterable[float]) -> float | None:
    values = list(values)
    return round(fmean(values), 3) if values else None


def of_wrong(world: World, asked: Sequence[AskedQuestion], answers: Sequence[str]) -> Row:
    """What wrong answers are: other facts of the document asked about; of the sort that was asked for."""
    sorts = {
        fact.answer: relations_of("test")[made][relation].split()[0]  # type: ignore[index]
        for document in world.documents
        for fact in document.facts
        for made, relation in [fact.relation.split(".")]
    }
    own = {made.id: {fact.answer for fact in made.facts} for made in world.documents}
    pairs = list(zip(asked, answers, strict=True))
    return {
        "of wrong: same document": mean(
            [float(answer in own[item.question.document or ""]) for item, answer in pairs]
        ),
        "of wrong: right sort": mean(
            [float(sorts.get(answer) == sorts[item.question.answers[0]]) for item, answer in pairs]
        ),
    }


def by_words(world: World, asked: Sequence[AskedQuestion], right: Sequence[float]) -> Row:
    """Exact match where question and statement share a word, and where not, with how many these are."""
    titles = {made.id: made.title for made in world.documents}
    groups: dict[bool, list[float]] = {True: [], False: []}
    for item, is_right in zip(asked, right, strict=True):
        groups[share_a_word(item, titles[item.question.document or ""])].append(is_right)
    return {
        "share a word": [mean(groups[True]), len(groups[True])],
        "share none": [mean(groups[False]), len(groups[False])],
    }


def asked_questions(world: World, model: Path, count: int) -> list[AskedQuestion]:
    """Some questions of a world, with what they find."""
    tokenizer = load_tokenizer(str(model))
    M = json.loads((model / "config.json").read_text())["chunk_size"]
    rows = [Question(row.question, row.answers, row.document) for row in questions_of(world)[:count]]
    with TemporaryDirectory() as folder:
        database = Database.create(Path(folder) / "book", tokenizer=tokenizer, embedder=None, chunk_size=M)
        database.add(documents_of(world))
        found = ask_book(database.opened, rows, k=K, mode="bm25", by="chunk")
    return [item for item in found if item.gold or not item.question.answers]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="folder with the model and its tokenizer")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--seed", type=int, default=2002)
    parser.add_argument("--mixes", nargs="*", default=list(MIXES), choices=list(MIXES))
    arguments = parser.parse_args()
    model = RetroForCausalLM.from_pretrained(arguments.model)
    answerer = Answerer(model, ChatFormat.of(load_tokenizer(str(arguments.model))))
    for name in arguments.mixes:
        with mixed_part(MIXES[name], arguments.seed):
            world = make_world(documents=arguments.documents, seed=arguments.seed, part="train")
        asked = asked_questions(world, arguments.model, arguments.questions)
        given = measure_answers(answerer, asked, k=K, modes=("on", "gold")).answers
        print(json.dumps({"of the test part": name} | described(world, asked, given)), flush=True)


if __name__ == "__main__":
    main()
