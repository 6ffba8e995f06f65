"""Headings in a text: where its sections begin, in Markdown, reStructuredText, Org, AsciiDoc and web pages.

# The mill          level 1
It is old.
## Its wheel        level 2: a section of the one above
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openbook.text.inline_markup import plain_title
from openbook.text.outline_markup import plain_org_title, plain_rst_title

_MARKDOWN_HEADING = re.compile(r" {0,3}(#{1,6})[ \t](.*)")
_MARKDOWN = (".md", ".markdown", ".mdx", ".qmd", ".rmd")
_COMMENT, _COMMENT_END = re.compile(r" {0,3}<!--"), "-->"
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_LONG_ENOUGH_IN_MARKDOWN = 3
_NO_PARAGRAPH = re.compile(r"\s*$| {4}|\t|\s*(?:[-*+]|\d+[.)])\s|\s*[>|<]")
"""Empty lines, code, and lines of lists, quotations, tables and HTML: no line below makes them a heading."""
_HTML_HEADING = re.compile(
    r"[ \t]*(?:<(?:a|center|div|header|p)\b[^<>]*>\s*){0,4}<h([1-6])\b[^<>]*>(.*?)</h\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_HTML = 1000
"""Characters of a heading in HTML, which may have several lines."""
_CLOSING = re.compile(r"[ \t]+#+[ \t]*$")
_CODE_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
_TEMPLATE_CODE = re.compile(r"\s*\{[%{][-<]?\s*(?P<end>/|end)?highlight\b")
_BY_TEMPLATE = "{"
"""Code between the marks of Jekyll, or of Hugo."""
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
_LONG_ENOUGH = 4
"""An underline of so many characters makes a heading even of a longer line."""
_PAGES = (".html", ".htm", ".xhtml", ".epub")
_OFFICE = (".docx", ".odt", ".odp", ".pptx")
_CODE = (
    ".bash", ".bat", ".c", ".cc", ".cfg", ".cmake", ".conf", ".cpp", ".cs", ".css", ".diff", ".env", ".ex",
    ".exs", ".go", ".h", ".hpp", ".hs", ".ini", ".java", ".jl", ".js", ".jsx", ".kt", ".lua", ".mk", ".nix",
    ".patch", ".php", ".pl", ".pm", ".properties", ".ps1", ".py", ".pyi", ".r", ".rb", ".rs", ".scala", ".sh",
    ".sql", ".srt", ".swift", ".tcl", ".tex", ".tf", ".toml", ".ts", ".tsx", ".vtt", ".yaml", ".yml", ".zig",
    ".zsh",
)  # fmt: skip
"""Code, settings, changes and subtitles: their number signs begin comments, and their lines frame them."""
_CODE_NAMES = ("dockerfile", "gemfile", "makefile", "rakefile")
_COMPRESSED = (".gz", ".xz", ".zst")
_PAGE_HEADING = re.compile(r"^(#{1,6}) (.*)$", re.MULTILINE)
_ASCIIDOC_HEADING = re.compile(r"(={1,6})[ \t]+(\S.*)")
_ASCIIDOC_BLOCK = re.compile(r"(-{4,}|\.{4,}|/{4,}|\+{4,}|```)[\w,]*")
_ORG_HEADING = re.compile(r"(\*+)[ \t](.*)")


@dataclass(frozen=True, slots=True)
class Heading:
    """One that is not empty.

    start: the character at which its line begins, or the line above that is part of it.
    level: 1 is the highest.
    title: without marks, and spaces around.
    """

    start: int
    level: int
    title: str


def markdown_headings(text: str, *, underlined: bool = True) -> Iterator[Heading]:
    """Find the headings that number signs, lines below or HTML make, outside of code and comments.

    Args:
        text: the whole of a document.
        underlined: those with a line below too.

    >>> [heading.title for heading in markdown_headings("# One #\\n```\\n# no\\n```\\n### *Two*\\n")]
    ['One', 'Two']
    >>> [found.title for found in markdown_headings("One\\n===\\n\\nTwo\\n---\\n<h3>Three</h3>")]
    ['One', 'Two', 'Three']
    """
    fence, comment = "", False
    """What code begins with, where the line is in it."""
    over: tuple[int, str] | None = None
    """The line before, if it may be a heading: one of words, below an empty line."""
    is_free = True
    for start, line in _lines(text):
        before, over = over, None
        was_free, is_free = is_free, True
        if not comment and (found := _TEMPLATE_CODE.match(line)):
            fence = "" if found["end"] else fence or _BY_TEMPLATE
        elif not comment and (found := _CODE_FENCE.match(line)) and _is_edge(line, found[1], fence):
            fence = "" if fence else found[1]
        elif not fence and (comment or _COMMENT.match(line)):
            comment = _COMMENT_END not in line
        elif not fence and (found := _MARKDOWN_HEADING.match(line)):
            yield from _heading(start, len(found[1]), _CLOSING.sub("", found[2]))
        elif before and (under := _UNDERLINE.fullmatch(line)) and _underlines(under[1], before[1]):
            yield from _heading(before[0], 1 if under[1][0] == "=" else 2, before[1])
        elif not fence and (found := _html_heading(text, start, line)):
            yield from _heading(start, int(found[1]), found[2])
        elif not fence:
            is_free = not line.strip()
            over = (start, line) if underlined and was_free and not _NO_PARAGRAPH.match(line) else None


def _is_edge(line: str, found: str, fence: str) -> bool:
    """Whether a line begins code or ends that of a fence: by as many of the same signs, and nothing more."""
    return not fence or (line.strip() == found and found.startswith(fence))


def _html_heading(text: str, start: int, line: str) -> re.Match[str] | None:
    if not line.lstrip().startswith("<"):
        return None
    return _HTML_HEADING.match(text[start : start + _LONGEST_HTML])


def _underlines(under: str, line: str) -> bool:
    return len(under) >= min(len(line.strip()), _LONG_ENOUGH_IN_MARKDOWN) and any(map(str.isalnum, line))


def _heading(start: int, level: int, written: str) -> Iterator[Heading]:
    if title := plain_title(written):
        yield Heading(start, level, title)


def rst_headings(text: str) -> Iterator[Heading]:
    """Find the lines that are underlined, or over- and underlined; levels come in the order of their kinds.

    >>> [(found.level, found.title) for found in rst_headings("===\\nOne\\n===\\n\\nTwo\\n---\\n")]
    [(1, 'One'), (2, 'Two')]
    """
    lines = [(0, ""), (0, ""), *((start, line.rstrip()) for start, line in _lines(text)), (len(text), "")]
    levels: dict[tuple[str, bool], int] = {}
    rows = zip(lines, lines[1:], lines[2:], lines[3:], strict=False)
    for (_, above), (start_over, over), (start, title), (_, under) in rows:
        if not title or _ADORNMENT.fullmatch(title) or not _ADORNMENT.fullmatch(under):
            continue
        framed = over == under and not above and len(title) <= len(under)
        at_margin = not over and not title.startswith((" ", "\t", ".. "))
        if framed or (at_margin and len(under) >= min(len(title), _LONG_ENOUGH)):
            level = levels.setdefault((under[0], framed), len(levels) + 1)
            plain = plain_rst_title(title) or title.strip()
            yield Heading(start_over if framed else start, level, plain)


def org_headings(text: str) -> Iterator[Heading]:
    """Find the lines that begin with stars; of what is only a state or tags, that is the title.

    >>> [(found.level, found.title) for found in org_headings("* One\\ntext\\n** Two\\n")]
    [(1, 'One'), (2, 'Two')]
    """
    for start, line in _lines(text):
        if found := _ORG_HEADING.match(line):
            title = plain_org_title(found[2]) or found[2].strip()
            if title:
                yield Heading(start, len(found[1]), title)


def asciidoc_headings(text: str) -> Iterator[Heading]:
    """Find the lines that begin with equals signs, outside of code and comments.

    >>> [(found.level, found.title) for found in asciidoc_headings("= One\\n----\\n== no\\n----\\n== Two\\n")]
    [(1, 'One'), (2, 'Two')]
    """
    block = ""
    """The line that code or a comment begins with, where the line is in it."""
    for start, line in _lines(text):
        found = _ASCIIDOC_BLOCK.fullmatch(line.rstrip())
        if found and block in ("", found[1]):
            block = "" if block else found[1]
        elif not block and (found := _ASCIIDOC_HEADING.fullmatch(line)):
            yield from _heading(start, len(found[1]), found[2])


def page_headings(text: str) -> Iterator[Heading]:
    """Find the lines that begin with number signs: in what is read of a page, nothing else does.

    >>> [(found.level, found.title) for found in page_headings("# *args\\n~~~\\n # no\\n## <b>\\n")]
    [(1, '*args'), (2, '<b>')]
    """
    for found in _PAGE_HEADING.finditer(text):
        if title := found[2].strip():
            yield Heading(found.start(), len(found[1]), title)


def marked_headings(text: str) -> Iterator[Heading]:
    """Find the lines that begin with number signs, as `page_headings` does; their titles lose their marks.

    In what is read of an office file nothing else begins so, nor does a fence or a line below mean anything.

    >>> [(found.level, found.title) for found in marked_headings("## *Mill*\\n```\\n # ls\\n# Wheel")]
    [(2, 'Mill'), (1, 'Wheel')]
    """
    for found in _PAGE_HEADING.finditer(text):
        yield from _heading(found.start(), len(found[1]), found[2])


def headings(text: str, *, source: str = "") -> list[Heading]:
    """Find a text's headings: of the kind that its file's name says, else Markdown's or underlined ones.

    Args:
        text: the whole of a document.
        source: where it came from, a path or URL; only its ending is looked at.
    """
    name = source.lower()
    is_page = name.startswith(("http://", "https://"))
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    for endings, find in _FINDERS:
        if name.endswith(endings):
            return list(find(text))
    if not is_page and (name.endswith(_CODE) or name.rpartition("/")[2] in _CODE_NAMES):
        return []
    # A line below is a heading in both: which one it is shows in what else there is.
    if name.endswith(_MARKDOWN) or any(markdown_headings(text, underlined=False)):
        return list(markdown_headings(text)) or list(rst_headings(text))
    return list(rst_headings(text))


_FINDERS: tuple[tuple[str | tuple[str, ...], Callable[[str], Iterator[Heading]]], ...] = (
    (_PAGES, page_headings),
    (_OFFICE, marked_headings),
    ((".adoc", ".asciidoc"), asciidoc_headings),
    (".org", org_headings),
    (".rst", rst_headings),
)
"""What finds the headings of files whose names end so."""


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with the character at which it begins."""
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line.rstrip("\r\n")
        start += len(line)
