"""Exact match by mode."""

from collections.abc import Callable, Sequence
from typing import cast

import pytest
import torch

from fake_judge import FakeJudge
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.evaluate.answering.answerer import Answerer, NeighborTokens
from openbook.evaluate.answering.measure import measure_answers, passages_of_mode, scores
from openbook.evaluate.answering.model_answer import ModelAnswer
from openbook.evaluate.answering.passages import AskedQuestion, ask_book
from openbook.evaluate.answering.questions import Question
from openbook.generation import PassageJudge, ask
from openbook.model.retrofitting import RetrofitForCausalLM
from openbook.progress import Progress, silent
from openbook.text.chat_format import REFUSAL, ChatFormat

MakeReader = Callable[..., RetrofitForCausalLM]


@pytest.fixture(scope="module")
def asked(facts: Database, questions: list[Question]) -> list[AskedQuestion]:
    return ask_book(facts.opened, [*questions, Question("Who is Zed?", ())], k=6)


def test_what_each_mode_reads(asked: list[AskedQuestion]) -> None:
    on = passages_of_mode("on", asked, k=2, seed=0)
    gold = passages_of_mode("gold", asked, k=2, seed=0)
    shuffled = passages_of_mode("shuffled", asked, k=2, seed=0)
    random = passages_of_mode("random", asked, k=2, seed=0)
    assert passages_of_mode("off", asked, k=2, seed=0) is None
    assert on == [item.found[:2] for item in asked]
    assert gold is not None and shuffled is not None and random is not None
    for item, read in zip(asked[:-1], gold, strict=False):
        assert set(read) & set(item.gold)
    assert sorted(shuffled, key=str) == sorted(on, key=str)
    assert all(mine != theirs for mine, theirs in zip(on, shuffled, strict=True))
    assert all(len(read) == 2 for read in random)
    assert random != passages_of_mode("random", asked, k=2, seed=1)


def test_scores_are_means(asked: list[AskedQuestion]) -> None:
    answers = ["Abelin.", "in Dorwick", "Semmer", "x", "y", "z", "The book does not say."]
    found = scores({"on": [ModelAnswer(text, ()) for text in answers]}, asked)["on"]
    assert found.exact_match == pytest.approx(3 / 7, abs=1e-4)
    assert found.f1 == pytest.approx((3 + 2 / 3) / 7, abs=1e-4)
    low, high = found.interval
    assert 0 <= low < found.exact_match < high <= 1


@pytest.mark.parametrize(
    ("right", "count", "expected"),
    [(1, 1, (0.2065, 1.0)), (0, 100, (0.0, 0.037)), (5, 10, (0.2366, 0.7634))],  # tables of Wilson's interval
)
def test_few_questions_leave_a_wide_interval(right: int, count: int, expected: tuple[float, float]) -> None:
    asked = [AskedQuestion(Question("?", ("yes",)), (), ())] * count
    answers = [ModelAnswer("yes")] * right + [ModelAnswer("no")] * (count - right)
    assert scores({"on": answers}, asked)["on"].interval == pytest.approx(expected, abs=1e-4)


