"""Foreign text where it is shown: only text, on a terminal and in Markdown, and still what it was."""

import json
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hostile_text import EVIL, MARKUP, assert_harmless, hostile
from openbook.escapes import markdown, markdown_code, visible, visible_in_json

markdown_it = pytest.importorskip("markdown_it", reason="comes with rich")


@given(hostile)
@example(EVIL)
def test_what_is_visible_is_harmless_and_stays(text: str) -> None:
    assert_harmless(visible(text))
    assert visible(visible(text)) == visible(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "M"))))
@example("naïve Café, 日本語, ไทย, 👩‍👩‍👧, نص عربي, עברית \\x1b")
def test_what_a_terminal_shows_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_what_is_escaped_can_be_read() -> None:
    assert visible("a\nb\x1b[31m\u202e\x9b\udc80") == r"a\nb\x1b[31m\u202e\x9b\udc80"
    assert markdown("a|b\n<i>") == r"a&#124;b&#92;n&#60;i&#62;"
    assert markdown_code("my_docs/*.md") == "`my_docs/*.md`"


@given(st.dictionaries(st.text(), hostile))
@example({"title": EVIL})
def test_json_that_is_visible_is_the_same_value(value: dict[str, str]) -> None:
    shown = visible_in_json(json.dumps(value, ensure_ascii=False, indent=2))
    for line in shown.split("\n"):
        assert_harmless(line)
    assert json.loads(shown) == json.loads(json.dumps(value))


@pytest.mark.parametrize("write", [markdown, markdown_code])
@given(text=hostile)
@example(text=EVIL)
@example(text=MARKUP)
@example(text="")
@example(text=" a ")
def test_in_markdown_it_is_only_text(write: Callable[[str], str], text: str) -> None:
    """Before and after it, in a list and in a cell, everything is as it would be with a harmless text."""
    reader = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def read(shown: str) -> tuple[list[str], list[str]]:
        page = f"- of {shown}, *last* `a`\n\n| a | b |\n| --- | --- |\n| {shown} | *last* |\n"
        tokens = [part for token in reader.parse(page) for part in (token, *(token.children or ()))]
        kinds = [token.type for token in tokens if token.type not in ("text", "code_inline", "inline")]
        inlines = [token for token in tokens if token.type == "inline"]
        said = ["".join(part.content for part in token.children or ()) for token in inlines]
        return kinds, said

    kinds, said = read(write(text))
    assert kinds == read("harmless")[0]
    shown = visible(text)
    assert said[0] == f"of {shown}, last a"
    assert said[3].strip() == shown.strip()
