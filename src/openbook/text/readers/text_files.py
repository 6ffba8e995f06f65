"""Text files: plain, Markdown, reStructuredText and Org. Each is one document, kept as it is."""

import re
from collections.abc import Callable, Iterable, Iterator

from openbook.text.documents import SAID_OF_DOCUMENTS, source_error
from openbook.text.encodings import decode
from openbook.text.headings import Heading, markdown_headings, org_headings, rst_headings
from openbook.text.inline_markup import has_words, without_embedded_images
from openbook.text.no_prose import why_no_prose
from openbook.text.outline_markup import plain_org_title, without_org_marks
from openbook.text.readers.front_matter import split_front_matter
from openbook.text.readers.source_file import (
    LEAVE_OUT,
    Item,
    Keys,
    NoProseError,
    ParsedFile,
    SourceFile,
    read_whole,
)
from openbook.text.readers.terminal_text import as_on_terminal

_ORG_TITLE = re.compile(r"#\+title:(.*)", re.IGNORECASE)
ONLY_PICTURES = "shows pictures, but holds no text: what they show is not read; say it in words"
_LONGEST_BEGINNING = 10_000
"""Characters of pictures, badges and comments before a heading that begins a text."""


def read_text(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read plain text, which has no headings, as a terminal shows it."""
    return read_whole(file, lambda raw: ParsedFile(text=_prose(as_on_terminal(decode(raw)), file)))


def read_markdown(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read Markdown; its title is that of its front matter, else of its headings, see `markdown_title`.

    Pictures whose data stand in it are left out.
    """
    return read_whole(file, lambda raw: _parse_markdown(decode(raw), file))


def read_rst(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read reStructuredText; its title is its first heading."""
    return _read_titled(file, lambda text: _first(rst_headings(text)))


def read_org(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read Org; its title is its `#+TITLE:`, else its first heading."""
    return _read_titled(file, org_title)


def _read_titled(file: SourceFile, title_of: Callable[[str], str]) -> Iterator[Item]:
    def parse(raw: bytes) -> ParsedFile:
        text = _prose(decode(raw), file)
        return ParsedFile(text=text, said={"title": title_of(text)})

    return read_whole(file, parse)


def _prose(text: str, file: SourceFile) -> str:
    """The text of a file; of one that nobody named only prose."""
    if not file.is_named and (reason := why_no_prose(text)):
        raise NoProseError.of(file, reason)
    return text


def _parse_markdown(whole: str, file: SourceFile) -> ParsedFile:
    shown = without_embedded_images(whole)
    header, text = split_front_matter(_prose(shown, file), ("id", *SAID_OF_DOCUMENTS))
    if shown != whole and not text.strip():
        raise source_error(file.path, ONLY_PICTURES, option=LEAVE_OUT)
    identity = header.pop("id", "")
    return ParsedFile(text=text, id=identity, said={"title": markdown_title(text)} | header)


def markdown_title(text: str) -> str:
    """The heading that begins a text, else its first one of level 1; else nothing.

    What stands below words, as `## License` does in a text without a title, is a section's.

    >>> markdown_title("![Otter](otter.png)\\n## Otter\\nIt swims."), markdown_title("It swims.\\n## License")
    ('Otter', '')
    """
    return title_of_headings(text, markdown_headings(text))


def title_of_headings(text: str, headings: Iterable[Heading]) -> str:
    """Of a text's headings the one that begins it, else the first of level 1; else nothing."""
    found = list(headings)
    if found and found[0].start <= _LONGEST_BEGINNING and not has_words(text[: found[0].start]):
        return found[0].title
    return _first(heading for heading in found if heading.level == 1)


def org_title(text: str) -> str:
    """The text of `#+TITLE:`, else the first heading that is more than a state or tags; else nothing.

    >>> org_title("* First\\n#+title: About hens\\n"), org_title("text\\n** First\\n")
    ('About hens', 'First')
    """
    named = (without_org_marks(found[1]) for line in text.splitlines() if (found := _ORG_TITLE.match(line)))
    telling = (heading for heading in org_headings(text) if plain_org_title(heading.title))
    return next(filter(None, named), "") or _first(telling)


def _first(headings: Iterable[Heading]) -> str:
    return next((heading.title for heading in headings), "")
