"""Headings of web pages that are none by their tags."""

import pytest

from openbook.text.readers.html import parse_page


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<div role=heading aria-level=3>The <b>mill</b></div><p>It is old.", "### The mill\nIt is old."),
        ("<span role=heading>The mill</span>It is old.", "## The mill\nIt is old."),
        ("<h3 role=heading aria-level=1>The mill</h3>", "### The mill"),
        ("<p class=MsoTitle>The mill<p class=MsoNormal>It is old.", "# The mill\nIt is old."),
        ("<p class='c4 title' id=h.x1>The mill</p><p class=c1>It is old.", "# The mill\nIt is old."),
        ("<p class=title>Table 1</p>", "Table 1"),
    ],
)
def test_roles_and_titles_of_word_processors_make_headings(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text
