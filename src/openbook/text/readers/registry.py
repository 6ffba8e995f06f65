"""Which reader a file has: decided by the end of its name.

A reader yields documents, and in their place a `SourceError` for each one that cannot be read, so that the
caller decides whether to continue. Ids: a text file's is its path below the folder that was named; a row's is
what it says, else a fingerprint of its text.
"""

from pathlib import PurePosixPath

from openbook.text.readers.html import read_html
from openbook.text.readers.megatron import read_megatron
from openbook.text.readers.office import read_office
from openbook.text.readers.rows import read_json_lines
from openbook.text.readers.source_file import Reader
from openbook.text.readers.tables import read_csv, read_parquet
from openbook.text.readers.text_files import read_markdown, read_rst, read_text

READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".rst": read_rst,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_office,
    ".docx": read_office,
    ".csv": read_csv,
    ".parquet": read_parquet,
    ".jsonl": read_json_lines,
    ".jsonl.gz": read_json_lines,
    ".jsonl.xz": read_json_lines,
    ".jsonl.zst": read_json_lines,
    ".idx": read_megatron,
}
"""By the end of the file's name."""


def reader_suffix(path: str) -> str:
    """The part of a file's name that decides its reader: `.jsonl.xz` of `articles.jsonl.xz`."""
    suffixes = PurePosixPath(path).suffixes[-2:]
    joined = "".join(suffixes).lower()
    return joined if joined in READERS else "".join(suffixes[-1:]).lower()


def known_kinds() -> str:
    """All kinds of files, for people."""
    return ", ".join(READERS).replace(".idx", "PREFIX.idx with its PREFIX.bin")
