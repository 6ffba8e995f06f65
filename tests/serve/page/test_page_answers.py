"""Asking on the page: answers stream in, show what they were read from, are stopped, compared and copied."""

from collections.abc import Iterator
from threading import Event

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, Route, expect

from hostile_text import EXAMPLES, MARKUP
from openbook.errors import DatabaseError
from openbook.generation.citations import Citation
from openbook.generation.copied_spans import CopiedSpan
from openbook.generation.text_request import TextEvent, TextFailure, TextPiece, TextRequest
from page_window import Visit, ask, from_book
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, neighbor, telling

GATE = {
    "title": "The gate",
    "source": "notes/gate.md",
    "text": "😀 The gate is green",
    "continuation": " and old.",
}
MILL = {"title": "The mill", "source": "https://example.org/mill", "text": "A mill stands by the river."}
PIECES = ("👩‍🚀 The gate", " is green.", " A mill stands.", " Nobody knows more.")
FIRST = sum(map(len, PIECES[:2]))
SPANS = [
    Citation(
        0,
        FIRST,
        [
            neighbor(0, attention=0.9, **GATE),
            neighbor(1, attention=0.07, **MILL),
            neighbor(2, attention=0.03),
        ],
        [CopiedSpan(4, FIRST - 1, "doc0", 0, 2, 19, 0.9)],
    ),
    Citation(
        FIRST,
        FIRST + len(PIECES[2]),
        [neighbor(1, attention=0.6, **MILL), neighbor(0, attention=0.4, **GATE)],
    ),
]


@pytest.fixture
def page(make_state: MakeState, serve: Serve, visit: Visit) -> Page:
    """A page whose every question has the same answer."""
    return visit(serve(make_state(ScriptedEngine(telling(*PIECES, spans=SPANS)))))


def test_an_answer_is_tinted_by_what_was_read(page: Page) -> None:
    exchange = ask(page, "What color is the gate?")
    expect(exchange.get_by_role("heading", name="What color is the gate?")).to_be_visible()
    assert exchange.locator(".read").all_inner_texts() == [PIECES[0] + PIECES[1], PIECES[2]]
    assert (
        exchange.locator(".read b").all_inner_texts()[0] == "The gate is green"
    )  # as copied, past the emoji
    assert exchange.locator(".answer .ref").all_inner_texts() == ["1", "2"]
    tints = [exchange.locator(".read").nth(number).get_attribute("class") for number in (0, 1)]
    assert tints == ["read tint-1", "read tint-2"]
    assert exchange.locator(".answer").inner_text().endswith("Nobody knows more.")
    expect(exchange.locator(".facts")).to_contain_text("4 tokens")


def test_names_that_no_span_was_read_from_are_told(page: Page) -> None:
    exchange = ask(page, "Which mill and which Gate has Harrow in 1923?")
    expect(exchange.locator(".facts")).to_contain_text("nothing that was read mentions Harrow, 1923")


@pytest.mark.parametrize("how", ["hover", "focus", "click"])
def test_the_neighbor_stands_beside_its_span(page: Page, how: str) -> None:
    exchange = ask(page, "What color is the gate?")
    target = exchange.locator(".answer .ref").first if how == "focus" else exchange.locator(".read").first
    getattr(target, how)()
    panel = page.get_by_role("complementary")
    card = panel.locator(".passage").first
    assert card.locator(".passage-title").inner_text().split("\n") == ["1", "The gate"]
    expect(card).to_contain_text("notes/gate.md")
    expect(card).to_contain_text("90 % of attention")
    expect(card).to_contain_text("score 1.00")
    assert card.locator("mark").all_inner_texts() == ["The gate is green"]
    assert card.locator(".passage-text").inner_text() == "😀 The gate is green and old."
    expect(card).to_contain_text("copied from here")
    folded = panel.locator("details")
    expect(folded.locator("summary")).to_have_text("Found, hardly looked at (2)")
    expect(folded.locator(".passage").first).to_be_hidden()


