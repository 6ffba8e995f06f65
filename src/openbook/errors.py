"""Errors that a user can act on.

Each message says what happened, with which value, where, and what to do next. The command line prints it
as one line and exits with code 2. Anything else that is raised is a fault of ours (exit code 1).
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from openbook.phrases import command


class OpenbookError(Exception):
    """Base of all errors that the user's input or environment caused.

    Args:
        message: what happened, and what to do next.
        option: how the message ends, if that helps on the command line only; empty: all of it helps anywhere.
    """

    def __init__(self, message: object = "", *, option: str = "") -> None:
        super().__init__(message)
        self.option = option

    @property
    def without_option(self) -> str:
        """The message for who has no command line.

        >>> OpenbookError("a.md: no text; or skip it: --x", option="; or skip it: --x").without_option
        'a.md: no text'
        """
        return str(self).removesuffix(self.option)


class SourceError(OpenbookError):
    """A source of documents that cannot be read: missing, empty, not UTF-8, not JSON, without text.

    Args:
        message: as of every error.
        option: as of every error.
        where: how the message begins: the file, or the row of it; empty: it names none.
    """

    def __init__(self, message: object = "", *, option: str = "", where: str = "") -> None:
        super().__init__(message, option=option)
        self.where = where

    @property
    def problem(self) -> str:
        """The message without the place.

        >>> SourceError("a.md: holds nothing", where="a.md").problem
        'holds nothing'
        """
        return str(self).removeprefix(f"{self.where}: ") if self.where else str(self)


class GoneSourceError(SourceError):
    """A source that does not exist, or a folder that holds no document: there was something once, perhaps."""


class DatabaseError(OpenbookError):
    """A folder that is no database, has other settings, is locked or is damaged."""


class LockedError(DatabaseError):
    """A database that another process is writing to; try again when that is done."""


class UnavailableError(DatabaseError):
    """A book that is served, and whose folder is gone or damaged."""


class NotFoundError(OpenbookError):
    """A book, document or model that was asked for by a name that none has."""


class NoDocumentError(DatabaseError, NotFoundError):
    """Documents that were asked for by names or patterns that none has."""


class ConflictError(OpenbookError):
    """A document that is to be changed as it was read, and is another one or gone by now."""


class ForbiddenError(OpenbookError):
    """A change that was asked for where changes are not allowed."""


class FormatError(DatabaseError):
    """A database that another version of openbook wrote."""


class OutputError(OpenbookError):
    """A file or folder that was asked for and cannot be written: a full disk, a missing right."""


class SettingsError(OpenbookError, ValueError):
    """A setting with an unknown name or a value that is not allowed."""


class TooLongError(SettingsError):
    """A text for which the model has no room."""


class MismatchError(OpenbookError):
    """Two things that must agree do not: model and database, database and neighbor table."""


class TrainingError(OpenbookError):
    """A training run that cannot continue: its loss is not finite, or its checkpoints are damaged."""


class TrainingStoppedError(OpenbookError):
    """A training run that was asked to stop, and has saved a checkpoint to resume from."""


class EngineBusyError(OpenbookError):
    """As many texts wait to be written as may wait; ask again later."""


class ClusterError(OpenbookError):
    """A cluster of machines that is gone, or whose workers are lost again and again."""


class MissingExtraError(OpenbookError):
    """A package that only some users need is not installed."""


class OpenbookWarning(UserWarning):
    """Something is probably not as it was meant; the result is what was asked for."""


_NO_MEMORY = re.compile(
    "can't allocate memory|not enough memory: you tried|out of memory|bad_alloc|_ALLOC_FAILED", re.IGNORECASE
)
"""How torch, which has a class of its own for GPUs alone, says that there is no memory."""
_WANTED_MEMORY = re.compile(r"(?:tried|unable) to allocate ([\d.]+) (\w+)", re.IGNORECASE)


def memory_shortage(error: BaseException) -> str | None:
    """What to say of an error that means that memory ran out, with how much was wanted; None: of another.

    >>> memory_shortage(RuntimeError("can't allocate memory: you tried to allocate 4294967296 bytes."))
    'out of memory (4.3 GB more were wanted)'
    >>> memory_shortage(MemoryError())
    'out of memory'
    """
    said = str(error)
    is_torchs = isinstance(error, RuntimeError) and _NO_MEMORY.search(said)
    if not is_torchs and not isinstance(error, MemoryError):
        return None
    wanted = _WANTED_MEMORY.search(said)
    if wanted is None:
        return "out of memory"
    number, unit = wanted.groups()
    amount = f"{float(number) / 1e9:.1f} GB" if unit == "bytes" else f"{number} {unit}"
    return f"out of memory ({amount} more were wanted)"


def first_line(error: BaseException) -> str:
    """Take the first line of another library's message, which may be pages long; else the error's name."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip() if lines else type(error).__name__


def one_line(error: BaseException | str) -> str:
    """Join the lines of another library's message; without one, take the error's name."""
    return " ".join(str(error).split()) or type(error).__name__


def type_error(given: object, expected: str, *, where: str, remedy: str) -> TypeError:
    """An argument of another type than the one that is expected.

    >>> raise type_error(5, "a str", where="prompt", remedy="give some text")
    Traceback (most recent call last):
    TypeError: prompt: the int 5 where a str is expected; give some text
    """
    kind = type(given)
    # What others' objects say of themselves may be pages long.
    value = f" {given!r:.40}" if kind.__module__ == "builtins" else ""
    return TypeError(f"{where}: the {kind.__name__}{value} where {expected} is expected; {remedy}")


def empty_error(path: Path) -> DatabaseError:
    """A database in which nothing can be found, because nothing was added to it."""
    return DatabaseError(f"{path}: is empty; add documents first: {command('add', path, 'SOURCE')}")


def list_of_texts(given: object, *, where: str, remedy: str) -> list[str]:
    """List what must be several texts; a text alone, which Python would take letter by letter, is refused.

    >>> list_of_texts("a.md", where="ids", remedy='call remove(["a.md"])')
    Traceback (most recent call last):
    TypeError: ids: the str 'a.md' where a list of str is expected; call remove(["a.md"])
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise type_error(given, "a list of str", where=where, remedy=remedy)
    texts = list(given)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{where}: the {type(text).__name__} {text!r:.40} is not a str; {remedy}")
    return texts


def refuse_unknown(given: Iterable[str], known: Iterable[str], *, where: str) -> None:
    """Raise `SettingsError` for the first name in `given` that is not in `known`, with the nearest known one.

    >>> refuse_unknown(["hiden_size"], ["hidden_size"], where="model")
    Traceback (most recent call last):
    openbook.errors.SettingsError: model: unknown name 'hiden_size'; did you mean 'hidden_size'?
    """
    names = sorted(known)
    for name in given:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known names: {', '.join(names)}"
            raise SettingsError(f"{where}: unknown name {name!r}; {hint}")
