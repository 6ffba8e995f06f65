"""PDF and Word files, made here byte by byte."""

import io
import random
import socket
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from openbook.errors import MissingExtraError
from openbook.text import Document, read_documents
from openbook.text.headings import headings
from openbook.text.omissions import Omissions

pytest.importorskip("markitdown")

_OFFICE = "http://schemas.openxmlformats.org"
_RELATIONS = f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
_HEADING = '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{}</w:t></w:r></w:p>'
_PARAGRAPH = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
_IMAGE = (
    '<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="p" descr="a cat"/><a:graphic>'
    '<a:graphicData uri="x"><pic:pic><pic:blipFill><a:blip r:{}="rId5"/></pic:blipFill></pic:pic>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
)


def docx(body: str, target: str = "media/i.png", mode: str = "Internal", *, title: str = "") -> bytes:
    """A Word document with this body and title, and one image that it may show."""
    content_types = (
        f'{_OFFICE}/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    )
    spaces = {
        "w": "wordprocessingml/2006/main",
        "r": "officeDocument/2006/relationships",
        "wp": "drawingml/2006/wordprocessingDrawing",
        "a": "drawingml/2006/main",
        "pic": "drawingml/2006/picture",
    }
    names = " ".join(f'xmlns:{short}="{_OFFICE}/{space}"' for short, space in spaces.items())
    relation = '<Relationship Id="{}" Type="' + _OFFICE + '/officeDocument/2006/relationships/{}" Target="{}"'
    files = {
        "[Content_Types].xml": f'<Types xmlns="{content_types}</Types>',
        "_rels/.rels": f"{_RELATIONS}{relation.format('rId1', 'officeDocument', 'word/document.xml')}/>"
        "</Relationships>",
        "word/document.xml": f"<w:document {names}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": f"{_RELATIONS}{relation.format('rId5', 'image', target)} "
        f'TargetMode="{mode}"/></Relationships>',
        "word/media/i.png": "PNG",
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="x" xmlns:dc="y"><dc:title>{title}</dc:title>'
        "</cp:coreProperties>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def pdf(*pages: str | None, title: str = "()") -> bytes:
    """A PDF with this title, and a line of text on each page; a picture on those of None, nothing on ""."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        if text is None:
            stream = "q 200 0 0 100 72 500 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    objects.append(f"<< /Title {title} >>")
    content, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    content += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n"
        f"startxref\n{len(content)}\n%%EOF\n"
    )
    return content.encode()


def test_word_document_is_markdown_with_its_heading_as_title(tmp_path: Path, read_all: Any) -> None:
    path = tmp_path / "report.docx"
    path.write_bytes(docx(_HEADING.format("The Title") + _PARAGRAPH.format("Body &amp; more, é.")))
    expected = Document(
        text="# The Title\n\nBody & more, é.", id="report.docx", title="The Title", source=str(path)
    )
    assert read_all(path) == ([expected], [])


@pytest.mark.parametrize("style", ["Title", "a7"])
def test_a_paragraph_of_the_style_title_is_the_title(tmp_path: Path, read_all: Any, style: str) -> None:
    """Programs of other languages call the style as they like; its name is said with the styles."""
    title = _HEADING.replace("Heading1", style).format("Operations Handbook")
    packed = io.BytesIO(docx(_PARAGRAPH.format("Draft.") + title + _HEADING.format("Pumps"), title="Said"))
    with zipfile.ZipFile(packed, "a") as archive:
        space = f"{_OFFICE}/wordprocessingml/2006/main"
        named = f'<w:style w:type="paragraph" w:styleId="{style}"><w:name w:val="Title"/></w:style>'
        archive.writestr("word/styles.xml", f'<w:styles xmlns:w="{space}">{named}</w:styles>')
    (tmp_path / "a.docx").write_bytes(packed.getvalue())
    (document,), errors = read_all(tmp_path / "a.docx")
    assert (document.text, errors) == ("Draft.\n\n# Operations Handbook\n\n# Pumps", [])
    assert document.title == "Operations Handbook"


def test_pdf_is_its_text_with_its_name_as_title(tmp_path: Path, read_all: Any) -> None:
    path = tmp_path / "Paper.PDF"
    path.write_bytes(pdf("# Hello world of text.", "Second page."))
    (document,), errors = read_all(path)
    assert document.text.split("\n") == ["# Hello world of text.", "", "", "Second page."]
    assert (document.id, document.title, errors) == ("Paper.PDF", "Paper", [])


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Annual &amp; other\n reports", "Annual & other reports"),
        ("Microsoft Word - x.docx", "a"),
        ("untitled", "a"),
        ("Document1", "a"),
        ("report final.DOC", "a"),
        ("Version 1.2", "Version 1.2"),
        ("", "a"),
    ],
)
def test_a_title_that_a_word_file_says_counts_without_a_heading(
    tmp_path: Path, read_all: Any, said: str, title: str
) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(docx(_PARAGRAPH.format("Body."), title=said))
    assert read_all(path)[0][0].title == title
    path.write_bytes(docx(_HEADING.format("Heading") + _PARAGRAPH.format("Body."), title=said))
    assert read_all(path)[0][0].title == "Heading"


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("(Annual report)", "Annual report"),
        ("<feff00470072006f00df0065>", "Große"),
        ("(Microsoft PowerPoint - slides.pptx)", "a"),
        ("(paper.dvi)", "a"),
        ("7", "a"),
        ("9 0 R", "a"),
    ],
)
def test_a_title_that_a_pdf_says_counts(tmp_path: Path, read_all: Any, said: str, title: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("Text.", title=said))
    (document,), errors = read_all(path)
    assert (document.title, errors) == (title, [])


def test_what_word_hides_is_left_out(tmp_path: Path, read_all: Any) -> None:
    run = "<w:r><w:rPr>{}</w:rPr><w:t xml:space='preserve'>{}</w:t></w:r>"
    runs = [
        ("<w:b/>", "Seen "),
        ("<w:b/><w:vanish/>", "not seen "),
        ("<w:vanish w:val='true'/>", "nor this "),
        ("<w:vanish w:val='0'/>", "shown again "),
        ("<w:vanish w:val='false'/>", "and this."),
    ]
    body = "".join(run.format(*each) for each in runs)
    path = tmp_path / "a.docx"
    path.write_bytes(docx(f"<w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>{body}</w:p>"))
    (document,), errors = read_all(path)
    assert (document.text, errors) == ("**Seen** shown again and this.", [])
    path.write_bytes(docx(_PARAGRAPH.format("To vanish, a mule waits.")))
    assert read_all(path)[0][0].text == "To vanish, a mule waits."


def test_names_in_a_word_file_have_no_backslashes(tmp_path: Path, read_all: Any) -> None:
    path = tmp_path / "a.docx"
    words = "Set max_open_files in /etc/acme_server, os_path_join(a*b)."
    path.write_bytes(docx(_HEADING.format("The acme_pump") + _PARAGRAPH.format(words)))
    (document,), _ = read_all(path)
    assert (document.text, document.title) == (f"# The acme_pump\n\n{words}", "The acme_pump")


def test_only_headings_of_a_word_file_begin_with_number_signs(tmp_path: Path, read_all: Any) -> None:
    path = tmp_path / "howto.docx"
    command = _PARAGRAPH.format("# yum install acme_pump")
    path.write_bytes(docx(command + _PARAGRAPH.format("C# #5")))
    (document,), _ = read_all(path)
    assert (document.text, document.title) == (" # yum install acme_pump\n\nC# #5", "howto")
    lines = "<w:p><w:r><w:t>As root:</w:t><w:br/><w:t># ls</w:t></w:r></w:p>"
    path.write_bytes(docx(command + lines + _HEADING.format("# C#")))
    (document,), _ = read_all(path)
    assert document.text == " # yum install acme_pump\n\nAs root:  \n # ls\n\n# # C#"
    found = headings(document.text, source=document.source)
    assert ([each.title for each in found], document.title) == (["# C#"], "# C#")


def test_raised_and_lowered_text_of_a_word_file_has_signs(tmp_path: Path, read_all: Any) -> None:
    run = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"
    aligned = "<w:r><w:rPr><w:vertAlign w:val='{}script'/></w:rPr><w:t>{}</w:t></w:r>"
    power = run.format("10") + aligned.format("super", "-") + aligned.format("super", "3")
    body = [
        power,
        run.format(" of 10"),
        aligned.format("super", "6"),
        run.format(" CO"),
        aligned.format("sub", "2"),
        run.format(", x"),
        aligned.format("sub", "max"),
        run.format(", y"),
        aligned.format("super", "n"),
        aligned.format("super", "+1"),
        "<w:r><w:rPr><w:vanish/><w:vertAlign w:val='superscript'/></w:rPr><w:t>no</w:t></w:r>",
        run.format(" note"),
        aligned.format("super", "*"),
        run.format(" on the 1"),
        aligned.format("super", "st"),
        f"<w:r><w:pict><w:txbxContent><w:p>{power}</w:p></w:txbxContent></w:pict></w:r>",
    ]
    (tmp_path / "a.docx").write_bytes(docx(f"<w:p>{''.join(body)}</w:p>"))
    (document,), _ = read_all(tmp_path / "a.docx")
    assert document.text.splitlines()[0] == "10^-3 of 10^6 CO2, x_max, y^(n+1) note* on the 1st"
    assert document.text.count("10^-3") == 2


def test_pages_that_are_pictures_are_said(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("One.", None, None, "", "Five.", None))
    omissions = Omissions()
    (document,) = read_documents(str(path), omissions=omissions)
    assert document.text.split() == ["One.", "Five."]
    (line,) = omissions.parts
    assert line.startswith(f"{path}: 3 of 6 pages show something, but hold no text (2-3, 6)")
    with pytest.warns(UserWarning, match=r"hold no text \(2-3, 6\)"):
        assert list(read_documents(str(path))) == [document]


def test_a_pdf_of_pictures_alone_says_so(tmp_path: Path, read_all: Any) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(None, None))
    assert "2 of 2 pages show something, but hold no text (1-2)" in read_all(path)[1][0]
    path.write_bytes(pdf("", ""))
    assert read_all(path)[1] == [f"{path}: the text is empty"]


def with_stream(raw: bytes, stream: str) -> bytes:
    """The PDF with this on the page on which an `x` stands."""
    old = b"BT /F1 12 Tf 72 720 Td (x) Tj ET"
    place = raw.index(b"/Length", raw.index(old) - 40)
    length = f"/Length {len(stream)}".encode()
    return raw[:place] + raw[place:].replace(b"/Length 32", length, 1).replace(old, stream.encode(), 1)


def sideways(*lines: str, up: int) -> str:
    """Lines that run up (1) or down (-1) a page."""
    return "\n".join(
        f"BT /F1 12 Tf 0 {up} {-up} 0 {100 + 20 * number} 400 Tm ({line}) Tj ET"
        for number, line in enumerate(lines)
    )


@pytest.mark.parametrize("up", [1, -1])
def test_text_that_runs_sideways_is_said_and_left_out(tmp_path: Path, read_all: Any, up: int) -> None:
    lines = "The mill is old and turns.", "Its wheel is of oak."
    path = tmp_path / "a.pdf"
    path.write_bytes(with_stream(pdf("One.", "x"), sideways(*lines, up=up)))
    omissions = Omissions()
    (document,) = read_documents(str(path), omissions=omissions)
    assert isinstance(document, Document)
    assert "One." in document.text
    assert not {"T", "w"} & set(document.text)
    assert omissions.parts == [f"{path}: page 2: sideways text is not read; turn it and save it again"]
    path.write_bytes(with_stream(pdf("x"), sideways(*lines, up=up)))
    assert read_all(path) == ([], [f"{path}: page 1: sideways text is not read; turn it and save it again"])


def test_letters_below_each_other_are_read_where_they_stand_upright(tmp_path: Path) -> None:
    stream = "\n".join(
        f"BT /F1 12 Tf 72 {720 - 30 * number} Td ({letter}) Tj ET"
        for number, letter in enumerate("ABCDEFGHIJ")
    )
    path = tmp_path / "a.pdf"
    path.write_bytes(with_stream(pdf("x"), stream))
    (document,) = read_documents(str(path))
    assert isinstance(document, Document)
    assert document.text.split() == list("ABCDEFGHIJ")


def test_pages_without_text_are_found_beside_tables_too(tmp_path: Path) -> None:
    """Then the library gives no borders of pages: all are looked at."""
    rows = ["Name Age City", "Otto 12 Rome", "Anna 33 Oslo", "Emil 45 Bern"]
    stream = "\n".join(
        f"BT /F1 12 Tf {72 + 180 * column} {720 - 20 * number} Td ({word}) Tj ET"
        for number, row in enumerate(rows)
        for column, word in enumerate(row.split())
    )
    whole = pdf("x", None)
    table = whole.replace(b"BT /F1 12 Tf 72 720 Td (x) Tj ET", stream.encode())
    path = tmp_path / "a.pdf"
    path.write_bytes(table.replace(b"/Length 32", f"/Length {len(stream)}".encode()))
    omissions = Omissions()
    (document,) = read_documents(str(path), omissions=omissions)
    assert isinstance(document, Document)
    assert "| Otto" in document.text
    assert "1 of 2 pages shows something, but holds no text (2)" in omissions.parts[0]


def test_images_leave_their_description_alone(tmp_path: Path, read_all: Any) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(docx(_PARAGRAPH.format("Text.") + _IMAGE.format("embed")))
    (document,), _ = read_all(path)
    assert document.text == "Text.\n\na cat"


def test_a_document_of_pictures_alone_says_so(tmp_path: Path, read_all: Any) -> None:
    (tmp_path / "a.docx").write_bytes(docx(_IMAGE.format("embed").replace("a cat", "")))
    (tmp_path / "b.txt").write_text("Text.")
    (document,), (error,) = read_all(tmp_path)
    assert document.text == "Text."
    assert error == (
        f"{tmp_path}/a.docx: shows pictures, but holds no text: what they show is not read; say it in words, "
        "or leave it out: --on-error skip"
    )


def test_what_a_document_links_to_is_not_fetched(
    tmp_path: Path, read_all: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *args, **kwargs: pytest.fail("opened a connection"))
    (tmp_path / "secret.txt").write_text("secret")
    for target in ("http://127.0.0.1:9/i.png", f"file://{tmp_path}/secret.txt", "secret.txt"):
        path = tmp_path / "a.docx"
        path.write_bytes(docx(_PARAGRAPH.format("Text.") + _IMAGE.format("link"), target, "External"))
        (document,), _ = read_all(path)
        assert document.text == "Text."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", b"hello"),
        ("a.docx", docx("text")[:-40]),
        ("a.docx", docx("<w:p>").replace(b"</w:body>", b"")),
        ("a.pdf", b"hello"),
        ("a.pdf", pdf("text")[:200]),
        ("a.pdf", b"PK\x03\x04"),
    ],
    ids=range(6),
)
def test_damaged_file_is_reported_and_the_others_are_read(
    tmp_path: Path, read_all: Any, name: str, content: bytes
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / name).write_bytes(content)
    (tmp_path / "docs" / "b.txt").write_text("good")
    documents, (error,) = read_all(tmp_path / "docs")
    assert [document.id for document in documents] == ["docs/b.txt"]
    assert error.startswith(f"{tmp_path}/docs/{name}: not readable as {name[2:]}: ")


def test_a_word_file_of_a_later_zip_version_is_reported(tmp_path: Path, read_all: Any) -> None:
    """The least version that reads it is the byte 6 of each entry of the archive's list."""
    content = bytearray(docx("text"))
    content[content.index(b"PK\x01\x02") + 6] = 99
    (tmp_path / "a.docx").write_bytes(content)
    documents, (error,) = read_all(tmp_path / "a.docx")
    assert documents == []
    assert error == f"{tmp_path}/a.docx: not readable as docx: zip file version 9.9"


@pytest.mark.parametrize(
    ("part", "kind"), [("word/header1.xml", "text"), ("word/media/image1.bmp", "pictures")]
)
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(
    tmp_path: Path, read_all: Any, part: str, kind: str
) -> None:
    packed = io.BytesIO(docx("text"))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, bytes(20_000_000))
    (tmp_path / "a.docx").write_bytes(packed.getvalue())
    assert (tmp_path / "a.docx").stat().st_size < 50_000
    documents, (error,) = read_all(tmp_path / "a.docx")
    assert documents == []
    assert f"a.docx: 20 MB of {kind} when unpacked, 16 are read; split it" in error


@pytest.mark.parametrize(("name", "content"), [("a.docx", docx("")), ("a.pdf", pdf(""))], ids=["docx", "pdf"])
def test_file_without_text_is_reported(tmp_path: Path, read_all: Any, name: str, content: bytes) -> None:
    """As a scanned page is, without recognition of its letters."""
    (tmp_path / name).write_bytes(content)
    assert read_all(tmp_path / name) == ([], [f"{tmp_path}/{name}: the text is empty"])


@pytest.mark.parametrize(("name", "content"), [("a.docx", docx("text")), ("a.pdf", pdf("text"))])
def test_changed_bytes_are_documents_or_source_errors(
    tmp_path: Path, read_all: Any, name: str, content: bytes
) -> None:
    rng = random.Random(0)
    for _ in range(10):
        changed = bytearray(content)
        for _ in range(5):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        (tmp_path / name).write_bytes(changed)
        documents, errors = read_all(tmp_path / name)
        assert len(documents) + len(errors) == 1


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_missing_library_is_reported_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, "markitdown", None)
    (tmp_path / name).write_bytes(b"")
    for source in (tmp_path / name, tmp_path):
        with pytest.raises(MissingExtraError) as error:
            list(read_documents(str(source), on_error=lambda error: None))
        assert str(error.value) == (
            f"{tmp_path}/{name}: {name[1:]} files are read with markitdown; pip install 'openbook[documents]'"
        )


def test_missing_half_of_the_library_is_reported_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `pip install markitdown`, without its own extras."""
    from markitdown.converters import _pdf_converter

    try:
        raise ImportError("pdfminer")
    except ImportError:
        monkeypatch.setattr(_pdf_converter, "_dependency_exc_info", sys.exc_info())
    (tmp_path / "a.pdf").write_bytes(pdf("text"))
    with pytest.raises(MissingExtraError, match=r"openbook\[documents\]"):
        list(read_documents(str(tmp_path)))


def test_encrypted_files_say_what_to_do(tmp_path: Path, read_all: Any) -> None:
    standard = f"/Filter /Standard /V 1 /R 2 /O <{'00' * 32}> /U <{'00' * 32}> /P -4"
    locked = pdf("secret").replace(
        b"/Root 1 0 R", f"/Root 1 0 R /Encrypt << {standard} >> /ID [<00> <00>]".encode()
    )
    for name, content in (("a.pdf", locked), ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))):
        path = tmp_path / name
        path.write_bytes(content)
        _, (error,) = read_all(path)
        assert error.startswith(f"{path}: encrypted") and "without a password" in error
