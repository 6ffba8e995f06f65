"""CSV files: rows as documents, and what is wrong with some."""

import csv
import gzip
import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.text import Document, read_documents
from openbook.text.readers.csv_rows import csv_rows

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


def test_rows_are_documents(write: Write, read_all: ReadAll) -> None:
    content = (
        "id,text,title,source,unused\n"
        "a,one,T,https://example.org/a,x\n"
        '7,"two, ""quoted""\nlines",,,\n'
        ",three,,,\n"
    )
    path = write("rows.csv", content)
    assert read_all(path) == (
        [
            Document(text="one", id="a", title="T", source="https://example.org/a"),
            Document(text='two, "quoted"\nlines', id="7", source=f"{path}:3"),
            Document(text="three", source=f"{path}:5"),
        ],
        [],
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_end_as_on_any_system_and_empty_ones_are_left_out(
    write: Write, read_all: ReadAll, end: str, mark: str
) -> None:
    path = write("a.csv", mark + end.join(["text", "a", "", '"b\r\nc"', "d"]))
    documents, errors = read_all(path)
    assert [document.text for document in documents] == ["a", "b\nc", "d"]
    assert [document.source for document in documents] == [f"{path}:{line}" for line in (2, 4, 6)]
    assert errors == []


@pytest.mark.parametrize("separator", [";", "\t", "|", "^"])
@pytest.mark.parametrize("first", ["sep={}", "SEP={}", '"sep={}"'])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_excels_first_line_names_the_separator(
    write: Write, read_all: ReadAll, separator: str, first: str, encoding: str
) -> None:
    rows = [["id", "text"], ["k", '"a, b"'], ["l", "c"]]
    lines = [first.format(separator), *map(separator.join, rows), ""]
    path = write("a.csv", "\r\n".join(lines).encode(encoding))
    assert read_all(path) == (
        [
            Document(text="a, b", id="k", source=f"{path}:3"),
            Document(text="c", id="l", source=f"{path}:4"),
        ],
        [],
    )


def test_rows_of_empty_cells_are_left_out_as_empty_lines_are(write: Write, read_all: ReadAll) -> None:
    path = write("a.csv", ',,\nid,text,title\n1,one,\n,,\n"","",\n,\n2,two,T\n,,\n')
    assert read_all(path) == (
        [
            Document(text="one", id="1", source=f"{path}:3"),
            Document(text="two", id="2", title="T", source=f"{path}:7"),
        ],
        [],
    )
    only = write("b.csv", "id,text\n,\n")
    assert read_all(only) == ([], [f"{only}: holds no document; fill it or remove it"])


@pytest.mark.parametrize("nothing", ["NULL", "null", "NaN", "nan", "\\N", ""])
def test_cells_that_say_nothing_are_none(write: Write, read_all: ReadAll, nothing: str) -> None:
    row = ",".join([nothing] * 4)
    path = write("a.csv", f"text,id,title,source,language\nNULL,{row}\nhello,{row}\n")
    documents, errors = read_all(path)
    assert [document.text for document in documents] == ["NULL", "hello"]
    assert errors == []
    assert documents == read_all(write("a.csv", "text\nNULL\nhello\n"))[0]


def test_names_of_columns_may_be_written_large(write: Write, read_all: ReadAll) -> None:
    path = write("a.csv", "ID,Text,TITLE,Source\n1,x,T,s\n")
    assert read_all(path) == ([Document(text="x", id="1", title="T", source="s")], [])
    (document,), _ = read_all(write("b.csv", "ID;Text\n1;x, y\n"))
    assert (document.id, document.text) == ("1", "x, y")


def test_names_of_columns_count_as_they_are_written_first(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.csv", "Text,text,ID,Id,Title\nno,x,1,2,T\n"))
    assert (document.text, document.title) == ("x", "T")
    assert document.id == Document(text="x").id
    (document,), _ = read_all(write("b.csv", "Body,title\nx,T\n"), text_key="body")
    assert (document.text, document.title) == ("x", "T")
    _, (error,) = read_all(write("c.csv", "title\nx\n"), text_key="Title")
    assert "no column 'Title'; its columns: title" in error


def test_keys_choose_columns(write: Write, read_all: ReadAll) -> None:
    path = write("a.csv", "text,body,key,id\nno,hello,k1,no\n")
    (document,), _ = read_all(path, text_key="body", id_key="key")
    assert (document.text, document.id) == ("hello", "k1")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"x", "1 field where the first row names 2 columns"),
        (b"x,y,z", "3 fields where the first row names 2 columns"),
        (b'x,"y"z', "not readable as CSV: "),
        (b"x,", "no text: 'text' is empty; fill it, or leave it out: --on-error skip"),
        (b"x,  ", "no text: 'text' is empty"),
        (
            b"x,\xff",
            "not UTF-8 in column 'text'; convert it (Excel: CSV UTF-8), or leave it out: --on-error skip",
        ),
        (b"x,\xed\xa0\x80", "not UTF-8 in column 'text'"),
        (b"\xe9,y", "not UTF-8 in column 'id'"),
    ],
)
def test_bad_row_names_file_and_line_and_the_next_is_read(
    write: Write, read_all: ReadAll, row: bytes, problem: str
) -> None:
    path = write("a.csv", b'id,text\n1,"be\nfore"\n' + row + b"\n2,after\n")
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["be\nfore", "after"]
    assert error.startswith(f"{path}:4: {problem}")


