"""Web pages: what their reader sees, block by block, of the main part where one is marked."""

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from openbook.text.readers.page_contents import contents
from openbook.text.readers.page_depth import require_shallow
from openbook.text.readers.page_encoding import decode_page
from openbook.text.readers.page_folded import folded
from openbook.text.readers.page_formulas import formula, pictured_formulas
from openbook.text.readers.page_furniture import around_pages, furniture, marks_of_tools
from openbook.text.readers.page_headings import (
    LEVELS,
    LONGEST_HEADING,
    marked_heading,
    no_heading,
    other_levels,
)
from openbook.text.readers.page_hidden import SEEN, Hidden, Sight
from openbook.text.readers.page_merged import merged_cells
from openbook.text.readers.page_numbers import item_numbers, note_labels
from openbook.text.readers.page_pieces import (
    EDGE,
    EMPTY_CELL,
    ITEM_END,
    PagePiece,
    quoted_lines,
    spaced,
    with_numbers,
)
from openbook.text.readers.page_raised import raised_marks
from openbook.text.readers.page_rows import CELLS, data_rows, other_cells
from openbook.text.readers.page_words import (
    follows_its_like,
    is_link_after_link,
    marks_of_words,
    verbatim,
)
from openbook.text.readers.page_xhtml import with_end_tags
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_UNSEEN = frozenset({
    "audio", "canvas", "head", "iframe", "noembed", "noframes", "rp", "rt", "script", "style", "template",
    "title", "video",
})  # fmt: skip
"""What shows something else, or nothing, where words in it are for browsers that cannot; and how words are
read aloud, which stands above them."""
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hgroup", "hr", "legend", "li", "listing", "main", "menu", "nav", "ol", "optgroup",
    "option", "p", "plaintext", "pre", "search", "section", "summary", "table", "tbody", "textarea", "tfoot",
    "thead", "tr", "ul", "xmp",
})  # fmt: skip
_BETWEEN_WORDS = frozenset({
    "audio", "button", "canvas", "embed", "iframe", "img", "input", "meter", "object", "progress", "select",
    "svg", "video",
})  # fmt: skip
"""What stands in a line and is seen: the words before and after it are two."""
_MOST_PIECES = 1000
"""Of a heading, with the edges of elements: what has more lacks its end tag."""
_QUOTATION = "blockquote"
_MOST_QUOTED = 3
"""Marks before a line, however many quotations it stands in."""
_AS_WRITTEN = frozenset({"listing", "plaintext", "pre", "textarea", "xmp"})
_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")

_MAY_BE_MENUS = "button, datalist, nav, select, [role]"
_CONTROLS = frozenset({"button", "datalist", "select"})
_HEADINGS_LOOKED_AT = 10
_MENU_ROLES = frozenset({"menu", "menubar", "navigation"})
_FOOTER_ROLE = "contentinfo"
_PARTS = frozenset({"article", "aside", "blockquote", "dialog", "figure", "main", "section", "td"})
"""Elements whose footer and asides are their own: who said it, notes. Any others are the page's."""
_OF_THE_PAGE = frozenset({"aside", "footer"})

_NOSCRIPT = re.compile(r"(</?)noscript\b", re.IGNORECASE)


