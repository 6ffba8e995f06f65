"""The real engine behind the routes: what is asked over HTTP is what is asked in Python."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from fake_judge import FakeJudge
from openbook.database import Database
from openbook.generation import Sampling, ask, generate
from openbook.generation.engine import Engine
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import load_base, retrofit
from openbook.text import ChatFormat
from openbook.text.chat_format import REFUSAL
from serve_events import MakeState, Running, Serve, chunks_of
from tiny_base import qwen, write_base


@pytest.fixture
def server(make_state: MakeState, serve: Serve, trained: RetroForCausalLM, fables: Path) -> Iterator[Running]:
    engine = Engine(trained, Database.open(fables).opened.tokenizer, max_batch=4)
    yield serve(make_state(engine))
    engine.close(finish=False)


def test_an_answer_is_that_of_ask(server: Running, trained: RetroForCausalLM, fables: Path) -> None:
    book = Database.open(fables)
    question = "Number 3. What follows?"
    expected = ask(trained, book, question, chat=ChatFormat.of(book.opened.tokenizer), max_new_tokens=40)
    answer = server.client.chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": question}], max_tokens=40
    )
    assert answer.choices[0].message.content == expected.answer
    assert answer.choices[0].finish_reason == expected.finish_reason
    spans = [(span.start, span.end) for span in expected.citations]
    assert [(span["start"], span["end"]) for span in answer.openbook["citations"]] == spans
    first = answer.openbook["citations"][0]["neighbors"]
    assert [near["document_id"] for near in first] == [
        near.document_id for near in expected.citations[0].neighbors
    ]
    assert answer.usage.completion_tokens == expected.completion_tokens


@pytest.mark.parametrize("stream", [False, True])
def test_a_book_that_holds_nothing_about_it_does_not_say(server: Running, stream: bool) -> None:
    said = [{"role": "user", "content": "xylophones?"}]
    body = {"model": "tiny", "messages": said, "n": 2, "stream": stream}
    sent = server.http.post("/v1/chat/completions", json=body)
    if stream:
        choices = [chunk["choices"][0] for chunk in chunks_of(sent)]
        told = [(choice["index"], choice["delta"].get("content")) for choice in choices]
        assert {(0, REFUSAL), (1, REFUSAL)} <= set(told)
        assert [choice["finish_reason"] for choice in choices].count("stop") == 2
        return
    found = sent.json()
    assert [choice["message"]["content"] for choice in found["choices"]] == [REFUSAL, REFUSAL]
    assert found["usage"]["completion_tokens"] == 0
    short = body | {"openbook": {"retrieval": False}, "max_tokens": 5}
    memory = server.http.post("/v1/chat/completions", json=short).json()
    assert memory["choices"][0]["message"]["content"] != REFUSAL


@pytest.mark.parametrize("finds", [False, True])
def test_a_question_is_judged_once_for_all_its_answers_beside_the_engine(
    server: Running, trained: RetroForCausalLM, fables: Path, finds: bool
) -> None:
    question, texts = "Number 3. What follows?", 3
    book, judge = Database.open(fables), FakeJudge(finds=finds)
    server.state.judge = judge  # type: ignore[assignment]
    said = [{"role": "user", "content": question}]
    body = {"model": "tiny", "messages": said, "n": texts, "max_tokens": 40}
    choices = server.http.post("/v1/chat/completions", json=body).json()["choices"]
    assert [asked for asked, _ in judge.asked] == [question]
    assert "openbook engine" not in judge.threads
    given: Any = FakeJudge(finds=finds)
    chat = ChatFormat.of(book.opened.tokenizer)
    expected = ask(trained, book, question, chat=chat, max_new_tokens=40, judge=given)
    assert [choice["message"]["content"] for choice in choices] == [expected.answer] * texts
    assert judge.asked == given.asked
    for choice in choices:
        read = [[near["chunk_id"] for near in span["neighbors"]] for span in choice["openbook"]["citations"]]
        assert read == [[near.chunk_id for near in span.neighbors] for span in expected.citations]


def test_a_completion_is_that_of_generate(server: Running, trained: RetroForCausalLM, fables: Path) -> None:
    sampling = Sampling(temperature=0.7, top_p=0.9)
    expected = generate(
        trained, Database.open(fables), "Number 3.", max_new_tokens=40, sampling=sampling, seed=4
    )
    body = {"model": "tiny", "prompt": "Number 3.", "max_tokens": 40, "seed": 4}
    sent = body | {"temperature": 0.7, "top_p": 0.9}
    found = server.http.post("/v1/completions", json=sent).json()
    assert found["choices"][0]["text"] == expected.text
    assert found["choices"][0]["finish_reason"] == expected.finish_reason
    assert len(found["openbook"]["citations"]) == len(expected.citations)


def test_a_base_completes_with_a_book_of_any_tokenizer(
    make_state: MakeState, serve: Serve, fables: Path, tmp_path: Path
) -> None:
    """Written, and scored: the neighbors are read as text."""
    tokenizer, book = qwen(), Database.open(fables)
    base = load_base(str(write_base(tmp_path / "base")))
    model = retrofit(base, tokenizer_fingerprint=tokenizer.fingerprint).eval()
    engine = Engine(model, tokenizer)
    state = make_state(engine)
    state.model, state.chat = model, ChatFormat.of(tokenizer)
    server = serve(state)
    body = {"model": "tiny", "prompt": "Number 3.", "max_tokens": 8, "temperature": 0, "min_tokens": 8}
    found = server.http.post("/v1/completions", json=body).json()
    options = {"max_new_tokens": 8, "min_new_tokens": 8, "sampling": Sampling(temperature=0)}
    expected = generate(model, book, "Number 3.", tokenizer=tokenizer, **options)
    assert found["choices"][0]["text"] == expected.text
    assert [near["document_id"] for near in found["openbook"]["citations"][0]["neighbors"]] == [
        near.document_id for near in expected.citations[0].neighbors
    ]
    long = " ".join(book.opened.chunk_texts(range(10)))  # longer than a chunk of the model
    scoring = {"model": "tiny", "prompt": long, "max_tokens": 0, "echo": True, "logprobs": 0}
    scores = []
    for retrieval in (True, False):
        answer = server.http.post("/v1/completions", json=scoring | {"openbook": {"retrieval": retrieval}})
        assert answer.status_code == 200
        scores.append(answer.json()["choices"][0]["logprobs"]["token_logprobs"])
    assert scores[0][1:] != pytest.approx(scores[1][1:])
    engine.close(finish=False)


def test_a_stream_is_the_same_answer(server: Running) -> None:
    said = [{"role": "user", "content": "Number 5. What follows?"}]
    body = {"model": "tiny", "messages": said, "max_tokens": 50, "logprobs": True, "top_logprobs": 2}
    whole = server.http.post("/v1/chat/completions", json=body).json()["choices"][0]
    chunks = chunks_of(server.http.post("/v1/chat/completions", json=body | {"stream": True}))
    choices = [chunk["choices"][0] for chunk in chunks]
    assert "".join(choice["delta"].get("content", "") for choice in choices) == whole["message"]["content"]
    marks = [mark for choice in choices for mark in choice["delta"].get("annotations", [])]
    assert marks == whole["message"]["annotations"]
    told = [token for choice in choices if choice.get("logprobs") for token in choice["logprobs"]["content"]]
    assert told == whole["logprobs"]["content"]
    spans = [span for chunk in chunks for span in chunk.get("openbook", {}).get("citations", [])]
    assert spans == whole["openbook"]["citations"]


@pytest.mark.parametrize("bias", [{"70": 100}, {"70": 100, "71": -100}])
def test_a_bias_and_penalties_reach_the_draw(server: Running, bias: dict[str, int]) -> None:
    body = {"model": "tiny", "prompt": "Number", "max_tokens": 4, "temperature": 0, "logprobs": 0}
    forced = server.http.post("/v1/completions", json=body | {"logit_bias": bias}).json()
    (name,) = set(forced["choices"][0]["logprobs"]["tokens"])
    assert name == server.state.chat.tokenizer.decode_inside([[70]])[0]
    wrong = server.http.post("/v1/completions", json=body | {"logit_bias": {"river": 1}})
    assert wrong.json()["error"]["param"] == "logit_bias"


def measured(server: Running, route: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the key `openbook` of an answer holds: the same at once and in the end of a stream."""
    whole = server.http.post(f"/v1/{route}", json=body).json()["openbook"]
    if route == "responses":
        ours = {name: body[name] for name in ("openbook", "seed")}  # which the client's own method has not
        given = {name: body[name] for name in set(body) - set(ours)}
        *_, last = server.client.responses.create(**given, extra_body=ours, stream=True)
        assert last.response.openbook == whole
    else:
        events = chunks_of(server.http.post(f"/v1/{route}", json=body | {"stream": True}))
        assert events[-1]["openbook"] == whole
    return dict(whole)


