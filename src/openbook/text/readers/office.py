"""Word files, through markitdown (the extra `documents`). It is given bytes, and fetches nothing.

What other readers of such files need stands here, too: what makes Markdown, and what refuses files.
"""

import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from openbook.errors import MissingExtraError
from openbook.text.documents import source_error
from openbook.text.headings import marked_headings
from openbook.text.inline_markup import without_embedded_images
from openbook.text.readers.office_properties import office_title
from openbook.text.readers.source_file import LEAVE_OUT, Item, Keys, ParsedFile, SourceFile, read_whole
from openbook.text.readers.text_files import ONLY_PICTURES, title_of_headings
from openbook.text.readers.word_parts import prepared_word, with_number_signs

_MOST_XML = 16_000_000
"""Bytes of a file's parts; markitdown takes a hundred times as much memory."""
_STYLES = "p.Title => h1:fresh\np[style-name='Title'] => h1:fresh"
"""What mammoth makes of paragraphs, beside its own rules, which know no style Title."""
_OPTIONS = {"style_map": _STYLES, "escape_underscores": False, "escape_asterisks": False}
"""Names are as people wrote them, without a backslash: max_open_files."""
ENCRYPTED = "encrypted; give a copy without a password"
_PASSWORD = "PDFPasswordIncorrect"
_OLDER = b"\xd0\xcf\x11\xe0"
"""What Office's files began with before 2007, and begin with around what is encrypted."""
_TEXT_PART = re.compile(r"\.(?:xml|rels)$|^xl/.*\.bin$")
"""Also sheets of .xlsb."""


def read_office(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a Word file as Markdown; its title is that of its headings, else what it says is its title.

    What Word hides is left out.

    Raises:
        MissingExtraError: markitdown is not installed.
    """
    convert = converter(PurePosixPath(file.name).suffix.lower(), file.path)

    def parse(raw: bytes) -> ParsedFile:
        require_open(raw, file.path)
        require_moderate(raw, file.path)
        markdown = convert(prepared_word(raw))
        text = without_embedded_images(markdown).replace("\f", "\n").replace("\0", "").strip()
        if markdown.strip() and not text:
            raise source_error(file.path, ONLY_PICTURES, option=LEAVE_OUT)
        text = with_number_signs(text)
        title = title_of_headings(text, marked_headings(text)) or office_title(raw)
        return ParsedFile(text=text, said={"title": title})

    return read_whole(file, parse)


def converter(suffix: str, where: str) -> Callable[[bytes], str]:
    """What makes Markdown of the bytes of such a file.

    Args:
        suffix: `.pdf` or `.docx`.
        where: the file's path, for errors.

    Raises:
        MissingExtraError: markitdown is not installed.
    """
    try:
        from markitdown import MissingDependencyException, StreamInfo
        from markitdown.converters import DocxConverter, PdfConverter
    except ImportError as error:
        raise _missing(suffix, where) from error
    for library in ("bs4", "pdfminer"):  # they warn of each font that is odd
        logging.getLogger(library).setLevel(logging.ERROR)
    # One converter, not MarkItDown: that would read what is not a PDF as some other kind of file.
    converters: dict[str, Any] = {".pdf": PdfConverter, ".docx": DocxConverter}

    def convert(raw: bytes) -> str:
        try:
            info = StreamInfo(extension=suffix)
            return str(converters[suffix]().convert(io.BytesIO(raw), info, **_OPTIONS).markdown)
        except MissingDependencyException as error:
            raise _missing(suffix, where) from error
        except Exception as error:  # whatever its libraries stumble over
            if type(error).__name__ == _PASSWORD:  # of pdfminer, which may be missing
                raise source_error(where, ENCRYPTED) from error
            problem = f"not readable as {suffix[1:]}: {str(error) or type(error).__name__}"
            raise source_error(where, problem) from error

    return convert


def require_open(raw: bytes, where: str) -> None:
    """Refuse a file of Word or PowerPoint that has a password, or is of their kind before 2007: no archive.

    Raises:
        SourceError: it is so.
    """
    if raw.startswith(_OLDER):
        raise source_error(
            where, "encrypted, or of an older program; save a copy of today's kind without a password"
        )


def require_moderate(raw: bytes, where: str, *, most: int = _MOST_XML) -> None:
    """Refuse an office file whose parts would take the memory: few bytes can hold thousands of times as many.

    Args:
        raw: the file.
        where: its path.
        most: bytes of text when unpacked.

    Raises:
        SourceError: they are too large.
    """
    try:
        parts = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except Exception:  # noqa: BLE001 - a damaged archive raises many things: as the converter will say
        return
    text = sum(part.file_size for part in parts if _TEXT_PART.search(part.filename))
    rest = sum(part.file_size for part in parts) - text
    for kind, size, limit in (("text", text, most), ("pictures", rest, 4 * len(raw) + _MOST_XML)):
        if size > limit:
            problem = f"{size / 1e6:,.0f} MB of {kind} when unpacked, {limit / 1e6:,.0f} are read"
            raise source_error(where, f"{problem}; split it, or save it as plain text")


def _missing(suffix: str, where: str) -> MissingExtraError:
    return MissingExtraError(
        f"{where}: {suffix} files are read with markitdown; pip install 'openbook[documents]'"
    )
