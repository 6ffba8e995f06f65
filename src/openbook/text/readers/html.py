"""Web pages: what a reader of the page sees, block by block."""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from openbook.text.readers.source_file import Item, Keys, SourceFile, read_whole

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_UNSEEN = frozenset({"head", "iframe", "noembed", "noframes", "script", "style", "template", "title"})
_CELLS = frozenset({"td", "th"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hgroup", "hr", "legend", "li", "listing", "main", "menu", "nav", "ol", "optgroup",
    "option", "p", "plaintext", "pre", "search", "section", "summary", "table", "tbody", "tfoot", "thead",
    "tr", "ul", "xmp",
})  # fmt: skip
_AS_WRITTEN = frozenset({"listing", "plaintext", "pre", "textarea", "xmp"})
_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")

_DECLARED = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_DECLARED_WITHIN = 4096
"""Bytes from the beginning in which a page says its encoding."""
_PAGE_ENCODING = re.compile(
    r"ascii|big5.*|cp\d+|euc_.*|gb.*|hz|iso2022_.*|iso8859-\d+|johab|koi8.*|mac-.*|shift_.*|tis-620|utf-16.*"
)
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""Wider encodings that pages mean by narrower names; browsers read them so too."""
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_html(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """A page; its title is its `<title>`, else its first `<h1>`."""
    yield read_whole(file, lambda raw: _parse(_decode(raw)))


def _decode(raw: bytes) -> str:
    """UTF-8, else what the page says it is.

    Raises:
        UnicodeDecodeError: of UTF-8, if it is neither.
    """
    try:
        return raw.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        for encoding in _declared(raw):
            try:
                return raw.decode(encoding)
            except UnicodeError:
                continue
        raise


def _declared(raw: bytes) -> Iterator[str]:
    yield from (encoding for mark, encoding in _MARKS if raw.startswith(mark))
    if match := _DECLARED.search(raw[:_DECLARED_WITHIN]):
        try:
            name = codecs.lookup(match[1].decode("ascii")).name
        except (LookupError, ValueError):
            return
        if _PAGE_ENCODING.fullmatch(name):  # Python knows more, which no page is written in
            yield _READ_AS.get(name, name)


def _parse(page: str) -> tuple[str, str]:
    from selectolax.lexbor import LexborHTMLParser

    # As browsers do, read what stands in <noscript> as letters: as elements it may end what it stands in.
    tree = LexborHTMLParser(re.sub(r"(</?)noscript\b", r"\1noframes", page, flags=re.IGNORECASE))
    headings = [node.text() for name in ("head > title", "h1") if (node := tree.css_first(name))]
    titles = [_WHITE_SPACE.sub(" ", heading).strip() for heading in headings]
    return "\n".join(_lines(tree.body)) if tree.body else "", next(filter(None, titles), "")


def _lines(body: "LexborNode") -> Iterator[str]:
    """The text of the blocks; cells of a row are separated by a tab. White space counts only in <pre>."""
    line: list[str] = []
    as_written = False
    for piece, written in chain(_pieces(body), [("\n", False)]):
        if piece == "\n" and not written:
            joined = "".join(line)
            joined = joined.strip("\n") if as_written else re.sub(r" {2,}", " ", joined).strip()
            if joined.strip():
                yield joined
            line, as_written = [], False
        elif piece != "\t" or written or line:
            line.append(piece)
            as_written |= written


def _pieces(root: "LexborNode") -> Iterator[tuple[str, bool]]:
    """Texts in order, and whether each stands in <pre>; "\n" at the edges of blocks, "\t" before cells."""
    stack: list[tuple[LexborNode | str, bool]] = [(root, False)]
    while stack:
        node, written = stack.pop()
        if isinstance(node, str):
            yield node, False
        elif node.tag == "-text":
            text = node.text_content or ""
            yield text if written else _WHITE_SPACE.sub(" ", text), written
        elif node.tag not in _UNSEEN:
            if node.tag in _BLOCKS:
                yield "\n", False
                stack.append(("\n", False))
            elif node.tag in _CELLS:
                yield "\t", False
            within = written or node.tag in _AS_WRITTEN
            stack.extend(reversed([(child, within) for child in node.iter(include_text=True)]))
