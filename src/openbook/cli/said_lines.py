"""What a user says, line by line: typed at a prompt, or from a pipe."""

import sys
from collections.abc import Iterator
from contextlib import suppress

from openbook.cli.console import DIM, PLAIN, has_colors, note

_PROMPT = "> "


def said_lines() -> Iterator[str]:
    """The lines of standard input, to its end; on a terminal after a prompt, with what is typed dimmed."""
    if sys.stdin is None:
        return
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        for line in sys.stdin:
            yield line.removesuffix("\n")
        return
    with suppress(ImportError):  # not on Windows: lines are edited there anyway
        import readline  # noqa: F401
    while (line := _typed()) is not None:
        yield line


def _typed() -> str | None:
    """One line; None at the end (Ctrl-D)."""
    dim = DIM if has_colors() else ""
    if dim and "readline" in sys.modules:
        dim = f"\001{dim}\002"  # between these stands what readline is not to count
    try:
        return input(dim + _PROMPT)
    except EOFError:
        sys.stdout.write("\n")
        return None
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        note("Ctrl-D or /quit ends")
        return ""
    finally:
        if has_colors():
            sys.stdout.write(PLAIN)
            sys.stdout.flush()
