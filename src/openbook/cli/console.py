"""The terminal: JSON or lines on stdout, bars and errors on stderr."""

import json
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any

from openbook.errors import OpenbookWarning, one_line
from openbook.escapes import visible, visible_in_json

_NEVER_CUT = 4096
"""Columns: a tree would lose the ends of longer lines."""
_TAB = 8

DIM, PLAIN = "\x1b[2m", "\x1b[0m"
_MARK = "\x1b[36m"
"""Cyan, which is read on light and on dark."""


def quiet_libraries() -> None:
    """Keep other libraries' bars and notes off the terminal; ours say what is going on."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


def replace_closed_streams() -> None:
    """Where stdout or stderr was closed, print into nothing: else the next file would get its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (till the end)


def accept_any_encoding() -> None:
    """Let terminals and pipes that are not UTF-8 show a question mark for what they cannot show."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def print_line(text: str = "") -> None:
    """Print one line of data, on stdout."""
    sys.stdout.write(f"{visible(text)}\n")


def print_text(text: str) -> None:
    """Print a text that keeps its lines and tabs, on stdout."""
    for line in text.split("\n"):
        print_line(line.removesuffix("\r").expandtabs())


def print_piece(text: str) -> None:
    """Print a piece of a text that is being written, at once, on stdout; its lines and tabs stay."""
    lines = text.replace("\r", "").replace("\t", " " * _TAB).split("\n")
    sys.stdout.write("\n".join(visible(line) for line in lines))
    sys.stdout.flush()


def print_dimmed(text: str) -> None:
    """Print what stands beside the data, such as a question that is answered, on a terminal dimmed."""
    lines = [visible(line) for line in text.split("\n")]
    sys.stdout.write("\n".join(lines) if not has_colors() else f"{DIM}{chr(10).join(lines)}{PLAIN}")
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_mark(number: int) -> None:
    """Print the mark `[2]` of a span where it ends, on a terminal in a color, at once."""
    mark = f"[{number}]"
    sys.stdout.write(f"{_MARK}{mark}{PLAIN}" if has_colors() else mark)
    sys.stdout.flush()


def has_colors() -> bool:
    """Whether stdout is a terminal that obeys escape sequences, whose user wants to see colors."""
    if not on_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return os.name != "nt" or "WT_SESSION" in os.environ


def on_terminal() -> bool:
    """Whether somebody watches what is printed on stdout."""
    return sys.stdout.isatty()


def note(text: str) -> None:
    """Print one line about what is going on, on stderr."""
    sys.stderr.write(f"{visible(text)}\n")


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Our warnings are lines like others, without the place in the code; those of others keep it."""
    with warnings.catch_warnings():
        show_others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, OpenbookWarning):
                note(f"openbook: warning: {message}")
            else:
                show_others(visible(one_line(message)), category, *place, **more)

        warnings.showwarning = show
        warnings.simplefilter("always", OpenbookWarning)
        yield


def hold_back_control_characters() -> None:
    """What others log or raise, which may quote a file, reaches the terminal as lines that it only shows."""
    logging.setLogRecordFactory(_VisibleRecord)  # libraries have handlers and formats of their own
    if logging.lastResort is not None:  # what writes where nobody has configured logging
        logging.lastResort.setFormatter(_VisibleFormatter())
    sys.excepthook = _print_traceback


class _VisibleRecord(logging.LogRecord):
    """A line of a log, and its traceback, as characters that are only shown."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.name = visible(self.name)
        if self.exc_info:
            self.exc_text = _visible_lines("".join(traceback.format_exception(*self.exc_info)).rstrip())

    def getMessage(self) -> str:  # noqa: N802 (logging's name)
        """The message, its line ends and nothing else of it obeyed."""
        return _visible_lines(super().getMessage())


def _visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


class _VisibleFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _visible_lines(super().format(record))


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    for part in traceback.format_exception(kind, error, trace):
        for line in part.rstrip("\n").split("\n"):
            note(line)


def print_error(message: str) -> None:
    """Print the one line that a user gets, on stderr."""
    note(f"openbook: error: {' '.join(line.strip() for line in message.splitlines())}")


def print_json(value: object) -> None:
    """Print one JSON value and nothing else, on stdout; characters are escaped only where they must be.

    On a terminal those must be that it would obey, which JSON does not all escape by itself.
    """
    described = to_json(value)
    text = json.dumps(described, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(described, ensure_ascii=True, indent=2)
    if sys.stdout.isatty():
        text = visible_in_json(text)
    sys.stdout.write(f"{text}\n")


def print_tree(title: str, branches: Mapping[str, Sequence[str]]) -> None:
    """Draw a tree of three levels on stdout: the title, its branches, and the lines of each."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(visible(title)))
    for name, lines in branches.items():
        branch = tree.add(Text(visible(name)))
        for line in lines:
            branch.add(Text(visible(line)))
    console = Console(highlight=False, width=_NEVER_CUT)
    with console.capture() as drawn:  # which would end the process where nobody reads on
        console.print(tree)
    sys.stdout.write(drawn.get())


def to_json(value: object) -> Any:
    """Turn dataclasses into objects, and paths into strings, all the way down."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: to_json(item) for key, item in asdict(value).items()}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, Path) else value
