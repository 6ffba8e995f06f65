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


def as_on_terminal(text: str) -> str:
    """Leave out what a terminal does not show.

    >>> as_on_terminal("\\x1b[1mgate\\x1b[0m N\\bNA\\bA _\\bx")
    'gate NA x'
    """
    if "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    if "\b" not in text:
        return text
    return "\n".join(_struck_over(line) if "\b" in line else line for line in text.split("\n"))


def _struck_over(line: str) -> str:
    """A line with the last of letters that stand in one place."""
    shown: list[str] = []
    for letter in line:
        if letter != "\b":
            shown.append(letter)
        elif shown:
            shown.pop()
    return "".join(shown)
