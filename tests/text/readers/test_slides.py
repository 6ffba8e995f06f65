"""PowerPoint files."""

import io
import socket
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from damaged_files import damaged
from openbook.errors import MissingExtraError
from openbook.text import Document, read_documents
from openbook.text.sources import Omissions
from slides_file import group, picture, pptx, shape, slide, table

pytest.importorskip("pptx")

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


def test_slides_are_read_in_order_with_their_notes(write: Write, read_all: ReadAll) -> None:
    first = slide(
        shape("Below.", top=500),
        shape("The\vmill", placeholder="title", top=100),
        shape("It grinds\vrye\nand oats.", top=200, left=50),
        shape("Left.", top=200, left=10),
        notes="Say this.\nThen that.",
    )
    path = write("a.pptx", pptx(first, slide(shape("No title here."))))
    text = (
        "# The mill\n\nLeft.\n\nIt grinds\nrye\nand oats.\n\nBelow.\n\nNotes: Say this.\nThen that.\n\n"
        "No title here."
    )
    expected = Document(text=text, id="a.pptx", title="The mill", source=str(path))
    assert read_all(path) == ([expected], [])


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Annual report", "Annual report"),
        ("PowerPoint Presentation", "Mill"),
        ("PowerPoint-Präsentation", "Mill"),
        ("Présentation PowerPoint", "Mill"),
        ("slides final.pptx", "Mill"),
        ("", "Mill"),
    ],
)
def test_the_title_is_the_files_own_else_that_of_the_first_slide(
    write: Write, read_all: ReadAll, said: str, title: str
) -> None:
    slides = (slide(shape("Text")), slide(shape("Mill", placeholder="ctrTitle")))
    assert read_all(write("a.pptx", pptx(*slides, title=said)))[0][0].title == title
    without = read_all(write("tides.pptx", pptx(slides[0], title=said)))[0][0].title
    assert without == ("tides" if title == "Mill" else title)


def test_what_is_hidden_is_left_out(write: Write, read_all: ReadAll) -> None:
    slides = (
        slide(shape("Hidden", placeholder="title"), shape("not this"), notes="nor this", show="0"),
        slide(
            shape("not this", placeholder="title", hidden=True),
            shape("Seen."),
            shape("nor this", hidden=True),
        ),
        slide(shape("nor this"), show="false"),
    )
    (document,), errors = read_all(write("a.pptx", pptx(*slides)))
    assert (document.text, document.title, errors) == ("Seen.", "a", [])


def test_what_stands_on_each_slide_is_left_out(write: Write, read_all: ReadAll) -> None:
    each = [shape("not this", placeholder=kind) for kind in ("dt", "ftr", "sldNum")]
    (document,), _ = read_all(write("a.pptx", pptx(slide(*each, shape("Seen.", placeholder="body")))))
    assert document.text == "Seen."


def test_groups_and_tables_are_read(write: Write, read_all: ReadAll) -> None:
    grouped = group(shape("Two.", top=20), group(shape("One.", top=10)))
    rows = table(["who", "a|b"], ["Odo", ""], ["", "7"])
    (document,), _ = read_all(write("a.pptx", pptx(slide(grouped, rows))))
    assert document.text == "One.\n\nTwo.\n\n| who | a\\|b |\n| --- | --- |\n| Odo |  |\n|  | 7 |"
    path = write("a.pptx", pptx(slide(table(["", " "]))))
    assert read_all(path) == ([], [f"{path}: the text is empty"])


def test_pictures_leave_their_description_alone(write: Write, read_all: ReadAll) -> None:
    pictures = (picture("a cat"), picture("image7.ai"), picture(""))
    (document,), _ = read_all(write("a.pptx", pptx(slide(*pictures, shape("Text.")))))
    assert document.text == "a cat\n\nText."


def test_slides_that_are_pictures_are_said(write: Write, read_all: ReadAll, tmp_path: Path) -> None:
    slides = [slide(shape("One.")), slide(picture("")), slide(picture("")), slide()]
    path = write("a.pptx", pptx(*slides))
    omissions = Omissions()
    (document,) = read_documents(str(path), omissions=omissions)
    assert isinstance(document, Document)
    assert document.text == "One."
    problem = "show pictures, but hold no text ({}): what they show is not read"
    assert omissions.parts == [f"{path}: 2 of 4 slides {problem.format('2-3')}"]
    assert read_all(write("a.pptx", pptx(*slides[1:]))) == (
        [],
        [f"{path}: 2 of 3 slides {problem.format('1-2')}"],
    )