def test_every_mode_and_the_recall(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    modes = ("on", "off", "random", "shuffled", "gold", "prompt", "retro++")
    stages: list[str] = []

    class Stages:
        def __call__(self, done: int, total: int | None) -> None:
            raise AssertionError

        def stage(self, name: str) -> Progress:
            stages.append(name)
            return lambda done, total: None

    answerer = Answerer(make_reader(), chat, max_new_tokens=2)
    report = measure_answers(answerer, asked, k=2, modes=modes, progress=Stages())
    assert tuple(report.modes) == tuple(report.answers) == tuple(stages) == modes
    recall = [any(item.question.answers[0] in p.text for p in item.found[:2]) for item in asked[:-1]]
    assert report.answer_recall == pytest.approx(sum(recall) / len(recall), abs=1e-4)
    assert [len(answers) for answers in report.answers.values()] == [7] * 7


def test_an_unknown_mode_or_no_question(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    answerer = Answerer(make_reader(), chat)
    with pytest.raises(SettingsError, match="gold"):
        measure_answers(answerer, asked, k=2, modes=["golden"])
    with pytest.raises(SettingsError, match="no questions"):
        measure_answers(answerer, [], k=2)


def test_random_passages_are_those_of_other_questions(asked: list[AskedQuestion]) -> None:
    for seed in range(20):
        random = passages_of_mode("random", asked, k=3, seed=seed)
        assert random is not None
        for item, read in zip(asked, random, strict=True):
            assert not set(read) & set(item.found[:3])


def test_where_no_other_question_found_anything_random_reads_nothing() -> None:
    nothing = [AskedQuestion(Question("Qq?", ("a",)), (), ()) for _ in range(2)]
    assert passages_of_mode("random", nothing, k=2, seed=0) == [(), ()]


def test_a_single_question_has_no_other_to_be_shuffled_with(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    with pytest.raises(SettingsError, match="one question"):
        measure_answers(Answerer(make_reader(), chat), asked[:1], k=2, modes=["shuffled"])


def test_without_answerable_questions_there_is_no_recall(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    answerer = Answerer(make_reader(), chat, max_new_tokens=1)
    assert measure_answers(answerer, asked[-1:], k=2, modes=["on"]).answer_recall is None


class Recording(Answerer):
    """Keeps what was asked: questions, how many neighbors each read, and the texts in its prompt."""

    def __init__(self, model: RetrofitForCausalLM, chat: ChatFormat) -> None:
        super().__init__(model, chat, max_new_tokens=2)
        self.asked: list[tuple[list[str], NeighborTokens | None, list[list[str]] | None]] = []

    def answer(
        self,
        questions: Sequence[str],
        neighbors: NeighborTokens | None = None,
        *,
        passages: Sequence[Sequence[str]] | None = None,
        progress: Progress = silent,
    ) -> list[ModelAnswer]:
        before = None if passages is None else [list(texts) for texts in passages]
        self.asked.append((list(questions), neighbors, before))
        return super().answer(questions, neighbors, passages=passages, progress=progress)


def test_where_a_question_finds_nothing_the_model_is_asked_only_without_the_book(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    nothing = AskedQuestion(Question("Qq?", ()), (), ())
    recording = Recording(make_reader(), chat)
    report = measure_answers(recording, [nothing, asked[0]], k=2, modes=("on", "off", "prompt"))
    assert [questions for questions, _, _ in recording.asked] == [
        [asked[0].question.question],
        ["Qq?", asked[0].question.question],
        [asked[0].question.question],
    ]
    said = {mode: answers[0].text for mode, answers in report.answers.items()}
    assert (said["on"], said["prompt"]) == (REFUSAL, REFUSAL)
    assert said["off"] != REFUSAL
    assert report.modes["on"].exact_match >= 0.5


def test_prompt_is_the_base_with_what_was_found_in_its_prompt(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    answerer = Recording(make_reader(copy_head=True), chat)
    report = measure_answers(answerer, asked, k=2, modes=["prompt"])
    ((_, neighbors, texts),) = answerer.asked
    assert neighbors is None
    assert texts == [[passage.text for passage in item.found[:2]] for item in asked if item.found]
    base = answerer.model.base
    for item, answer in zip(asked, report.answers["prompt"], strict=True):
        said = [passage.text for passage in item.found[:2]]
        if not said:
            assert answer.text == REFUSAL
            continue
        prompt = [*chat.prefix_ids, *chat.question_ids(item.question.question, said)]
        ids = base.generate(torch.tensor([prompt]), max_new_tokens=2, do_sample=False)[0, len(prompt) :]
        assert answer.text == chat.tokenizer.decode([ids.tolist()])[0].strip()


def test_retro_plus_plus_has_the_best_passage_in_the_prompt_as_well(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    answerer = Recording(make_reader(), chat)
    measure_answers(answerer, asked[:-1], k=2, modes=["on", "retro++"])
    (_, on, none), (_, both, best) = answerer.asked
    assert on is not None and both is not None
    assert torch.equal(on.ids, both.ids)
    assert none == [[]] * len(asked[:-1])
    assert best == [[item.found[0].text] for item in asked[:-1]]


def test_what_was_read_in_an_earlier_mode_is_not_asked_again(
    asked: list[AskedQuestion], make_reader: MakeReader, chat: ChatFormat
) -> None:
    hidden = AskedQuestion(asked[0].question, asked[0].gold[:1], asked[3].found)
    mixed = [*asked[1:], hidden]
    answerer = Recording(make_reader(), chat)
    report = measure_answers(answerer, mixed, k=2, modes=["on", "gold"])
    alone = measure_answers(Answerer(make_reader(), chat, max_new_tokens=2), mixed, k=2, modes=["gold"])
    changed = [item for item in mixed if item.with_gold(2) != item.found[:2]]
    assert hidden in changed and len(changed) < len(mixed)
    assert answerer.asked[1][0] == [item.question.question for item in changed]
    texts = [[answer.text for answer in given.answers["gold"]] for given in (report, alone)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("bring_head", [False, True])
@pytest.mark.parametrize("mode", ["on", "prompt"])
def test_a_judge_reads_what_it_reads_of_ask(
    facts: Database,
    questions: list[Question],
    make_reader: MakeReader,
    chat: ChatFormat,
    mode: str,
    bring_head: bool,
) -> None:
    """Whole passages with their heads, of which the model reads less."""
    model, judges = make_reader(chunk_size=8), [FakeJudge(finds=False), FakeJudge(finds=False)]
    there, here = cast(list[PassageJudge], judges)
    for row in questions:
        options = {"bring_head": bring_head, "in_prompt": mode == "prompt"}
        ask(model, facts, row.question, chat=chat, k=2, judge=there, **options)
    asked = ask_book(facts.opened, questions, k=2, bring_head=bring_head, judged=True)
    answerer = Answerer(model, chat, max_new_tokens=2)
    measure_answers(answerer, asked, k=2, modes=[mode], judge=here)
    assert judges[0].asked == judges[1].asked
    assert len(judges[0].asked) == len(questions)
