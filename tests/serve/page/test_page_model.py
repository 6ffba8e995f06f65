"""The page on a model that writes, tiny as it is: what is tinted and marked is what the server says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from openbook.database import Database
from openbook.generation.engine import Engine
from openbook.model import RetroForCausalLM
from page_window import Visit, ask
from serve_events import MakeState, Running, Serve

MAX_TOKENS = 60


@pytest.fixture
def server(make_state: MakeState, serve: Serve, trained: RetroForCausalLM, fables: Path) -> Iterator[Running]:
    engine = Engine(trained, Database.open(fables).opened.tokenizer)
    yield serve(make_state(engine))
    engine.close(finish=False)


def longest_answer(server: Running) -> tuple[str, dict[str, Any]]:
    """Of some questions the one with the longest answer, and that answer."""
    answers = {}
    for number in range(6):
        question = f"Number {number}. What follows?"
        said = [{"role": "user", "content": question}]
        body = {"model": "tiny", "messages": said, "max_tokens": MAX_TOKENS}
        answers[question] = server.http.post("/v1/chat/completions", json=body).json()
    return max(answers.items(), key=lambda item: item[1]["usage"]["completion_tokens"])


def test_a_model_answers_on_the_page(server: Running, visit: Visit) -> None:
    question, answer = longest_answer(server)
    text, citations = answer["choices"][0]["message"]["content"], answer["openbook"]["citations"]
    page = visit(server)
    page.get_by_text("Settings").click()
    page.get_by_label("Longest answer, in tokens").fill(str(MAX_TOKENS))
    page.keyboard.press("Escape")
    exchange = ask(page, question)
    spans = [text[citation["start"] : citation["end"]] for citation in citations]
    assert any(spans)
    assert exchange.locator(".answer .read").all_text_contents() == spans
    expect(exchange.locator(".facts")).to_contain_text(f"{answer['usage']['completion_tokens']} tokens")
    for number, citation in enumerate(citations):
        exchange.locator(".answer .ref").nth(number).focus()
        expect(page.locator("#reading .passage")).to_have_count(len(citation["neighbors"]))
        shown = page.locator("#reading .passage-text").all_text_contents()
        passages = [near["text"] + near["continuation"] for near in citation["neighbors"]]
        assert sorted(shown) == sorted(passages)
