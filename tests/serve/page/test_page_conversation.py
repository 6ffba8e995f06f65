"""Conversations on the page: the model is told what was said before; and reading some documents alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fakes import use_fake_encoder
from openbook.database import Database, DocumentFilter
from openbook.errors import TooLongError
from openbook.generation.text_request import OnEvent, TextRequest
from openbook.serve.books import Books
from openbook.text import Document
from page_window import Visit, ask, from_book
from scripted_engine import ScriptedEngine, Ticket
from serve_events import MakeState, Running, Serve, telling


@pytest.fixture
def engine() -> ScriptedEngine:
    """Answers each question with its last word."""
    return ScriptedEngine(lambda request: telling(f"Of {last_word(request)}.")(request))


def last_word(request: TextRequest) -> str:
    asked = "" if request.lookup is None else request.lookup.question or ""
    return (asked or "memory").split()[-1].rstrip("?")


@pytest.fixture
def server(make_state: MakeState, serve: Serve, engine: ScriptedEngine) -> Running:
    return serve(make_state(engine))


@pytest.fixture
def page(server: Running, visit: Visit) -> Page:
    return visit(server)


def told(server: Running, request: TextRequest) -> str:
    """What the model is told."""
    return server.state.chat.tokenizer.decode([request.prompt_ids])[0]


def test_the_model_sees_what_was_said_before_and_looks_up_the_last_question(
    page: Page, server: Running, engine: ScriptedEngine
) -> None:
    ask(page, "Who built the gate?")
    ask(page, "And when the mill?")
    ask(page, "By the river?")
    first, second, third = engine.requests
    assert "gate" in told(server, first)
    said = told(server, third)
    places = [
        said.index(text) for text in ("built the gate", "Of gate.", "when the mill", "Of mill.", "river?")
    ]
    assert places == sorted(places)
    assert "Of mill." not in told(server, second)
    assert third.lookup is not None
    assert third.lookup.question == "By the river?"


def test_a_new_conversation_begins_where_it_is_said(
    page: Page, server: Running, engine: ScriptedEngine
) -> None:
    fresh = page.get_by_role("button", name="New conversation")
    expect(fresh).to_be_hidden()
    ask(page, "Who built the gate?")
    fresh.click()
    expect(fresh).to_be_hidden()
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    expect(page.locator(".divider")).to_have_text("A new conversation. The model is not told what is above.")
    ask(page, "And the mill?")
    assert "gate" not in told(server, engine.requests[-1])
    expect(page.locator(".exchange")).to_have_count(2)
    ask(page, "And the river?")
    assert "And the mill?" in told(server, engine.requests[-1])


def test_an_answer_asked_again_is_told_what_stood_before_it_alone(
    page: Page, server: Running, engine: ScriptedEngine
) -> None:
    for question in ("Who built the gate?", "And the mill?", "And the river?"):
        ask(page, question)
    second = page.locator(".exchange").nth(1)
    second.get_by_role("button", name="Ask again").click()
    expect(second.locator(".facts")).to_contain_text("token")
    assert told(server, engine.requests[-1]) == told(server, engine.requests[1])


def test_with_and_without_the_book_are_two_conversations(
    page: Page, server: Running, engine: ScriptedEngine
) -> None:
    page.get_by_role("switch", name="With and without the book").check()
    for question in ("Who built the gate?", "And the mill?"):
        expect(ask(page, question).locator(".answer[aria-busy=false]")).to_have_count(2)
    for request in engine.requests[2:]:
        before = "Of memory." if request.lookup is None else "Of gate."
        assert before in told(server, request)
        assert told(server, request).count("Of ") == 1


def test_where_there_is_no_room_the_first_questions_are_left_out_and_it_is_said(
    server: Running, visit: Visit, engine: ScriptedEngine
) -> None:
    submit = engine.submit

    def refusing(request: TextRequest, on_event: OnEvent) -> Ticket:
        if "built the gate" in told(server, request) and len(engine.requests) > 1:
            raise TooLongError("too long")
        return submit(request, on_event)

    engine.submit = refusing  # type: ignore[method-assign]
    page = visit(server, expected=("400",))
    for question in ("Who built the gate?", "And the mill?"):
        ask(page, question)
    exchange = ask(page, "And the river?")
    expect(exchange.locator(".facts")).to_contain_text("no room for the first question")
    assert "built the gate" not in told(server, engine.requests[-1])
    assert "Of mill." in told(server, engine.requests[-1])


def choose(page: Page, kind: str, pattern: str) -> None:
    page.get_by_text("Settings").click()
    page.get_by_label("Read only documents by").select_option(kind)
    page.get_by_label("that is, or with * and ? looks like").first.fill(pattern)
    page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        ("source", "book/3*", DocumentFilter(sources=["book/3*"], for_others=True)),
        ("title", "title 3*", DocumentFilter(titles=["title 3*"], for_others=True)),
        ("id", "doc3*", DocumentFilter(ids=["doc3*"], for_others=True)),
    ],
)
def test_some_documents_alone_are_read(
    page: Page, engine: ScriptedEngine, kind: str, pattern: str, expected: DocumentFilter
) -> None:
    choose(page, kind, pattern)
    exchange = ask(page, "Number 3")
    (request,) = engine.requests
    assert request.lookup is not None
    assert request.lookup.documents == expected
    expect(exchange.locator(".facts")).to_contain_text(f"only {kind} {pattern}")


def test_a_pattern_that_no_document_matches_is_told_with_the_nearest(
    make_state: MakeState, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(make_state(ScriptedEngine(from_book))), "/#search", expected=("404",))
    page.get_by_label("Only by").select_option("title")
    page.locator("#search-filter").fill("titel 3")
    page.get_by_label("Words or a question").fill("Number 3")
    page.keyboard.press("Enter")
    expect(page.locator("#search-count")).to_contain_text("title 3")
    page.locator("#search-filter").fill("title 3")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#hits .passage").first).to_be_visible()
    names = page.locator("#hits .passage-title").all_inner_texts()
    assert set(names) == {"title 3"}


def test_only_ways_of_searching_that_the_book_has_are_offered(
    make_state: MakeState,
    serve: Serve,
    visit: Visit,
    fables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_fake_encoder(monkeypatch)
    tokenizer = Database.open(fables).opened.tokenizer
    dense = Database.create(tmp_path / "dense", tokenizer=tokenizer, embedder="fake", chunk_size=16)
    dense.add([Document(id="a", text="A river runs through the valley.")])
    books = Books(dense.path, {"fables": fables})
    page = visit(serve(make_state(ScriptedEngine(from_book), books=books)), "/#search")
    choices = [page.locator(name) for name in ("#search-mode", "#set-mode")]
    offered = "option:not([disabled])"
    for choice in choices:
        expect(choice.locator(offered)).to_have_count(4)
    choices[0].select_option("dense")
    page.locator("#book").select_option("fables")
    for choice in choices:
        expect(choice.locator(offered)).to_have_text(["the book's default", "words"])
        expect(choice).to_have_value("")
    page.locator("#book").select_option("dense")
    expect(choices[0].locator(offered)).to_have_count(4)
