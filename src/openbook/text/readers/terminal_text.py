"""Text as a terminal shows it: logs have sequences for colors, saved manuals strike letters twice.

    ESC[31mred ESC[0m            red
    N BS N A BS A                NA, in bold
    _ BS x                       x, underlined

Else the words would be other ones, `31mred`, which nobody looks for.
"""

import re

_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colors and moves
    r"|\][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # titles and links
    r"|[()][0-9A-Z])"  # character sets
)
_STRUCK_OVER = re.compile(r"[^\n\x08]\x08")


def as_on_terminal(text: str) -> str:
    """Leave out what a terminal does not show.

    >>> as_on_terminal("\\x1b[1mgate\\x1b[0m N\\bNA\\bA _\\bx")
    'gate NA x'
    """
    if "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    return _STRUCK_OVER.sub("", text) if "\b" in text else text