def read_html(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a page; its title is its `<title>`, else its first `<h1>`."""
    is_xhtml = ".xhtml" in PurePosixPath(file.name.lower()).suffixes[-2:]
    return read_whole(file, lambda raw: parse_page(decode_page(raw), file.path, is_xhtml=is_xhtml))


def parse_page(
    text: str, where: str, *, is_xhtml: bool = False, of_site: bool = True, marks_headings: bool = True
) -> ParsedFile:
    """What is seen of a page, and its title.

    Args:
        text: the whole of the page, or a piece of HTML.
        where: it stands, for errors.
        is_xhtml: whether it is XHTML, even if it does not say so.
        of_site: whether it is a page of a web site, with a main part and what stands beside all of its pages;
            false for those of books and mails, whose asides and footers are notes and who wrote them.
        marks_headings: so that they can be found, see `openbook.text.readers.page_headings`.

    Raises:
        SourceError: it would take too long, see `require_shallow`.
    """
    page = _Page(_prepared(text, where, is_xhtml=is_xhtml), of_site=of_site)
    return ParsedFile(text=page.text(marked=marks_headings), said={"title": page.title()})


def lines_beside(text: str, where: str, *, left_out: str, is_xhtml: bool = False) -> list[str]:
    """The lines of a book's page beside its menus and other elements; none: it has no others.

    Args:
        text: the whole of the page.
        where: it stands, for errors.
        left_out: the elements, as a selector of CSS.
        is_xhtml: whether it is XHTML, even if it does not say so.

    Raises:
        SourceError: it would take too long, see `require_shallow`.
    """
    return _Page(_prepared(text, where, is_xhtml=is_xhtml), of_site=False).lines_beside(left_out)


def _prepared(page: str, where: str, *, is_xhtml: bool) -> str:
    """A page as it is parsed, if that does not take too long."""
    # As browsers do, read what stands in <noscript> as letters: as elements it may end what it stands in.
    page = _NOSCRIPT.sub(r"\1noframes", with_end_tags(page, is_xhtml=is_xhtml))
    require_shallow(page, where=where)
    return page


class _Outside(NamedTuple):
    """What an element stands in."""

    written: bool = False
    """Where white space counts."""
    marked: bool = False
    """Where headings are marked."""
    in_part: bool = False
    """Of the page, that has a footer and asides of its own."""
    quoted: int = 0
    """How many quotations."""
    sight: Sight = SEEN
    in_row: bool = False
    """Of data, so that blocks are no lines."""

    def inside(self, tag: str, sight: Sight, *, written: bool, is_heading: bool, in_row: bool) -> "_Outside":
        """The same of what stands in an element."""
        marked = self.marked and not written and not is_heading
        quoted = min(self.quoted + (tag == _QUOTATION), _MOST_QUOTED)
        return _Outside(written, marked, self.in_part or tag in _PARTS, quoted, sight, in_row)


class _Page:
    """A page's elements, and which of them are left out."""

    def __init__(self, page: str, *, of_site: bool) -> None:
        from selectolax.lexbor import LexborHTMLParser

        tree = LexborHTMLParser(page)
        self._tree = tree
        self._of_site = of_site
        buttons, panels = folded(tree)
        self._hidden = Hidden(tree, panels)
        self._menus = {node.mem_id for node in tree.css(_MAY_BE_MENUS) if _is_menu(node, of_site)}
        self._menus -= buttons
        self._menus |= furniture(tree) | contents(tree) if of_site else set()
        self._around = around_pages(tree) if of_site else set()
        self._signs = marks_of_tools(tree)
        self._levels = other_levels(tree)
        self._rows = data_rows(tree)
        self._cells = other_cells(tree, self._rows)
        self._merged = merged_cells(tree, self._rows)
        self._rows |= self._merged.keys()
        self._verbatim = verbatim(tree)
        self._marks = marks_of_words(tree) | raised_marks(tree, self._is_in_text)
        self._formulas: dict[int, str] = pictured_formulas(tree)
        numbers, labels = note_labels(tree)
        self._numbers = numbers | item_numbers(tree, self._hidden.hides_all)
        self._signs |= labels
        self._main = self._main_parts() if of_site else set()

    def _main_parts(self) -> set[int]:
        marked = {node.mem_id for node in self._tree.css("main, [role]") if _is_main(node)}
        return marked or self._only_article()

    def _only_article(self) -> set[int]:
        """The article of a page that has only one, and maybe others in it.

        It holds the page's first `<h1>`, or most letters of the page: others are comments, or adverts.
        """
        found = list(islice(self._outermost({node.mem_id for node in self._tree.css("article")}), 2))
        if len(found) != 1 or self._tree.body is None:
            return set()
        article, sight = found[0]
        is_main = self._holds_first_heading(article) or (
            2 * self._letters(article, sight) > self._letters(self._tree.body, SEEN)
        )
        return {article.mem_id} if is_main else set()

    def _holds_first_heading(self, part: "LexborNode") -> bool:
        first = next(self._outermost({node.mem_id for node in self._tree.css("h1")}), None)
        node = first[0] if first else None
        while node is not None and node.mem_id != part.mem_id:
            node = node.parent
        return node is not None

    def _letters(self, part: "LexborNode", sight: Sight) -> int:
        return sum(sum(map(str.isalnum, piece.text)) for piece in self._pieces(part, sight, menus=False))

    def title(self) -> str:
        """The title of the page, else its first heading that is seen and not empty."""
        found = self._tree.css_first("head > title")
        if found is not None and (title := self._on_one_line(found, SEEN)):
            return title
        headings = {node.mem_id for node in self._tree.css("h1")}
        for heading, sight in islice(self._outermost(headings), _HEADINGS_LOOKED_AT):
            if title := self._on_one_line(heading, sight):
                return title
        return ""

    def _on_one_line(self, node: "LexborNode", sight: Sight) -> str:
        pieces = self._pieces(node, sight, menus=True)
        return " ".join("".join(piece.text for piece in pieces).split())

    def _heading(self, node: "LexborNode", sight: Sight, *, menus: bool) -> str | None:
        """All that an element says, on one line; None: it lacks its end tag, or is long as if it did."""
        pieces = list(islice(self._pieces(node, sight, menus=menus), _MOST_PIECES))
        title = " ".join("".join(piece.text for piece in pieces).split())
        return None if len(pieces) == _MOST_PIECES or len(title) > LONGEST_HEADING else title

    def text(self, *, marked: bool) -> str:
        """What the main part says, if one is marked and says something; else all without menus; else all.

        The only article of a page may be its main part, if no other is marked.
        """
        body = self._tree.body
        if body is None:
            return ""
        parts = self._outermost(self._main)
        lines = [
            line for part, sight in parts for line in self._lines(part, sight, menus=False, marked=marked)
        ]
        lines = lines or list(self._lines(body, SEEN, menus=False, marked=marked))
        return "\n".join(lines or self._lines(body, SEEN, menus=True, marked=marked))

    def lines_beside(self, left_out: str) -> list[str]:
        """All lines beside menus and these elements, which are left out from now on."""
        self._menus |= {node.mem_id for node in self._tree.css(left_out)}
        return [] if self._tree.body is None else list(self._lines(self._tree.body, SEEN, menus=False))

    def _outermost(self, wanted: set[int]) -> Iterator[tuple["LexborNode", Sight]]:
        """Those of these elements that are shown and not inside another of them, in order.

        With each whether text in it is seen.
        """
        stack = [(self._tree.body, SEEN)] if wanted and self._tree.body is not None else []
        while stack:
            node, sight = stack.pop()
            if node.mem_id in wanted:
                yield node, sight
                continue
            children = [
                (child, self._hidden.sight(child, sight)) for child in node.iter() if self._is_shown(child)
            ]
            stack.extend(reversed(children))

    def _is_shown(self, node: "LexborNode") -> bool:
        return not (_is_unseen(node) or node.mem_id in self._signs or self._hidden.hides_all(node))

    def _lines(self, root: "LexborNode", sight: Sight, *, menus: bool, marked: bool = False) -> Iterator[str]:
        """The text of the blocks; cells of a row are separated by a tab. White space counts only in <pre>.

        Each line of a quotation has a mark, but for headings: old pages indent all that they say by it. No
        block is quoted in part.
        """
        line: list[str] = []
        as_written, in_row, quoted = False, False, 0
        pieces = with_numbers(self._pieces(root, sight, menus=menus, marked=marked))
        for piece in chain(pieces, [EDGE]):
            if piece.level:
                yield marked_heading(piece.text, piece.level)
            elif piece == EDGE:
                joined = "".join(line)
                joined = joined.strip("\n") if as_written else spaced(joined, in_row=in_row)
                if joined.strip():
                    yield quoted_lines(no_heading(joined) if marked and not quoted else joined, quoted)
                line, as_written, in_row = [], False, False
            elif piece.text != "\t" or piece.written or piece.in_row or line:
                line.append(piece.text)
                in_row |= piece.in_row
                as_written |= piece.written
                quoted = piece.quoted

    def _pieces(
        self, root: "LexborNode", sight: Sight, *, menus: bool, marked: bool = False
    ) -> Iterator[PagePiece]:
        """The texts in order; with `marked`, each heading is one of them."""
        outside = _Outside(marked=marked, in_part=root.tag != "body" or not self._of_site, sight=sight)
        stack: list[tuple[LexborNode | PagePiece, _Outside]] = [(root, outside)]
        while stack:
            node, outside = stack.pop()
            if isinstance(node, PagePiece):
                yield node
                continue
            tag = node.tag or ""
            if tag == "-text":
                yield from _as_seen(node.text_content or "", outside)
                continue
            space = self._space(node, outside)
            if tag == "img" and node.mem_id in self._formulas:  # maybe hidden from who hears the page
                yield from _as_seen(f" {self._formulas[node.mem_id]} ", outside)
                continue
            if node is not root and not self._is_read(node, outside, menus=menus):
                yield from space
                continue
            sight = outside.sight if node is root else self._hidden.sight(node, outside.sight)
            if tag == "math":
                yield from _as_seen(self._formula(node), outside._replace(sight=sight))
                continue
            level = LEVELS.get(tag) or self._levels.get(node.mem_id, 0)
            if outside.marked and level:
                title = self._heading(node, sight, menus=menus)
                if title is not None:
                    yield from (EDGE, PagePiece(title, level=level), EDGE) if title else (EDGE,)
                    continue
            before, after = self._edges(node, outside)
            yield from before
            stack.extend((piece, outside) for piece in after)
            yield from space
            stack.extend((piece, outside) for piece in space)
            if sight.is_clear and (marks := self._marks.get(node.mem_id)):
                first, last = (PagePiece(mark, outside.written, quoted=outside.quoted) for mark in marks)
                yield first
                stack.append((last, outside))
            if not (menus or outside.written) and node.mem_id in self._numbers:
                yield PagePiece(self._numbers[node.mem_id], of_item=True)
                stack.append((ITEM_END, outside))
            inside = outside.inside(
                tag,
                sight,
                written=outside.written or tag in _AS_WRITTEN or node.mem_id in self._verbatim,
                is_heading=level > 0,
                in_row=outside.in_row or node.mem_id in self._rows,
            )
            stack.extend(reversed([(child, inside) for child in self._children(node)]))

    def _edges(
        self, node: "LexborNode", outside: _Outside
    ) -> tuple[tuple[PagePiece, ...], tuple[PagePiece, ...]]:
        """What an element puts before and after what stands in it."""
        if node.tag in CELLS or node.mem_id in self._cells:
            return (PagePiece("\t", quoted=outside.quoted, in_row=outside.in_row),), ()
        if node.tag in _BLOCKS or node.mem_id in self._rows:
            edge = PagePiece(" ", quoted=outside.quoted) if outside.in_row else EDGE
            return (edge,), (edge,)
        if node.tag == "code" and outside.written and follows_its_like(node):
            return (PagePiece("\n", outside.written, quoted=outside.quoted),), ()
        return (), ()

    def _children(self, node: "LexborNode") -> "Iterator[LexborNode | PagePiece]":
        """What stands in an element; in a row of data all of its cells."""
        if node.mem_id not in self._merged:
            return node.iter(include_text=True)
        return (EMPTY_CELL if cell is None else cell for cell in self._merged[node.mem_id])

    def _formula(self, node: "LexborNode") -> str:
        """A formula in one line; it is kept, for headings in each other may all hold it."""
        if node.mem_id not in self._formulas:
            self._formulas[node.mem_id] = formula(node, self._hidden.hides_all)
        return self._formulas[node.mem_id]

    def _space(self, node: "LexborNode", outside: "_Outside") -> tuple[PagePiece, ...]:
        """What an element puts between the words beside it; where white space counts, it is written there."""
        if outside.written or self._hidden.hides_all(node):
            return ()
        is_between = node.tag in _BETWEEN_WORDS or is_link_after_link(node)
        if not is_between:
            return ()
        if (node.attributes.get("type") or "").lower() == "hidden":
            return ()
        return (PagePiece(" ", quoted=outside.quoted),)

    def _is_read(self, node: "LexborNode", outside: "_Outside", *, menus: bool) -> bool:
        """Whether it is shown, and with `menus` whatever it is; else not what stands beside every page."""
        if not self._is_shown(node):
            return False
        of_page = node.tag in _OF_THE_PAGE or node.mem_id in self._around
        return menus or not (node.mem_id in self._menus or (of_page and not outside.in_part))

    def _is_in_text(self, node: "LexborNode") -> bool:
        """Whether what stands in an element is read and seen, if that around it is."""
        is_clear = self._hidden.sight(node, SEEN).is_clear
        return is_clear and self._is_read(node, _Outside(in_part=True), menus=False)


def _as_seen(text: str, outside: _Outside) -> Iterator[PagePiece]:
    """A piece of text, if it is seen."""
    if outside.sight.is_clear or not text.strip():  # white space divides words, of whatever size
        shown = text if outside.written else _WHITE_SPACE.sub(" ", text)
        yield PagePiece(shown, outside.written, quoted=outside.quoted)


def _is_unseen(node: "LexborNode") -> bool:
    return node.tag in _UNSEEN or (node.tag == "object" and "data" in node.attributes)


def _is_menu(node: "LexborNode", of_site: bool) -> bool:
    role = _role(node)
    is_footer = of_site and role == _FOOTER_ROLE
    return node.tag == "nav" or node.tag in _CONTROLS or role in _MENU_ROLES or is_footer


def _is_main(node: "LexborNode") -> bool:
    return node.tag == "main" or _role(node) == "main"


def _role(node: "LexborNode") -> str:
    return (node.attributes.get("role") or "").strip().lower()
