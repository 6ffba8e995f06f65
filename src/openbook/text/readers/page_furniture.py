"""What the tools that make web pages put beside what their authors say, known by its classes.

<a class="headerlink" href="#mill">¶</a>            a sign that leads to what it stands beside
<a role="doc-backlink" href="#ref1">↩</a>           one that leads from a note back to the text
<td class="gutter"><pre>1 2 3</pre>                 numbers of lines of code
<a class="theme-edit-this-page">Edit this page</a>  what a site shows on each of its pages

Signs and numbers are no text anywhere. What a site shows on each page is left out as its menus are.
"""

from itertools import islice
from typing import TYPE_CHECKING

from openbook.text.readers.page_words import BLOCKS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_HEADINGS = tuple(f"h{level}" for level in range(1, 7))
_LINKS = ", ".join(f"{heading} a[href*='#']" for heading in _HEADINGS)
_BY_CLASS = ", ".join(f"{heading} .{name}" for heading in _HEADINGS for name in ("hash-link", "headerlink"))
"""Of Docusaurus, and of Sphinx and MkDocs."""
_SIGNS_ANYWHERE = ", ".join((
    "a.headerlink[href*='#']", ".viewcode-link", "a.viewcode-back",  # Sphinx: to the code, and back
    ".permalink > a[href^='#']",  # Doxygen
    ".mw-editsection", ".mw-cite-backlink",  # MediaWiki
    ".footnote-backref", ".footnote-back", ".reversefootnote", "[data-footnote-backref]",
    ".jp-InputPrompt", ".jp-OutputPrompt", ".input_prompt", ".output_prompt",  # Jupyter's In [1]:
))  # fmt: skip
_LINE_NUMBERS = ", ".join((
    "span.linenos", "td.linenos", "span.lineno", "td.lineno", "pre.lineno",  # Pygments, Doxygen, Rouge
    "span.lnt", ".line > .ln",  # Chroma in Hugo
    ".line-numbers-wrapper", "td.hljs-ln-numbers",  # VuePress and VitePress, highlight.js
))  # fmt: skip
_MAY_BE_LINE_NUMBERS = "td.gutter"
"""Of Hexo; also what stands between columns."""
_SIGNS = frozenset("¶#§🔗⚓◆\ufe0f\ufe0e")
_SIGNS_IN_TEXT = frozenset("¶🔗⚓↩⤴⮌\ufe0f\ufe0e")
"""Those that lead to a place in a page from beside anything: `#` may be what the text is about."""
_SIGNS_AT_END = _SIGNS_IN_TEXT | frozenset("§◆⏎↵")
"""Those that do so at the end of a block: within one they may be a key or a paragraph of a law."""
_MOST_STEPS = 12

_OF_SITES = ", ".join((
    ".wy-breadcrumbs",
    ".skip-link", ".skip-to-content", ".VPSkipLink", ".md-skip", ".mw-jump-link", ".js-skip-to-content",
    ".theme-edit-this-page", ".theme-last-updated", ".theme-doc-footer-edit-meta-row",  # Docusaurus
    ".edit-this-page", ".edit-link", ".edit-page-link", ".tocsection", ".prev-next-area",  # Sphinx's themes
    ".mw-portlet-lang", ".catlinks", ".printfooter", "#siteSub", ".vector-toc",  # MediaWiki
    ".navheader", ".navfooter", ".nav-panel",  # DocBook, Texinfo
    "#MSearchResultsWindow", "#MSearchSelectWindow", ".navpath", "div.ttc", "address.footer",  # Doxygen
    ".sharedaddy", ".jp-relatedposts",  # WordPress
    "#onetrust-consent-sdk", "#CybotCookiebotDialog", ".cc-window", "#didomi-host", ".fc-consent-root",
    "#usercentrics-root", ".osano-cm-window",
))  # fmt: skip
_PATHS_AND_BOXES = '.breadcrumb, .breadcrumbs, #breadcrumbs, [role="alertdialog"], [role="search"]'
"""What may be an example in the text of a page as well."""
_LABELS_OF_CODE = "div[class^=language-] > span.lang"
"""Of VuePress and VitePress."""
_SUMMARY, _REPLY = "div.header > div.summary", "#respond"
"""Doxygen's links to the parts of a page, and WordPress's form for comments: a page has one."""
_MAY_BE_COOKIES = "[id*=ookie], [class*=ookie]"
_COOKIES = frozenset({
    "cookie-banner", "cookie-bar", "cookie-consent", "cookie-law-info-bar", "cookie-notice", "cookie-popup",
    "cookieconsent",
})  # fmt: skip
"""Names of such notices, as a whole: others say what a page is about."""
_HOLD_NOTICES = frozenset({"aside", "dialog", "div", "form"})
_LONGEST_NOTICE, _MOST_NOTICES = 1500, 20
_AROUND_PAGES = ", ".join(
    f"{tag}{mark}{name}"
    for tag in ("div", "ul", "table")
    for mark in ("#", ".")
    for name in ("footer", "page-footer", "site-footer", "sidebar", "navbar", "topnav")
)

