"""Headers of Markdown files that are neither YAML nor TOML: JSON, lines of keys, and Pandoc's title.

    {                          Title: Tides              % Tides
      "title": "Tides"         Date: 2024-05-01          % Ann Miller
    }                                                    % May 2024
    Hugo                       Pelican, MultiMarkdown    Pandoc

Each function finds the header that a text begins with: what it says, and where the text goes on; None: the
text has none of this kind, or nothing stands below it. Each knows its header by what prose does not have, for
what is taken for a header is lost: `Title: Fire`, `Source: police` may be all that a note says.
"""

import json
import re
from collections.abc import Iterator

LONGEST = 65_536
"""Characters of a header; what is longer is text."""
_KEY_LINE = re.compile(r"([A-Za-z][\w-]*):[ \t]+(\S.*)")
_KEYS = frozenset({
    "author", "authors", "categories", "category", "date", "id", "lang", "language", "modified", "slug",
    "source", "tags", "title",
})  # fmt: skip
"""Of lines of keys, which tell of a text, and are no part of it as a summary is."""
_MACHINE_KEYS = frozenset({"categories", "category", "slug", "tags"})
"""Those that people write for programs only; dates are such where they are written as programs do."""
_DATES, _ISO_DATE = ("date", "modified"), re.compile(r"\d{4}-\d\d-\d\d\b")
_HUGO = frozenset({"categories", "date", "draft", "layout", "slug", "tags"})
"""What a header in JSON has beside its title."""
_TITLE_LINE, _MOST_TITLE_LINES = re.compile(r"%[ \t]*(.*)"), 3
"""Title, authors and date."""

Header = tuple[dict[str, str], int]


def json_header(text: str) -> Header | None:
    """Find an object on lines of its own, with a title and another name that Hugo knows.

    >>> json_header('{\\n"title": "Tides", "draft": false\\n}\\nThe sea.')
    ({'title': 'Tides'}, 36)
    """
    if not re.match(r"\{[ \t]*\n", text):
        return None
    try:
        found, end = json.JSONDecoder().raw_decode(text[:LONGEST])
    except (ValueError, RecursionError):
        return None
    is_alone = text[end : end + 1] == "\n" and text[end:].strip()
    if not is_alone or not isinstance(found.get("title"), str) or _HUGO.isdisjoint(found):
        return None
    return {key: " ".join(said.split()) for key, said in found.items() if isinstance(said, str)}, end


def key_lines(text: str) -> Header | None:
    """Find lines of keys, the title first and one for programs, with an empty line below.

    >>> key_lines("Title: Tides\\nDate: 2024-05-01\\n\\nThe sea.")
    ({'Title': 'Tides', 'Date': '2024-05-01'}, 30)
    """
    values: dict[str, str] = {}
    for place, line in _lines(text):
        if not line.strip():
            return (values, place) if _is_for_programs(values) and text[place:].strip() else None
        if values and line.startswith((" ", "\t")):  # goes on
            last = next(reversed(values))
            values[last] += f" {line.strip()}"
            continue
        found = _KEY_LINE.fullmatch(line.rstrip())
        if found is None or found[1].casefold() not in _KEYS:
            return None
        if not values and found[1].casefold() != "title":
            return None
        values[found[1]] = found[2]
    return None


def _is_for_programs(values: dict[str, str]) -> bool:
    """Whether keys are those of a header: prose has `Title:` and `Date:` too."""
    in_small = {key.casefold(): value for key, value in values.items()}
    return not _MACHINE_KEYS.isdisjoint(in_small) or any(
        _ISO_DATE.match(in_small.get(name, "")) for name in _DATES
    )


def title_block(text: str) -> Header | None:
    """Find Pandoc's lines that begin with percent signs: a title alone, or title, authors and a date.

    Comments of LaTeX and MATLAB begin so too: where other lines do, or there are two, it is text.

    >>> title_block("% Tides\\n% Ann\\n% May 2024\\n\\nThe sea.")
    ({'title': 'Tides'}, 25)
    """
    written: list[str] = []
    for place, line in _lines(text):
        found = _TITLE_LINE.fullmatch(line)
        if found is not None and len(written) < _MOST_TITLE_LINES:
            written.append(found[1].strip())
        elif written and line.startswith(" ") and line.strip():  # goes on
            written[-1] += f" {line.strip()}"
        else:
            is_header = _is_title_block(written) and not line.strip() and "\n%" not in text[place:]
            return (
                ({"title": " ".join(written[0].split())}, place)
                if is_header and text[place:].strip()
                else None
            )
    return None


def _is_title_block(written: list[str]) -> bool:
    """Whether lines are a title, or title, authors and a date."""
    if not written or not written[0]:
        return False
    is_whole = len(written) == _MOST_TITLE_LINES and re.search(r"\d{4}", written[-1])
    return len(written) == 1 or bool(is_whole)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line, and where it begins, of what may be a header."""
    place = 0
    for line in text[:LONGEST].split("\n"):
        yield place, line
        place += len(line) + 1
