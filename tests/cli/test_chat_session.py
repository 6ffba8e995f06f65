"""A conversation in the terminal: what is passed on, printed and remembered; who answers is scripted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fake_judge import FakeJudge
from hostile_text import EVIL, assert_harmless
from openbook.cli import chat_session
from openbook.cli.asked_model import AskedModel
from openbook.cli.chat_session import ChatSession, TurnOptions
from openbook.errors import DatabaseError, TooLongError
from openbook.generation import question
from openbook.generation.citations import Citation, CitedNeighbor
from openbook.generation.memory import Memory
from openbook.generation.question import Answer
from openbook.generation.text_request import SpanRead, TextPiece
from openbook.serve.books import Book
from openbook.text import ChatFormat, Turn, turns_ids
from openbook.text.chat_format import REFUSAL


def neighbor(number: int, attention: float | None = 1.0, **changes: Any) -> CitedNeighbor:
    """A neighbor with these fields."""
    fields = {
        "title": f"Title {number}",
        "source": f"notes/{number}.md",
        "text": f"Words of {number}.",
    } | changes
    about = {"document_id": f"doc{number}", "chunk_id": number, "continuation": "", "score": 1.0} | fields
    return CitedNeighbor(**about, attention=attention)


class AtOnceInterrupt(KeyboardInterrupt):
    """Ctrl-C before anything of the answer came."""


@dataclass
class Script:
    """Answers with what a test says."""

    answers: list[Any] = field(default_factory=list)
    asked: list[list[Turn]] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)

    def __call__(
        self, model: Any, database: Any, turns: list[Turn], *, on_event: Any, **options: Any
    ) -> Answer:
        self.asked.append(list(turns))
        self.options.append(options)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            if not isinstance(answer, AtOnceInterrupt):
                on_event(TextPiece("Half an", ()))
            raise answer
        done = 0
        for citation in answer.citations if options["retrieval"] else []:
            on_event(TextPiece(answer.answer[done : citation.end], ()))
            on_event(SpanRead(citation))
            done = citation.end
        on_event(TextPiece(answer.answer[done:], ()))
        return answer


def answered(text: str, *citations: Citation, reason: Any = "stop") -> Answer:
    """An answer of seven tokens."""
    return Answer(text, list(citations), reason, 10, 7)


Talk = Callable[..., tuple[ChatSession, Script]]


@pytest.fixture
def talk(book: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Say lines to a session whose answers are these."""
    served = Book("mybook", Path(book.path))

    def say(*lines: str, answers: list[Any], **options: Any) -> tuple[ChatSession, Script]:
        script = Script(list(answers))
        monkeypatch.setattr(question, "converse", script)
        session = ChatSession(AskedModel(None, None, "scripted"), served, TurnOptions(**options))  # type: ignore[arg-type]
        for line in lines:
            session.say(line)
        return session, script

    yield say
    served.close()


TWO_SPANS = answered(
    "At the river. By the mill.",
    Citation(0, 13, [neighbor(1, 0.9), neighbor(2, 0.05, is_used=False), neighbor(3, 0.05, is_used=False)]),
    Citation(13, 26, [neighbor(4, 1.0)]),
)


def test_spans_are_marked_and_under_them_stands_what_was_read(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    talk("Where?", answers=[TWO_SPANS])
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "At the river.[1] By the mill.[2]",
        "These words stand in nothing that was read:",
        "[1]  90% Title 1 (notes/1.md, chunk 1): Words of 1.",
        "[1] and 2 more, hardly read",
        "[2] 100% Title 4 (notes/4.md, chunk 4): Words of 4.",
    ]
    assert printed.err.splitlines() == ["ended after 7 tokens"]


