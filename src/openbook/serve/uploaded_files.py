"""Files that somebody sends: read from memory by the readers of their kinds. Their names never are paths.

name sent                    ../../notes/a.md        C:\\\\notes\\\\a.md      notes/a.md
id, source of the document   a.md                    a.md              a.md

Rows say their ids, or have them made of their texts; their source is the name with the line, a.csv:2.
"""

import io
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from openbook.errors import SourceError
from openbook.text import AnyDocument
from openbook.text.documents import source_error
from openbook.text.readers.registry import READERS, reader_suffix
from openbook.text.readers.source_file import Keys, Omission, SourceFile

KINDS = (
    ".txt", ".md", ".markdown", ".mdx", ".qmd", ".rmd", ".rst", ".org", ".html", ".htm", ".xhtml",
    ".ipynb", ".eml", ".srt", ".vtt", ".epub", ".odt", ".odp", ".pdf", ".docx", ".pptx",
    ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods",
    ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".mbox",
)  # fmt: skip
"""What is read: one document each, or rows; none that are compressed as a whole or, as .parquet, column by
column, for a few bytes of these may be any number of documents."""
_OFFICE = {".pdf": "markitdown", ".docx": "markitdown", ".pptx": "pptx"} | dict.fromkeys(
    (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), "python_calamine"
)
"""What reads those that need the extra `documents`."""
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Upload:
    """What a file holds."""

    name: str
    """Of the file, without folders."""
    documents: list[AnyDocument] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What of it was not read."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """One file's bytes, as readers open files."""

    content: bytes

    def open(self, path: str, mode: str = "rb", **options: Any) -> io.BytesIO:
        """Open it, whatever it is called."""
        return io.BytesIO(self.content)


def readable_kinds() -> list[str]:
    """Of the kinds, those that can be read with what is installed."""
    return [kind for kind in KINDS if kind not in _OFFICE or find_spec(_OFFICE[kind]) is not None]


def read_upload(name: str, content: bytes) -> Upload:
    """Read the documents of a file.

    Args:
        name: as the client calls it; its last part is the id and source of a file's only document.
        content: all of it.

    Raises:
        SourceError: it has no name, is of another kind, or cannot be read.
        MissingExtraError: its kind needs a package that is not installed.
    """
    name = _last_part(name)
    suffix = reader_suffix(name)
    if suffix not in KINDS:
        problem = "read by openbook add alone" if suffix in READERS else "not taken"
        raise source_error(name, f"files of this kind are {problem}; send one of {', '.join(KINDS)}")
    upload = Upload(name)
    file = SourceFile(_Memory(content), name, name, is_named=True)
    for item in READERS[suffix](file, Keys(text="text", id="id", reads_tables=True)):
        if isinstance(item, SourceError):
            raise item
        if isinstance(item, Omission):
            upload.notes.append(item.message)
        else:
            upload.documents.append(item)
    return upload


def _last_part(name: str) -> str:
    """A file's name without folders and without what only controls how text is shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if char.isprintable()).strip()
    if not shown.strip(". "):
        raise SourceError(f'the file {name!r:.80} has no name; send one, such as filename="notes.md"')
    if len(shown) > _LONGEST_NAME:
        raise SourceError(f"the file's name {shown[:40]!r}… is too long; at most {_LONGEST_NAME} characters")
    return shown
