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
from openbook.text.headings import headings
from openbook.text.sources import Omissions
from slides_file import (
    diagram,
    frame,
    group,
    picture,
    pptx,
    relations,
    shape,
    slide,
    table,
    two_forms,
)

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


def test_only_titles_begin_with_number_signs(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.pptx", pptx(slide(shape("As root:\n# yum install x_y")))))
    assert (document.text, document.title) == ("As root:\n # yum install x_y", "a")
    (document,), _ = read_all(write("n.pptx", pptx(slide(shape("Text"), notes="Say:\n# yum install x_y"))))
    assert document.text == "Text\n\nNotes: Say:\n # yum install x_y"
    assert headings(document.text, source=document.source) == []


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
        data.add_series("sold", (2.5, 1234567))
        chart = filled.shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, 9, 9, data).chart  # type: ignore[attr-defined]
        chart.chart_title.text_frame.text = "Sacks of rye"
        points = XyChartData()
        points.add_series("points").add_data_point(1, 2)
        filled.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, 0, 99, 9, 9, points)  # type: ignore[attr-defined]

    (document,), errors = read_all(write("a.pptx", _made_by_the_library(fill)))
    assert document.text == (
        "# Rye\n\nSacks of rye\n\n|  | ground | sold |\n| --- | --- | --- |\n"
        "| spring | 3 | 2.5 |\n| fall |  | 1234567 |\n\n|  | points |\n| --- | --- |\n| 1 | 2 |"
    )
    assert (document.title, errors) == ("Rye", [])


_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def _point(name: str, word: str, kind: str = "node") -> str:
    words = f"<d:t><a:p><a:r><a:t>{word}</a:t></a:r></a:p></d:t>" if word else ""
    return f'<d:pt modelId="{name}" type="{kind}">{words}</d:pt>'


def _link(parent: str, child: str, order: int, kind: str = "") -> str:
    said = f' type="{kind}"' if kind else ""
    return f'<d:cxn srcId="{parent}" destId="{child}" srcOrd="{order}"{said}/>'


def test_the_words_of_a_diagram_are_read_in_their_order(write: Write, read_all: ReadAll) -> None:
    """SmartArt: the slide only refers to the part that says them, in the order in which they were written."""
    points = (
        _point("5", "Alone"),
        _point("4", "Sell"),
        _point("1", "", "doc"),
        _point("2", "Grind"),
        _point("3", "Finely"),
        _point("6", "", "pres"),
    )
    links = (
        _link("1", "4", 1),
        _link("1", "2", 0),
        _link("2", "3", 0, "parOf"),
        _link("3", "2", 0),  # a circle
        _link("1", "5", 0, "presOf"),
    )
    names = f'xmlns:d="{_DIAGRAM}" xmlns:a="{_DRAWING}"'
    data = f"<d:x {names}><d:l>{''.join(points)}</d:l><d:l>{''.join(links)}</d:l></d:x>"
    more = {
        "ppt/slides/_rels/slide1.xml.rels": relations(d1="../diagrams/data1.xml"),
        "ppt/diagrams/data1.xml": data,
    }
    (document,), errors = read_all(write("a.pptx", pptx(slide(diagram("d1")), **more)))
    assert (document.text, errors) == ("Grind\nFinely\nSell\nAlone", [])


_EQUATION = (
    '<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" xmlns:m="http://schemas.'
    'openxmlformats.org/officeDocument/2006/math"><m:oMath><m:r><m:t>E=m</m:t></m:r><m:sSup><m:e><m:r><m:t>c'
    "</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></a14:m>"
)


def _with_equation(text: str, **about: str) -> str:
    """A box whose first paragraph ends with an equation."""
    return shape(text, **about).replace("</a:p>", f"{_EQUATION}</a:p>", 1)  # type: ignore[arg-type]


def test_what_stands_in_two_forms_is_read_once(write: Write, read_all: ReadAll) -> None:
    """As PowerPoint writes boxes with equations: the older form is a picture of them."""
    slides = (
        slide(
            two_forms(_with_equation("Energy ", placeholder="title"), shape(" ", placeholder="title")),
            two_forms(shape("Newer."), shape("Older.")),
            group(two_forms(_with_equation("is "), picture(""))),
            two_forms(shape(" "), shape("Only the older.")),
            two_forms(two_forms(shape("Inner."), ""), ""),
            two_forms("", ""),
        ),
    )
    (document,), errors = read_all(write("a.pptx", pptx(*slides)))
    assert document.text == "# Energy E=mc^2\n\nNewer.\n\nis E=mc^2\n\nOnly the older.\n\nInner."
    assert (document.title, errors) == ("Energy E=mc^2", [])
    path = write("a.pptx", pptx(slide(shape("Mill")), slide(two_forms(picture(""), picture("a wheel")))))
    assert read_all(path)[0][0].text == "Mill\n\na wheel"


