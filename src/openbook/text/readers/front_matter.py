"""The header that Markdown files of many tools begin with: YAML between two lines of hyphens, or TOML.

    ---
    title: Tides
    source: https://example.org/tides
    ---
    The text begins here.

Hugo's are TOML between two lines of `+++`. Of YAML, only the names that are wanted go through a parser, each
with its own lines: what else stands in a header may be anything, and a parser of the whole could be kept busy
for hours.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator

_HEADER = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_HEADER = re.compile(r"\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_LONGEST = 65_536
"""Characters of a header; what is longer is text."""
_KEY = re.compile(r"""(["']?)([\w.@ -]+?)\1[ \t]*:(?:[ \t]+(.*))?$""")
_BELONGS_TO_THE_KEY = (" ", "\t", "- ", "]", "}", "#")
"""How lines begin that go on with the key before them."""
_LONGEST_VALUE = 4096
_NOTHING = ("", "~", "null", "Null", "NULL")
"""How YAML writes that there is no value."""


def split_front_matter(text: str, names: Iterable[str]) -> tuple[dict[str, str], str]:
    """Split a text into what its header says and what stands after it, without empty lines between.

    Without a header that can be read, and where nothing stands after it, the whole is the text.

    >>> split_front_matter("---\\ntitle: 007\\ntags: [a]\\n---\\nBody", ["title", "source"])
    ({'title': '007'}, 'Body')

    Args:
        text: of a whole file.
        names: those wanted of the header; a list, a table or null counts as no value.
    """
    is_toml = text.startswith("+++")
    header = _TOML_HEADER if is_toml else _HEADER
    match = header.match(text[: _LONGEST + 8]) if is_toml or text.startswith("---") else None
    if match is None or not text[match.end() :].strip():
        return {}, text
    values = _toml_values(match[1], names) if is_toml else _yaml_values(match[1], names)
    if values is None:
        return {}, text
    return {name: value for name, value in values.items() if value}, text[match.end() :].lstrip("\r\n")


def _toml_values(header: str, names: Iterable[str]) -> dict[str, str] | None:
    """What a header in TOML says; None: it is not TOML."""
    try:
        found = tomllib.loads(header.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return {name: " ".join(value.split()) for name in names if isinstance(value := found.get(name), str)}


def _yaml_values(header: str, names: Iterable[str]) -> dict[str, str] | None:
    """What a header in YAML says; None: a line is of no key, as of sentences between two rules."""
    entries = dict(_entries(header.splitlines()))
    if "" in entries:
        return None
    return {name: _value(entries[name]) for name in names if name in entries}


def _entries(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each key with its value as it is written, over all its lines; an empty key for what has none."""
    key, value = None, ""
    for line in lines:
        if line.startswith(_BELONGS_TO_THE_KEY) or not line.strip():
            value += f"\n{line}"
            if key is None and not line.startswith("#") and line.strip():
                yield "", line
            continue
        if key is not None:
            yield key, value
        match = _KEY.match(line)
        key, value = (match[2], match[3] or "") if match else ("", line)
    if key is not None:
        yield key, value


def _value(written: str) -> str:
    """A value on one line; empty if it is null, or more than one value."""
    import yaml

    if written in _NOTHING or written.lstrip().startswith(("[", "{", "- ")) or len(written) > _LONGEST_VALUE:
        return ""
    try:
        # BaseLoader makes text of everything: `title: 007`, `title: on` and `title: 2024-01-01` are titles.
        value = yaml.load(f"value: {written}", Loader=yaml.BaseLoader)["value"]
    except (yaml.YAMLError, RecursionError):
        value = written  # such as `title: one: two`, which people write
    if not isinstance(value, str) or value in _NOTHING:
        return ""
    return " ".join(value.split())
