"""The engine: what each asks for comes, whole and once, whatever others do, and whatever goes wrong."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.database import Database, Version
from openbook.errors import EngineBusyError, MismatchError, SettingsError
from openbook.generation import Sampling, generate
from openbook.generation.engine import Engine, Parts
from openbook.generation.running_batch import RunningBatch
from openbook.generation.text_request import (
    Lookup,
    SpanRead,
    TextEnd,
    TextEvent,
    TextFailure,
    TextPiece,
    TextRequest,
)
from openbook.model import RetroForCausalLM

M = 16
LIVELY = Sampling(temperature=1.2)


@dataclass
class Told:
    """What one who asked was told."""

    events: list[TextEvent] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, event: TextEvent) -> None:
        self.events.append(event)
        if isinstance(event, TextEnd | TextFailure):
            self.over.set()

    def wait(self) -> TextEvent:
        assert self.over.wait(60)
        return self.events[-1]

    def end(self) -> TextEnd:
        end = self.wait()
        assert isinstance(end, TextEnd)
        return end

    def check(self) -> None:
        """Told once, in order, and the pieces are the text."""
        ends = [event for event in self.events if isinstance(event, TextEnd | TextFailure)]
        assert ends == self.events[-1:]
        pieces = [event for event in self.events if isinstance(event, TextPiece)]
        end = self.events[-1]
        if isinstance(end, TextEnd):
            assert "".join(piece.text for piece in pieces) == end.text
            spans = [event.citation for event in self.events if isinstance(event, SpanRead)]
            assert spans == end.citations
            assert sum(len(piece.tokens) for piece in pieces) <= end.completion_tokens


@pytest.fixture
def model(trained: RetroForCausalLM) -> RetroForCausalLM:
    """In float64, lest rounding decides what is drawn in a batch."""
    return trained.double()


@pytest.fixture
def engine(model: RetroForCausalLM, book: Database) -> Iterator[Engine]:
    running = Engine(model, book.tokenizer, max_batch=3, max_waiting=4, prompt_part=M)
    yield running
    running.close(finish=False)


@pytest.fixture
def request_of(book: Database) -> Callable[..., TextRequest]:
    def make(prompt: str = "Number 3", **options: Any) -> TextRequest:
        ids = tuple(book.tokenizer.encode([prompt])[0])
        lookup = Lookup(book=book.opened, k=2)
        count = options.get("max_new_tokens", 20)  # no end of text comes before
        defaults = {"sampling": LIVELY, "max_new_tokens": count, "min_new_tokens": max(0, count)}
        return TextRequest(prompt_ids=ids, **(defaults | {"lookup": lookup, "seed": 1} | options))

    return make


Ask = Callable[..., TextRequest]


def test_each_gets_what_generate_writes(
    engine: Engine, book: Database, model: RetroForCausalLM, request_of: Ask
) -> None:
    prompts = ["Number 3", "ba ke li mo. Number 7 " * 4, "zu", "nu ra se"]
    told = [Told() for _ in prompts]
    for prompt, one in zip(prompts, told, strict=True):
        engine.submit(request_of(prompt, max_new_tokens=40, min_new_tokens=0), one)
    ends = [one.end() for one in told]
    engine.close()
    for prompt, one, end in zip(prompts, told, ends, strict=True):
        one.check()
        expected = generate(model, book, prompt, max_new_tokens=40, k=2, sampling=LIVELY, seed=1)
        assert end.text == expected.text
        assert end.finish_reason == expected.finish_reason
        spans = [(c.start, c.end, [near.chunk_id for near in c.neighbors]) for c in end.citations]
        assert spans == [
            (c.start, c.end, [near.chunk_id for near in c.neighbors]) for c in expected.citations
        ]
    assert max(len(end.citations) for end in ends) == 3


class Held:
    """Keeps the engine's thread still until it is let go."""

    def __init__(self, engine: Engine) -> None:
        self._go, held = threading.Event(), threading.Event()

        def hold(_: RetroForCausalLM) -> None:
            held.set()
            assert self._go.wait(60)

        self.future = engine.run(hold)
        assert held.wait(60)

    def let_go(self) -> None:
        self._go.set()
        self.future.result(60)