def test_equations_of_tables_and_notes_are_read(write: Write, read_all: ReadAll) -> None:
    content, notes = slide(table(["is "]), notes="Say ")
    pair = (content.replace("</a:p>", f"{_EQUATION}</a:p>"), notes.replace("</a:p>", f"{_EQUATION}</a:p>"))
    (document,), _ = read_all(write("a.pptx", pptx(pair)))
    assert document.text == "| is E=mc^2 |\n| --- |\n\nNotes: Say E=mc^2"


_INK = (
    '<p:contentPart r:id="i1"><p:nvContentPartPr><p:cNvPr id="4" name="Ink"/></p:nvContentPartPr>'
    "</p:contentPart>"
)


def test_what_cannot_be_read_is_said_and_the_rest_is_read(write: Write) -> None:
    slides = (
        slide(shape("One."), diagram("missing", description="Three steps of mending")),
        slide(shape("Two."), _INK),
        slide(shape("Three.")),
        slide(shape("Four."), two_forms(_INK, picture(""))),
        slide(shape("Five."), frame("presentationml/2006/ole", "<p:oleObj/>")),
        slide(shape("Six."), diagram("damaged")),
        slide(diagram("missing"), show="0"),
    )
    damaged_part = {
        "ppt/slides/_rels/slide2.xml.rels": relations(damaged="../diagrams/data1.xml"),  # of the sixth
        "ppt/diagrams/data1.xml": "<d:x",
    }
    path = write("a.pptx", pptx(*slides, **damaged_part))
    omissions = Omissions()
    (document,) = read_documents(str(path), omissions=omissions)
    assert isinstance(document, Document)
    assert document.text == "One.\n\nThree steps of mending\n\nTwo.\n\nThree.\n\nFour.\n\nFive.\n\nSix."
    problem = "5 of 7 slides show ink, or a chart or another object, that cannot be read (1-2, 4-6)"
    assert omissions.parts == [f"{path}: {problem}"]


def test_slides_of_nothing_that_can_be_read_are_refused(write: Write, read_all: ReadAll) -> None:
    path = write("a.pptx", pptx(slide(picture("")), slide(_INK)))
    documents, (error,) = read_all(path)
    assert documents == []
    assert error == (
        f"{path}: 1 of 2 slides shows pictures, but holds no text (1): what they show is not read; "
        "1 of 2 slides shows ink, or a chart or another object, that cannot be read (2)"
    )


_NEWER_CHART = "http://schemas.microsoft.com/office/drawing/2014/chartex"


def test_newer_charts_are_their_numbers(write: Write, read_all: ReadAll) -> None:
    chart = frame(_NEWER_CHART, f'<cx:chart xmlns:cx="{_NEWER_CHART}" r:id="c1"/>')
    data = (
        '<cx:data id="0"><cx:strDim type="cat"><cx:lvl ptCount="2"><cx:pt idx="0">spring</cx:pt>'
        '<cx:pt idx="1">fall</cx:pt></cx:lvl></cx:strDim><cx:numDim type="val"><cx:lvl ptCount="2">'
        '<cx:pt idx="0">1234567</cx:pt><cx:pt idx="1">-3</cx:pt></cx:lvl></cx:numDim></cx:data>'
    )
    title = "<cx:title><cx:tx><cx:txData><cx:v>Sacks</cx:v></cx:txData></cx:tx></cx:title>"
    name = "<cx:tx><cx:txData><cx:f>A1</cx:f><cx:v>rye</cx:v></cx:txData></cx:tx>"
    space = (
        f'<cx:chartSpace xmlns:cx="{_NEWER_CHART}"><cx:chartData>{data}</cx:chartData><cx:chart>{title}'
        f'<cx:series>{name}<cx:dataId val="0"/></cx:series></cx:chart></cx:chartSpace>'
    )
    more = {
        "ppt/slides/_rels/slide1.xml.rels": relations(c1="../charts/chartEx1.xml"),
        "ppt/charts/chartEx1.xml": space,
    }
    content = pptx(slide(two_forms(chart, shape("This chart isn't available."))), **more)
    (document,), errors = read_all(write("a.pptx", content))
    assert document.text == "Sacks\n\n|  | rye |\n| --- | --- |\n| spring | 1234567 |\n| fall | -3 |"
    assert errors == []


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