@pytest.mark.parametrize("route", ["chat/completions", "completions", "responses"])
def test_influence_and_what_drafts_saved_are_told(server: Running, route: str) -> None:
    said = {"messages": [{"role": "user", "content": "Number 3. What follows?"}], "max_tokens": 40}
    asked: dict[str, Any] = {
        "chat/completions": said,
        "completions": {"prompt": "Number 3. What follows?", "max_tokens": 40, "echo": True},
        "responses": {"input": "Number 3. What follows?", "max_output_tokens": 40},
    }[route]
    body = {"model": "tiny", "temperature": 0, "seed": 1} | asked
    found = measured(server, route, body | {"openbook": {"drafts": True, "influence": True}})
    assert found["drafts"]["proposed"] >= found["drafts"]["accepted"]
    assert found["drafts"]["passes"] > 0
    influences = [near["influence"] for span in found["citations"] for near in span["neighbors"]]
    assert any(influences)
    assert None not in influences
    assert server.http.post(f"/v1/{route}", json=body).json()["openbook"]["drafts"] is None


def test_influence_over_http_is_that_of_generate(
    server: Running, trained: RetroForCausalLM, fables: Path
) -> None:
    expected = generate(
        trained,
        Database.open(fables),
        "Number 3.",
        max_new_tokens=20,
        influence=True,
        sampling=Sampling(temperature=0),
    )
    body = {"model": "tiny", "prompt": "Number 3.", "max_tokens": 20, "temperature": 0}
    told = server.http.post("/v1/completions", json=body | {"openbook": {"influence": True}}).json()
    pairs = zip(told["openbook"]["citations"], expected.citations, strict=True)
    for span, citation in pairs:
        found = [near["influence"] for near in span["neighbors"]]
        assert found == pytest.approx([near.influence for near in citation.neighbors], abs=1e-3)


