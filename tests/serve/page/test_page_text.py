"""What the page makes of text: code points, common words, differences, and what a browser would obey."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from hostile_text import EXAMPLES, assert_harmless
from page_window import Visit
from scripted_engine import ScriptedEngine
from serve_events import MakeState, Serve, telling


@pytest.fixture
def page(make_state: MakeState, serve: Serve, visit: Visit) -> Page:
    return visit(serve(make_state(ScriptedEngine(telling("")))))


def call(page: Page, function: str, *arguments: Any) -> Any:
    """Call a function of text.js."""
    return page.evaluate(
        "async ([name, given]) => (await import('/page/text.js'))[name](...given)",
        [function, list(arguments)],
    )


def test_offsets_of_code_points_become_those_of_utf_16(page: Page) -> None:
    text = "a😀é👩‍🚀z"
    places = call(page, "codePointPlaces", text)
    assert places == [len(text[:point].encode("utf-16-le")) // 2 for point in range(len(text) + 1)]
    assert [call(page, "placeOf", places, point) for point in (-1, 2, 99)] == [0, 3, places[-1]]


@pytest.mark.parametrize(
    ("ranges", "joined"),
    [
        ([], []),
        ([[5, 9], [0, 3]], [[0, 3], [5, 9]]),
        ([[0, 3], [3, 5], [4, 6]], [[0, 6]]),
        ([[0, 9], [2, 3]], [[0, 9]]),
        ([[4, 4], [7, 6]], []),
    ],
)
def test_ranges_are_joined(page: Page, ranges: list[list[int]], joined: list[list[int]]) -> None:
    assert call(page, "joinRanges", ranges) == joined


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("It was Edda Tollan.", "The gate of EDDA TOLLAN is old.", "EDDA TOLLAN"),
        ("built in 1412", "since 1412 it stands", "1412"),
        ("It is of the", "one of the others", None),  # short words stand everywhere
        ("by the old mill", "beside the old mill", "the old mill"),
        ("門は緑です", "あの門は緑です。", "門は緑です"),
        ("nothing alike", "", None),
        (
            "delete a whole directory tree",
            "delete a whole directory, or a directory tree",
            "delete a whole directory",
        ),
    ],
)
def test_words_that_stand_in_both(page: Page, left: str, right: str, same: str | None) -> None:
    ranges = call(page, "sameWords", left, right)["right"]
    assert [right[start:end] for start, end in ranges] == ([] if same is None else [same])


def test_what_an_edit_changed_is_whole_words(page: Page) -> None:
    found = call(page, "difference", "built by Edda Tollan, in 1412", "built by Edda Tohald, in 1412")
    assert found == {"before": "built by Edda ", "removed": "Tollan", "added": "Tohald", "after": ", in 1412"}
    assert call(page, "difference", "same", "same") is None
    assert call(page, "difference", "aa", "aaa") == {
        "before": "",
        "removed": "aa",
        "added": "aaa",
        "after": "",
    }
    emoji = call(page, "difference", "a 😀 b", "a 😁 b")
    assert (emoji["removed"], emoji["added"]) == ("😀", "😁")


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_a_browser_would_obey_is_shown(page: Page, text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()  # halves of characters reach no page
    shown = page.evaluate(
        """async (text) => {
            const { foreign } = await import('/page/text.js');
            const element = foreign('p', '', text);
            const marks = [...element.querySelectorAll('*')].map((each) => each.className);
            return { text: element.textContent, marks };
        }""",
        text,
    )
    assert set(shown["marks"]) <= {"control"}
    for line in shown["text"].replace("\t", " ").split("\n"):
        assert_harmless(re.sub("[\u061c\u200e\u200f]", "", line))  # these are letters without a shape
    assert shown["text"].replace("U+202E", "").startswith(text[:6])