def test_column_that_is_not_read_may_hold_anything(write: Write, read_all: ReadAll) -> None:
    (document,), errors = read_all(write("a.csv", b"text,raw\nhello,\xff\n"))
    assert (document.text, errors) == ("hello", [])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", ": holds no document"),
        ("\n\n", ": holds no document"),
        ("id,text\n", ": holds no document"),
        ("text,text\n1,x\n", ": 2 columns are named 'text'; rename all but one"),
        ('"text"x\n1\n', ":1: not readable as CSV: "),
    ],
)
def test_file_without_a_column_of_text_is_reported_once(
    write: Write, read_all: ReadAll, content: str, problem: str
) -> None:
    path = write("a.csv", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}{problem}")


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("id^text\n1^x\n", "id^text"),
        ("ID,Body\n1,x\n", "ID, Body"),
        ("TEXT,Text\n1,x\n", "TEXT, Text"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv.gz"])
def test_a_column_that_was_chosen_and_is_missing_is_an_error(
    write: Write, read_all: ReadAll, name: str, content: str, columns: str
) -> None:
    raw = content.replace(",", "\t").encode() if ".tsv" in name else content.encode()
    path = write(name, gzip.compress(raw) if name.endswith(".gz") else raw)
    problem = f"{path}: no column 'text'; its columns: {columns} (choose: --text-key)"
    assert read_all(path, text_key="text") == ([], [problem])


@pytest.mark.parametrize("separator", [",", ";", "|"])
@pytest.mark.parametrize("start", ["", "\n,,\n", "\ufeff"])
def test_spaces_after_separators_are_no_part_of_fields(
    write: Write, read_all: ReadAll, separator: str, start: str
) -> None:
    rows = [["id", "Text", "title"], ["k", f'"two{separator} fields"', "T"], ["l", "a  b", "  U"]]
    lines = [f"{separator} ".join(row) for row in rows]
    path = write("a.csv", start.replace(",", separator) + "\n".join(lines))
    first = start.count("\n") + 2
    assert read_all(path) == (
        [
            Document(text=f"two{separator} fields", id="k", title="T", source=f"{path}:{first}"),
            Document(text="a  b", id="l", title="U", source=f"{path}:{first + 1}"),
        ],
        [],
    )


def test_spaces_belong_to_fields_where_the_first_row_has_none(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.csv", "title ,text\nT,  one"))
    assert (document.title, document.text) == ("T", "  one")


@pytest.mark.parametrize("separator", [",", ";", "|"])
@pytest.mark.parametrize("start", ["", "\n,,\n", " , , \n", "\ufeff"])
def test_spaces_around_separators_are_no_part_of_fields(
    write: Write, read_all: ReadAll, separator: str, start: str
) -> None:
    rows = [
        ["id ", "Text", "title  "],
        ["k  ", "a  b", "T"],
        ["l", f'"two {separator} fields"', " U "],
        [" "] * 3,
    ]
    lines = [f" {separator} ".join(row) for row in (*rows[:2], rows[3])]
    lines.append(f" l  {separator}{rows[2][1]}{separator}{rows[2][2]}")
    path = write("a.csv", start.replace(",", separator) + "\n".join(lines) + "\n")
    first = start.count("\n") + 2
    assert read_all(path) == (
        [
            Document(text="a  b", id="k", title="T", source=f"{path}:{first}"),
            Document(text=f"two {separator} fields", id="l", title="U", source=f"{path}:{first + 2}"),
        ],
        [],
    )


def test_an_unreadable_row_between_spaces_is_named_and_the_next_is_read(
    write: Write, read_all: ReadAll
) -> None:
    path = write("a.csv", 'id | text\na | "b" c\nd | e\n')
    (document,), (error,) = read_all(path)
    assert (document.id, document.text) == ("d", "e")
    assert error.startswith(f"{path}:2: not readable as CSV")


def test_spaces_before_separators_belong_to_fields_where_the_first_row_has_none(
    write: Write, read_all: ReadAll
) -> None:
    (document,), _ = read_all(write("a.csv", "title, text\nT , one "))
    assert (document.title, document.text) == ("T ", "one ")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_the_separator_is_the_one_that_gives_a_column_of_text(
    write: Write, read_all: ReadAll, name: str, separator: str
) -> None:
    rows = [["id", "text"], ["k", f'"two{separator} fields"']]
    path = write(name, "\n".join(separator.join(row) for row in rows))
    (document,), errors = read_all(path)
    assert (document.id, document.text, errors) == ("k", f"two{separator} fields", [])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "rows",
    [
        ['"Hello, he said.', "Middle.", 'Go away, she said."'],
        ['"Hello, he said.', "It goes on."],
        ['"Hello, he said.', 'Say "yes" to it.', "Last."],
        ['"Yes," he said.', '"No," she said.'],
        ['""Yes"', "Last."],
        ['"First', '"Second', "Third"],
        ['"First', '"Second"', '"Third', "Fourth"],
    ],
)
def test_quotation_marks_between_tabs_are_letters_where_each_line_is_a_row(
    write: Write, read_all: ReadAll, rows: list[str], end: str
) -> None:
    lines = ["id\ttext", *(f"k{number}\t{text}" for number, text in enumerate(rows))]
    path = write("a.tsv", end.join(lines) + end)
    documents, errors = read_all(path)
    assert errors == []
    expected = [text.strip('"') if text == '"Second"' else text for text in rows]
    assert [document.text for document in documents] == expected
    assert [document.id for document in documents] == [f"k{number}" for number in range(len(rows))]
    assert [document.source for document in documents] == [f"{path}:{n + 2}" for n in range(len(rows))]


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        (["id\ttext", '1\t"a field', 'of ""two"" lines"', "2\tlast"], ['a field\nof "two" lines', "last"]),
        (["id\ttext", '1\t"one', "", 'two"', "2\tlast"], ["one\n\ntwo", "last"]),
        (["text\tid", '"one', 'two"\t1', "last\t2"], ["one\ntwo", "last"]),
        (["id\ttext", '1\t"ta\tb"', '2\t"qu""ote"'], ["ta\tb", 'qu"ote']),
        (["text", '"one', 'two"', "last"], ["one\ntwo", "last"]),
        (["text", '"one', "two"], ['"one', "two"]),
    ],
)
def test_fields_between_tabs_that_excel_quotes_are_read_as_it_means_them(
    write: Write, read_all: ReadAll, lines: list[str], texts: list[str]
) -> None:
    documents, errors = read_all(write("a.tsv", "\n".join(lines)))
    assert ([document.text for document in documents], errors) == (texts, [])