def test_more_than_may_wait_are_refused(engine: Engine, request_of: Ask) -> None:
    held = Held(engine)
    told = [Told() for _ in range(7)]  # three have places in the batch, four wait
    for one in told:
        assert not engine.is_full
        engine.submit(request_of(max_new_tokens=2), one)
    assert engine.is_full
    assert (engine.num_waiting, engine.num_running) == (7, 1)  # what holds the thread is a call that runs
    with pytest.raises(EngineBusyError, match="4 texts wait"):
        engine.submit(request_of(), Told())
    held.let_go()
    for one in told:
        one.end()
        one.check()
    assert (engine.num_waiting, engine.is_full) == (0, False)


def test_texts_that_nobody_wants_any_more_keep_nobody_out_while_a_step_lasts(
    engine: Engine, request_of: Ask
) -> None:
    held = Held(engine)
    gone = [engine.submit(request_of(), Told()) for _ in range(7)]
    for ticket in gone:
        ticket.cancel()
    assert engine.num_waiting == 0
    told = [Told() for _ in range(7)]
    for one in told:
        engine.submit(request_of(max_new_tokens=2), one)
    with pytest.raises(EngineBusyError, match="4 texts wait"):
        engine.submit(request_of(), Told())
    held.let_go()
    assert [one.end().completion_tokens for one in told] == [2] * 7


def test_a_text_that_nobody_wants_any_more_frees_its_place(engine: Engine, request_of: Ask) -> None:
    told = [Told() for _ in range(4)]
    endless = request_of(max_new_tokens=100_000)
    tickets = [engine.submit(endless, one) for one in told]
    while engine.num_running < 3:
        threading.Event().wait(0.01)
    assert engine.num_waiting == 1
    held = Held(engine)
    tickets[0].cancel()
    tickets[3].cancel()  # still waits
    fifth = Told()
    engine.submit(request_of(max_new_tokens=3), fifth)
    held.let_go()
    assert told[0].end().finish_reason == told[3].end().finish_reason == "cancelled"
    assert fifth.end().completion_tokens == 3
    assert told[3].end().completion_tokens == 0
    tickets[0].cancel()  # changes nothing
    engine.close(finish=False)
    assert [one.end().finish_reason for one in told[1:3]] == ["cancelled"] * 2
    for one in [*told, fifth]:
        one.check()


@pytest.mark.parametrize("finish", [True, False])
def test_closing_finishes_what_runs_and_waits_or_cancels_it(
    engine: Engine, request_of: Ask, finish: bool
) -> None:
    held = Held(engine)
    told = [Told() for _ in range(4)]
    for one in told:
        engine.submit(request_of(max_new_tokens=20), one)
    closing = threading.Thread(target=engine.close, kwargs={"finish": finish})
    closing.start()
    while not engine._closing:
        closing.join(0.01)
    with pytest.raises(EngineBusyError, match="closed"):
        engine.submit(request_of(), Told())
    with pytest.raises(EngineBusyError, match="closed"):
        engine.run(lambda model: model)
    held.let_go()
    closing.join(60)
    assert not closing.is_alive()
    for one in told:
        assert one.end().finish_reason == ("length" if finish else "cancelled")
        one.check()


def test_what_is_impossible_is_refused_at_once(
    engine: Engine, request_of: Ask, model: RetroForCausalLM, book: Database
) -> None:
    for options, message in (
        ({"prompt": ""}, "prompt has no token"),
        ({"max_new_tokens": 0}, "max new tokens 0"),
        ({"min_new_tokens": 21}, "min new tokens 21"),
        ({"stop": ("a", "")}, "stop"),
        ({"num_logprobs": -1}, "logprobs of -1"),
        ({"seed": 2**64}, "seed 18446744073709551616"),
        ({"sampling": Sampling(logit_bias={10**6: 1})}, "logit bias: token 1000000"),
        ({"lookup": Lookup(book=book.opened, k=0)}, "k = 0"),
        ({"lookup": Lookup(book=book.opened, mode="dense")}, "lexical only"),
    ):
        with pytest.raises(SettingsError, match=message):
            engine.submit(request_of(**options), Told())
    model.config.tokenizer_fingerprint = "other"
    with pytest.raises(MismatchError, match="other"):
        engine.submit(request_of(), Told())
    for name in ("max_batch", "max_waiting"):
        with pytest.raises(SettingsError, match=f"{name} 0"):
            Engine(model, book.tokenizer, **{name: 0})


