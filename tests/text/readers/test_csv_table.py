"""CSV files without a column of text: tables, a document each."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.text import Document, read_documents
from openbook.text.omissions import Omissions
from openbook.text.readers import csv_table

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


def test_a_table_is_one_document_whose_rows_say_what_they_mean(write: Write, read_all: ReadAll) -> None:
    path = write("c/parts.csv", 'part,price,note\nP-1,3,\nP-2,4.50,"two\nlines"\n')
    (document,), errors = read_all(path.parent)
    text = "part: P-1; price: 3\npart: P-2; price: 4.50; note: two lines"
    assert errors == []
    assert document == Document(text=text, id="c/parts.csv", title="parts", source=str(path))
    assert (document.origin, document.named_by_path, document.fills_file) == (str(path), True, True)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_separator_is_the_one_that_rows_agree_on(
    write: Write, read_all: ReadAll, name: str, separator: str, encoding: str
) -> None:
    rows = [["Größe", "Preis"], ['"a, b; c"', "3"], ["d", "4"]]
    raw = "\r\n".join(map(separator.join, rows)).encode(encoding)
    (document,), _ = read_all(write(name, gzip.compress(raw) if name.endswith(".gz") else raw))
    assert (document.text, document.title) == ("Größe: a, b; c; Preis: 3\nGröße: d; Preis: 4", "a")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_all_cells_may_be_in_quotation_marks(write: Write, read_all: ReadAll, separator: str) -> None:
    rows = [["Tag", "Betrag"], ["5. Januar", "12,50"]]
    content = "\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)
    (document,), errors = read_all(write("a.csv", content))
    assert (document.text, errors) == ("Tag: 5. Januar; Betrag: 12,50", [])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a;b\n1,5;2,5\n1,25;3,75\n", "a: 1,5; b: 2,5\na: 1,25; b: 3,75"),
        (
            "name;remark\nx;one, two\ny;three, four\n",
            "name: x; remark: one, two\nname: y; remark: three, four",
        ),
        ('part, note\n1, "a, b"\n', "part: 1; note: a, b"),
        ("sep=^\na^b\n1^2,3\n", "a: 1; b: 2,3"),
    ],
)
def test_commas_of_numbers_and_texts_separate_nothing(
    write: Write, read_all: ReadAll, content: str, text: str
) -> None:
    (document,), _ = read_all(write("a.csv", content))
    assert document.text == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Anna,030 1\nBen,030 2\n", "Anna\t030 1\nBen\t030 2"),
        ("2024-01-02,3.50\n2024-01-03,007\n", "2024-01-02\t3.50\n2024-01-03\t007"),
        ("a,b\n", "a\tb"),
        ("word\nhen\n", "word\nhen"),
        ("TEXT,Text\n1,x\n", "TEXT\tText\n1\tx"),
    ],
)
def test_rows_without_names_stand_with_tabs(write: Write, read_all: ReadAll, content: str, text: str) -> None:
    """By the rule for workbooks: names are texts, which differ, and rows follow."""
    (document,), _ = read_all(write("a.csv", content))
    assert document.text == text


def test_years_are_names_and_empty_rows_end_a_table(write: Write, read_all: ReadAll) -> None:
    content = "Budget\nItem,2024,2025\nrent,900,950\n,,\nfood,300,310\n\nWho,Room\nAnna,3\n"
    (document,), _ = read_all(write("a.csv", content))
    lines = ["Budget", "Item: rent; 2024: 900; 2025: 950", "", "Item: food; 2024: 300; 2025: 310"]
    assert document.text.splitlines() == [*lines, "", "Who: Anna; Room: 3"]


WIDE = [
    ("Name,City,Note\nOtt, Jo,Bonn,y\nJ,K,z\n", ["Ott\tJo\tBonn\ty", "Name: J; City: K; Note: z"], "2"),
    ("Guests\nName,Room\n\"A\nB\",3\nBen,4,5\n", ["Guests", "Name: A B; Room: 3", "Ben\t4\t5"], "5"),
    (
        "Name;Note\nA;b\nC;d;e;f;g;h;i\nD;e\n",
        ["Name: A; Note: b", "C\td\te\tf\tg\th\ti", "Name: D; Note: e"],
        "3",
    ),
    (
        "sep=;\nName;Room\nA;1\n\nB;2;x\nC;3\nD;4\n",
        ["Name: A; Room: 1", "", "B\t2\tx", "Name: C; Room: 3", "Name: D; Room: 4"],
        "5",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "lines", "line"), WIDE)
def test_a_row_with_too_many_fields_stands_without_names_and_is_said(
    write: Write, content: str, lines: list[str], line: str
) -> None:
    """An unquoted comma: which field is one too many is not known, and no value gets the name of another."""
    path = write("a.csv", content)
    omissions = Omissions()
    (document,) = read_documents(str(path), omissions=omissions)
    assert isinstance(document, Document) and document.text == "\n".join(lines)
    problem = (
        "more fields than columns are named, so no names stand at them; put a value with the separator in it"
    )
    assert omissions.parts == [f"{path}: line {line} has {problem} between quotation marks"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("part,price\nP-1,3,\nP-2,4,,\n", "part: P-1; price: 3\npart: P-2; price: 4"),
        ("part,price,\nP-1,3,x\n", "part: P-1; price: 3; x"),
        ("P-1,3\nP-2,4,5\n", "P-1\t3\nP-2\t4\t5"),
        ("Report,May\npart,price,stock,by\nP-1,3,4,x\n", "Report\tMay\npart: P-1; price: 3; stock: 4; by: x"),
    ],
)
def test_empty_fields_and_columns_without_names_are_not_too_many(
    write: Write, content: str, text: str
) -> None:
    omissions = Omissions()
    (document,) = read_documents(str(write("a.csv", content)), omissions=omissions)
    assert isinstance(document, Document) and (document.text, omissions.parts) == (text, [])


def test_where_the_names_are_one_too_few_there_are_none(write: Write, read_all: ReadAll) -> None:
    """So R writes a table with names of rows, if it is not told otherwise."""
    (document,), _ = read_all(write("a.csv", "first,second\n1,a,b\n2,c,d\n"))
    assert document.text == "first\tsecond\n1\ta\tb\n2\tc\td"


def test_of_many_rows_with_too_many_fields_ten_lines_are_named(write: Write) -> None:
    rows = [*(f"a{number},b{number}" for number in range(12)), *(f"a{number},b,c" for number in range(12))]
    omissions = Omissions()
    path = write("a.csv", "\n".join(["first,second", *rows]))
    (document,) = read_documents(str(path), omissions=omissions)
    assert isinstance(document, Document) and document.text.startswith("first: a0; second: b0\n")
    (said,) = omissions.parts
    assert said.startswith(
        f"{path}: 12 rows (lines 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, …) have more fields than "
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'a,b\n1,2\n3,"4\n', ":3: not readable as CSV: unexpected end of data"),
        (b"a,b\n1,caf\xe9\n", ": not UTF-8 at byte 9; convert it, or leave it out: --on-error skip"),
        (b"a,b\n1," + 9 * b"\0" + b"2\n", ": not text: it holds 9 zero bytes"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_the_whole_table(
    write: Write, read_all: ReadAll, content: bytes, problem: str
) -> None:
    path = write("a.csv", content)
    documents, (error,) = read_all(path)
    assert documents == [] and error.startswith(f"{path}{problem}")


@pytest.mark.parametrize("row", ["1,2\n", ",\n", "1,\n"])
def test_a_large_table_is_refused(
    write: Write, read_all: ReadAll, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    """A file of few bytes may be one whose columns have long names, or be compressed well."""
    monkeypatch.setattr(csv_table, "_MOST_TEXT", 1000)
    large = write("a.csv", "a,b\n" + 500 * row)
    long = write("b.csv", f"{50 * 'a'},b\n" + 20 * "1,2\n")
    packed = write("c.csv.gz", gzip.compress(f"a,b\n{500 * row}".encode()))
    _, errors = read_all(large, long, packed)
    assert len(errors) == 3
    for error in errors:
        assert ": a table of more than 0 MB, which is not read as one document; split it" in error
        assert error.endswith(", or name the column whose rows are a document each (choose: --text-key)")
