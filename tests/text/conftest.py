"""Small files to read, and the two ways of reading them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from openbook.errors import SourceError
from openbook.text import Document, read_documents

Write = Callable[[str, str | bytes], Path]
Rows = Callable[..., Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below `tmp_path`; its folders are made."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def write_parquet(tmp_path: Path) -> Rows:
    """Write columns to a Parquet file below `tmp_path`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def write_file(columns: Mapping[str, Any], *, name: str = "rows.parquet", **options: Any) -> Path:
        path = tmp_path / name
        pq.write_table(pa.table(dict(columns)), path, **options)
        return path

    return write_file


@pytest.fixture
def read_all() -> ReadAll:
    """Read on after errors: the documents, and the messages of what was skipped.

    Also checks what holds for every error: reading without `on_error` raises the first one, and each message
    is one printable line.
    """

    def read(*sources: object, **keys: Any) -> tuple[list[Document], list[str]]:
        names = [str(source) for source in sources]
        errors: list[SourceError] = []
        documents = list(read_documents(names, on_error=errors.append, **keys))
        messages = [str(error) for error in errors]
        assert all(message and message.isprintable() for message in messages)
        if errors:
            with pytest.raises(SourceError) as stopped:
                list(read_documents(names, **keys))
            assert str(stopped.value) == messages[0]
        else:
            assert list(read_documents(names, **keys)) == documents
        return documents, messages

    return read
