"""Text that wants to be obeyed: by a terminal, by Markdown, by a browser, by a file system."""

import unicodedata

from hypothesis import strategies as st

EVIL = (
    "Report\x1b[2J\x1b[1;1H\x1b]0;pwned\x07\n1. Trusted manual  (score 9.999, chunk 0)\r\x9b31m"
    "\u202eesrever\u2028\u2066\u200f\x00\x7f\x85\udc9b"
)
MARKUP = (
    "<script>alert(1)</script> | `code` ``` | [x](javascript:alert(1)) ![x](http://x/p.png) <http://x> *a* "
    "**b** _c_ ~~d~~ &lt; &#60; \\<i\\> </td> --- # h $a$ :smile: @you {{x}} www.x.org"
)
PATHS = '../../etc/passwd\\..\\x:y*?"<>|\x00/'
EXAMPLES = (EVIL, MARKUP, PATHS)

hostile = (
    st.text(st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Lu", "Zs")))
    | st.text("\\`*_{}[]()<>#+-.!|~&:\"'=\n\r ax1")
    | st.text()
    | st.sampled_from(EXAMPLES)
)
"""Any of it."""


def is_text(text: str) -> bool:
    """Whether a document may hold it: no halves of characters, and not only white space."""
    return bool(text.strip()) and not any(unicodedata.category(char) == "Cs" for char in text)


hostile_documents = hostile.map(lambda text: "".join(c for c in text if unicodedata.category(c) != "Cs"))
"""What of it documents may hold."""


def assert_harmless(line: str) -> None:
    """No control character, no line's or paragraph's end, no lone surrogate, no mark of direction."""
    for character in line:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"), repr(line)
        assert unicodedata.bidirectional(character) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"
        ), repr(line)  # fmt: skip
        assert character not in "\u200e\u200f\u061c", repr(line)