def test_words_that_are_only_the_same_are_not_called_copied(page: Page) -> None:
    exchange = ask(page, "What stands by the river?")
    exchange.locator(".read").nth(1).hover()
    card = page.locator("#reading .passage").first
    assert card.locator("mark").all_inner_texts() == ["A mill stands"]
    expect(card.locator(".legend")).to_have_text("Marked: words that this part of the answer has too.")
    assert card.get_by_role("link").get_attribute("href") == "https://example.org/mill"


def test_what_has_the_words_comes_before_what_was_looked_at_more(
    make_state: MakeState, serve: Serve, visit: Visit
) -> None:
    neighbors = [
        neighbor(0, attention=0.4, **MILL),
        neighbor(1, attention=0.35, **GATE),
        neighbor(2, attention=0.25),
    ]
    engine = ScriptedEngine(telling("The gate is green.", spans=[Citation(0, 18, neighbors)]))
    exchange = ask(visit(serve(make_state(engine))), "What color is the gate?")
    assert exchange.locator(".answer .ref").all_inner_texts() == ["1"]
    exchange.locator(".read").hover()
    panel = exchange.page.locator("#reading")
    assert panel.locator(".passage-title").all_inner_texts() == ["1\nThe gate", "2\nThe mill", "3\ntitle 2"]
    expect(panel.get_by_role("heading", name="Also read")).to_be_visible()


def test_the_list_of_sources_has_only_those_used(page: Page) -> None:
    exchange = ask(page, "What color is the gate?")
    expect(exchange.locator(".sources li").first).to_be_hidden()
    exchange.get_by_text("Sources read (2)").click()
    lines = exchange.locator(".sources li")
    expect(lines.nth(1)).to_contain_text("has words of the answer")
    assert [line.split("\n")[:2] for line in lines.all_inner_texts()] == [
        ["1", "The gate"],
        ["2", "The mill"],
    ]
    lines.nth(1).get_by_role("button").click()
    assert page.locator("#reading .passage-title").first.inner_text().split("\n") == ["2", "The mill"]


def test_with_and_without_the_book(make_state: MakeState, serve: Serve, visit: Visit) -> None:
    engine = ScriptedEngine(from_book)
    page = visit(serve(make_state(engine)))
    page.get_by_role("switch", name="With and without the book").check()
    exchange = ask(page, "Number 3")
    expect(exchange.locator(".answer[aria-busy=false]")).to_have_count(2)
    assert exchange.locator("h3").all_inner_texts()[:2] == ["With the book", "Without the book"]
    assert exchange.locator(".answer").nth(0).inner_text() != "I do not know."
    assert exchange.locator(".answer").nth(1).inner_text() == "I do not know."
    expect(exchange.locator(".facts").nth(1)).to_contain_text("nothing was read")
    assert sorted(request.lookup is None for request in engine.requests) == [False, True]
    assert len({request.prompt_ids for request in engine.requests}) == 1


def test_the_settings_are_sent(make_state: MakeState, serve: Serve, visit: Visit) -> None:
    engine = ScriptedEngine(telling("Yes."))
    page = visit(serve(make_state(engine)))
    page.get_by_text("Settings").click()
    page.get_by_label("Passages to read").fill("2.5")
    page.get_by_label("Search by").first.select_option("words")
    page.get_by_label("Longest answer, in tokens").fill("17")
    page.get_by_label("Temperature").fill("0.5")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Temperature")).to_be_hidden()
    ask(page, "Is it?")
    (request,) = engine.requests
    assert request.lookup is not None
    assert (request.lookup.k, request.lookup.mode) == (3, "bm25")
    assert (request.max_new_tokens, request.sampling.temperature) == (17, 0.5)


