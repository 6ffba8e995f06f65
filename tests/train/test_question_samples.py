"""Questions as samples: what each draw reads, and what it is to answer."""

from collections import Counter

import numpy as np
import pytest

from openbook.errors import SettingsError
from openbook.evaluate.answering.passages import AskedQuestion, Passage
from openbook.evaluate.answering.questions import Question
from openbook.text import train_tokenizer
from openbook.text.chat_format import REFUSAL, ChatFormat
from openbook.train.question_samples import QuestionSamples, replace_words
from openbook.train.settings import QuestionSettings

GOLD = Passage("The gate was built by Ada Rowe in spring.", "gate", 3)
OTHERS = tuple(
    Passage(f"The mill number {number} has a wheel.", f"mill{number}", number) for number in range(9)
)
ROW = Question("Who built the gate?", ("Ada Rowe", "Rowe"), "gate", swaps=("Bo Lin", "Cy Marsh"))
ASKED = AskedQuestion(ROW, (GOLD,), (OTHERS[0], GOLD, *OTHERS[1:]))
UNKNOWN = AskedQuestion(Question("Who built the moon?", ()), (), OTHERS)


@pytest.fixture(scope="module")
def chat() -> ChatFormat:
    texts = [ROW.question, GOLD.text, REFUSAL, *(passage.text for passage in OTHERS)]
    return ChatFormat.of(train_tokenizer(texts, vocab_size=400))


def samples(chat: ChatFormat, asked: list[AskedQuestion], **settings: float) -> QuestionSamples:
    options = QuestionSettings(**({"length": 64, "fewer_share": 0.0} | settings))  # type: ignore[arg-type]
    return QuestionSamples(asked, chat, options, num_neighbors=4, neighbor_length=128)


def test_shares_of_what_is_drawn(chat: ChatFormat) -> None:
    drawn = samples(chat, [ASKED], swapped_share=0.5, refused_share=0.2)
    answers = Counter(drawn.draw(0, [number]).answer for number in range(2000))
    assert answers.keys() == {"Ada Rowe", "Bo Lin", "Cy Marsh", REFUSAL}
    assert answers[REFUSAL] / 2000 == pytest.approx(0.2, abs=0.04)
    assert (answers["Bo Lin"] + answers["Cy Marsh"]) / 2000 == pytest.approx(0.5, abs=0.05)


def test_the_answer_is_read_once_in_any_place_unless_it_is_refused(chat: ChatFormat) -> None:
    drawn = samples(chat, [ASKED])
    places = set()
    for number in range(300):
        draw = drawn.draw(0, [number])
        assert len(draw.passages) == 4
        assert len(set(draw.passages)) == 4
        holding = [place for place, text in enumerate(draw.passages) if draw.answer in text]
        if draw.answer == REFUSAL:
            assert not any("gate" in text for text in draw.passages)
        else:
            (place,) = holding
            assert draw.passages[place] == GOLD.text.replace("Ada Rowe", draw.answer)
            places.add(place)
    assert places == {0, 1, 2, 3}


def test_some_draws_read_fewer_passages(chat: ChatFormat) -> None:
    drawn = samples(chat, [ASKED], fewer_share=1.0)
    counts = Counter(len(drawn.draw(0, [number]).passages) for number in range(400))
    assert counts.keys() == {1, 2, 3, 4}
    assert all(
        draw.answer in draw.passages[0]
        for draw in (drawn.draw(0, [number]) for number in range(400))
        if len(draw.passages) == 1 and draw.answer != REFUSAL
    )


def test_a_draw_is_its_seed_alone(chat: ChatFormat) -> None:
    first, again = samples(chat, [ASKED]), samples(chat, [ASKED])
    assert [first.draw(0, [1, n]) for n in range(20)] == [again.draw(0, [1, n]) for n in range(20)]
    assert [first.draw(0, [1, n]) for n in range(20)] != [again.draw(0, [2, n]) for n in range(20)]


def test_what_the_book_does_not_say_is_refused(chat: ChatFormat) -> None:
    draw = samples(chat, [UNKNOWN], refused_share=0.0).draw(0, [0])
    assert draw.answer == REFUSAL
    assert set(draw.passages) <= {passage.text for passage in OTHERS}


