"""Headers of Markdown files that are neither YAML nor TOML: JSON, lines of keys, and Pandoc's title.

    {                          Title: Tides              % Tides
      "title": "Tides"         Date: 2024-05-01          % Ann Miller
    }                                                    % May 2024
    Hugo                       Pelican, MultiMarkdown    Pandoc

Each function finds the header that a text begins with: what it says, and where the text goes on; None: the
text has none of this kind, or nothing stands below it.
"""

import json
import re
from collections.abc import Iterator, Set

LONGEST = 65_536
"""Characters of a header; what is longer is text."""
_KEY_LINE = re.compile(r"([A-Za-z][\w-]*):[ \t]+(\S.*)")
_FEWEST_KEYS = 2
_TITLE_LINE, _MOST_TITLE_LINES = re.compile(r"%[ \t]*(.*)"), 3
"""Title, authors and date."""

Header = tuple[dict[str, str], int]


def json_header(text: str, usual: Set[str]) -> Header | None:
    """Find an object with names that are usual in headers, on lines of its own.

    >>> json_header('{\\n"title": "Tides"\\n}\\nThe sea.', {"title"})
    ({'title': 'Tides'}, 20)
    """
    if not re.match(r"\{[ \t]*\n", text):
        return None
    try:
        found, end = json.JSONDecoder().raw_decode(text[:LONGEST])
    except (ValueError, RecursionError):
        return None
    is_alone = text[end : end + 1] == "\n" and text[end:].strip()
    if not isinstance(found, dict) or not is_alone or found.keys().isdisjoint(usual):
        return None
    return {key: " ".join(said.split()) for key, said in found.items() if isinstance(said, str)}, end


def key_lines(text: str, usual: Set[str]) -> Header | None:
    """Find lines of keys, all of them usual and one of them the title, with an empty line below.

    >>> key_lines("Title: Tides\\nDate: 2024\\n\\nThe sea.", {"title", "date"})
    ({'Title': 'Tides', 'Date': '2024'}, 24)
    """
    values: dict[str, str] = {}
    for place, line in _lines(text):
        if not line.strip():
            names = {name.casefold() for name in values}
            is_header = len(values) >= _FEWEST_KEYS and "title" in names and text[place:].strip()
            return (values, place) if is_header else None
        if values and line.startswith((" ", "\t")):  # goes on
            last = next(reversed(values))
            values[last] += f" {line.strip()}"
            continue
        found = _KEY_LINE.fullmatch(line.rstrip())
        if found is None or found[1].casefold() not in usual:
            return None
        values[found[1]] = found[2]
    return None


def title_block(text: str) -> Header | None:
    """Find Pandoc's lines that begin with percent signs.

    >>> title_block("% Tides\\n% Ann\\n\\nThe sea.")
    ({'title': 'Tides'}, 14)
    """
    written: list[str] = []
    for place, line in _lines(text):
        found = _TITLE_LINE.fullmatch(line)
        if found is not None and len(written) < _MOST_TITLE_LINES:
            written.append(found[1].strip())
        elif written and line.startswith(" ") and line.strip():  # goes on
            written[-1] += f" {line.strip()}"
        else:
            is_header = written and written[0] and not line.strip() and text[place:].strip()
            return ({"title": " ".join(written[0].split())}, place) if is_header else None
    return None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line, and where it begins, of what may be a header."""
    place = 0
    for line in text[:LONGEST].split("\n"):
        yield place, line
        place += len(line) + 1
