"""Links and footnotes: hostile titles and sources lead nowhere, and break no Markdown."""

import pytest

from hostile_text import EXAMPLES
from openbook.serve.source_links import footnote, source_title, source_url
from serve_events import neighbor


@pytest.mark.parametrize("source", ["https://a.example/b?c=d#e", "http://a.example/"])
def test_sources_on_the_web_are_links(source: str) -> None:
    assert source_url(neighbor(source=source), "notes") == source


@pytest.mark.parametrize(
    "source",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//a.example",
        "notes/a.md",
        "http://",
        "",
    ],
)
def test_other_sources_are_named_without_leading_anywhere(source: str) -> None:
    found = source_url(neighbor(1, source=source, document_id="a b/ü"), "my book")
    assert found == "openbook://my%20book/a%20b%2F%C3%BC"


@pytest.mark.parametrize(
    "text", ['https://a.example/") onclick=x', "https://a.example/>\n[x](y)", "http://[::"]
)
def test_a_link_holds_nothing_that_ends_it(text: str) -> None:
    url = source_url(neighbor(source=text), "notes")
    assert not set(url) & set(' "<>\n()\\')


@pytest.mark.parametrize(
    "title",
    [
        "](https://evil.example)",
        "[^1]: other",
        "a\n\n# b",
        "<script>",
        "`code`",
        "**b**",
        "\x1b[31m",
        "\u202ex",
    ],
)
def test_a_title_is_text_on_one_line(title: str) -> None:
    line = footnote(1, neighbor(title=title), "notes")
    assert line.startswith("[^1]: ")
    assert "\n" not in line
    assert line.isprintable()
    shown = line.removeprefix("[^1]: ")
    unescaped = [sign for place, sign in enumerate(shown) if sign in "[]<>`*" and shown[place - 1] != "\\"]
    assert unescaped == []


def test_hostile_examples() -> None:
    for text in EXAMPLES:
        line = footnote(1, neighbor(title=text, source=text), "notes")
        assert "\n" not in line
        assert "\n" not in source_title(neighbor(title=text))