def test_tensors_of_a_sample(chat: ChatFormat) -> None:
    drawn = samples(chat, [ASKED])
    draw, sample = drawn.draw(0, [5]), drawn.sample(0, [5])
    question, answer = chat.question_ids(draw.question), chat.answer_ids(draw.answer)
    padding = 64 - len(question) - len(answer)
    assert sample["input_ids"][padding:].tolist() == question + answer
    assert sample["labels"].tolist() == [-100] * (64 - len(answer)) + answer
    assert sample["attention_mask"].tolist() == [0] * padding + [1] * (64 - padding)
    assert sample["position_ids"].tolist() == [0] * padding + list(range(64 - padding))
    assert sample["neighbor_ids"].shape == sample["neighbor_mask"].shape == (1, 4, 128)
    for place, text in enumerate(draw.passages):
        read = sample["neighbor_ids"][0, place][sample["neighbor_mask"][0, place].astype(bool)]
        assert read.tolist() == chat.tokenizer.encode([text])[0]
    assert bool(sample["is_prompt"])
    assert {value.dtype for value in sample.values()} == {np.dtype(np.int64), np.dtype(np.bool_)}


def test_what_cannot_be_learned_is_left_out(chat: ChatFormat) -> None:
    no_gold = AskedQuestion(ROW, (), OTHERS)
    too_long = AskedQuestion(Question("Who " * 60 + "?", ("Ada Rowe",), "gate"), (GOLD,), OTHERS)
    assert len(samples(chat, [ASKED, no_gold, too_long, UNKNOWN])) == 2
    with pytest.raises(SettingsError, match="none of 1 question "):
        samples(chat, [no_gold])


@pytest.mark.parametrize("longest", ["answer", "swap", "refusal"])
def test_a_question_stays_where_it_fits_with_each_answer_it_may_get(chat: ChatFormat, longest: str) -> None:
    """Nothing of a question is cut off."""
    answers, swaps = ("Ada Rowe",), ()
    if longest == "answer":
        answers = ("Ada Rowe", "Ada Rowe of the mill")
    elif longest == "swap":
        swaps = ("Bo Lin of the mill",)
    said = {"answer": answers[-1], "swap": swaps[-1] if swaps else "", "refusal": REFUSAL}[longest]
    item = AskedQuestion(Question("Who built the gate?", answers, "gate", swaps=swaps), (GOLD,), ASKED.found)
    needed = len(chat.question_ids("Who built the gate?")) + len(chat.answer_ids(said))
    share = 0.1 if longest == "refusal" else 0.0
    assert len(samples(chat, [item], length=needed, refused_share=share)) == 1
    with pytest.raises(SettingsError, match=r"none of 1 question .*too long"):
        samples(chat, [item], length=needed - 1, refused_share=share)


def test_without_a_share_of_refusals_only_what_is_unknown_needs_room_for_one(chat: ChatFormat) -> None:
    needed = len(chat.question_ids(ROW.question)) + len(chat.answer_ids("Ada Rowe"))
    assert len(chat.answer_ids(REFUSAL)) > len(chat.answer_ids("Ada Rowe"))
    kept = samples(
        chat,
        [AskedQuestion(Question(ROW.question, ("Ada Rowe",), "gate"), (GOLD,), OTHERS), UNKNOWN],
        length=needed,
        refused_share=0.0,
        swapped_share=0.0,
    )
    assert [item.question.question for item in kept.asked] == [ROW.question]


def test_an_answer_behind_what_is_read_is_left_out(chat: ChatFormat) -> None:
    far = Passage(f"{'The gate has a key. ' * 60}{GOLD.text}", GOLD.document, GOLD.chunk)
    behind = AskedQuestion(ROW, (far,), OTHERS)
    assert len(samples(chat, [ASKED, behind])) == 1


