"""Workbooks: .xlsx, .xlsm, .xls, .xlsb and .ods files, through python-calamine (the extra `documents`).

# Contacts                                          the name of a sheet that is seen

Name: Anna; Phone: 030 1234; Born: 1985-03-01       a row, see `sheet_text.py`

The cells come from a program of its own, see `workbook_cells.py`.
"""

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from openbook.errors import MissingExtraError, SourceError
from openbook.phrases import counted
from openbook.text.documents import source_error
from openbook.text.readers import workbook_cells
from openbook.text.readers.office import ENCRYPTED, require_moderate
from openbook.text.readers.office_properties import office_title
from openbook.text.readers.sheet_text import Sheet, sheet_text
from openbook.text.readers.source_file import Item, Keys, ParsedFile, SourceFile, read_whole

_MOST_XML = 256_000_000
"""Bytes of a workbook's parts: some million cells."""
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_NOT_COMPUTED = re.compile(
    rb"<c\b(?:(?!\bt=)[^>])*><f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v>\s*</v>|<v\s*/>)?\s*</c>"
)
"""Cells with a formula and no value, which programs that do not compute write; an empty text has a type."""
_NO_MEMORY = (b"memory allocation of", b"MemoryError")
"""What stands among the last words of a process that had too little."""
_REMEDY = "open it in its program and save it again"


def read_workbook(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read a workbook as Markdown; its title is the file's own, else its name.

    Hidden sheets and charts are left out.

    Raises:
        MissingExtraError: python-calamine is not installed.
    """
    suffix = PurePosixPath(file.name).suffix.lower()
    try:
        import python_calamine  # noqa: F401
    except ImportError as error:
        message = (
            f"{file.path}: {suffix} files are read with python-calamine; pip install 'openbook[documents]'"
        )
        raise MissingExtraError(message) from error

    def parse(raw: bytes) -> ParsedFile:
        require_moderate(raw, file.path, most=_MOST_XML)
        texts = [text for sheet in _sheets(raw, file.path, suffix) if (text := sheet_text(sheet))]
        omission = ""
        if count := _not_computed(raw):
            values = "has no value" if count == 1 else "have no values"
            omission = f"{counted(count, 'formula')} {values}, as no program computed them: "
            omission += "open it in one and save it"
        return ParsedFile(text="\n\n".join(texts), said={"title": office_title(raw)}, omission=omission)

    return read_whole(file, parse)


def _sheets(raw: bytes, where: str, suffix: str) -> Iterator[Sheet]:
    """Those of a workbook that are seen, one by one.

    Raises:
        SourceError: it cannot be read.
    """
    # -P: beside the program lie modules that are called as some of Python are.
    command = [sys.executable, "-P", str(Path(workbook_cells.__file__)), suffix]
    done = subprocess.run(command, input=raw, capture_output=True, check=False)
    if any(words in done.stderr for words in _NO_MEMORY):
        problem = "too large, or its cells lie too far apart: delete what stands far below or right"
        raise source_error(where, f"{problem}, or split it")
    sheet, column = None, 0
    for written in io.BytesIO(done.stdout):
        line: Any = json.loads(written) if written.endswith(b"\n") else None
        if isinstance(line, list) and sheet is not None:
            sheet.add(line[0], line[1], column=column)
        elif isinstance(line, dict):
            if "error" in line:
                raise _error(line, where, suffix)
            if sheet is not None:
                yield sheet
            merged = [((top, left), (bottom, right)) for (top, left), (bottom, right) in line["merged"]]
            sheet, column = Sheet(name=line["sheet"], merged=merged), line["column"]
    if done.returncode != 0:
        raise _error({"error": "its cells cannot be read"}, where, suffix)
    if sheet is not None:
        yield sheet


def _error(line: dict[str, Any], where: str, suffix: str) -> SourceError:
    if line.get("is_encrypted"):
        return source_error(where, ENCRYPTED)
    return source_error(where, f"not readable as {suffix[1:]}: {line['error']}; {_REMEDY}")


def _not_computed(raw: bytes) -> int:
    """How many formulas have no value, where that can be told."""
    count = 0
    with suppress(Exception):  # the text is there; that some is missing is all that can be missed
        archive = zipfile.ZipFile(io.BytesIO(raw))
        for name in archive.namelist():
            if _SHEET.fullmatch(name):
                count += sum(1 for _ in _NOT_COMPUTED.finditer(archive.read(name)))
    return count
