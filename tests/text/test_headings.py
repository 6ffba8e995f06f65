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
        (2, "The upper mill"),
        (3, "Its wheel"),
    ]
    assert all(MARKDOWN[each.start :].lstrip(" ").startswith("#") for each in found)
    assert all(each.start == 0 or MARKDOWN[each.start - 1] == "\n" for each in found)


UNDERLINED = """Tides
=====
Twice a day.

The *moon*
---
It pulls.
Its pull is weak.
---
- a list
---

a | b
--- | ---

```
No heading
----------
```
    code
    ----
### Its far side
# The sun #

Spring
------
Hi
--
"""


def test_lines_below_are_headings_in_markdown() -> None:
    """Not below paragraphs of several lines, lists and tables, where they mean a rule."""
    found = headings(UNDERLINED, source="notes/tides.md")
    assert [(each.level, each.title) for each in found] == [
        (1, "Tides"),
        (2, "The moon"),
        (3, "Its far side"),
        (1, "The sun"),
        (2, "Spring"),
        (2, "Hi"),
    ]
    lines = ["Tides", "The *moon*", "### Its far side", "# The sun #", "Spring", "Hi"]
    assert [UNDERLINED[each.start :].splitlines()[0] for each in found] == lines
    assert headings(UNDERLINED) == found, "number signs show that it is Markdown"


def test_headings_in_html_are_some_in_markdown() -> None:
    text = (
        '<p align="center"><img src="x.png"></p>\n'
        '<h1 align="center">\n  <img src="x.png" alt="">\n  Otter<br>Tools &amp; more\n</h1>\n\n'
        "Text with <h2>no heading</h2>.\n\n<div><h3>Use</h3></div>\n"
    )
    found = headings(text, source="README.md")
    assert [(each.level, each.title) for each in found] == [(1, "Otter Tools & more"), (3, "Use")]
    assert [text[each.start :].splitlines()[0] for each in found] == [
        '<h1 align="center">',
        "<div><h3>Use</h3></div>",
    ]


@pytest.mark.parametrize("comment", ["<!-- # no -->", "<!--\n# no\n\nNo\n==\n-->", "<!-- x\n# no --> y"])
def test_comments_hold_no_headings(comment: str) -> None:
    text = f"{comment}\n# Yes\n{comment}\n## Too\n"
    assert [each.title for each in headings(text)] == ["Yes", "Too"]


def test_a_comment_without_an_end_goes_on() -> None:
    assert [each.title for each in headings("# One\n<!-- open\n# Two\n")] == ["One"]


@pytest.mark.parametrize(
    ("code", "titles"),
    [
        ("````\n```\n# no\n```\n````\n# a", ["a"]),
        ("```\n~~~\n# no\n```\n# a", ["a"]),
        ("~~~ python\n# no\n~~~~\n# a", ["a"]),
        ("- x\n\n      ```sh\n      # no\n      ```\n\n# a", ["a"]),
        ("``` `x` ```\n# a", ["a"]),
        ("```\n# no\n```python\n# no", []),
    ],
)
def test_code_ends_with_the_fence_that_it_begins_with(code: str, titles: list[str]) -> None:
    assert [found.title for found in headings(code, source="a.md")] == titles


@pytest.mark.parametrize("source", ["a.html", "b/a.HTM", "a.xhtml.gz", "a.epub"])
def test_only_lines_with_marks_are_headings_of_a_page(source: str) -> None:
    text = "# *One*\n```\n## Two\nNo\n---\n # no\n#\tno\n####### no\n#\n<h1>no</h1>\n<!--\n###### Six ##"
    found = headings(text, source=source)
    assert [(each.level, each.title) for each in found] == [(1, "*One*"), (2, "Two"), (6, "Six ##")]
    assert [text[each.start] for each in found] == ["#"] * 3


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


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("* TODO Oil the wheel :work:", "Oil the wheel"),
        ("* NEXT steps", "NEXT steps"),
        ("* HOLD :x:", "HOLD"),
        ("* TODO", "TODO"),
        ("* :x:", ":x:"),
    ],
)
def test_states_and_tags_are_no_part_of_a_heading_in_org_but_alone(line: str, title: str) -> None:
    assert [each.title for each in headings(f"{line}\ntext\n* \n", source="a.org")] == [title]


def test_number_signs_are_none_in_rst() -> None:
    assert [each.title for each in headings(f"# a comment\n\n{RST}", source="a.rst")] == [
        "Top",
        "First",
        "Second",
    ]


@pytest.mark.parametrize("text", ["", "just text\nin lines\n", "\n\n", "----\n"])
def test_a_text_without_headings_has_none(text: str) -> None:
    assert headings(text) == []


@pytest.mark.parametrize(
    ("begin", "end"),
    [("{% highlight sh %}", "{% endhighlight %}"), ("{{< highlight sh >}}", "{{< /highlight >}}")],
    ids=["jekyll", "hugo"],
)
def test_code_between_marks_of_templates_holds_no_headings(begin: str, end: str) -> None:
    text = f"# Mill\n{begin}\n# no\n```\n# no\n{end}\n## Wheel\n"
    assert [each.title for each in headings(text, source="a.md")] == ["Mill", "Wheel"]


def test_equals_signs_are_headings_in_asciidoc_outside_of_code_and_comments() -> None:
    code = "[source,sh]\n----\n# no\n== no\n....\n----\n```sh\n== no\n```\n////\n== no\n////\n"
    text = f"= The *mill*\n:toc:\n\n== Wheel\n{code}=== Axle\n"
    found = [(each.level, each.title) for each in headings(text, source="a.adoc")]
    assert found == [(1, "The mill"), (2, "Wheel"), (3, "Axle")]


@pytest.mark.parametrize("source", ["/kim/a.py", "a.sh", "a.YAML.gz", "docker/Dockerfile", "a.diff"])
def test_comments_of_code_are_no_headings(source: str) -> None:
    assert headings("# a comment\n\nx = 1\n-----\n", source=source) == []


@pytest.mark.parametrize("source", ["", "README", "a.txt", "https://brew.sh", "https://example.org/a.php"])
def test_other_texts_may_be_markdown(source: str) -> None:
    assert [each.title for each in headings("# The mill\n", source=source)] == ["The mill"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_count_line_ends_of_all_kinds(end: str) -> None:
    text = MARKDOWN.replace("\n", end)
    assert [text[each.start :].lstrip(" ")[0] for each in headings(text)] == ["#"] * 3


@pytest.mark.parametrize("source", ["a.docx", "a.ODT", "a.pptx"])
def test_lines_of_office_files_are_headings_by_number_signs_alone(source: str) -> None:
    text = "# The **mill**\n\n # ls\n\n```\n\nTotal\n---\n\n## Wheel"
    assert [found.title for found in headings(text, source=source)] == ["The mill", "Wheel"]
