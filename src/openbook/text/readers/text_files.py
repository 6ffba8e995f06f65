"""Text files: plain, Markdown, reStructuredText and Org. Each is one document, kept as it is."""

import re
from collections.abc import Callable, Iterator

from openbook.text.documents import SAID_OF_DOCUMENTS
from openbook.text.encodings import decode
from openbook.text.readers.front_matter import split_front_matter
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole

_MARKDOWN_HEADING = re.compile(r" {0,3}#{1,6}[ \t](.*)")
_CODE_FENCE = ("```", "~~~")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
_LONG_ENOUGH = 4
"""An underline of so many characters makes a heading even of a longer line."""
_ORG_TITLE = re.compile(r"#\+title:(.*)", re.IGNORECASE)
_ORG_HEADING = re.compile(r"\*+[ \t](.*)")


def read_text(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read plain text, which has no headings."""
    return read_whole(file, lambda raw: ParsedFile(text=decode(raw)))


def read_markdown(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read Markdown; its title is that of its front matter, else its first heading."""
    return read_whole(file, _parse_markdown)


def read_rst(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read reStructuredText; its title is its first heading."""
    return read_whole(file, lambda raw: _with_title(decode(raw), rst_heading))


def read_org(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read Org; its title is its `#+TITLE:`, else its first heading."""
    return read_whole(file, lambda raw: _with_title(decode(raw), org_heading))


def _with_title(text: str, heading: Callable[[str], str]) -> ParsedFile:
    return ParsedFile(text=text, said={"title": heading(text)})


def _parse_markdown(raw: bytes) -> ParsedFile:
    header, text = split_front_matter(decode(raw), ("id", *SAID_OF_DOCUMENTS))
    identity = header.pop("id", "")
    return ParsedFile(text=text, id=identity, said={"title": markdown_heading(text)} | header)


def markdown_heading(text: str) -> str:
    """Find the first heading outside of code; else nothing."""
    code = False
    for line in text.splitlines():
        if line.lstrip().startswith(_CODE_FENCE):
            code = not code
        elif not code and (heading := _MARKDOWN_HEADING.match(line)) and (title := heading[1].strip()):
            return title
    return ""


def rst_heading(text: str) -> str:
    """Find the first line that is underlined, or over- and underlined; else nothing.

    >>> rst_heading("=====\\nTitle\\n=====\\n")
    'Title'
    """
    lines = ["", "", *(line.rstrip() for line in text.splitlines()), ""]
    for above, over, title, under in zip(lines, lines[1:], lines[2:], lines[3:], strict=False):
        if not title or _ADORNMENT.fullmatch(title) or not _ADORNMENT.fullmatch(under):
            continue
        framed = over == under and not above and len(title) <= len(under)
        at_margin = not over and not title.startswith((" ", "\t", ".. "))
        if framed or (at_margin and len(under) >= min(len(title), _LONG_ENOUGH)):
            return title.strip()
    return ""


def org_heading(text: str) -> str:
    """Find the text of `#+TITLE:`, else the first heading; else nothing.

    >>> org_heading("* First\\n#+title: About hens\\n"), org_heading("text\\n** First\\n")
    ('About hens', 'First')
    """
    first = ""
    for line in text.splitlines():
        if (title := _ORG_TITLE.match(line)) and title[1].strip():
            return title[1].strip()
        heading = _ORG_HEADING.match(line)
        if heading and not first:
            first = heading[1].strip()
    return first
