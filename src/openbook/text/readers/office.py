"""PDF and Word files, through markitdown (the extra `documents`). It is given bytes, and fetches nothing."""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from openbook.errors import MissingExtraError
from openbook.text.documents import source_error
from openbook.text.readers.source_file import Item, Keys, Parse, SourceFile, read_whole
from openbook.text.readers.text_files import markdown_heading

_EMBEDDED_IMAGE = re.compile(r"!\[([^\]\n]*)\]\(data:[^)\n]*\)")


def read_office(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """A document as Markdown; a Word document's title is its first heading.

    Raises:
        MissingExtraError: markitdown is not installed.
    """
    suffix = PurePosixPath(file.name).suffix.lower()
    yield read_whole(file, _converter(suffix, file.path))


def _converter(suffix: str, where: str) -> Parse:
    """From the bytes of such a file to Markdown and a title."""
    try:
        from markitdown import MissingDependencyException, StreamInfo
        from markitdown.converters import DocxConverter, PdfConverter
    except ImportError as error:
        raise _missing(suffix, where) from error
    for library in ("bs4", "pdfminer"):  # they warn of each font that is odd
        logging.getLogger(library).setLevel(logging.ERROR)
    # One converter, not MarkItDown: that would read what is not a PDF as some other kind of file.
    converters: dict[str, Any] = {".pdf": PdfConverter, ".docx": DocxConverter}

    def parse(raw: bytes) -> tuple[str, str]:
        try:
            markdown: str = (
                converters[suffix]().convert(io.BytesIO(raw), StreamInfo(extension=suffix)).markdown
            )
        except MissingDependencyException as error:
            raise _missing(suffix, where) from error
        except Exception as error:  # whatever its libraries stumble over
            problem = f"not readable as {suffix[1:]}: {str(error) or type(error).__name__}"
            raise source_error(where, problem) from error
        text = _EMBEDDED_IMAGE.sub(r"\1", markdown).replace("\f", "\n").strip()
        return text, "" if suffix == ".pdf" else markdown_heading(text)

    return parse


def _missing(suffix: str, where: str) -> MissingExtraError:
    return MissingExtraError(
        f"{where}: {suffix} files are read with markitdown; pip install 'openbook[documents]'"
    )
