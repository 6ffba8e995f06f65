"""Every text of the page stands out from what is behind it, in light and dark: 4.5 to 1, as AA wants."""

import pytest
from playwright.sync_api import Page

from openbook.database import Database
from openbook.generation.citations import Citation
from openbook.serve.books import Books
from page_window import Visit, ask
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, neighbor, telling

LEAST = 4.5
WORDS = [f"word{number} written" for number in range(6)]

FAINT = """
() => {
    const numbers = (color) => {
        const found = color.match(/[\\d.]+/g).map(Number);
        const parts = color.startsWith("rgb") ? found.map((part, at) => (at < 3 ? part / 255 : part)) : found;
        return parts.length < 4 ? [...parts, 1] : parts;
    };
    const over = ([r, g, b, a], behind) => [r, g, b].map((part, at) => part * a + behind[at] * (1 - a));
    const behind = (element) => {
        if (!element) return [1, 1, 1];
        const own = numbers(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
    };
    const light = (color) => {
        const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = color.map(linear);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let seen = 0;
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
        if (element.closest(".unseen, .skip, noscript, script")) continue;
        const back = behind(element);
        const front = over(numbers(getComputedStyle(element).color), back);
        const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
        const contrast = (high + 0.05) / (low + 0.05);
        seen += 1;
        const words = texts.currentNode.data.trim().slice(0, 40);
        if (contrast < LEAST) faint.push(`${contrast.toFixed(2)}: ${words}`);
    }
    return { seen, faint };
}
""".replace("LEAST", str(LEAST))


def assert_no_text_is_faint(page: Page) -> None:
    found = page.evaluate(FAINT)
    assert found["seen"] > 10
    assert found["faint"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(
    make_state: MakeState, serve: Serve, visit: Visit, notes: Database, scheme: str
) -> None:
    spans, end = [], 0
    for number, words in enumerate(WORDS):
        about = {"text": f"{words} here", "continuation": " and so on"}
        near = [
            neighbor(number, attention=0.5, **about),
            neighbor(9, attention=0.45),
            neighbor(8, attention=0.05),
        ]
        spans.append(Citation(end, end + len(words) + 1, near))
        end += len(words) + 1
    engine = ScriptedEngine(telling(*(f"{words} " for words in WORDS), "end", spans=spans))
    server = serve(make_state(engine, books=Books(notes.path), allow_edits=True))
    page = visit(server, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page.get_by_role("switch").check()
    exchange = ask(page, "Which words?")
    exchange.get_by_text("Sources read").first.click()
    for number in range(len(WORDS)):
        exchange.locator(".read").nth(number).hover()
        assert_no_text_is_faint(page)
    page.get_by_text("Settings").click()
    page.get_by_text("Found, hardly looked at").click()
    assert_no_text_is_faint(page)
    page.get_by_role("link", name="Documents").click()
    page.get_by_role("button", name="Remove The gate").click()
    assert_no_text_is_faint(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit The gate").click()
    page.get_by_label("Text", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("There is no text").wait_for()
    assert_no_text_is_faint(page)
    page.evaluate("document.documentElement.style.setProperty('--muted', 'gray')")
    assert page.evaluate(FAINT)["faint"] != []  # it would be noticed
