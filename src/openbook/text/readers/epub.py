"""E-books: EPUB files, their pages in reading order, each read as web pages are.

META-INF/container.xml     where the package is
OEBPS/content.opf          the package: title, language, the manifest (files by ids), the spine (ids in order)
OEBPS/ch1.xhtml            pages

Nothing is unpacked to disk: names are looked up in the archive, and what is not there is missing.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag

from openbook.errors import SourceError
from openbook.phrases import counted, part_of
from openbook.text.documents import source_error
from openbook.text.readers.html import lines_beside, parse_page
from openbook.text.readers.office_properties import useful_title
from openbook.text.readers.page_encoding import decode_page
from openbook.text.readers.source_file import LEAVE_OUT, Item, Keys, ParsedFile, SourceFile, read_whole
from openbook.text.readers.xml_parts import require_no_entities

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PACKAGE = "application/oebps-package+xml"
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document", "text/xml", "application/xml")
_PAGE_ENDINGS = (".xhtml", ".html", ".htm", ".xml")
"""Of pages whose kind is not said."""
_MOST_TEXT, _MOST_XML = 16_000_000, 4_000_000
"""Bytes of all pages, and of what says their order: a few bytes can hold thousands of times as many."""
_NO_LANGUAGE = ("und", "mul", "zxx")
"""What says in place of a language that there is none, or not one."""
_NAMED = 3
_MENUS, _LINKS = "h1, h2, h3, h4, h5, h6, nav", "a[href]"
"""Of a page that leads to the others, what says nothing more; of one without <nav>, the links."""
_LONGEST_LABEL = 20
"""Letters of a line beside the links that may say no more: "Table of Contents", or "Chapter" before each."""


def read_epub(file: SourceFile, keys: Keys) -> Iterator[Item]:
    """Read an e-book; its title and language are those that it says."""
    return read_whole(file, lambda raw: _parse(raw, file.path))


def _parse(raw: bytes, where: str) -> ParsedFile:
    try:
        book = _Book(zipfile.ZipFile(io.BytesIO(raw)), where)
        return book.parsed()
    except SourceError:
        raise
    except Exception as error:  # whatever is wrong with the archive or what stands in it
        problem = f"not readable as epub: {str(error) or type(error).__name__}"
        raise source_error(where, problem, option=LEAVE_OUT) from error


@dataclass(frozen=True, slots=True)
class _Page:
    """What the manifest says of a page of the spine."""

    name: str
    """In the archive."""
    is_nav: bool
    """Whether it holds the menu of the book, maybe with more."""
    is_contents: bool
    """Whether the contents are said to stand on it, maybe with more."""


class _Book:
    """An archive with its package."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self._archive = archive
        self._where = where
        self._names = set(archive.namelist())
        self._package_name = self._find_package()
        self._package = self._xml(self._package_name)

    def parsed(self) -> ParsedFile:
        """The whole book."""
        pages = self._spine()
        self._require_readable(pages)
        missing = [page.name for page in pages if page.name not in self._names]
        self._require_moderate(pages)
        shown = [page for page in pages if not self._only_leads(page)] or pages
        texts = [self._text(page.name) for page in shown if page.name in self._names]
        said = {"title": useful_title(self._said("title")), "language": self._language()}
        omission = ""
        if missing:
            named = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
            omission = f"{counted(len(missing), 'page')} of {len(pages):,} missing in it: {named}"
        if missing and not any(texts):
            raise source_error(self._where, omission, option=LEAVE_OUT)
        if not any(texts) and any(_is_picture(item) for item in self._elements("item")):
            problem = "it shows pictures, but holds no text: what they show is not read"
            raise source_error(self._where, problem, option=LEAVE_OUT)
        return ParsedFile(text="\n\n".join(filter(None, texts)), said=said, omission=omission)

    def _find_package(self) -> str:
        """The name of the package in the archive."""
        roots = self._xml(_CONTAINER).getElementsByTagNameNS("*", "rootfile")
        roots.sort(key=lambda root: root.getAttribute("media-type") != _PACKAGE)
        if not roots:
            raise ValueError(f"{_CONTAINER} names no package")
        return self._resolve(roots[0].getAttribute("full-path"), "")

    def _resolve(self, href: str, folder: str) -> str:
        """The name in the archive that a reference means; such a name if there is none."""
        written = urldefrag(href).url
        names = [posixpath.normpath(posixpath.join(folder, each)) for each in (unquote(written), written)]
        return next((name for name in names if name in self._names), names[0])

    def _spine(self) -> list[_Page]:
        """The pages in reading order, each once."""
        folder = posixpath.dirname(self._package_name)
        items = {item.getAttribute("id"): item for item in self._elements("item")}
        contents = {
            self._resolve(reference.getAttribute("href"), folder)
            for reference in self._elements("reference")
            if reference.getAttribute("type").lower() == "toc"
        }
        pages: dict[str, _Page] = {}
        for reference in self._elements("itemref"):
            item = items.get(reference.getAttribute("idref"))
            if item is None or not _is_page(item):
                continue
            name = self._resolve(item.getAttribute("href"), folder)
            is_nav = "nav" in item.getAttribute("properties").split()
            pages.setdefault(name, _Page(name, is_nav=is_nav, is_contents=name in contents))
        return list(pages.values())

    def _require_readable(self, pages: list[_Page]) -> None:
        """Refuse a book whose pages are encrypted; its fonts may be.

        Raises:
            SourceError: they are.
        """
        if _ENCRYPTION not in self._names:
            return
        references = self._xml(_ENCRYPTION).getElementsByTagNameNS("*", "CipherReference")
        encrypted = {self._resolve(reference.getAttribute("URI"), "") for reference in references}
        count = sum(page.name in encrypted for page in pages)
        if count:
            problem = f"{part_of(count, len(pages), 'page', 'are')} encrypted (DRM); give a copy without"
            raise source_error(self._where, problem, option=LEAVE_OUT)

    def _require_moderate(self, pages: list[_Page]) -> None:
        """Refuse a book whose pages would take the memory.

        Raises:
            SourceError: they are too large.
        """
        size = sum(self._archive.getinfo(page.name).file_size for page in pages if page.name in self._names)
        if size > _MOST_TEXT:
            problem = (
                f"{size / 1e6:,.0f} MB of text when unpacked, {_MOST_TEXT / 1e6:,.0f} are read; split it"
            )
            raise source_error(self._where, problem, option=LEAVE_OUT)

    def _only_leads(self, page: _Page) -> bool:
        """Whether a page leads to the others, and says nothing more."""
        if not page.is_nav and not page.is_contents:
            return False
        try:
            said = self._letters_beside(page.name, _MENUS)
            labels = self._letters_beside(page.name, f"{_MENUS}, {_LINKS}") if page.is_contents else said
        except (SourceError, ValueError, KeyError):  # damaged: no book is refused for what may be left out
            return True
        return max(labels, default=0) <= _LONGEST_LABEL and 2 * sum(labels) <= sum(said)

    def _letters_beside(self, name: str, left_out: str) -> list[int]:
        """How many letters the lines of a page have that stand beside these elements."""
        lines = lines_beside(self._page(name), self._where, left_out=left_out, is_xhtml=True)
        return [sum(map(str.isalpha, line)) for line in lines]

    def _text(self, name: str) -> str:
        where = f"{self._where}: {name}"
        return parse_page(self._page(name), where, is_xhtml=True, of_site=False).text

    def _page(self, name: str) -> str:
        """A page as it is written.

        Raises:
            ValueError: it is in no encoding that pages have.
        """
        try:
            return decode_page(self._archive.read(name))
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} is not UTF-8 at byte {error.start}") from error

    def _said(self, name: str) -> str:
        """What the package says first of this name, one of Dublin Core; empty: nothing."""
        for holder in self._elements("metadata"):
            for element in holder.getElementsByTagNameNS("*", "*"):
                if (element.localName or "").lower() == name and (text := _text_of(element)):
                    return text
        return ""

    def _language(self) -> str:
        language = self._said("language")
        return "" if language.lower() in _NO_LANGUAGE else language

    def _elements(self, name: str) -> "list[Element]":
        return list(self._package.getElementsByTagNameNS("*", name))

    def _xml(self, name: str) -> "Document":
        """A part that is XML.

        Raises:
            ValueError: it is missing, too large, or declares entities, which might be huge or lead elsewhere.
            xml.parsers.expat.ExpatError: it is damaged.
        """
        from xml.dom import minidom

        if name not in self._names:
            raise ValueError(f"{name} is missing in it")
        if (size := self._archive.getinfo(name).file_size) > _MOST_XML:
            raise ValueError(f"{name} has {size / 1e6:,.0f} MB, {_MOST_XML / 1e6:,.0f} are read")
        part = self._archive.read(name)
        require_no_entities(part)
        return minidom.parseString(part)


def _is_page(item: "Element") -> bool:
    kind = item.getAttribute("media-type").lower()
    return kind in _PAGES if kind else item.getAttribute("href").lower().endswith(_PAGE_ENDINGS)


def _is_picture(item: "Element") -> bool:
    return item.getAttribute("media-type").lower().startswith("image/")


def _text_of(element: "Element") -> str:
    texts = (
        child.data
        for child in element.childNodes
        if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE)
    )
    return " ".join("".join(texts).split())
