"""E-books, made here file by file."""

import io
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from damaged_files import damaged
from openbook.text import Document, read_documents
from openbook.text.sources import Omissions

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

_PAGE = "application/xhtml+xml"
_CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="other.pdf" media-type="application/pdf"/>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    "</container>"
)
_ENCRYPTED = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/'
    'xmlenc#"><enc:EncryptedData><enc:EncryptionMethod Algorithm="a"/><enc:CipherData>'
    '<enc:CipherReference URI="{}"/></enc:CipherData></enc:EncryptedData></encryption>'
)


def page(body: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>{head}</head>'
        f"<body>{body}</body></html>"
    )


def item(identity: str, href: str, kind: str = _PAGE, more: str = "") -> str:
    return f'<item id="{identity}" href="{href}" media-type="{kind}" {more}/>'


def opf(items: str, spine: str, metadata: str = "", more: str = "") -> str:
    references = "".join(f'<itemref idref="{each}"/>' for each in spine.split())
    return (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
        f"<manifest>{items}</manifest><spine>{references}</spine>{more}</package>"
    )


def epub(package: str, **files: str | bytes) -> bytes:
    """An e-book; the files' names are below OEBPS, `ch1` is `ch1.xhtml`."""
    held: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/content.opf": package,
    }
    held |= {name if "/" in name else f"OEBPS/{name}.xhtml": content for name, content in files.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return buffer.getvalue()


_ONE = opf(item("a", "ch1.xhtml"), "a")
_TWO = opf(item("b", "ch2.xhtml") + item("a", "ch1.xhtml"), "a b")


def test_a_book_is_its_pages_in_reading_order(write: Write, read_all: ReadAll) -> None:
    metadata = "<dc:title>\n The <!-- x -->Mill &amp; its wheel </dc:title><dc:title>Second</dc:title>"
    metadata += "<dc:language>en-GB</dc:language>"
    package = _TWO.replace("</metadata>", f"{metadata}</metadata>")
    path = write(
        "a.epub", epub(package, ch2=page("<p>It turns.</p>"), ch1=page("<h1>Mill</h1><p>It grinds.</p>"))
    )
    expected = Document(
        text="# Mill\nIt grinds.\n\nIt turns.",
        id="a.epub",
        title="The Mill & its wheel",
        source=str(path),
        language="en-GB",
    )
    assert read_all(path) == ([expected], [])


@pytest.mark.parametrize(
    "metadata", ["", "<dc:title> </dc:title><dc:language>und</dc:language>", "<dc:title>Untitled</dc:title>"]
)
def test_a_book_that_does_not_say_its_title_has_its_name(
    write: Write, read_all: ReadAll, metadata: str
) -> None:
    package = opf(item("a", "ch1.xhtml"), "a", metadata)
    (document,), _ = read_all(write("tides.epub", epub(package, ch1=page("Text."))))
    assert (document.title, document.language) == ("tides", None)


def test_sections_of_pages_are_letters(write: Write, read_all: ReadAll) -> None:
    listing = "<pre><![CDATA[if (a < b && c > d) { }]]></pre>"
    (document,), errors = read_all(write("a.epub", epub(_ONE, ch1=page(listing))))
    assert (document.text, errors) == ("if (a < b && c > d) { }", [])


def test_pages_are_read_as_web_pages_are(write: Write, read_all: ReadAll) -> None:
    body = '<nav>menu</nav><p style="display: none">hidden</p><script>x</script><a id="p1"/><p>Seen.</p>'
    (document,), _ = read_all(write("a.epub", epub(_ONE, ch1=page(body, '<meta charset="utf-8"/>'))))
    assert document.text == "Seen."


def test_tables_of_contents_are_left_out(write: Write, read_all: ReadAll) -> None:
    items = item("n", "nav.xhtml", more='properties="scripted nav"') + item("t", "toc.xhtml")
    guide = (
        '<guide><reference type="toc" href="toc.xhtml#top"/><reference type="text" href="ch1.xhtml"/></guide>'
    )
    package = opf(items + item("a", "ch1.xhtml"), "n t a", more=guide)
    nav = page('<h1>The mill</h1><nav epub:type="toc"><ol><li><a href="ch1.xhtml">One</a></li></ol></nav>')
    lines = "".join(
        f'<p>Chapter <a href="ch1.xhtml#p{number}">How to mend a wheel</a> {number}</p>'
        for number in range(9)
    )
    toc = page(f'<div class="sgc-toc-title">Table of Contents</div>{lines}')
    (document,), _ = read_all(write("a.epub", epub(package, ch1=page("One."), nav=nav, toc=toc)))
    assert document.text == "One."
    package = opf(item("n", "nav.xhtml", more='properties="nav"'), "n")
    (document,), _ = read_all(write("a.epub", epub(package, nav=page("All on one page."))))
    assert document.text == "All on one page."


def test_a_page_with_more_than_the_contents_is_read(write: Write, read_all: ReadAll) -> None:
    items = item("n", "nav.xhtml", more='properties="nav"') + item("a", "ch1.xhtml")
    guide = '<guide><reference type="toc" href="ch1.xhtml#toc"/></guide>'
    nav = '<h1>Foreword</h1><p>It stood.</p><nav epub:type="toc"><ol><li>One</li></ol></nav>'
    body = '<p>The mill was built in 1873, by Odo.</p><h2 id="toc">Contents</h2><p><a href="#c1">One</a></p>'
    files = {"nav": page(nav), "ch1": page(body), "ch2": page("Two.")}
    package = opf(items + item("b", "ch2.xhtml"), "n a b", more=guide)
    (document,), _ = read_all(write("a.epub", epub(package, **files)))
    built = "The mill was built in 1873, by Odo.\n## Contents\nOne"
    assert document.text == f"# Foreword\nIt stood.\n\n{built}\n\nTwo."


def test_a_book_of_short_lines_on_one_page_with_its_contents_is_read(write: Write, read_all: ReadAll) -> None:
    guide = '<guide><reference type="toc" href="ch1.xhtml#toc"/></guide>'
    package = opf(item("c", "cover.xhtml") + item("a", "ch1.xhtml"), "c a", more=guide)
    body = '<h1>Songs</h1><p><a href="#s1">One</a></p>' + "<p>It turns.</p>" * 9
    (document,), _ = read_all(write("a.epub", epub(package, cover=page("Cover"), ch1=page(body))))
    assert document.text == "Cover\n\n# Songs\nOne" + "\nIt turns." * 9


def test_a_damaged_table_of_contents_is_left_out(write: Write, read_all: ReadAll) -> None:
    items = item("n", "nav.xhtml", more='properties="nav"') + item("a", "ch1.xhtml")
    items += item("m", "missing.xhtml", more='properties="nav"')
    for nav in (b"<p>\xef\xbb\xbf\xff", "<div>" * 6_000):
        content = epub(opf(items, "n a"), nav=nav, ch1=page("One."))
        (document,), errors = read_all(write("a.epub", content))
        assert (document.text, errors) == ("One.", [])


def test_notes_boxes_and_footers_of_a_book_are_its_text(write: Write, read_all: ReadAll) -> None:
    body = (
        '<main><p>It grinds.<a epub:type="noteref" href="#n1">1</a></p></main><article>A box.</article>'
        '<aside epub:type="footnote" id="n1">1. Corn.</aside><div><aside>2. Rye.</aside></div>'
        '<nav>menu</nav><footer>Set in Garamond.</footer><div role="contentinfo">Printed in Ely.</div>'
    )
    (document,), _ = read_all(write("a.epub", epub(_ONE, ch1=page(body))))
    assert document.text == ("It grinds.1\nA box.\n1. Corn.\n2. Rye.\nSet in Garamond.\nPrinted in Ely.")


def test_references_are_decoded_and_each_page_is_read_once(write: Write, read_all: ReadAll) -> None:
    items = item("a", "the%20mill/gr%C3%B6%C3%9Fe.xhtml#p2") + item("c", "100%25.htm")
    items += item("d", "a%20b.xhtml", kind="") + item("e", "pic.svg", kind="image/svg+xml")
    files = {
        "OEBPS/the mill/größe.xhtml": page("One."),
        "OEBPS/100%.htm": page("Three."),
        "OEBPS/a%20b.xhtml": page("Four."),
        "OEBPS/pic.svg": "<svg/>",
    }
    content = epub(opf(items, "a c d e a"), **files)
    (document,), errors = read_all(write("a.epub", content))
    assert (document.text, errors) == ("One.\n\nThree.\n\nFour.", [])


def test_no_path_leaves_the_archive(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *args, **kwargs: pytest.fail("opened a connection"))
    write("secret.xhtml", page("secret"))
    outside = (
        "../../secret.xhtml",
        f"{tmp_path}/secret.xhtml",
        f"file://{tmp_path}/secret.xhtml",
        "http://x/a.htm",
    )
    items = "".join(item(f"i{number}", href) for number, href in enumerate(outside))
    write("a.epub", epub(opf(items + item("a", "ch1.xhtml"), "i0 i1 i2 i3 a"), ch1=page("Text.")))
    omissions = Omissions()
    (document,) = read_documents(str(tmp_path / "a.epub"), omissions=omissions)
    assert isinstance(document, Document)
    assert document.text == "Text."
    (line,) = omissions.parts
    assert line.startswith(f"{tmp_path}/a.epub: 4 pages of 5 missing in it: ../secret.xhtml, ")
    assert line.endswith(", …")


def test_encrypted_pages_are_refused(write: Write, read_all: ReadAll) -> None:
    files: dict[str, str | bytes] = {"ch1": b"\x8f\x02\x11", "ch2": page("Text.")}
    files["META-INF/encryption.xml"] = _ENCRYPTED.format("OEBPS/ch1.xhtml")
    path = write("a.epub", epub(_TWO, **files))
    problem = "1 of 2 pages is encrypted (DRM); give a copy without, or leave it out: --on-error skip"
    assert read_all(path) == ([], [f"{path}: {problem}"])


def test_fonts_may_be_encrypted(write: Write, read_all: ReadAll) -> None:
    encryption = {"META-INF/encryption.xml": _ENCRYPTED.format("OEBPS/font.otf"), "OEBPS/font.otf": b"\x8f"}
    (document,), errors = read_all(write("a.epub", epub(_ONE, ch1=page("Text."), **encryption)))
    assert (document.text, errors) == ("Text.", [])


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(write: Write, read_all: ReadAll) -> None:
    path = write("a.epub", epub(_ONE, ch1=b" " * 17_000_000))
    assert path.stat().st_size < 100_000
    problem = "17 MB of text when unpacked, 16 are read; split it, or leave it out: --on-error skip"
    assert read_all(path) == ([], [f"{path}: {problem}"])
    path = write("b.epub", epub(_ONE + " " * 5_000_000, ch1=page("Text.")))
    problem = "not readable as epub: OEBPS/content.opf has 5 MB, 4 are read"
    assert read_all(path) == ([], [f"{path}: {problem}, or leave it out: --on-error skip"])
    pictures = {"OEBPS/picture.bmp": bytes(17_000_000)}
    assert read_all(write("c.epub", epub(_ONE, ch1=page("Text."), **pictures)))[0][0].text == "Text."


def test_entities_are_not_expanded(write: Write, read_all: ReadAll, tmp_path: Path) -> None:
    write("secret.txt", "secret")
    laughs = '<!ENTITY a "ha"><!ENTITY b "&a;&a;">'
    for entities in (laughs, f'<!ENTITY b SYSTEM "file://{tmp_path}/secret.txt">', '<!ENTITY % b "ha">'):
        package = opf(item("a", "ch1.xhtml"), "a", "<dc:title>&b;</dc:title>")
        package = package.replace("<package", f"<!DOCTYPE package [{entities}]><package", 1)
        path = write("a.epub", epub(package, ch1=page("Text.")))
        documents, (error,) = read_all(path)
        assert documents == []
        assert error.startswith(f"{path}: not readable as epub: its XML declares the entity ")
    body = page("<p>&b; &eacute;</p>").replace("<html", f"<!DOCTYPE html [{laughs}]><html", 1)
    (document,), _ = read_all(write("a.epub", epub(_ONE, ch1=body)))
    assert document.text.endswith("&b; é")


def test_a_page_in_another_encoding_is_read(write: Write, read_all: ReadAll) -> None:
    content = page("Größe").replace('version="1.0"', 'version="1.0" encoding="utf-16"')
    (document,), _ = read_all(write("a.epub", epub(_ONE, ch1=content.encode("utf-16"))))
    assert document.text == "Größe"


@pytest.mark.parametrize("kind", ["text/xml", "application/xml"])
def test_pages_may_be_called_xml(write: Write, read_all: ReadAll, kind: str) -> None:
    content = epub(opf(item("a", "ch1.xhtml", kind=kind), "a"), ch1=page("<p>Text.</p>"))
    assert read_all(write("a.epub", content))[0][0].text == "Text."


def _without(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for each in ("META-INF/container.xml", "OEBPS/content.opf", "OEBPS/ch1.xhtml"):
            if each != name:
                archive.writestr(each, _CONTAINER if "container" in each else _ONE)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not readable as epub: File is not a zip file"),
        (b"hello", "not readable as epub: File is not a zip file"),
        (epub(_ONE, ch1=page("x"))[:-60], "not readable as epub: "),
        (_without("META-INF/container.xml"), "not readable as epub: META-INF/container.xml is missing in it"),
        (_without("OEBPS/content.opf"), "not readable as epub: OEBPS/content.opf is missing in it"),
        (_without("OEBPS/ch1.xhtml"), "1 page of 1 missing in it: OEBPS/ch1.xhtml"),
        (epub("<package>"), "not readable as epub: "),
        (epub("<package/>"), "the text is empty"),
        (epub(_ONE, ch1=page("<img/>")), "the text is empty"),
        (
            epub(opf(item("a", "ch1.xhtml") + item("b", "1.png", kind="image/png"), "a"), ch1=page("<img/>")),
            "it shows pictures, but holds no text: what they show is not read, or leave it out",
        ),
        (
            epub(_ONE, ch1=b"<p>\xef\xbb\xbf\xff"),
            "not readable as epub: OEBPS/ch1.xhtml is not UTF-8 at byte 6",
        ),
    ],
    ids=range(11),
)
def test_what_is_no_book_or_an_empty_one_says_so(
    write: Write, read_all: ReadAll, content: bytes, problem: str
) -> None:
    path = write("a.epub", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}: {problem}")


@pytest.mark.filterwarnings("ignore:.* missing in it")
def test_changed_bytes_are_documents_or_source_errors(write: Write, read_all: ReadAll) -> None:
    content = epub(_TWO, ch1=page("<p>It grinds.</p>"), ch2=page("<p>It turns.</p>"))
    for changed in damaged(content, count=300):
        documents, errors = read_all(write("a.epub", changed))
        assert len(documents) + len(errors) == 1