def _made_by_the_library(fill: Callable[[object], None]) -> bytes:
    import pptx as library

    presentation = library.Presentation()
    fill(presentation.slides.add_slide(presentation.slide_layouts[5]))
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def test_charts_are_their_numbers(write: Write, read_all: ReadAll) -> None:
    from pptx.chart.data import CategoryChartData, XyChartData
    from pptx.enum.chart import XL_CHART_TYPE

    def fill(filled: object) -> None:
        filled.shapes.title.text = "Rye"  # type: ignore[attr-defined]
        data = CategoryChartData()
        data.categories = ["spring", "fall"]
        data.add_series("ground", (3, None))
        data.add_series("sold", (2.5, 1000))
        chart = filled.shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, 9, 9, data).chart  # type: ignore[attr-defined]
        chart.chart_title.text_frame.text = "Sacks of rye"
        points = XyChartData()
        points.add_series("points").add_data_point(1, 2)
        filled.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, 0, 99, 9, 9, points)  # type: ignore[attr-defined]

    (document,), errors = read_all(write("a.pptx", _made_by_the_library(fill)))
    assert document.text.startswith(
        "# Rye\n\nSacks of rye\n\n|  | ground | sold |\n| --- | --- | --- |\n"
        "| spring | 3 | 2.5 |\n| fall |  | 1000 |"
    )
    assert (document.title, errors) == ("Rye", [])


def test_the_words_of_a_diagram_are_read(write: Write, read_all: ReadAll) -> None:
    """SmartArt: the slide only refers to the part that says them."""
    formats = "http://schemas.openxmlformats.org"
    frame = table(["x"])
    start, end = frame.index("<a:graphicData"), frame.index("</a:graphic>")
    reference = f'<dgm:relIds xmlns:dgm="{formats}/drawingml/2006/diagram" r:dm="d1"/>'
    data = f'<a:graphicData uri="{formats}/drawingml/2006/diagram">{reference}</a:graphicData>'
    frame = frame[:start] + data + frame[end:]
    words = "".join(f"<a:p><a:r><a:t>{word}</a:t></a:r></a:p>" for word in ("Grind", "", "Sell"))
    relation = (
        f'<Relationships xmlns="{formats}/package/2006/relationships"><Relationship Id="d1" Type="{formats}'
        '/officeDocument/2006/relationships/diagramData" Target="../diagrams/data1.xml"/></Relationships>'
    )
    more = {
        "ppt/slides/_rels/slide1.xml.rels": relation,
        "ppt/diagrams/data1.xml": f'<d xmlns:a="{formats}/drawingml/2006/main">{words}</d>',
    }
    (document,), errors = read_all(write("a.pptx", pptx(slide(frame), **more)))
    assert (document.text, errors) == ("Grind\nSell", [])


def test_entities_are_not_expanded_and_nothing_is_fetched(
    write: Write, read_all: ReadAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *args, **kwargs: pytest.fail("opened a connection"))
    write("secret.txt", "secret")
    for target in (f"file://{tmp_path}/secret.txt", "http://127.0.0.1:9/x"):
        content, notes = slide(shape("Seen. &x;"))
        content = f'<!DOCTYPE p:sld [<!ENTITY x SYSTEM "{target}">]>{content}'
        documents, errors = read_all(write("a.pptx", pptx((content, notes))))
        assert len(documents) + len(errors) == 1
        assert "secret" not in "".join([*(document.text for document in documents), *errors]).replace(
            str(tmp_path), ""
        )


@pytest.mark.parametrize(
    ("part", "kind"), [("ppt/slides/slide9.xml", "text"), ("ppt/media/image1.bmp", "pictures")]
)
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(
    write: Write, read_all: ReadAll, part: str, kind: str
) -> None:
    path = write("a.pptx", pptx(slide(shape("Text.")), **{part: bytes(20_000_000)}))
    assert path.stat().st_size < 50_000
    assert f"a.pptx: 20 MB of {kind} when unpacked, 16 are read; split it" in read_all(path)[1][0]


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", pptx(slide(shape("x")))[:-40], pptx(("<p:sld>", "")), pptx(("<x/>", ""))],
    ids=range(5),
)
def test_a_damaged_file_is_reported(write: Write, read_all: ReadAll, content: bytes) -> None:
    path = write("a.pptx", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}: not readable as pptx: ")


def test_a_word_file_of_this_name_is_none(write: Write, read_all: ReadAll) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    path = write("a.pptx", buffer.getvalue())
    assert read_all(path)[1][0].startswith(f"{path}: not readable as pptx: ")


def test_changed_bytes_are_documents_or_source_errors(write: Write, read_all: ReadAll) -> None:
    content = pptx(slide(shape("Mill", placeholder="title"), table(["a", "b"]), notes="Say this."))
    for changed in damaged(content, count=150):
        documents, errors = read_all(write("a.pptx", changed))
        assert len(documents) + len(errors) == 1


def test_missing_library_is_reported_with_what_to_install(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pptx", None)
    path = write("a.pptx", b"")
    with pytest.raises(MissingExtraError) as error:
        list(read_documents(str(path), on_error=lambda error: None))
    assert str(error.value) == (
        f"{path}: .pptx files are read with python-pptx; pip install 'openbook[documents]'"
    )
