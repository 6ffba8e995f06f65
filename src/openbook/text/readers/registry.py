"""Which reader a file has: decided by the end of its name.

A new kind of file is a reader in this folder and a line here. A reader yields documents, and in their place a
`SourceError` for each one that cannot be read, so that the caller decides whether to continue. Ids: a text
file's is its path below the folder that was named; a row's is what it says, else a fingerprint of its text.
"""

from pathlib import PurePosixPath

from openbook.text.readers.epub import read_epub
from openbook.text.readers.html import read_html
from openbook.text.readers.json_files import read_json, read_json_lines
from openbook.text.readers.mail import read_mail
from openbook.text.readers.mailbox import read_mailbox
from openbook.text.readers.megatron import read_megatron
from openbook.text.readers.notebooks import read_notebook
from openbook.text.readers.office import read_office
from openbook.text.readers.opendocument import read_opendocument, read_opendocument_slides
from openbook.text.readers.pdf import read_pdf
from openbook.text.readers.slides import read_slides
from openbook.text.readers.source_file import COMPRESSIONS, Reader
from openbook.text.readers.subtitles import read_subtitles
from openbook.text.readers.tables import read_csv, read_parquet
from openbook.text.readers.text_files import read_markdown, read_org, read_rst, read_text
from openbook.text.readers.workbooks import read_workbook

_TEXT: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".mdx": read_markdown,
    ".qmd": read_markdown,
    ".rmd": read_markdown,
    ".rst": read_rst,
    ".org": read_org,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".ipynb": read_notebook,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
    ".eml": read_mail,
    ".mbox": read_mailbox,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
}
"""Read from beginning to end, and so compressed too."""
_OTHER: dict[str, Reader] = {
    ".pdf": read_pdf,
    ".docx": read_office,
    ".odt": read_opendocument,
    ".pptx": read_slides,
    ".odp": read_opendocument_slides,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".xls": read_workbook,
    ".xlsb": read_workbook,
    ".ods": read_workbook,
    ".epub": read_epub,
    ".parquet": read_parquet,
    ".idx": read_megatron,
}

READERS: dict[str, Reader] = (
    _TEXT
    | {f"{suffix}{ending}": reader for suffix, reader in _TEXT.items() for ending in COMPRESSIONS}
    | _OTHER
)
"""By the end of the file's name."""

ONLY_NAMED = frozenset(f"{suffix}{ending}" for suffix in (".json", ".tsv") for ending in ("", *COMPRESSIONS))
"""Of a folder read only where a pattern asks for them: most of these are settings or figures, no texts."""

SAVED_AS = {
    ".rtf": ".docx or .odt", ".doc": ".docx or .odt", ".wpd": ".docx or .odt", ".pages": ".docx",
    ".ppt": ".pptx or .odp", ".msg": ".eml",
}  # fmt: skip
"""Of office programs' files that are not read: what the same programs can save, and is read."""

_ONE_DOCUMENT = (
    read_text, read_markdown, read_rst, read_org, read_html, read_notebook, read_mail, read_subtitles,
    read_pdf, read_office, read_opendocument, read_opendocument_slides, read_slides, read_workbook, read_epub,
)  # fmt: skip


def reader_suffix(path: str) -> str:
    """Find the part of a file's name that decides its reader: `.jsonl.xz` of `articles.jsonl.xz`."""
    suffixes = PurePosixPath(path).suffixes[-2:]
    joined = "".join(suffixes).lower()
    return joined if joined in READERS else "".join(suffixes[-1:]).lower()


def fills_file(path: str) -> bool:
    """Whether a file of this name is one document, not rows.

    >>> fills_file("/kim/notes/gate.md"), fills_file("/kim/rows.jsonl")
    (True, False)
    """
    return READERS.get(reader_suffix(path)) in _ONE_DOCUMENT


def known_kinds() -> str:
    """List all kinds of files, for people."""
    others = [suffix for suffix in _OTHER if suffix != ".idx"]
    return (
        f"{', '.join(_TEXT)} (each also with {', '.join(COMPRESSIONS)}), {', '.join(others)}, "
        "PREFIX.idx with its PREFIX.bin"
    )
