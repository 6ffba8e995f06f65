"""Texts of LibreOffice."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from damaged_files import damaged
from openbook.text import Document
from openbook.text.headings import headings
from opendocument_file import box, odp, odt, paragraph, style

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]
TextOf = Callable[..., str]


@pytest.fixture
def text_of(write: Write, read_all: ReadAll) -> TextOf:
    """What is read of a text with this body."""

    def read(body: str, **options: str) -> str:
        (document,), errors = read_all(write("a.odt", odt(body, **options)))
        assert errors == []
        return document.text

    return read


def heading(text: str, level: int) -> str:
    """A heading."""
    return f'<text:h text:outline-level="{level}">{text}</text:h>'


def test_headings_and_paragraphs(write: Write, read_all: ReadAll) -> None:
    body = heading("The mill", 1) + paragraph("It\n grinds<text:s text:c='3'/>rye<text:line-break/>and oats.")
    path = write("a.odt", odt(body + heading("Its <text:span>wheel</text:span>", 2) + paragraph("")))
    text = "# The mill\n\nIt grinds rye\nand oats.\n\n## Its wheel"
    assert read_all(path) == ([Document(text=text, id="a.odt", title="The mill", source=str(path))], [])


def test_the_title_is_the_first_heading_else_what_the_file_says(write: Write, read_all: ReadAll) -> None:
    def title(body: str, **options: str) -> str:
        return read_all(write("tides.odt", odt(body, **options)))[0][0].title

    assert title(heading("Mill", 3), title="Said") == "Mill"
    assert title(paragraph("x"), title="Said &amp; done") == "Said & done"
    assert title(paragraph("x"), title="letter.odt") == "tides"
    named = style("P1", parent="Title")
    assert title(paragraph("x") + paragraph("Big", "P1") + heading("Mill", 1), styles=named) == "Big"


def test_only_headings_begin_with_number_signs(write: Write, read_all: ReadAll) -> None:
    """A line of a shell is neither the title nor a section."""
    path = write("n.odt", odt(paragraph("# apt install x_y") + paragraph("C# #5")))
    (document,), _ = read_all(path)
    assert (document.text, document.title) == (" # apt install x_y\n\nC# #5", "n")
    assert headings(document.text, source=document.source) == []


def test_raised_and_lowered_text_has_signs(text_of: TextOf) -> None:
    def placed(position: str) -> str:
        properties = f'<style:text-properties style:text-position="{position}"/>'
        return f'<style:style style:name="{position[:3]}">{properties}</style:style>'

    def span(text: str, of: str) -> str:
        return f'<text:span text:style-name="{of}">{text}</text:span>'

    styles = "".join(map(placed, ("super 58%", "sub 58%", "33% 58%", "-33% 58%", "0% 100%")))
    power = "10" + span("-", "sup") + span("3", "sup")
    power += f" y{span('n', 'sup')}{span('+1', 'sup')} word{span(',', 'sup')}"
    line = f"{power} 10{span('6', '33%')} x{span('max', 'sub')} 7{span('2', '-33')} 1{span('5', '0% ')} 1"
    text = text_of(paragraph(line + span("st", "sup")), styles=styles)
    assert text == "10^-3 y^(n+1) word, 10^6 x_max 7_2 15 1st"


def test_lists_have_their_marks(text_of: TextOf) -> None:
    def items(*texts: str, more: str = "") -> str:
        inside = "".join(f"<text:list-item>{text}</text:list-item>" for text in texts)
        return f"<text:list{more}>{inside}</text:list>"

    level = '<text:list-level-style-number text:level="1" style:num-format="1"/>'
    numbered = f'<text:list-style style:name="L1">{level}</text:list-style>'
    first = items(
        paragraph("one") + items(paragraph("sub")),
        paragraph("two") + paragraph("more"),
        more=' text:style-name="L1"',
    )
    assert text_of(first, styles=numbered) == "1. one\n  - sub\n2. two\n  more"
    goes_on = items(paragraph("three"), more=' text:style-name="L1" text:continue-numbering="true"')
    assert text_of(first + goes_on, styles=numbered).endswith("\n\n3. three")
    assert text_of(items(paragraph("a"), paragraph("b"))) == "- a\n- b"
    assert text_of(items(heading("Mill", 2))) == "## Mill"


def test_tables_are_those_of_markdown(text_of: TextOf) -> None:
    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell{more}>{text}</table:table-cell>"

    twice = ' table:number-columns-repeated="2"'
    rows = (
        f"<table:table-header-rows>{row(cell(paragraph('who')), cell(paragraph('a|b')))}"
        f"</table:table-header-rows>{row(cell(paragraph('Odo') + paragraph('Lind')), cell(''))}"
        f"{row(cell(paragraph('wide')), '<table:covered-table-cell/>')}"
        f"{row(cell('', twice))}"
    )
    expected = "| who | a\\|b |\n| --- | --- |\n| Odo Lind |  |\n| wide |  |\n|  |  |"
    assert text_of(f"<table:table>{rows}</table:table>") == expected
    many = row(cell(paragraph("x"), ' table:number-columns-repeated="1000000000"'))
    assert text_of(f"<table:table>{many}</table:table>").splitlines()[0] == "|" + " x |" * 1000


def test_notes_stand_below_their_paragraph(text_of: TextOf) -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body>{}</text:note-body></text:note>"
    )
    body = paragraph(f"It{note.format(paragraph('Of iron.') + paragraph('Old.'))} turns.") + paragraph(
        "Next."
    )
    assert text_of(body) == "It[1] turns.\n\n[1] Of iron. Old.\n\nNext."


def test_boxes_and_descriptions_of_pictures_stand_beside(text_of: TextOf) -> None:
    box = f"<draw:frame><draw:text-box>{paragraph('In a box.')}</draw:text-box></draw:frame>"
    frame = "<draw:frame><draw:image/><svg:title>x</svg:title><svg:desc>{}</svg:desc></draw:frame>"
    body = paragraph(f"Here{box}{frame.format('a cat')}{frame.format('image7.ai')} it is.")
    assert text_of(body) == "Here it is.\n\nIn a box.\n\na cat"


@pytest.mark.parametrize(
    "hidden",
    [
        f"<text:tracked-changes><text:deletion>{paragraph('NOT')}</text:deletion></text:tracked-changes>",
        paragraph(f"<office:annotation>{paragraph('NOT')}</office:annotation>"),
        paragraph("NOT", "hides"),
        paragraph("NOT", "inherits"),
        paragraph('<text:span text:style-name="inherits">NOT</text:span>'),
        paragraph('NOT<text:hidden-paragraph text:is-hidden="true"/>'),
        paragraph('<text:hidden-text text:is-hidden="true">NOT</text:hidden-text>'),
        f'<text:section text:display="none">{paragraph("NOT")}</text:section>',
        f'<text:section text:display="condition" text:is-hidden="true">{paragraph("NOT")}</text:section>',
        f"<text:table-of-content><text:index-body>{paragraph('NOT')}</text:index-body></text:table-of-content>",
        paragraph("<text:ruby><text:ruby-base/><text:ruby-text>NOT</text:ruby-text></text:ruby>"),
    ],
    ids=range(11),
)
def test_what_is_not_seen_is_left_out(text_of: TextOf, hidden: str) -> None:
    named = style("hides", shows="none") + style("inherits", parent="hides")
    assert text_of(paragraph("Seen.") + hidden + paragraph("Too."), named_styles=named) == "Seen.\n\nToo."


def test_what_is_shown_is_read(text_of: TextOf) -> None:
    named = style("hides", shows="none") + style("shows", parent="hides", shows="true")
    body = (
        paragraph("One.", "shows")
        + f'<text:section text:display="condition">{paragraph("Two.")}</text:section>'
    )
    body += paragraph('Three.<text:hidden-paragraph text:is-hidden="false"/>') + paragraph("Four.", "circle")
    circle = style("circle", parent="ring") + style("ring", parent="circle")
    assert text_of(body, named_styles=named + circle) == "One.\n\nTwo.\n\nThree.\n\nFour."


def test_entities_are_not_expanded_and_nothing_is_fetched(
    write: Write, read_all: ReadAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *args, **kwargs: pytest.fail("opened a connection"))
    write("secret.txt", "secret")
    for entity in (f'SYSTEM "file://{tmp_path}/secret.txt"', 'SYSTEM "http://127.0.0.1:9/x"', '"secret"'):
        for part in ("content.xml", "styles.xml"):
            content = f"<!DOCTYPE x [<!ENTITY x {entity}>]><x>&x;</x>"
            path = write("a.odt", odt(paragraph("Seen."), **{part: content}))
            problem = "not readable as odt: its XML declares the entity 'x', which is not read; save it again"
            assert read_all(path) == ([], [f"{path}: {problem}"])


def test_an_encrypted_text_is_refused(write: Write, read_all: ReadAll) -> None:
    manifest = {"META-INF/manifest.xml": "<manifest:manifest><manifest:encryption-data/>"}
    path = write("a.odt", odt("", **manifest))
    assert read_all(path) == ([], [f"{path}: encrypted; give a copy without a password"])


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(write: Write, read_all: ReadAll) -> None:
    path = write("a.odt", odt("", **{"content.xml": bytes(20_000_000)}))
    assert f"{path}: 20 MB of text when unpacked, 16 are read; split it" in read_all(path)[1][0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        odt("x")[:-60],
        odt("", **{"content.xml": "<x"}),
        odt("", **{"content.xml": "<x/>"}),
        odt("<text:p>" * 5000 + "</text:p>" * 5000),
    ],
    ids=range(6),
)
def test_a_damaged_file_is_reported(write: Write, read_all: ReadAll, content: bytes) -> None:
    path = write("a.odt", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}: not readable as odt: ") or error == f"{path}: the text is empty"


def test_changed_bytes_are_documents_or_source_errors(write: Write, read_all: ReadAll) -> None:
    for changed in damaged(odt(heading("Mill", 1) + paragraph("It turns.")), count=150):
        documents, errors = read_all(write("a.odt", changed))
        assert len(documents) + len(errors) == 1


def slide(*shapes: str, notes: str = "", style_name: str = "") -> str:
    """A slide, with the speaker's notes and the picture of it that stands above them."""
    beside = f"<draw:page-thumbnail/>{box(notes, kind='notes')}{box('7', kind='page-number')}"
    held = f"<presentation:notes>{beside}</presentation:notes>" if notes else ""
    return f'<draw:page draw:name="p" draw:style-name="{style_name}">{"".join(shapes)}{held}</draw:page>'