def test_a_look_ahead_is_a_look_ahead_over_http(
    server: Running, trained: RetroForCausalLM, fables: Path
) -> None:
    expected = generate(
        trained,
        Database.open(fables),
        "Number 3.",
        max_new_tokens=40,
        stride=8,
        look_ahead=4,
        sampling=Sampling(temperature=0),
    )
    body = {"model": "tiny", "prompt": "Number 3.", "max_tokens": 40, "temperature": 0}
    options = {"stride": 8, "look_ahead": 4}
    told = server.http.post("/v1/completions", json=body | {"openbook": options}).json()
    assert told["choices"][0]["text"] == expected.text
    spans = [[near["chunk_id"] for near in span["neighbors"]] for span in told["openbook"]["citations"]]
    assert spans == [[near.chunk_id for near in span.neighbors] for span in expected.citations]


def test_many_ask_at_once(server: Running) -> None:
    def answer(number: int) -> str:
        body = {"model": "tiny", "prompt": f"Number {number}.", "max_tokens": 20, "temperature": 0}
        return str(server.http.post("/v1/completions", json=body).json()["choices"][0]["text"])

    alone = [answer(number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(answer, range(6)))
    assert together == alone


def test_footnotes_stand_in_the_text(server: Running) -> None:
    said = [{"role": "user", "content": "Number 3. What follows?"}]
    body = {"model": "tiny", "messages": said, "max_tokens": 20, "openbook": {"footnotes": True}}
    answer = server.http.post("/v1/chat/completions", json=body).json()
    text, notes = answer["choices"][0]["message"]["content"].rsplit("\n\n", 1)
    assert "[^1]" in text
    assert notes.startswith("[^1]: title ")
    plain = server.http.post("/v1/chat/completions", json=body | {"openbook": {}}).json()
    kept = plain["choices"][0]["message"]["content"]
    mark = plain["openbook"]["citations"][0]
    moved = answer["openbook"]["citations"][0]
    assert text[moved["start"] : moved["end"]] == kept[mark["start"] : mark["end"]]


def test_scores_wait_and_are_refused_as_texts_are(
    make_state: MakeState, serve: Serve, trained: RetroForCausalLM, fables: Path
) -> None:
    engine = Engine(trained, Database.open(fables).opened.tokenizer, max_waiting=1)
    server = serve(make_state(engine))
    begun, go = Event(), Event()

    def hold(model: RetroForCausalLM) -> None:
        begun.set()
        assert go.wait(60)

    held = engine.run(hold)
    assert begun.wait(60)
    waiting = engine.run(lambda model: model)
    body = {"model": "tiny", "prompt": ["Number 3.", "Number"], "max_tokens": 0, "echo": True, "logprobs": 1}
    told = server.http.get("/metrics").text
    assert "openbook_texts_waiting 1.0" in told
    assert "openbook_texts_running 1.0" in told
    refused = server.http.post("/v1/completions", json=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    go.set()
    assert waiting.result(60) is trained
    held.result(60)
    scored = server.http.post("/v1/completions", json=body)
    assert [choice["text"] for choice in scored.json()["choices"]] == ["Number 3.", "Number"]
    assert "openbook_texts_waiting 0.0" in server.http.get("/metrics").text
    engine.close(finish=False)