_BESIDE = "div.sidebar, div#sidebar"
_IN_TEXT = "div.body div.sidebar, div.document div.sidebar, div.section div.sidebar"
"""Boxes of docutils and Sphinx, which are text."""


def marks_of_tools(tree: "LexborHTMLParser") -> set[int]:
    """Find what stands beside words on any page: a sign or a word for a link to them, numbers of lines."""
    found = {node.mem_id for node in tree.css(_LINKS) if _is_sign(node, _SIGNS)}
    for node in tree.css("a[href*='#']"):
        if _is_sign(node, _SIGNS_IN_TEXT) or (_is_sign(node, _SIGNS_AT_END) and _ends_block(node)):
            found.add(node.mem_id)
    by_class = tree.css(f"{_BY_CLASS}, {_SIGNS_ANYWHERE}, {_LINE_NUMBERS}")
    found |= {node.mem_id for node in tree.css(_MAY_BE_LINE_NUMBERS) if _has_only_numbers(node)}
    return found | {node.mem_id for node in by_class}


def furniture(tree: "LexborHTMLParser") -> set[int]:
    """Find what a site shows on each of its pages, wherever it stands: paths, links to edit, notices."""
    found = {node.mem_id for node in tree.css(_OF_SITES)}
    found |= {node.mem_id for node in tree.css(_LABELS_OF_CODE) if _is_above_code(node)}
    summary, reply = tree.css_first(_SUMMARY), tree.css_first(_REPLY)
    if summary is not None and _has_only_links(summary):
        found.add(summary.mem_id)
    if reply is not None and reply.css_first("form") is not None:
        found.add(reply.mem_id)
    return found


def around_pages(tree: "LexborHTMLParser") -> set[int]:
    """Find what its class calls a footer, a notice or a side bar: of the page, or of a part."""
    called = islice((node for node in tree.css(_MAY_BE_COOKIES) if _is_called_notice(node)), _MOST_NOTICES)
    notices = (node for node in called if _is_notice(node))
    found = {node.mem_id for node in (*tree.css(f"{_AROUND_PAGES}, {_PATHS_AND_BOXES}"), *notices)}
    return found - _side_bars_of_text(tree)


def _side_bars_of_text(tree: "LexborHTMLParser") -> set[int]:
    """Those that are boxes of the text, and those that hold the page's first heading."""
    around_heading: set[int] = set()
    node = tree.css_first("h1")
    while node is not None:
        around_heading.add(node.mem_id)
        node = node.parent
    found = {node.mem_id for node in tree.css(_BESIDE)} & around_heading
    return found | {node.mem_id for node in tree.css(_IN_TEXT)}


def _is_sign(link: "LexborNode", signs: frozenset[str]) -> bool:
    """Whether its text is one of the usual signs, one of a font for signs, or none that is seen."""
    return all(sign in signs or sign.isspace() or not sign.isprintable() for sign in link.text())


def _ends_block(link: "LexborNode") -> bool:
    """Whether nothing follows a link in its line."""
    node = link
    for _ in range(_MOST_STEPS):
        after = _next(node)
        if after is not None:
            return after.tag in BLOCKS
        if node.parent is None or node.parent.tag in BLOCKS:
            return True
        node = node.parent
    return False


def _has_only_numbers(cell: "LexborNode") -> bool:
    if cell.css_first("table") is not None:
        return False
    return all(letter.isdigit() or letter.isspace() for letter in cell.text())


def _has_only_links(node: "LexborNode") -> bool:
    in_links = sum(sum(map(str.isalnum, link.text())) for link in node.css("a[href]"))
    return 0 < in_links == sum(map(str.isalnum, node.text()))


def _is_above_code(label: "LexborNode") -> bool:
    after = _next(label)
    return after is not None and after.tag == "pre"


def _next(node: "LexborNode") -> "LexborNode | None":
    """What follows an element, but white space."""
    after = node.next
    while after is not None and after.tag == "-text" and not (after.text_content or "").strip():
        after = after.next
    return after


def _is_called_notice(node: "LexborNode") -> bool:
    said = f"{node.attributes.get('id') or ''} {node.attributes.get('class') or ''}".lower().split()
    return node.tag in _HOLD_NOTICES and "section" not in said and not _COOKIES.isdisjoint(said)


def _is_notice(node: "LexborNode") -> bool:
    return node.css_first("h1, h2, main, article") is None and len(node.text()) <= _LONGEST_NOTICE
