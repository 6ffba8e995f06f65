"""Headings: of each kind, where their lines begin, and what is none."""

import pytest

from openbook.text.headings import headings

MARKDOWN = """# The valley
Two mills.

## The *upper* mill ##
It is old.

```python
# no heading
```
   ### Its wheel
#hashtag
####### seven
#
Text
"""
RST = """===
Top
===

First
-----
text

Second
------
"""


def test_markdown_has_levels_titles_and_places() -> None:
    found = headings(MARKDOWN)
    assert [(each.level, each.title) for each in found] == [
        (1, "The valley"),
        (2, "The *upper* mill"),
        (3, "Its wheel"),
    ]
    assert all(MARKDOWN[each.start :].lstrip(" ").startswith("#") for each in found)
    assert all(each.start == 0 or MARKDOWN[each.start - 1] == "\n" for each in found)


def test_underlined_headings_begin_where_their_frame_does() -> None:
    found = headings(RST)
    assert [(each.level, each.title) for each in found] == [(1, "Top"), (2, "First"), (2, "Second")]
    assert found[0].start == 0
    assert RST[found[1].start :].startswith("First")


@pytest.mark.parametrize("source", ["notes/a.org", "https://host/A.ORG"])
def test_stars_are_headings_in_org_alone(source: str) -> None:
    text = "* One\n# a comment\n** Two\ntext\n"
    assert [(each.level, each.title) for each in headings(text, source=source)] == [(1, "One"), (2, "Two")]
    assert [each.title for each in headings(text)] == ["a comment"]


def test_number_signs_are_none_in_rst() -> None:
    assert [each.title for each in headings(f"# a comment\n\n{RST}", source="a.rst")] == [
        "Top",
        "First",
        "Second",
    ]


@pytest.mark.parametrize("text", ["", "just text\nin lines\n", "\n\n", "----\n"])
def test_a_text_without_headings_has_none(text: str) -> None:
    assert headings(text) == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_count_line_ends_of_all_kinds(end: str) -> None:
    text = MARKDOWN.replace("\n", end)
    assert [text[each.start :].lstrip(" ")[0] for each in headings(text)] == ["#"] * 3