def test_lines_between_tabs_that_are_no_rows_either_way_are_an_error(write: Write, read_all: ReadAll) -> None:
    path = write("a.tsv", 'id\ttext\n1\tone\n2\t"two\nno row\n3\tend" of it\n4\tlast\n')
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["one", "last"]
    assert error.startswith(f"{path}:3: not readable as CSV: ")


def test_a_table_of_one_column_is_separated_as_its_name_says(write: Write, read_all: ReadAll) -> None:
    (tabs,), _ = read_all(write("a.tsv", "text\nhello, you; there\n"))
    assert tabs.text == "hello, you; there"
    _, (error,) = read_all(write("a.csv", "text\nhello, you\n"))
    assert "2 fields where the first row names 1 column" in error


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_it_may_be_in_utf16(write: Write, read_all: ReadAll, encoding: str) -> None:
    """As spreadsheets export it: with tabs, and Windows' line ends."""
    (document,), errors = read_all(write("a.csv", "id\ttext\r\n7\tGröße, 日本\r\n".encode(encoding)))
    assert (document.id, document.text, errors) == ("7", "Größe, 日本", [])


def test_utf16_that_is_cut_off_is_an_error(write: Write, read_all: ReadAll) -> None:
    path = write("a.csv", "text\nhello\nyou\n".encode("utf-16")[:-1])
    _, (error,) = read_all(path)
    assert error.startswith(f"{path}: cannot be read further")


