"""What office files say beside their text: titles."""

import html
import io
import re
import zipfile
from contextlib import suppress
from typing import Any

_ABOUT = ("docprops/core.xml", "meta.xml")
"""The parts that say what Microsoft's and OpenDocument's files are called."""
_TITLE = re.compile(r"<dc:title\b[^>]*>([^<]*)</dc:title>")
_USELESS = re.compile(
    r"(?:microsoft (?:office )?(?:word|powerpoint|excel)\b.*|untitled.*|unbenannt.*|(?:no )?title"
    r"|(?:word|powerpoint) (?:document|presentation)|powerpoint-präsentation|présentation powerpoint"
    r"|presentación de powerpoint|(?:document|dokument|presentation|slide)\s*\d*|\(.*\)"
    r"|.*\.(?:docx?|pdf|pptx?|xlsx?|od[tps]|rtf|txt|tex|dvi|e?ps|html?|md|indd|qxd|pages|wpd|fm|p65|cdr|ai))",
    re.IGNORECASE | re.DOTALL,
)
"""What programs write by themselves, and names of files."""


def useful_title(title: str) -> str:
    """The title on one line; empty if it is one that programs write, or a file's name.

    >>> useful_title(" Annual\\n report "), useful_title("Microsoft Word - x.docx"), useful_title("x.tex")
    ('Annual report', '', '')
    """
    title = " ".join(title.replace("\0", "").split())
    return "" if _USELESS.fullmatch(title) else title


def office_title(raw: bytes) -> str:
    """The title that a file of Word, Excel or LibreOffice says it has; empty: none that is of use."""
    with suppress(Exception):  # the text is there; that a title is missing is all that can be missed
        archive = zipfile.ZipFile(io.BytesIO(raw))
        for name in archive.namelist():
            if name.lower() in _ABOUT and (match := _TITLE.search(archive.read(name).decode())):
                return useful_title(html.unescape(match[1]))
    return ""


def pdf_title(raw: bytes) -> str:
    """The title that a PDF says it has; empty: none that is of use."""
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfparser import PDFParser
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    with suppress(Exception):  # as of a Word file
        for said in PDFDocument(PDFParser(io.BytesIO(raw))).info:
            title: Any = resolve1(said.get("Title", b""))
            if isinstance(title, bytes) and (found := useful_title(decode_text(title))):
                return found
    return ""
