"""Text that every machine with Python has."""

from openbook.demo.corpus import write_python_docs

__all__ = ["write_python_docs"]