def test_slides_are_read_from_the_top_with_their_titles_and_notes(write: Write, read_all: ReadAll) -> None:
    table = (
        '<draw:frame svg:y="9cm"><table:table><table:table-row><table:table-cell><text:p>a</text:p>'
        "</table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row>"
        "</table:table></draw:frame>"
    )
    group = f'<draw:g>{box("in a group", top=4)}<draw:custom-shape svg:y="5cm">{paragraph("a shape")}'
    body = slide(
        table,
        box("below", top=10.5),
        f"{group}</draw:custom-shape></draw:g>",
        box("right", top=2, left=9),
        box("left", top=2, left=1),
        box("The<text:line-break/>mill", top=12, kind="title"),
        notes="# Wait here.",
    )
    path = write("a.odp", odp("<presentation:footer-decl>foot</presentation:footer-decl>" + body + slide()))
    (document,), errors = read_all(path)
    expected = ["# The mill", "left", "right", "in a group", "a shape", "| a | b |\n| --- | --- |", "below"]
    assert document.text.split("\n\n") == [*expected, "Notes:  # Wait here."]
    assert (document.title, document.id, errors) == ("The mill", "a.odp", [])
    (document,), _ = read_all(write("a.odp", odp(body, title="Said")))
    assert document.title == "Said"


def test_hidden_slides_are_left_out(write: Write, read_all: ReadAll) -> None:
    hides = '<style:style style:name="h"><style:drawing-page-properties presentation:visibility="hidden"/>'
    body = slide(box("secret"), style_name="h") + slide(box("seen"), style_name="s")
    (document,), _ = read_all(write("a.odp", odp(body, styles=f"{hides}</style:style>")))
    assert document.text == "seen"


def test_a_text_under_the_name_of_slides_is_reported(write: Write, read_all: ReadAll) -> None:
    path = write("a.odp", odt(paragraph("x")))
    assert read_all(path)[1] == [f"{path}: not readable as odp: it holds no presentation; save it again"]
