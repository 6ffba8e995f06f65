"""Errors of users say what to do next: after a semicolon, or by what they say a value must be."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import openbook
from openbook import errors

_SOURCE = Path(openbook.__file__).parent
_REMEDY = re.compile(
    r";|\bmust\b|\b[Aa]t (least|most)\b|\ba share of\b|\bneeds --|\bpip install\b|"
    r": (ask|choose|evaluate|give|leave|name|run|use|write) "
)
_EXCEPTIONS = {
    # What is said before another error's message, which has a remedy of its own.
    ("cli/checked_sources.py", "{}{}"),
    ("database/neighbors/table.py", "{}: the book of its neighbor table cannot be opened: {}"),
    ("database/write/batches.py", "{}: {}"),
    ("evaluate/harness/tasks.py", "task {}: {}"),
    ("train/model_settings.py", "{}.{}"),
    ("train/recipe.py", "{}: {}"),
    # The remedy is made elsewhere: what comes near, and the command that lists all documents.
    ("database/documents/document_filter.py", "{}: {}{}"),
    ("database/documents/document_pages.py", "no document {}"),
    # The remedy follows where the book says which shard cannot be read.
    ("database/shards/book_folder.py", "{}: there is no such shard any more"),
    ("database/shards/book_folder.py", "{}: is at version {} of {}, and the book names version {} of {}: "),
    ("database/shards/book_folder.py", "{}: its {}: it is not of this book"),
    # The message is the remedy.
    ("model/retrofitting/causal_lm.py", "resize the embeddings of the base, then retrofit it"),
    ("train/initialize.py", "recipe {}: needs a base: openbook retrofit BASE"),
}
"""File, and how the message begins, with {} for each value."""


def test_errors_say_what_to_do_next() -> None:
    trees = {
        path.relative_to(_SOURCE).as_posix(): ast.parse(path.read_bytes()) for path in _SOURCE.rglob("*.py")
    }
    names = _error_names(trees.values())
    silent = {
        (file, message)
        for file, tree in trees.items()
        for message in _messages(tree, names)
        if not _REMEDY.search(message)
    }
    excepted = {
        (file, message, begin)
        for file, message in silent
        for of_file, begin in _EXCEPTIONS
        if file == of_file and message.startswith(begin)
    }
    assert silent == {(file, message) for file, message, _ in excepted}, "say what to do next, after a ;"
    assert {(file, begin) for file, _, begin in excepted} == _EXCEPTIONS, "an exception that is not needed"


def _error_names(trees: Iterable[ast.Module]) -> set[str]:
    """The classes of user errors, those of single rooms as well."""
    names = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.OpenbookError)
    }
    found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while (
        new := {
            node.name for node in found if names & {ast.unparse(base) for base in node.bases} - {node.name}
        }
        - names
    ):
        names |= new
    return names


def _messages(tree: ast.Module, names: set[str]) -> Iterator[str]:
    """The messages of errors that are made here, where they are written as text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            for message in node.args[:1]:
                if isinstance(message, ast.JoinedStr | ast.Constant):
                    yield _text(message)


def _text(message: ast.JoinedStr | ast.Constant) -> str:
    """The text of a string, with {} for each value."""
    if isinstance(message, ast.Constant):
        return str(message.value)
    return "".join(_text(part) if isinstance(part, ast.Constant) else "{}" for part in message.values)