@pytest.mark.parametrize(
    ("text", "old", "new", "changed"),
    [
        ("Ann met Anna.", "Ann", "Bo", "Bo met Anna."),
        ("C++ and C", "C++", r"\1", r"\1 and C"),
        ("12 of 112", "12", "7", "7 of 112"),
        ("他住在北京。", "北京", "上海", "他住在上海。"),
        ("彼はRexiとRexiaだ", "Rexi", "Orl", "彼はOrlとRexiaだ"),
        ("于2015年建成", "2015年", "1912年", "于1912年建成"),
    ],
)
def test_whole_words_are_replaced(text: str, old: str, new: str, changed: str) -> None:
    assert replace_words(text, old, new) == changed


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"swapped_share": 0.8, "refused_share": 0.3}, "more than 1 together"),
        ({"swapped_share": 1.5}, "questions.swapped_share"),
        ({"fewer_share": -1}, "questions.fewer_share"),
        ({"length": 0}, "questions.length"),
        ({"held_out": -1}, "questions.held_out"),
        ({"file": 3}, "questions.file"),
    ],
)
def test_settings_out_of_range(settings: dict[str, float], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        QuestionSettings(**settings)  # type: ignore[arg-type]


def test_a_swap_that_cannot_take_the_answers_place_is_not_to_be_answered(chat: ChatFormat) -> None:
    gold = Passage("The gate of Rowes was built by ROWE.", "gate", 3)  # the answer, but not word for word
    row = AskedQuestion(
        Question("Who built the gate?", ("Rowe",), "gate", swaps=("Bo Lin",)), (gold,), (gold,)
    )
    drawn = samples(chat, [row], swapped_share=1.0, refused_share=0.0)
    assert {drawn.draw(0, [number]).answer for number in range(50)} == {"Rowe"}


HALL = Passage("The hall was painted by Cy Marsh in autumn, and Di Lund carved its door.", "hall", 20)
OF_HALL = [
    AskedQuestion(Question(text, (answer,), "hall"), (HALL,), (HALL, GOLD, *OTHERS[:2]))
    for text, answer in (("Who painted the hall?", "Cy Marsh"), ("Who carved the door?", "Di Lund"))
]
BESIDE = AskedQuestion(Question("Who mowed the lawn?", ("Ed Moss",), "lawn"), (OTHERS[8],), (HALL, OTHERS[8]))


def test_questions_of_the_same_passages_are_drawn_together(chat: ChatFormat) -> None:
    drawn = samples(chat, [OF_HALL[0], OF_HALL[0], OF_HALL[1], ASKED], refused_share=0.0, swapped_share=0.0)
    groups = [drawn.draw_together(0, [number], 4) for number in range(40)]
    for group in groups:
        assert len({draw.passages for draw in group}) == 1
        assert all(any(draw.answer in text for text in draw.passages) for draw in group)
        assert group[0] == drawn.draw(0, [groups.index(group)])
    asked = {frozenset(draw.question for draw in group) for group in groups}
    assert asked == {frozenset({"Who painted the hall?", "Who carved the door?", "Who built the gate?"})}
    assert [len(group) for group in groups] == [3] * 40, "none is asked twice"
    assert {len(drawn.draw_together(0, [number], 2)) for number in range(9)} == {2}
    assert drawn.draw_together(0, [5], 1) == [drawn.draw(0, [5])]


def test_of_the_same_passages_some_are_refused(chat: ChatFormat) -> None:
    """Those that a passage was found for, of which none answers."""
    drawn = samples(chat, [OF_HALL[0], OF_HALL[1], BESIDE], refused_share=0.3, swapped_share=0.0)
    answers = Counter(
        (draw.question, draw.answer)
        for number in range(600)
        for draw in drawn.draw_together(0, [number], 2)[1:]
        if "hall" in " ".join(draw.passages)
    )
    assert answers.keys() == {("Who carved the door?", "Di Lund"), ("Who mowed the lawn?", REFUSAL)}
    refused = answers["Who mowed the lawn?", REFUSAL]
    assert refused / answers.total() == pytest.approx(0.3, abs=0.06)


def test_a_passage_that_answers_by_chance_is_no_reason_to_refuse(chat: ChatFormat) -> None:
    by_chance = AskedQuestion(Question("Who sang?", ("Di Lund",), "song"), (OTHERS[8],), (HALL, OTHERS[8]))
    drawn = samples(chat, [OF_HALL[0], by_chance], refused_share=0.5, swapped_share=0.0)
    groups = [drawn.draw_together(0, [number], 3) for number in range(60)]
    assert not [draw for group in groups if "hall" in " ".join(group[0].passages) for draw in group[1:]]