def test_stop_and_ask_again(make_state: MakeState, serve: Serve, visit: Visit) -> None:
    go_on = Event()

    def script(request: TextRequest) -> Iterator[TextEvent]:
        yield TextPiece("It begins", ())
        go_on.wait(20)
        yield from telling(" and goes on.")(request)

    engine = ScriptedEngine(script)
    page = visit(serve(make_state(engine)))
    page.get_by_label("Question", exact=True).fill("Well?")
    page.get_by_role("button", name="Ask", exact=True).click()
    exchange = page.locator(".exchange")
    expect(exchange.locator(".answer")).to_have_text("It begins")
    expect(exchange.locator(".answer")).to_have_attribute("aria-busy", "true")
    exchange.get_by_role("button", name="Stop").click()
    expect(exchange.locator(".facts")).to_contain_text("stopped")
    expect(exchange.locator(".answer")).to_have_text("It begins")
    assert engine.tickets[0].canceled.wait(20)
    go_on.set()
    exchange.get_by_role("button", name="Ask again").click()
    expect(exchange.locator(".answer")).to_have_text("It begins and goes on.")
    expect(exchange.locator(".facts")).to_contain_text("token")
    expect(exchange.get_by_role("button", name="Stop")).to_be_hidden()


def test_copying(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    exchange = ask(page, "What color is the gate?")
    exchange.get_by_role("button", name="Copy", exact=True).click()
    expect(exchange.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "".join(PIECES)
    exchange.get_by_role("button", name="Copy with sources").click()
    expect(exchange.get_by_role("button", name="Copied")).not_to_have_count(0)
    page.wait_for_function("async () => (await navigator.clipboard.readText()).includes('Read:')")
    lines = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert lines[-2:] == ["[1] The gate (notes/gate.md)", "[2] The mill (https://example.org/mill)"]


@pytest.mark.parametrize("text", [*EXAMPLES, "</span><img src=x onerror=alert(1)>" + MARKUP])
def test_hostile_text_is_shown_as_text(make_state: MakeState, serve: Serve, visit: Visit, text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    hostile = {"title": text, "source": f"javascript:alert(1)//{text}", "text": text, "continuation": text}
    answer = f"{text} end"
    span = Citation(0, len(answer), [neighbor(0, **hostile)])
    page = visit(serve(make_state(ScriptedEngine(telling(answer, spans=[span])))))
    exchange = ask(page, text.strip() or "?")
    exchange.get_by_text("Sources read").click()
    exchange.locator(".read").click()
    tags = "script, img, iframe, object, embed, [onerror], [onclick], a[href^=javascript]"
    assert page.locator(f":is({tags})").count() == 1  # the page's own script
    shown = [
        exchange.locator(".answer"),
        page.locator("#reading .passage-text"),
        page.locator("#reading .passage-title"),
    ]
    for place in shown:
        content = place.text_content() or ""
        assert text.strip().split("\n")[0][:6] in content
        assert not set(content) & set("\u202e\u2066\x1b\x00\u2028")
    assert page.locator("#reading a").count() == 0
    if "\u202e" in text:
        expect(exchange.locator(".answer .control", has_text="U+202E").first).to_be_visible()


def test_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.type("Color?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Please.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".exchange .answer[aria-busy=false]")).to_have_count(1)
    assert page.locator(".exchange .question").inner_text() == "Color?\nPlease."
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.answer .ref')"):
            break
    assert (
        page.evaluate("document.activeElement.getAttribute('aria-label')")
        == "Read for this part: The mill, The gate"
    )
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    expect(page.locator("#reading .passage")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#reading .passage")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('.answer .ref')")


def test_an_enter_that_ends_a_composed_character_asks_nothing(page: Page) -> None:
    page.get_by_label("Question", exact=True).fill("門")
    composed = {"key": "Enter", "isComposing": True, "bubbles": True}
    page.get_by_label("Question", exact=True).dispatch_event("keydown", composed)
    expect(page.locator(".exchange")).to_have_count(0)
    assert page.get_by_label("Question", exact=True).input_value() == "門"


def test_a_question_waits_until_the_page_knows_the_model(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/page/about", hold)
    page.reload()
    page.get_by_label("Question", exact=True).fill("What color is the gate?")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert len(held) == 1
    expect(page.locator(".exchange")).to_have_count(0)
    held[0].continue_()
    expect(page.locator(".exchange .read")).to_have_count(2)


def test_the_answer_is_told_to_who_listens(page: Page) -> None:
    ask(page, "What color is the gate?")
    spoken = page.locator("[aria-live=polite]#spoken")
    expect(spoken).to_contain_text("The gate is green.")
    expect(spoken).to_contain_text("Nobody knows more.")


def test_problems_are_told_in_words(make_state: MakeState, serve: Serve, visit: Visit) -> None:
    def script(request: TextRequest) -> Iterator[TextEvent]:
        yield TextPiece("It", ())
        yield TextFailure(DatabaseError("is damaged"))

    engine = ScriptedEngine(script)
    server = serve(make_state(engine))
    page = visit(server, expected=("429", "ERR_CONNECTION_REFUSED"))
    exchange = ask(page, "Whole?")
    expect(exchange.get_by_role("alert")).to_contain_text("is damaged")
    assert exchange.locator(".answer").inner_text() == "It"
    engine.room = 0
    exchange = ask(page, "Busy?")
    expect(exchange.get_by_role("alert")).to_have_text(
        "The server has as much to do as it can hold. Wait 2 seconds, then try again."
    )
    server.stop()
    exchange = ask(page, "There?")
    expect(exchange.get_by_role("alert")).to_contain_text("See whether openbook serve still runs")


def with_key(key: str) -> dict[str, dict[str, str]]:
    """What a browser has been told when it asked for a name and a password."""
    return {"http_credentials": {"username": "anybody", "password": key}}


def test_a_server_with_a_key_has_the_browser_ask_for_it(
    make_state: MakeState, serve: Serve, visit: Visit
) -> None:
    server = serve(make_state(ScriptedEngine(telling("Yes.")), api_key="open sésame"))
    with pytest.raises(BrowserError, match="INVALID_AUTH_CREDENTIALS"):
        visit(server, expected=("401",))
    page = visit(server, expected=("401",), **with_key("wrong"))
    expect(page.locator("body")).to_contain_text("give any name with the key as password")
    page = visit(server, **with_key("open sésame"))
    assert ask(page, "Is it?").locator(".answer").inner_text() == "Yes."
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]


def test_a_key_that_was_changed_is_asked_for_again(
    make_state: MakeState, serve: Serve, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = make_state(ScriptedEngine(telling("Yes.")), api_key="old")
    page = visit(serve(state), expected=("401",), **with_key("old"))
    ask(page, "Is it?")
    monkeypatch.setattr("openbook.serve.access._is_key", lambda shown, key: shown == "new")
    alert = ask(page, "Is it still?").get_by_role("alert")
    expect(alert).to_have_text(
        "The server has another API key now. Load this page again: the browser will ask for it."
    )


def test_where_the_panel_covers_the_question_it_opens_only_on_purpose(page: Page) -> None:
    page.set_viewport_size({"width": 900, "height": 640})
    exchange = ask(page, "What color is the gate?")
    panel, ref = page.locator("#reading"), exchange.locator(".answer .ref").first
    exchange.locator(".read").first.hover()
    ref.focus()
    expect(panel).to_be_hidden()
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    page.get_by_label("Question", exact=True).focus()
    expect(panel).to_be_hidden()
    assert ref.get_attribute("aria-expanded") == "false"
    exchange.locator(".read").nth(1).click()
    expect(panel).to_be_visible()


def test_on_a_phone_the_panel_comes_from_below(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    exchange = ask(page, "word" * 60)
    exchange.locator(".read").first.click()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    panel = page.get_by_role("complementary")
    expect(panel).to_be_in_viewport()
    page.get_by_role("button", name="Close what was read").click()
    expect(panel).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('.answer .ref')")
