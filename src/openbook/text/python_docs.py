"""The documentation that comes with every Python: docstrings of the standard library, a document per module.

The modules are those that `import NAME` gives, without packages' inner ones. What is written in Python is
read with `ast`, never run; compiled modules (math is one) are looked at with `inspect`.
"""

import ast
import importlib
import importlib.util
import inspect
import json
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from openbook.text import Document

_LEFT_OUT = {"distutils", "encodings", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "turtledemo"}
_LEFT_OUT |= {"tkinter", "turtle"}  # many installations lack them
_NOT_IMPORTED = {"readline", "xxlimited", "xxlimited_35"}
"""Compiled modules that would write to the terminal, and mere examples of how to write one."""
_SHORTEST = 300
"""Characters; less says too little to be a document."""
_Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def write_python_docs(path: Path, *, max_documents: int | None = None) -> int:
    """Write the documents as JSON lines with id, title, source and text.

    Args:
        path: of the file.
        max_documents: the longest this many; None: all.

    Returns:
        The number of documents.
    """
    documents = sorted((*_python_modules(), *_compiled_modules()), key=lambda document: document.id)
    if max_documents is not None:
        longest = sorted(documents, key=lambda document: -len(document.text))[:max_documents]
        documents = sorted(longest, key=lambda document: document.id)
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            row = {
                "id": document.id,
                "title": document.title,
                "source": document.source,
                "text": document.text,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return len(documents)


def _python_modules() -> Iterator[Document]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted((*root.glob("*.py"), *root.glob("*/__init__.py"))):
        name = path.parent.name if path.stem == "__init__" else path.stem
        # Private modules often repeat a public one's words.
        if not name.startswith("_") and name not in _LEFT_OUT:
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except (SyntaxError, UnicodeDecodeError, OSError):
                continue  # a file of another Python, or one that cannot be read: not our text
            yield from _document(name, path.relative_to(root).as_posix(), _docstrings(tree, name))


def _docstrings(tree: ast.Module, name: str) -> Iterator[str]:
    yield f"{name}\n\n{ast.get_docstring(tree) or ''}"
    yield from _nested(tree, prefix=f"{name}.")


def _nested(parent: ast.Module | _Documented, prefix: str) -> Iterator[str]:
    for node in parent.body:
        if isinstance(node, _Documented):
            docstring = ast.get_docstring(node)
            if docstring:
                yield f"{prefix}{_signature(node)}\n{docstring}"
            yield from _nested(node, f"{prefix}{node.name}.")


def _signature(node: _Documented) -> str:
    return node.name if isinstance(node, ast.ClassDef) else f"{node.name}({ast.unparse(node.args)})"


def _compiled_modules() -> Iterator[Document]:
    for name in sorted(sys.stdlib_module_names - _NOT_IMPORTED):
        if not name.startswith("_") and _is_compiled(name):
            try:
                with warnings.catch_warnings(action="ignore"):  # some are on their way out
                    module = importlib.import_module(name)
            except ImportError:
                continue  # listed, but not of this system
            parts = [f"{name}\n\n{inspect.getdoc(module) or ''}"]
            for attribute, value in sorted(vars(module).items()):
                documented = inspect.isbuiltin(value) or inspect.isclass(value)
                if documented and not attribute.startswith("_") and (docstring := inspect.getdoc(value)):
                    parts.append(f"{name}.{attribute}\n{docstring}")
            yield from _document(name, "compiled", iter(parts))


def _is_compiled(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    origin = (spec.origin if spec else None) or ""
    return name in sys.builtin_module_names or origin.endswith(tuple(EXTENSION_SUFFIXES))


def _document(name: str, source: str, parts: Iterator[str]) -> Iterator[Document]:
    text = "\n\n".join(part.strip() for part in parts)
    if len(text) >= _SHORTEST:
        text = text.encode("utf-8", "replace").decode("utf-8")
        yield Document(id=name, title=f"module {name}", source=source, text=text)
