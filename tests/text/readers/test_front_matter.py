"""The header of a Markdown file: what is taken from it, what stays text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from growth import assert_linear
from openbook.text import Document

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

HEADER = "---\n# do not publish\ntitle: Getting started\ntags: [a, b]\n---\n"


def test_a_header_gives_title_id_and_source(write: Write, read_all: ReadAll) -> None:
    text = "---\nid: tides\ntitle: 'The tides: twice a day'\nsource: https://example.org/t\n---\n\nBody.\n"
    (document,), _ = read_all(write("notes.md", text))
    assert document == Document(
        text="Body.\n", id="tides", title="The tides: twice a day", source="https://example.org/t"
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_header_in_toml_gives_the_same(write: Write, read_all: ReadAll, end: str) -> None:
    text = (
        '+++\ntitle = "The tides: twice"\nid = "tides"\ndate = 2024-01-31\ntags = ["a"]\nsource = 7\n'
        '[params]\nlanguage = "xx"\n+++\n\n# Heading\nBody.\n'
    )
    path = write("notes.md", text.replace("\n", end))
    (document,), _ = read_all(path)
    assert document.text == "# Heading\nBody.\n"
    assert (document.id, document.title, document.source) == ("tides", "The tides: twice", str(path))
    assert document.language is None


@pytest.mark.parametrize("text", ["+++\nno toml\n+++\nBody", "+++\ntitle = 'x'\nBody", "+++\nx == 1\n+++\n"])
def test_what_is_no_header_in_toml_is_text(write: Write, read_all: ReadAll, text: str) -> None:
    (document,), _ = read_all(write("notes.md", text))
    assert (document.text, document.title) == (text, "notes")


@pytest.mark.parametrize("name", ["notes.md", "notes.markdown"])
@pytest.mark.parametrize(
    "text",
    [
        HEADER + "Body",
        HEADER.replace("\n", "\r\n") + "Body",
        "\ufeff" + HEADER + "Body",
        HEADER.replace("---\n# ", "---  \n# ") + "\n\nBody",
        HEADER[:-4] + "...\nBody",
    ],
    ids=["plain", "Windows", "mark", "blanks", "dots"],
)
def test_a_header_is_not_text(write: Write, read_all: ReadAll, name: str, text: str) -> None:
    path = write(name, text)
    (document,), _ = read_all(path)
    assert (document.text, document.title) == ("Body", "Getting started")
    assert (document.id, document.source) == (name, str(path))


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("007", "007"),
        ("on", "on"),
        ("2024-01-31", "2024-01-31"),
        ("null", "Heading"),
        ("~", "Heading"),
        ("", "Heading"),
        ("[a, b]", "Heading"),
        ("{a: b}", "Heading"),
        (">\n  two\n  lines", "two lines"),
        ("|\n  two\n  lines", "two lines"),
        ("two\n  lines", "two lines"),
        ("'it''s'", "it's"),
        ('"caf\\u00e9"', "café"),
        ("C# in depth # a comment", "C# in depth"),
        ("one: two", "one: two"),
        ("*starred", "*starred"),
        ("[" * 3000, "Heading"),
    ],
)
def test_a_title_is_what_is_written(write: Write, read_all: ReadAll, value: str, title: str) -> None:
    (document,), _ = read_all(write("a.md", f"---\ntitle: {value}\n---\n# Heading\n"))
    assert (document.title, document.text) == (title, "# Heading\n")


def test_without_a_title_the_heading_or_the_name_is_it(write: Write, read_all: ReadAll) -> None:
    documents, _ = read_all(
        write("a.md", "---\nlayout: x\n---\n## First"), write("b.md", "---\n---\nNo heading")
    )
    assert [(document.title, document.text) for document in documents] == [
        ("First", "## First"),
        ("b", "No heading"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "---\nA rule, and a sentence.\n---\nMore.",
        "---\ntitle: never closed\n\nBody",
        "---\n- a\n- list\n---\nBody",
        "---\n{broken: [yaml\n---\nBody",
        "---\n" + "[" * 60_000 + "\n---\nBody",
        "---\n" + "? " * 30_000 + "\n---\nBody",
        "\n---\ntitle: not at the beginning\n---\nBody",
        "----\ntitle: four hyphens\n----\nBody",
        "---\nx: " + "y" * 70_000 + "\n---\nBody",
    ],
)
def test_what_is_not_a_header_stays_text(write: Write, read_all: ReadAll, text: str) -> None:
    (document,), errors = read_all(write("a.md", text))
    assert (document.text, document.id, errors) == (text, "a.md", [])


@pytest.mark.parametrize("text", ["---\ntitle: Only\n---\n", "---\n---\n \n", "+++\ntitle = 'x'\n+++"])
def test_a_header_alone_is_an_empty_file(write: Write, read_all: ReadAll, text: str) -> None:
    path = write("a.md", text)
    assert read_all(path) == ([], [f"{path}: the text is empty"])
    folder = write("notes/a.md", text).parent
    write("notes/b.md", "Body")
    documents, errors = read_all(folder)
    assert ([document.text for document in documents], errors) == (["Body"], [])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\nTitle: T\nID: i\n---\nBody", "T"),
        ("---\nTITLE: T\nauthor: A\nId: i\n---\nBody", "T"),
        ("---\nTITLE: T\nid: i\n---\nBody", "T"),
        ("---\nTitle: no\ntitle: T\nId: i\n---\nBody", "T"),
        ("+++\nTitle = 'T'\nID = 'i'\n+++\nBody", "T"),
    ],
)
def test_case_does_not_count_in_names(write: Write, read_all: ReadAll, text: str, title: str) -> None:
    (document,), _ = read_all(write("a.md", text))
    assert (document.text, document.title, document.id) == ("Body", title, "i")


UNUSUAL = [
    "author's note: x",
    "tags/main: x",
    "rating (1-5): 4",
    "dc:title: x",
    "og:image: x.png",
    "R&D: x",
    "done?: yes",
    "🏷️: x",
    "a,b: x",
    "<<: *base",
    "größe: x",
    "when: 12:30",
    "“quoted”:",
]


@pytest.mark.parametrize("line", UNUSUAL)
def test_a_key_may_be_anything(write: Write, read_all: ReadAll, line: str) -> None:
    for lines in ([line, "title: T", "id: i"], ["title: T", "id: i", line], ["title: T", line, "id: i"]):
        text = "\n".join(["---", *lines, "source: https://example.org", "---", "Body"])
        assert read_all(write("a.md", text)) == (
            [Document(text="Body", id="i", title="T", source="https://example.org")],
            [],
        )


@pytest.mark.parametrize(
    "line", ["no key at all", "@odd", "key:value", "{{ template }}", "@odd\n  - a\n  - b\n  - c"]
)
def test_a_line_of_no_key_is_not_the_end_of_the_header(write: Write, read_all: ReadAll, line: str) -> None:
    for lines in ([line, "title: T"], ["title: T", line]):
        (document,), _ = read_all(write("a.md", "\n".join(["---", *lines, "---", "Body"])))
        assert (document.text, document.title) == ("Body", "T")


@pytest.mark.parametrize(
    "lines",
    [
        ["Remember: the hens need water."],
        ["Monday: rain.", "Tuesday: more rain.", "", "Kim said: enough."],
        ["Date: the day on which it rained.", "Summary: it rained."],
        ["Language: the way we speak", "ID: none", "We think so"],
        ["Source: the spring above the mill."],
        ["TITLE: in capitals", "ID: none"],
        ["Note:", "- water the hens", "- feed the cat"],
        ["It rained.", "The river rose.", "title: of a song that we sang."],
        ["# Heading"],
        ["layout (of the yard): see below"],
    ],
)
def test_what_stands_between_two_rules_is_text(write: Write, read_all: ReadAll, lines: list[str]) -> None:
    text = "\n".join(["---", *lines, "---", "The rest."])
    (document,), _ = read_all(write("a.md", text))
    assert (document.text, document.id) == (text, "a.md")


@pytest.mark.parametrize(
    "line",
    [
        "tags: [a]",
        "aliases:",
        "draft: true",
        "layout: post",
        "lastmod: 2024-01-31",
        "sidebar_position: 2",
        "permalink: /a",
        "header-includes: |\n  x",
        "cssclasses:\n- wide",
        '"date": 2024-01-31',
        "name: a",
        "jupytext:\n  formats: md",
        "hide:\n  - toc",
        "marp: true",
        "outline: deep",
        "ms.date: 01/02/2024",
        "orphan: true",
        "substitutions:\n  a: b",
    ],
)
def test_any_usual_name_makes_a_header(write: Write, read_all: ReadAll, line: str) -> None:
    (document,), _ = read_all(write("a.md", f"---\nmy note: x\n{line}\n---\nBody"))
    assert document.text == "Body"


@pytest.mark.parametrize(
    "header",
    [
        '{\n  "title": "Tides",\n  "tags": ["a"]\n}\n',
        "Title: Tides\nDate: 2024-05-01\nTags: sea,\n  moon\n\n",
        "title: Tides\nauthor: Ann Miller\nslug: tides\n\n",
        "% Tides\n% Ann Miller\n% May 2024\n\n",
        "% Tides\n\n",
    ],
    ids=["hugo", "pelican", "multimarkdown", "pandoc", "pandoc-title-alone"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_headers_of_other_dialects_are_read(write: Write, read_all: ReadAll, header: str, end: str) -> None:
    text = f"{header}The sea.\n\n# Moon\n".replace("\n", end)
    (document,), errors = read_all(write("a.md", text))
    assert (document.title, document.text, errors) == ("Tides", "The sea.\n\n# Moon\n", [])


@pytest.mark.parametrize(
    "text",
    [
        '{\n"title": "Tides"\n}\n',
        '{\n"moon": 1\n}\nThe sea.',
        '{\n"title": broken\n}\nThe sea.',
        '{\n"name": "mill", "url": "https://example.org", "status": "ok"\n}\nis what the server said.',
        '{\n"title": "Tides", "year": 2024\n}\nThe sea.',
        '{\n"title": ["Tides"], "tags": []\n}\nThe sea.',
        "{\n" + "[" * 60_000 + "\n",
        "Title: Tides\n\nThe sea.",
        "Title: Tides\nRemember: the moon\n\nThe sea.",
        "Title: Tides\nDate: 2024\nThe sea.",
        "Date: 2024\nAuthor: Ann\n\nThe sea.",
        "Title: Fire in the mill\nDate: 3\nSummary: Two people died.\nSource: police\n\nIt burnt.",
        "Title: Fire in the mill\nDate: 2024-05-01\nSummary: Two people died.\n\nIt burnt.",
        "Title: Fire in the mill\nSource: police\n\nIt burnt.",
        "Name: Ann\nTitle: CEO\nStatus: retired since 2020\n\nShe rows.",
        "Tags: sea\nTitle: Tides\n\nThe sea.",
        "% a comment\nThe sea.",
        "% The mean of the heights,\n% without those that are missing.\n\nh = mean(x)",
        "% The mean\n\nh = mean(x)\n% and the rest\n",
        "% \n\nThe sea.",
        "% Tides\n",
    ],
)
def test_what_only_looks_like_such_a_header_is_text(write: Write, read_all: ReadAll, text: str) -> None:
    (document,), errors = read_all(write("a.md", text))
    assert (document.title, document.text, errors) == ("a", text, [])


def test_other_text_has_no_header(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.txt", HEADER + "Body"))
    assert document.text == HEADER + "Body"


@pytest.mark.parametrize(
    "lines",
    [
        # Each line names the one before it ten times over: written out, it would be 10^20 values.
        [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)],
        [f"deep: {'[' * 30_000}"],
        [f"{'  ' * n}x:" for n in range(200)],
        ["x: y: z: broken"] * 1000,
        ["tags:", "- a", "- b: c", "", "# comment", "other: >", "  text", "'quoted key': x"],
    ],
    ids=range(5),
)
def test_what_else_a_header_holds_does_not_matter(write: Write, read_all: ReadAll, lines: list[str]) -> None:
    text = "\n".join(["---", *lines, "title: T", "---", "Body"])
    (document,), _ = read_all(write("a.md", text))
    assert (document.title, document.text) == ("T", "Body")


@pytest.mark.parametrize(
    "header",
    [
        lambda n: "x:\n" * n,
        lambda n: "-" * n,
        lambda n: " \n" * n,
        lambda n: "a" * n + ":",
        lambda n: "title: " + "a: " * n,
    ],
    ids=range(5),
)
def test_any_header_is_read_in_linear_time(
    write: Write, read_all: ReadAll, header: Callable[[int], str]
) -> None:
    assert_linear(lambda n: read_all(write("a.md", f"---\n{header(n)}\n---\nBody")), 2_500)


@pytest.mark.parametrize("of", ["---\n", "a:\n"])
def test_the_end_of_a_header_is_found_in_linear_time(write: Write, read_all: ReadAll, of: str) -> None:
    assert_linear(lambda n: read_all(write("b.md", "---\n" + of * n)), 20_000)
