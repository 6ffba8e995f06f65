"""Workbooks of Excel and LibreOffice."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from damaged_files import damaged
from openbook.errors import MissingExtraError
from openbook.text import Document, read_documents
from openbook.text.omissions import Omissions
from openbook.text.readers import workbook_cells
from workbook_file import DATE, DURATION, TIME, compound, ods, sheet, xls, xlsx

pytest.importorskip("python_calamine")

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

_CHART = '<chartsheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
_TOO_LARGE = "too large, or its cells lie too far apart: delete what stands far below or right, or split it"
_PEOPLE = sheet(["Name", "Phone"], ["Anna", "030 1"])


def test_sheets_are_read_in_order_each_below_its_name(write: Write, read_all: ReadAll) -> None:
    path = write(
        "a.xlsx", xlsx({"People": _PEOPLE, "Empty": sheet(), "Notes": sheet(["Call\nAnna"], first=7)})
    )
    text = "# People\n\nName: Anna; Phone: 030 1\n\n# Notes\n\nCall Anna"
    expected = Document(text=text, id="a.xlsx", title="a", source=str(path))
    assert read_all(path) == ([expected], [])


@pytest.mark.parametrize(
    ("said", "title"), [("Guests &amp; rooms", "Guests & rooms"), ("Book1.xlsx", "plan"), ("", "plan")]
)
def test_the_title_is_the_files_own_else_its_name(
    write: Write, read_all: ReadAll, said: str, title: str
) -> None:
    assert read_all(write("plan.xlsm", xlsx({"S": _PEOPLE}, title=said)))[0][0].title == title
    cell = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    table = f'<table:table table:name="S"><table:table-row>{cell}</table:table-row></table:table>'
    assert read_all(write("plan.ods", ods(table, title=said)))[0][0].title == title


def test_hidden_sheets_and_charts_are_left_out(write: Write, read_all: ReadAll) -> None:
    secret = sheet(["not this"])
    sheets = {"Seen": _PEOPLE, "Hidden": secret, "Chart": _CHART, "Deep": secret}
    content = xlsx(sheets, hidden={"Hidden": "hidden", "Deep": "veryHidden"})
    (document,), errors = read_all(write("a.xlsx", content))
    assert (document.text, errors) == ("# Seen\n\nName: Anna; Phone: 030 1", [])


def test_a_workbook_of_which_nothing_is_seen_is_empty(write: Write, read_all: ReadAll) -> None:
    path = write("a.xlsx", xlsx({"S": sheet(), "T": _PEOPLE}, hidden={"T": "hidden"}))
    assert read_all(path) == ([], [f"{path}: the text is empty"])


def test_cells_of_each_kind(write: Write, read_all: ReadAll) -> None:
    row = [12.0, 0.19, True, (45356, DATE), (45356.5, DATE), (1.5, DURATION), (0.25, TIME), None]
    error = '< t="e"><f>NA()</f><v>#N/A</v></c>'
    shared = '< t="str"><f>UPPER("x")</f><v>X &amp; Y</v></c>'
    (document,), _ = read_all(write("a.xlsx", xlsx({"S": sheet([*row, error, shared])})))
    assert document.text == ("# S\n\n12\t0.19\tTRUE\t2024-03-05\t2024-03-05T12:00:00\tPT36H\t06:00:00\tX & Y")


def test_durations_are_as_in_iso_8601(write: Write, read_all: ReadAll) -> None:
    row = [(1 / 1440, DURATION), (1.0 + 1.5 / 86400, DURATION), (30.0, DURATION)]
    (document,), _ = read_all(write("a.xlsx", xlsx({"S": sheet(row)})))
    assert document.text == "# S\n\nPT1M\tPT24H1.5S\tPT720H"


def test_merged_cells_count_from_the_sheets_first_column(write: Write, read_all: ReadAll) -> None:
    rows = (["Day", "What"], ["Monday", "math"], ["", "art"])
    content = xlsx({"S": sheet(*rows, first=3, column=2, merged=["C4:C5"])})
    (document,), _ = read_all(write("a.xlsx", content))
    assert document.text == "# S\n\nDay: Monday; What: math\nDay: Monday; What: art"


def test_formulas_without_values_are_counted(write: Write, read_all: ReadAll) -> None:
    """As openpyxl and others write them, which do not compute; a formula may as well give an empty text."""
    missing = ["<><f>1+1</f><v></v></c>", '< s="1"><f>A1*2</f></c>', '<><f t="shared" si="0"/><v/></c>']
    there = ["<><f>1+1</f><v>2</v></c>", '< t="str"><f>""</f><v></v></c>', '< s="1" t="str"><f>""</f></c>']
    path = write("a.xlsx", xlsx({"S": sheet(["sum"], [*missing, *there])}))
    omissions = Omissions()
    (document,) = read_documents(str(path), omissions=omissions)
    assert isinstance(document, Document)
    assert document.text == "# S\n\nsum\n2"
    problem = "3 formulas have no values, as no program computed them: open it in one and save it"
    assert omissions.parts == [f"{path}: {problem}"]
    path = write("a.xlsx", xlsx({"S": sheet(["sum", *there])}))
    omissions = Omissions()
    assert list(read_documents(str(path), omissions=omissions))
    assert omissions.parts == []


def test_a_workbook_of_libreoffice(write: Write, read_all: ReadAll) -> None:
    def row(*cells: str, more: str = "") -> str:
        return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"

    def said(kind: str, value: str, shown: str) -> str:
        name = {"string": "", "date": "date-value", "percentage": "value", "float": "value"}[kind]
        value = f' office:{name}="{value}"' if name else ""
        return (
            f'<table:table-cell office:value-type="{kind}"{value}><text:p>{shown}</text:p></table:table-cell>'
        )

    names = [said("string", "", name) for name in ("Who", "Born", "Share", "Count")]
    values = [
        said("string", "", "Anna</text:p><text:p>Lind"),
        said("date", "1985-03-01", "1. 3. 85"),
        said("percentage", "0.195", "19,5 %"),
        said("float", "12", "12,00"),
    ]
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    first = f'<table:table table:name="People">{row(*names)}{row(*values)}'
    first += row(empty, more=' table:number-rows-repeated="1048574"') + "</table:table>"
    hidden = f'<table:table table:name="H" table:style-name="hidden">{row(*names)}</table:table>'
    (document,), errors = read_all(write("a.ods", ods(first, hidden)))
    expected = "# People\n\nWho: Anna Lind; Born: 1985-03-01; Share: 0.195; Count: 12"
    assert (document.text, errors) == (expected, [])


def test_a_workbook_of_excel_97(write: Write, read_all: ReadAll) -> None:
    (document,), errors = read_all(write("a.xls", xls([["Who", "Age"], ["Anna", 30.0]])))
    assert (document.text, errors) == ("# Old\n\nWho: Anna; Age: 30", [])


def test_an_encrypted_workbook_is_refused(write: Write, read_all: ReadAll) -> None:
    names = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    entry = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>'
    manifest = f"<manifest:manifest {names}>{entry}</manifest:file-entry></manifest:manifest>"
    for name, content in {
        "a.xlsx": compound("EncryptedPackage", b"x"),
        "a.ods": ods(**{"META-INF/manifest.xml": manifest}),
        "a.xls": xls([["x"]], is_locked=True),
    }.items():
        path = write(name, content)
        assert read_all(path) == ([], [f"{path}: encrypted; give a copy without a password"])


def test_cells_in_far_corners_do_not_take_all_memory(write: Write, read_all: ReadAll) -> None:
    """Laid out they are 17 billion cells; calamine ends its process then."""
    far = sheet(["a"]).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    path = write("a.xlsx", xlsx({"S": far}))
    assert read_all(path) == ([], [f"{path}: {_TOO_LARGE}"])


def test_a_long_text_in_many_cells_does_not_take_all_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
    many = cell.format(' table:number-columns-repeated="100"', "x" * 40)
    table = f'<table:table table:name="S"><table:table-row>{many}</table:table-row></table:table>'
    monkeypatch.setattr(workbook_cells, "_MOST_TEXT", 4000)
    assert len(list(workbook_cells.lines(ods(table), ".ods"))) == 2
    monkeypatch.setattr(workbook_cells, "_MOST_TEXT", 3999)
    with pytest.raises(MemoryError):
        list(workbook_cells.lines(ods(table), ".ods"))


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(write: Write, read_all: ReadAll) -> None:
    huge = bytes(257_000_000)
    path = write("a.xlsx", xlsx({"S": _PEOPLE}, **{"xl/worksheets/sheet9.xml": huge}))
    assert path.stat().st_size < 500_000
    assert read_all(path)[1] == [
        f"{path}: 257 MB of text when unpacked, 256 are read; split it, or save it as plain text"
    ]


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        xlsx({"S": _PEOPLE})[:-60],
        xlsx({"S": "<worksheet><x"}),
        xlsx({"S": _PEOPLE}, **{"xl/workbook.xml": "<x/>"}),
    ],
    ids=range(5),
)
def test_a_damaged_file_is_reported(write: Write, read_all: ReadAll, content: bytes, suffix: str) -> None:
    path = write(f"a{suffix}", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error == f"{path}: the text is empty" or (
        error.startswith(f"{path}: not readable as {suffix[1:]}: ")
        and error.endswith("; open it in its program and save it again")
    )


@pytest.mark.parametrize(
    "content",
    [xlsx({"S": _PEOPLE}), xls([["Who", "Age"], ["Anna", 30.0]]), ods("<table:table/>")],
    ids=range(3),
)
def test_changed_bytes_are_documents_or_source_errors(
    write: Write, read_all: ReadAll, content: bytes
) -> None:
    for changed in damaged(content, count=20):
        documents, errors = read_all(write("a.xls", changed))
        assert len(documents) + len(errors) == 1


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("raise SystemExit(1)", "its cells cannot be read"),
        ("raise MemoryError", _TOO_LARGE),
        ("print('[1', end='')", "the text is empty"),
    ],
)
def test_a_reader_that_crashes_is_reported(
    write: Write, read_all: ReadAll, monkeypatch: pytest.MonkeyPatch, code: str, problem: str
) -> None:
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **options: run([command[0], "-c", code], **options)
    )
    path = write("a.xlsx", xlsx({"S": _PEOPLE}))
    assert problem in read_all(path)[1][0]


def test_missing_library_is_reported_with_what_to_install(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    path = write("a.ods", b"")
    with pytest.raises(MissingExtraError) as error:
        list(read_documents(str(path), on_error=lambda error: None))
    assert str(error.value) == (
        f"{path}: .ods files are read with python-calamine; pip install 'openbook[documents]'"
    )