def test_empty_parts_are_passed_over(write: Write, read_all: ReadAll, tmp_path: Path) -> None:
    empty = write("parts/0.csv", "id,text\n")
    assert read_all(tmp_path / "parts") == ([], [f"{empty}: holds no document; fill it or remove it"])
    write("parts/1.csv", "id,text\n1,hello\n")
    (document,), errors = read_all(tmp_path / "parts")
    assert (document.text, errors) == ("hello", [])


def test_file_that_ends_within_quotes_is_reported(write: Write, read_all: ReadAll) -> None:
    path = write("a.csv", 'text\nwhole\n"cut off\nhere')
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["whole"]
    assert error.startswith(f"{path}:3: not readable as CSV: unexpected end of data: ")
    assert error.endswith("no row below it is read")


def test_very_long_field_is_read_and_the_limit_put_back(write: Write) -> None:
    text = "x" * 5_000_000
    limit = csv.field_size_limit()
    path = write("a.csv", f"text\n{text}\nshort\n")
    documents = read_documents([str(path)])
    first = next(documents)
    assert isinstance(first, Document)
    assert first.text == text
    assert csv.field_size_limit() == limit
    assert len(list(documents)) == 1


cells = st.text(st.characters(codec="utf-8"), max_size=20)
ids = cells.filter(lambda cell: cell.strip() not in ("NULL", "null", "NaN", "nan", "\\N"))
"""Those that say something."""