def test_sources_are_shown_whole(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk("/sources", "Where?", "/sources", answers=[TWO_SPANS])
    printed = capsys.readouterr()
    assert "there is no answer yet" in printed.err
    assert "[1]   5% Title 3 (notes/3.md, chunk 3):\nWords of 3.\n" in printed.out


def test_what_was_said_is_remembered_and_forgotten(talk: Talk) -> None:
    _, script = talk("one", "two", "/new", "three", answers=[answered("A."), answered("B."), answered("C.")])
    assert script.asked == [
        [Turn("user", "one")],
        [Turn("user", "one"), Turn("assistant", "A."), Turn("user", "two")],
        [Turn("user", "three")],
    ]


def test_on_and_off(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    _, script = talk("/off", "one", "/on", "two", answers=[answered("A."), answered("B.")])
    assert [options["retrieval"] for options in script.options] == [False, True]
    err = capsys.readouterr().err
    assert "answers from memory alone" in err
    assert err.count("nothing in mybook was found") == 1


def test_options_reach_the_model(talk: Talk) -> None:
    _, script = talk("one", answers=[answered("A.")], k=3, mode="bm25", max_tokens=9, seed=5, temperature=0.5)
    options = script.options[0]
    assert (options["k"], options["mode"], options["max_new_tokens"], options["seed"]) == (3, "bm25", 9, 5)
    assert options["sampling"].temperature == 0.5


def test_the_reason_of_the_end_is_said(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk("one", answers=[answered("A", reason="length")], max_tokens=7)
    assert "cut after 7 tokens: --max-tokens 7" in capsys.readouterr().err


def test_a_refusal_says_what_was_read(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk("one", answers=[answered(REFUSAL, Citation(0, len(REFUSAL), [neighbor(1)]))])
    assert "The model found no answer in what it read:" in capsys.readouterr().out


def test_ctrl_c_stops_an_answer_and_what_came_is_remembered(
    talk: Talk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_session, "on_terminal", lambda: True)
    session, script = talk("one", "two", answers=[KeyboardInterrupt(), answered("B.")])
    assert not session.is_over
    assert "stopped by Ctrl-C" in capsys.readouterr().err
    assert script.asked[1][:2] == [Turn("user", "one"), Turn("assistant", "Half an")]


def test_a_question_that_ctrl_c_stops_before_its_answer_leaves_no_trace(
    talk: Talk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_session, "on_terminal", lambda: True)
    _, script = talk(
        "one", "two", "/sources", "three", answers=[TWO_SPANS, AtOnceInterrupt(), answered("C.")]
    )
    assert [turn.text for turn in script.asked[2]] == ["one", TWO_SPANS.answer, "three"]
    assert "Words of 4." in capsys.readouterr().out  # of the last answer that there is


def test_of_a_stopped_answer_there_are_no_sources(
    talk: Talk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_session, "on_terminal", lambda: True)
    talk("one", "/sources", answers=[KeyboardInterrupt()])
    err = capsys.readouterr().err
    assert "the last answer was stopped" in err and "there is no answer yet" not in err


def test_ctrl_c_ends_a_conversation_that_a_pipe_holds(talk: Talk) -> None:
    with pytest.raises(KeyboardInterrupt):
        talk("one", "two", answers=[KeyboardInterrupt(), answered("B.")])


def test_an_error_is_one_line_and_the_conversation_goes_on(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    _, script = talk("one", "two", answers=[DatabaseError("the book is\ndamaged"), answered("B.")])
    assert "openbook: error: the book is damaged" in capsys.readouterr().err
    assert script.asked[1] == [Turn("user", "two")]


def test_a_conversation_that_is_too_long_loses_its_beginning(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [answered("A."), answered("B."), TooLongError("no room"), answered("C.")]
    session, script = talk("one", "two", "three", answers=answers)
    assert script.asked[-1] == [Turn("user", "two"), Turn("assistant", "B."), Turn("user", "three")]
    assert "2 turns were left out" in capsys.readouterr().err
    assert len(session.turns) == 6


def test_a_question_that_is_too_long_is_an_error(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    session, _ = talk("one", answers=[TooLongError("no room")])
    assert "openbook: error: no room" in capsys.readouterr().err
    assert session.turns == []


def test_commands(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    session, script = talk("", "  ", "/help", "/of", "/sources 2", "/quit", answers=[])
    err = capsys.readouterr().err
    assert all(command in err for command in ("/on", "/off", "/sources", "/new", "/quit", "Ctrl-D"))
    assert "openbook: error: no command '/of'" in err
    assert "openbook: error: /sources takes nothing after it" in err
    assert session.is_over and script.asked == []


def test_hostile_text_is_only_shown(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    evil = neighbor(1, title=EVIL, source=EVIL, text=EVIL)
    said = EVIL.replace("\n", " ")
    talk(
        "one", "/sources", EVIL, answers=[answered(said, Citation(0, len(said), [evil])), DatabaseError(EVIL)]
    )
    printed = capsys.readouterr()
    for line in printed.out.split("\n") + printed.err.split("\n"):
        assert_harmless(line)


def test_passages_in_the_prompt_are_marked_at_the_end(
    talk: Talk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = answered("At the river.", Citation(0, 13, [neighbor(1, None)]))

    def script(*arguments: Any, on_event: Any, **options: Any) -> Answer:
        on_event(TextPiece(answer.answer, ()))
        return answer

    session, _ = talk(answers=[])
    monkeypatch.setattr(question, "converse", script)
    session.options = replace(session.options, in_prompt=True)
    session.say("Where?")
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "At the river.[1]",
        "These words stand in nothing that was read:",
        "[1] in the prompt Title 1 (notes/1.md, chunk 1): Words of 1.",
    ]


def test_turns_that_leave_are_remembered_once_and_can_be_looked_up(
    talk: Talk, book: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    form = ChatFormat.of(book.tokenizer)
    lines, answers = ["kelimo nura?", "setivo?", "zuba?"], [answered("A."), answered("B."), answered("C.")]
    with Memory(book.tokenizer, 16) as memory:
        session, script = talk(answers=answers)
        model: Any = SimpleNamespace(prefix_ids=[])
        session.asked, session.memory = replace(session.asked, model=model, chat=form), memory
        two = [Turn("user", "setivo?"), Turn("assistant", "B."), Turn("user", "zuba?")]
        window = len(turns_ids(form, two, opens_with_user=False)) + 9
        session.options = TurnOptions(max_tokens=9, window=window)
        for line in lines:
            session.say(line)
        assert script.asked[-1] == two
        assert all(options["memory"] is memory for options in script.options)
        (hit,) = memory.search("kelimo", k=3)
        assert hit.text.startswith("kelimo nura?")
        assert memory.search("setivo", k=3) == []
        script.answers.append(answered("D."))
        session.say("four?")
        assert len(memory.search("kelimo", k=3)) == 1
        assert len(memory.search("setivo", k=3)) == 1
    assert "2 turns can be looked up" in capsys.readouterr().err


def test_where_turns_are_left_out_the_last_question_is_not_judged(talk: Talk, book: Any) -> None:
    form = ChatFormat.of(book.tokenizer)
    session, script = talk(answers=[answered("A."), answered("B.")])
    model: Any = SimpleNamespace(prefix_ids=[])
    judge: Any = FakeJudge(finds=False)
    session.asked, session.judge = replace(session.asked, model=model, chat=form), judge
    one = len(turns_ids(form, [Turn("user", "setivo nura?")], opens_with_user=False)) + 10
    session.options = TurnOptions(max_tokens=9, window=one)
    for line in ("kelimo?", "setivo nura?"):
        session.say(line)
    assert script.asked[-1] == [Turn("user", "setivo nura?")]
    assert [options["judge"] is None for options in script.options] == [False, True]
