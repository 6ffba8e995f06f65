"""Formulas of web pages (MathML) in one line: their TeX, where the page has it, as KaTeX writes it.

    <mfrac><mn>1</mn><mn>2</mn></mfrac>                      1/2
    <msup><mi>x</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow>       x^(n+1)

Elements that are not known here say what stands in them. A picture of a formula says its TeX, too: Wikipedia
shows such ones, and hides its MathML.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_BETWEEN = {
    "mfrac": "/", "msup": "^", "msub": "_", "msubsup": "_^", "mover": "^", "munder": "_", "munderover": "_^",
}  # fmt: skip
"""Elements of two or three parts, and the signs before the second and the third."""
_WITHIN = {"mtable": "; ", "mtr": ", ", "mlabeledtr": ", "}
"""What stands between the rows of a matrix, and between the cells of a row."""
_LEFT_OUT = frozenset({"annotation", "annotation-xml", "mphantom", "script", "style"})
_TEX = ("application/x-tex", "text/x-latex", "latex", "tex")
_STYLED = re.compile(r"\{\\(?:display|text)style\s(.*)\}", re.DOTALL)
"""As Wikipedia writes all of its formulas."""
_PICTURES = (
    ", ".join(
        f"img.{name}[alt]"
        for name in ("formulaInl", "formulaDsp", "latex", "math", "tex")  # Doxygen, WordPress, Sphinx
    )
    + ", img[class*='mwe-math-fallback-image'][alt]"
)
_TEX_MARKS = re.compile(r"\\\[(.*)\\\]|\\\((.*)\\\)|\$\$?(.*?)\$\$?", re.DOTALL)
"""What stands around TeX in a text."""
_ROOT_PARTS = 2
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_UNSEEN = str.maketrans("", "", "\u2061\u2062\u2063\u2064\u200b")
"""Signs for what is applied or multiplied without a sign."""


def formula(math: "LexborNode", is_hidden: Callable[["LexborNode"], bool]) -> str:
    """What a formula says, in one line."""
    return " ".join((_tex(math) or _linear(math, is_hidden)).split())


def pictured_formulas(tree: "LexborHTMLParser") -> dict[int, str]:
    """What the pictures of formulas say, by their `mem_id`.

    Some are hidden from who has the page read aloud (`aria-hidden`): they are seen all the same.
    """
    return {
        node.mem_id: _plain_tex(node.attributes.get("alt") or "")
        for node in tree.css(_PICTURES)
        if "hidden" not in node.attributes and not _NOT_SHOWN.search(node.attributes.get("style") or "")
    }


def _plain_tex(written: str) -> str:
    r"""TeX without what marks it as such.

    >>> _plain_tex(r"\[ E = mc^2 \]"), _plain_tex(r"{\displaystyle x}"), _plain_tex("$a$")
    ('E = mc^2', 'x', 'a')
    """
    text = " ".join(written.split())
    marked = _TEX_MARKS.fullmatch(text)
    text = next(part for part in marked.groups() if part is not None).strip() if marked else text
    styled = _STYLED.fullmatch(text)
    return styled[1].strip() if styled else text


def _tex(math: "LexborNode") -> str:
    """Its TeX; empty: the page does not say it."""
    stack = [math]
    while stack:
        node = stack.pop()
        if node.tag == "annotation" and (node.attributes.get("encoding") or "").lower() in _TEX:
            return _plain_tex(node.text())
        stack.extend(list(node.iter())[::-1])
    return ""


def _linear(math: "LexborNode", is_hidden: Callable[["LexborNode"], bool]) -> str:
    """Its elements, one after the other, with signs between the parts of those that have parts."""
    found: list[str] = []
    stack: list[LexborNode | str] = [math]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            found.append(node)
        elif node.tag == "-text":
            found.append(" ".join((node.text_content or "").translate(_UNSEEN).split()))
        elif node.tag in _LEFT_OUT or is_hidden(node):
            continue
        elif node.tag == "mtext":
            found.append(node.text())
        else:
            stack.extend(reversed(_parts(node)))
    return "".join(found)


def _parts(node: "LexborNode") -> "list[LexborNode | str]":
    """What an element says, part by part."""
    tag = node.tag or ""
    children = list(node.iter())
    if tag in _BETWEEN:
        signs = ("", *_BETWEEN[tag])
        return [
            part for sign, child in zip(signs, children, strict=False) for part in (sign, *_grouped(child))
        ]
    if tag == "mroot" and len(children) == _ROOT_PARTS:
        return [*_grouped(children[0]), "^(1/", children[1], ")"]
    if tag == "msqrt":
        return ["√(", *node.iter(include_text=True), ")"]
    if tag in _WITHIN:
        return [part for child in children for part in (_WITHIN[tag], child)][1:]
    return list(node.iter(include_text=True))


def _grouped(node: "LexborNode") -> "list[LexborNode | str]":
    """A part, in parentheses if it is more than a number, a name or a sign."""
    inner = node
    while inner.tag in ("mrow", "mstyle") and len(children := list(inner.iter())) == 1:
        inner = children[0]
    return [node] if inner.first_child is None or not list(inner.iter()) else ["(", node, ")"]