def _with_usual_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@settings(deadline=None, max_examples=100)
@given(
    rows=st.lists(st.tuples(ids, cells.filter(str.strip)), min_size=1, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([("id", "text"), *rows])
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(buffer.getvalue().encode())
    rows = [(_with_usual_ends(identity), _with_usual_ends(text)) for identity, text in rows]
    expected = [Document(text=text, id=identity) for identity, text in rows]
    documents = [document for document in read_documents([str(path)]) if isinstance(document, Document)]
    assert [(document.id, document.text) for document in documents] == [
        (document.id, document.text) for document in expected
    ]


def test_fields_of_any_length_are_read_by_several_threads() -> None:
    """The limit of Python's reader belongs to the whole process: who is done first leaves it to the other."""
    before = csv.field_size_limit()
    has_begun, both_read, is_done = threading.Event(), threading.Event(), threading.Event()

    def first() -> Iterator[str]:
        yield 'a,"b\n'
        has_begun.set()
        assert both_read.wait(10)
        yield 'c"\n'

    def second() -> Iterator[str]:
        yield 'a,"b\n'
        both_read.set()
        assert is_done.wait(10)
        yield f'{"x" * 200_000}"\n'

    def read(lines: Iterator[str]) -> object:
        return next(csv_rows(lines, "a.csv", separator=","))[1]

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(read, first())
        one.add_done_callback(lambda _: is_done.set())
        assert has_begun.wait(10)
        two = threads.submit(read, second())
        assert one.result() == ["a", "b\nc"]
        assert two.result() == ["a", f"b\n{'x' * 200_000}"]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        (['1,"Hello, you" ,Go', '2,"Two"  ,"Go"', '3,"Three", Go'], ["Hello, you", "Two", "Three"]),
        (['1,"Say ""yes"" , then" ,"Go" ', "2,two,Go"], ['Say "yes" , then', "two"]),
        (['1,"One" , "Go, now"', '2,"a', 'b" ,Go'], ["One", "a\nb"]),
        (['1,"a" ,"of', 'two lines"'], ["a"]),
    ],
)
def test_spaces_behind_a_closing_quotation_mark_are_no_part_of_a_field(
    write: Write, read_all: ReadAll, rows: list[str], texts: list[str]
) -> None:
    documents, errors = read_all(write("a.csv", "\n".join(["id,text,title", *rows]) + "\n"))
    assert ([document.text for document in documents], errors) == (texts, [])
    assert not any('"' in document.title or document.title.endswith(" ") for document in documents)


def test_the_names_of_columns_may_have_spaces_around_their_quotation_marks(
    write: Write, read_all: ReadAll
) -> None:
    (document,), errors = read_all(write("a.csv", '"id" , "text"\n"1" , "Hello, you"\n'))
    assert (document.id, document.text, errors) == ("1", "Hello, you", [])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (r'"He said \"yes\", then left"', 'He said "yes", then left'),
        (r'"\"Yes\""', '"Yes"'),
        (r'"of 5\""', 'of 5"'),
        (r'"in C:\\new\\ \"it\" is"', r'in C:\new\ "it" is'),
        ('"of\ntwo \\"lines\\""', 'of\ntwo "lines"'),
    ],
)
def test_backslashes_before_quotation_marks_are_read_as_spark_and_r_write_them(
    write: Write, read_all: ReadAll, field: str, text: str
) -> None:
    documents, errors = read_all(write("a.csv", f'id,text\n1,{field}\n2,"C:\\"\n3,"end"\n'))
    assert ([document.text for document in documents], errors) == ([text, "C:\\", "end"], [])


def test_a_row_that_no_rule_makes_fit_stays_an_error_and_the_next_is_read(
    write: Write, read_all: ReadAll
) -> None:
    path = write("a.csv", 'id,text\n1,"The "big" one"\n2,"a" ,b,c\n3,"a\\"b",c\n4,last\n')
    documents, errors = read_all(path)
    assert [document.text for document in documents] == ["last"]
    assert [error.partition(": ")[0] for error in errors] == [f"{path}:{line}" for line in (2, 3, 4)]


def test_separators_that_end_a_row_are_no_fields(write: Write, read_all: ReadAll) -> None:
    documents, errors = read_all(write("a.csv", "id,text\n1,one,\n2,two,,\n3,three,more\n"))
    assert [document.text for document in documents] == ["one", "two"]
    assert len(errors) == 1 and "3 fields where the first row names 2 columns" in errors[0]