def test_a_book_that_fails_fails_its_own_texts_alone(
    engine: Engine, request_of: Ask, copy_book: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copy_book()
    search = Version.search_chunks

    def search_chunks(self: Version, *arguments: Any, **options: Any) -> Any:
        if self is other.opened:
            raise OSError("the disk is gone")
        return search(self, *arguments, **options)

    monkeypatch.setattr(Version, "search_chunks", search_chunks)
    good, bad, without = Told(), Told(), Told()
    held = Held(engine)
    engine.submit(request_of(), good)
    engine.submit(request_of(lookup=Lookup(book=other.opened)), bad)
    engine.submit(request_of(lookup=None), without)
    held.let_go()
    failure = bad.wait()
    assert isinstance(failure, TextFailure)
    assert isinstance(failure.error, OSError)
    assert good.end().citations
    assert without.end().completion_tokens == 20


def test_texts_that_look_up_together_are_one_search(engine: Engine, request_of: Ask, spy: Any) -> None:
    told = [Told() for _ in range(3)]
    held = Held(engine)
    for number, one in enumerate(told):
        engine.submit(request_of(f"Number {number}", max_new_tokens=M + 1), one)
    held.let_go()
    for one in told:
        one.end()
    assert [len(queries) for queries in spy.queries] == [3, 3]


class Panic(BaseException):
    """As libraries in Rust raise it."""


@pytest.mark.parametrize(
    ("fault", "told_as"), [(ValueError("a fault of ours"), ValueError), (Panic("theirs"), RuntimeError)]
)
def test_a_fault_in_a_step_fails_its_texts_and_the_engine_lives_on(
    engine: Engine,
    request_of: Ask,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    told_as: type[Exception],
) -> None:
    step, faults = RunningBatch.step, iter([fault])

    def failing(self: RunningBatch, *arguments: Any) -> None:
        step(self, *arguments)
        for error in faults:
            raise error

    monkeypatch.setattr(RunningBatch, "step", failing)
    first, second = Told(), Told()
    engine.submit(request_of(), first)
    failure = first.wait()
    assert isinstance(failure, TextFailure)
    assert isinstance(failure.error, told_as)
    assert engine.is_alive
    engine.submit(request_of(), second)
    assert second.end().completion_tokens == 20


@pytest.mark.parametrize("kind", [TextPiece, SpanRead, TextEnd])
def test_one_who_fails_to_listen_holds_nobody_up(engine: Engine, request_of: Ask, kind: type) -> None:
    class Deaf(Told):
        def __call__(self, event: TextEvent) -> None:
            super().__call__(event)
            if isinstance(event, kind):
                raise RuntimeError("gone away")

    deaf, good = Deaf(), Told()
    engine.submit(request_of(), deaf)
    engine.submit(request_of(), good)
    assert good.end().completion_tokens == 20
    deaf.wait()
    assert sum(isinstance(event, TextEnd | TextFailure) for event in deaf.events) == 1
    assert isinstance(deaf.events[-1], TextEnd if kind is TextEnd else TextFailure)


def test_functions_are_called_on_the_engines_thread(engine: Engine, model: RetroForCausalLM) -> None:
    def which(given: RetroForCausalLM) -> tuple[str, bool]:
        return threading.current_thread().name, given is model

    assert engine.run(which).result(60) == ("openbook engine", True)
    with pytest.raises(ZeroDivisionError):
        engine.run(lambda model: 1 / 0).result(60)


def counting(made: list[int], count: int) -> Callable[[RetroForCausalLM], Parts[str]]:
    """A computation in so many parts, each of which it notes."""

    def begin(model: RetroForCausalLM) -> Parts[str]:
        for number in range(count):
            made.append(number)
            yield
        return f"after {count}"

    return begin


def test_one_part_of_a_call_is_computed_between_two_steps(
    engine: Engine, request_of: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, made, seen = RunningBatch.step, [], []

    def noting(self: RunningBatch, *arguments: Any) -> None:
        seen.append(len(made))
        step(self, *arguments)

    held = Held(engine)
    calls = [engine.run_in_parts(counting(made, 3)), engine.run_in_parts(counting(made, 2))]
    told = Told()
    engine.submit(request_of(max_new_tokens=9), told)
    monkeypatch.setattr(RunningBatch, "step", noting)
    held.let_go()
    assert [call.result(60) for call in calls] == ["after 3", "after 2"]
    assert told.end().completion_tokens == 9
    assert made == [0, 1, 2, 0, 1]
    # Before each step at most one part more; the step at which a computation returns has none.
    assert seen[:8] == [0, 1, 2, 3, 3, 4, 5, 5]


def test_calls_wait_and_are_refused_as_texts_are(engine: Engine, request_of: Ask) -> None:
    held = Held(engine)
    made: list[int] = []
    calls = [engine.run_in_parts(counting(made, 1)) for _ in range(2)]
    told = [Told() for _ in range(5)]  # three have places in the batch, two wait as the calls do
    for one in told:
        engine.submit(request_of(max_new_tokens=2), one)
    assert (engine.num_waiting, engine.num_running) == (7, 1)
    for refused in (
        lambda: engine.submit(request_of(), Told()),
        lambda: engine.run(lambda model: model),
        lambda: engine.run_in_parts(counting(made, 1)),
    ):
        with pytest.raises(EngineBusyError, match="4 texts wait"):
            refused()
    assert calls[0].cancel()  # whoever hangs up leaves a place
    assert engine.num_waiting == 6
    calls[0] = engine.run_in_parts(counting(made, 1))
    held.let_go()
    assert [call.result(60) for call in calls] == ["after 1", "after 1"]
    assert made == [0, 0]
    for one in told:
        one.end()
    assert engine.num_waiting == 0


def test_a_text_for_which_there_is_a_place_waits_for_no_calls(engine: Engine, request_of: Ask) -> None:
    held = Held(engine)
    calls = [engine.run(lambda model: 7) for _ in range(4)]
    told = [Told() for _ in range(3)]
    for one in told:
        engine.submit(request_of(max_new_tokens=2), one)
    with pytest.raises(EngineBusyError, match="4 texts wait"):
        engine.submit(request_of(), Told())
    held.let_go()
    assert [one.end().completion_tokens for one in told] == [2, 2, 2]
    assert [call.result(60) for call in calls] == [7] * 4


def test_a_call_that_nobody_waits_for_any_more_ends_after_its_part(engine: Engine) -> None:
    made: list[int] = []
    held = Held(engine)
    endless = engine.run_in_parts(counting(made, 10**9))
    after = engine.run(lambda model: "the next")
    held.let_go()
    while not made:
        threading.Event().wait(0.01)
    assert endless.cancel()
    assert after.result(60) == "the next"
    count = len(made)
    assert engine.run(lambda model: len(made)).result(60) == count


@pytest.mark.parametrize("finish", [True, False])
def test_closing_finishes_calls_or_ends_them(engine: Engine, finish: bool) -> None:
    made: list[int] = []
    held = Held(engine)
    calls = [engine.run_in_parts(counting(made, 4)) for _ in range(2)]
    closing = threading.Thread(target=engine.close, kwargs={"finish": finish})
    closing.start()
    while not engine._closing:
        closing.join(0.01)
    held.let_go()
    closing.join(60)
    assert not closing.is_alive()
    for call in calls:
        if finish:
            assert call.result(60) == "after 4"
        else:
            assert isinstance(call.exception(60), EngineBusyError)
    assert len(made) == (8 if finish else 0)


def test_a_call_that_fails_in_a_later_part_fails_alone(engine: Engine) -> None:
    def failing(model: RetroForCausalLM) -> Parts[None]:
        yield
        raise OSError("the disk is gone")

    first, second = engine.run_in_parts(failing), engine.run(lambda model: 7)
    assert isinstance(first.exception(60), OSError)
    assert second.result(60) == 7


def test_one_who_listens_may_close_the_engine(engine: Engine, request_of: Ask) -> None:
    told = Told()

    def listen(event: TextEvent) -> None:
        if not told.events:
            engine.close(finish=False)
        told(event)

    engine.submit(request_of(), listen)
    assert told.end().finish_reason == "cancelled"


plans = st.lists(
    st.tuples(
        st.sampled_from(["submit", "cancel", "fail"]), st.integers(1, 2 * M), st.booleans(), st.integers(0, 9)
    ),
    max_size=9,
)


@settings(max_examples=25)
@given(plan=plans, finish=st.booleans())
def test_nothing_is_lost_or_told_twice(
    plan: list[tuple[str, int, bool, int]], finish: bool, plain_engine: Callable[[], Engine], ask_plain: Ask
) -> None:
    """Whatever is asked for, cancelled and fails, in any order, ends once, and the engine closes."""
    engine, told = plain_engine(), []
    tickets = []
    for what, count, retrieval, number in plan:
        if what == "cancel" and tickets:
            tickets[number % len(tickets)].cancel()
            continue
        one = Told()
        stop = ("e", "a k") if number % 3 == 0 else ()
        try:
            tickets.append(engine.submit(ask_plain(count, retrieval, stop=stop, fails=what == "fail"), one))
        except EngineBusyError:
            continue
        told.append((one, count, what))
    engine.close(finish=finish)
    for one, count, what in told:
        end = one.wait()
        one.check()
        if isinstance(end, TextEnd):
            assert end.completion_tokens <= count
        else:
            assert what == "fail"
    assert (engine.num_running, engine.num_waiting) == (0, 0)


def test_a_long_prompt_is_read_while_others_are_written(
    engine: Engine, book: Database, model: RetroForCausalLM, request_of: Ask
) -> None:
    """In parts of M tokens; one that nobody wants any more frees its place before it is read."""
    first, long, gone = Told(), Told(), Told()
    prompt = "ba ke li mo. Number 7 " * 40
    held = Held(engine)
    engine.submit(request_of("zu", max_new_tokens=6 * M), first)
    held.let_go()
    while not first.events:
        threading.Event().wait(0.01)
    engine.submit(request_of(prompt), long)
    engine.submit(request_of(prompt * 20), gone).cancel()
    end = long.end()
    assert gone.end().finish_reason == "cancelled"
    first.end()
    engine.close()
    for one in (first, long, gone):
        one.check()
    expected = generate(
        model, book, prompt, max_new_tokens=20, min_new_tokens=20, k=2, sampling=LIVELY, seed=1
    )
    assert end.text == expected.text
    assert len(end.citations) == len(expected.citations)


def test_texts_of_another_stride_wait_and_are_written(
    engine: Engine, book: Database, model: RetroForCausalLM, request_of: Ask
) -> None:
    strides = [None, 5, 5, M]
    told = [Told() for _ in strides]
    for number, (stride, one) in enumerate(zip(strides, told, strict=True)):
        lookup = Lookup(book=book.opened, k=2, stride=stride)
        engine.submit(request_of(f"Number {number}", lookup=lookup, max_new_tokens=18), one)
    ends = [one.end() for one in told]
    engine.close()
    for number, (stride, one, end) in enumerate(zip(strides, told, ends, strict=True)):
        one.check()
        again = generate(
            model, book, f"Number {number}", max_new_tokens=18, k=2, stride=stride, sampling=LIVELY, seed=1
        )
        if again.tokens == 18:  # no end of text came before
            assert end.text == again.text
        assert len(end.citations) >= (2 if stride in (None, M) else 4) - 1


def test_drafts_and_influence_are_told_at_the_end(engine: Engine, request_of: Ask) -> None:
    one = Told()
    greedy = Sampling(temperature=0)
    engine.submit(request_of(sampling=greedy, drafts=True, influence=True), one)
    end = one.end()
    assert end.drafts is not None
    assert end.drafts.passes + end.drafts.accepted == end.completion_tokens
    neighbors = [neighbor for citation in end.citations for neighbor in citation.neighbors]
    assert neighbors
    assert all(isinstance(neighbor.influence, float) for neighbor in neighbors)
    spans = [event.citation for event in one.events if isinstance(event, SpanRead)]
    assert [(span.start, span.end) for span in spans] == [(c.start, c.end) for c in end.citations]
