"""The header that Markdown files of many tools begin with: YAML between two lines of hyphens, or TOML.

    ---
    title: Tides
    source: https://example.org/tides
    ---
    The text begins here.

Hugo's are TOML between two lines of `+++`; for others see `header_dialects`. Of YAML, only the names that are
wanted go through a parser, each with its own lines: what else stands in a header may be anything, and a
parser of the whole could be kept busy for hours. Two lines of hyphens may be rules too, with sentences
between them, `Remember: water the hens`: what has none of the names that tools know is text, so that nothing
is lost.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from openbook.text.readers.header_dialects import LONGEST, json_header, key_lines, title_block

_HEADER = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_HEADER = re.compile(r"\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_COLON = re.compile(r":(?:[ \t]+|$)")
"""What ends a key, which may be anything else: `author's note`, `og:image`, `done?`."""
_USUAL = frozenset({
    # Wanted here, and what many tools have.
    "author", "authors", "categories", "category", "created", "date", "description", "draft", "id",
    "keywords", "lang", "language", "license", "modified", "name", "source", "status", "subtitle",
    "summary", "tag", "tags", "title", "Title", "type", "updated", "url", "uuid", "version",
    # Obsidian
    "alias", "aliases", "cover", "cssclass", "cssclasses", "image", "permalink", "publish",
    # Hugo
    "build", "cascade", "expiryDate", "headless", "isCJKLanguage", "lastmod", "layout", "linkTitle",
    "markup", "menu", "menus", "outputs", "params", "publishDate", "resources", "series", "sitemap",
    "slug", "translationKey", "weight",
    # Jekyll and its themes
    "collection", "excerpt", "excerpt_separator", "has_children", "last_modified_at", "nav_exclude",
    "nav_order", "parent", "published", "redirect_from", "redirect_to", "toc",
    # Pandoc, R Markdown and Quarto
    "abstract", "bibliography", "classoption", "csl", "documentclass", "execute", "fontsize", "format",
    "geometry", "header-includes", "institute", "jupyter", "linkcolor", "mainfont", "nocite", "output",
    "papersize", "references", "subject", "thanks", "toc-depth",
    # Docusaurus
    "custom_edit_url", "displayed_sidebar", "hide_table_of_contents", "hide_title", "last_update",
    "pagination_label", "pagination_next", "pagination_prev", "sidebar_label", "sidebar_position",
    "title_meta", "unlisted",
    # MyST, Jupytext and Sphinx
    "jupytext", "kernelspec", "myst", "nosearch", "orphan", "substitutions",
    # Material for MkDocs and VitePress
    "editLink", "head", "hide", "icon", "lastUpdated", "outline", "search", "template",
    # Marp, Microsoft Learn and others
    "cards-deck", "deciders", "marp", "ms.author", "ms.date", "ms.service", "ms.topic", "revision_date",
    "theme", "uid", "zettel",
})  # fmt: skip
"""Names by which a header is known, beside the wanted ones; as they are written, for sentences begin with
`Date:` or `Language:`."""
_BELONGS_TO_THE_KEY = (" ", "\t", "- ", "]", "}", "#")
"""How lines begin that go on with the key before them."""
_LONGEST_VALUE = 4096
_NOTHING = ("", "~", "null", "Null", "NULL")
"""How YAML writes that there is no value."""


def split_front_matter(text: str, names: Iterable[str]) -> tuple[dict[str, str], str]:
    """Split a text into what its header says and what stands after it, without empty lines between.

    Without a header that can be read the whole is the text. In one, case does not count in the wanted names.

    >>> split_front_matter("---\\ntitle: 007\\ntags: [a]\\n---\\nBody", ["title", "source"])
    ({'title': '007'}, 'Body')

    Args:
        text: of a whole file.
        names: those wanted of the header; a list, a table or null counts as no value.
    """
    is_toml = text.startswith("+++")
    header = _TOML_HEADER if is_toml else _HEADER
    match = header.match(text[: LONGEST + 8]) if is_toml or text.startswith("---") else None
    if match is None:
        return _split_other(text, names)
    values = _toml_values(match[1], names) if is_toml else _yaml_values(match[1], names)
    if values is None:
        return {}, text
    return {name: value for name, value in values.items() if value}, text[match.end() :].lstrip("\r\n")


def _split_other(text: str, names: Iterable[str]) -> tuple[dict[str, str], str]:
    """The same of headers that are neither YAML nor TOML."""
    found = json_header(text) or key_lines(text) or title_block(text)
    if found is None:
        return {}, text
    values, end = found
    said = _of_names(values, names)
    return {name: value for name, value in said.items() if value}, text[end:].lstrip("\r\n")


def _toml_values(header: str, names: Iterable[str]) -> dict[str, str] | None:
    """What a header in TOML says; None: it is not TOML."""
    try:
        found = tomllib.loads(header.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    texts = {key: " ".join(value.split()) for key, value in found.items() if isinstance(value, str)}
    return _of_names(texts, names)


def _yaml_values(header: str, names: Iterable[str]) -> dict[str, str] | None:
    """What a header in YAML says; None: it is no header, but text between two rules."""
    if not header.strip():
        return {}
    names = tuple(names)
    entries = list(_entries(header.splitlines()))
    values = {key: value for key, value in entries if key}
    of_no_key = sum(not key for key, _ in entries)
    if of_no_key > len(entries) - of_no_key or not values.keys() & {*names, *_USUAL}:
        return None
    return {name: _value(value) for name, value in _of_names(values, names).items()}


def _of_names(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Those of the wanted names; `Title` is one of them where there is no `title`."""
    in_small = {key.casefold(): value for key, value in values.items()} | dict(values)
    return {name: in_small[name] for name in names if name in in_small}


def _entries(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each key with its value as it is written, over all its lines; an empty key for a line that has none."""
    key, value = None, ""
    for line in lines:
        if line.startswith(_BELONGS_TO_THE_KEY) or not line.strip():
            value += f"\n{line}"
            if key is None and not line.startswith("#") and line.strip():
                yield "", line
            continue
        if key is not None:
            yield key, value
        key, value = _key_and_value(line)
    if key is not None:
        yield key, value


def _key_and_value(line: str) -> tuple[str, str]:
    """What stands before and after the first colon that ends a key; no key if there is none."""
    colon = _COLON.search(line)
    if colon is None:
        return "", line
    key = line[: colon.start()].rstrip()
    if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'":
        key = key[1:-1]
    return key, line[colon.end() :]


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
