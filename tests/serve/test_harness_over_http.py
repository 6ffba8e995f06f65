"""lm-evaluation-harness' `local-completions` against the server: the scores that it has in process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lm_eval.api.instance import Instance
from lm_eval.models.openai_completions import LocalCompletionsAPI

from openbook.database import Database
from openbook.evaluate.harness import AnswerOptions
from openbook.evaluate.harness.lm import OpenbookLM
from openbook.generation.engine import Engine
from openbook.model import RetroForCausalLM
from serve_events import MakeState, Running, Serve


@pytest.fixture
def server(make_state: MakeState, serve: Serve, trained: RetroForCausalLM, fables: Path) -> Iterator[Running]:
    engine = Engine(trained, Database.open(fables).opened.tokenizer, max_batch=4)
    yield serve(make_state(engine))
    engine.close(finish=False)


@pytest.fixture
def over_http(server: Running, fables: Path, monkeypatch: pytest.MonkeyPatch) -> LocalCompletionsAPI:
    monkeypatch.setenv("no_proxy", "*")
    return LocalCompletionsAPI(
        base_url=f"{server.url}/v1/completions",
        model="tiny",
        tokenizer=str(fables / "tokenizer"),
        tokenizer_backend="huggingface",
        tokenized_requests=True,
        batch_size=2,
        max_length=64,
        max_retries=1,
    )


def questions(book: Database) -> list[Instance]:
    """Contexts and answers, some longer than a chunk, one of them likely."""
    texts = [book.opened.chunk_texts([number, number + 1]) for number in range(0, 12, 3)]
    pairs = [(first, second[: 10 + 20 * number]) for number, (first, second) in enumerate(texts)]
    pairs += [("Number 3.", " Number"), ("", "Number 3."), ("Number", " 5. Number 6.")]
    return [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(pairs)]


def in_process(model: RetroForCausalLM, book: Database, **options: bool | str) -> OpenbookLM:
    return OpenbookLM(model, book, AnswerOptions(**options))  # type: ignore[arg-type]


def test_scores_with_retrieval(
    over_http: LocalCompletionsAPI, trained: RetroForCausalLM, fables: Path
) -> None:
    book = Database.open(fables)
    asked = questions(book)
    expected = in_process(trained, book, borders="text").loglikelihood(asked)
    found = over_http.loglikelihood(asked, disable_tqdm=True)
    assert [score for score, _ in found] == pytest.approx([score for score, _ in expected], abs=1e-3)
    assert [likeliest for _, likeliest in found] == [likeliest for _, likeliest in expected]
    without = in_process(trained, book, borders="text", retrieval=False).loglikelihood(asked)
    assert [score for score, _ in found] != pytest.approx([score for score, _ in without], abs=1e-2)


def test_whole_texts_with_retrieval(
    over_http: LocalCompletionsAPI, trained: RetroForCausalLM, fables: Path
) -> None:
    book = Database.open(fables)
    texts = [book.opened.chunk_texts([number])[0] for number in range(4)]
    asked = [Instance("loglikelihood_rolling", {}, (text,), number) for number, text in enumerate(texts)]
    expected = in_process(trained, book).loglikelihood_rolling(asked)
    assert over_http.loglikelihood_rolling(asked, disable_tqdm=True) == pytest.approx(expected, abs=1e-3)


def test_scores_without_retrieval_are_those_of_the_default(
    over_http: LocalCompletionsAPI,
    trained: RetroForCausalLM,
    fables: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = Database.open(fables)
    create = LocalCompletionsAPI._create_payload

    def without(*arguments: object, **options: object) -> dict[str, object]:
        return create(*arguments, **options) | {"openbook": {"retrieval": False}}

    monkeypatch.setattr(LocalCompletionsAPI, "_create_payload", without)
    asked = [question for question in questions(book) if sum(map(len, question.args)) < 60]
    expected = in_process(trained, book, retrieval=False).loglikelihood(asked)
    found = over_http.loglikelihood(asked, disable_tqdm=True)
    assert [score for score, _ in found] == pytest.approx([score for score, _ in expected], abs=1e-3)


def test_texts_that_are_generated(
    over_http: LocalCompletionsAPI, trained: RetroForCausalLM, fables: Path
) -> None:
    book = Database.open(fables)
    arguments = ("Number 3.", {"until": ["."], "max_gen_toks": 20, "do_sample": False})
    asked = [Instance("generate_until", {}, arguments, 0)]
    expected = in_process(trained, book).generate_until(asked)
    assert over_http.generate_until(asked, disable_tqdm=True) == expected
