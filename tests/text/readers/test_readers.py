"""Which reader a file has, and text files."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growth import assert_linear
from openbook.errors import SourceError
from openbook.text import Document, read_documents
from openbook.text.headings import headings
from openbook.text.readers.registry import READERS, reader_suffix

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.txt", ".txt"),
        ("A.MD", ".md"),
        ("a.b.txt", ".txt"),
        ("a.jsonl.gz", ".jsonl.gz"),
        ("articles.v1.JSONL.XZ", ".jsonl.xz"),
        ("a.jsonl.txt", ".txt"),
        ("a.txt.gz", ".txt.gz"),
        ("a.png.gz", ".gz"),
        ("A.Jsonl.Zst", ".jsonl.zst"),
        ("wiki.v1.idx", ".idx"),
        ("folder.txt/a", ""),
        (".txt", ""),
        ("", ""),
    ],
)
def test_end_of_the_name_decides_the_reader(name: str, suffix: str) -> None:
    assert reader_suffix(name) == suffix


def test_readers_are_found_by_their_own_suffix() -> None:
    assert all(reader_suffix(f"a{suffix}") == suffix for suffix in READERS)


@pytest.mark.parametrize("suffix", sorted(READERS))
@settings(deadline=None, max_examples=30)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_documents_or_source_errors(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    errors: list[SourceError] = []
    documents = list(read_documents([str(path)], on_error=errors.append))
    assert documents or errors
    assert all(str(error).isprintable() for error in errors)


# Text files


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize(
    "text", ["a\nb\u2028c\x85\n", "a\0b", "\x01", "no end", "\u2028x\u200b", " x ", "\ufffe", "é😀"]
)
def test_text_file_is_one_document_kept_as_it_is(
    write: Write, read_all: ReadAll, name: str, text: str
) -> None:
    (document,), _ = read_all(write(name, text))
    assert document.text == text


@pytest.mark.parametrize("end", ["\r", "\r\n"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.rst", "a.org", "a.csv", "b.csv", "a.html", "a.xyz"])
def test_a_document_is_the_same_whatever_its_lines_end_with(
    write: Write, read_all: ReadAll, name: str, end: str
) -> None:
    """Of old Macs, too; its title, what its header says and its fingerprint are those of the usual file."""
    text = {
        "a.md": "---\nsource: x\n---\n\nHens\n\n# About hens\n",
        "a.rst": "About hens\n==========\n\nThey lay.\n",
        "a.org": "#+TITLE: About hens\n\n* First\n",
        "a.csv": 'title,text\nHens,"They\nlay."\nGeese,They fly.\n',
        "b.csv": 'part,note\nP-1,"two\nlines"\nP-2,one\n',
        "a.html": "<title>Hens</title><p>They\nlay.<pre>a\nb</pre>",
    }.get(name, "About hens\n\nThey lay.\n")
    expected, _ = read_all(write(name, text), any_text=True)
    documents, errors = read_all(write(name, text.replace("\n", end)), any_text=True)
    assert (documents, errors) == (expected, [])
    assert [(one.id, one.sha256) for one in documents] == [(one.id, one.sha256) for one in expected]


def test_the_fingerprint_of_usual_lines_is_what_it_always_was(write: Write, read_all: ReadAll) -> None:
    text = "---\ntitle: T\n---\nOne.\n\nTwo.\n"
    (document,), _ = read_all(write("a.md", text))
    assert document.sha256 == hashlib.sha256(b"One.\n\nTwo.\n").hexdigest()


def test_byte_order_mark_is_left_out_once(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.txt", "\ufeffx\ufeffy"))
    assert document.text == "x\ufeffy"


@pytest.mark.parametrize(
    ("content", "documents"), [(b"\0" * 100, 0), (b"\0\r\n \0", 0), (b"cut off\0\0\0", 1)]
)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_a_file_of_zero_bytes_is_no_text(
    write: Write, read_all: ReadAll, name: str, content: bytes, documents: int
) -> None:
    read, errors = read_all(write(name, content))
    assert len(read) == documents
    assert [error for error in errors if "zero bytes" not in error] == []
    assert len(errors) == 1 - documents


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_file_may_be_in_a_wider_encoding(write: Write, read_all: ReadAll, encoding: str) -> None:
    text = "# Größe\r\n日本"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (document,), _ = read_all(write("a.md", (mark + text).encode(encoding)))
    assert (document.text, document.title) == ("# Größe\n日本", "Größe")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("#+TITLE: About hens\n* Heading\n", "About hens"),
        ("#+author: x\n\nText\n** First\n* Second", "First"),
        ("*bold* is not a heading\n", "notes"),
        ("#+title:\n* Heading", "Heading"),
        ("#+title: The *old* mill\n", "The old mill"),
        ("#+TITLE: TODO the line :x:\n", "TODO the line :x:"),
        ("#+title: *Mill* of [[https://x][Ada]]\n", "Mill of Ada"),
        ("* [[https://x][Link heading]] *bold* =v=\n", "Link heading bold v"),
        ("* DONE [#A] Only heading :x:home:\n", "Only heading"),
        ("* TODO\n* x_y of a/b\n", "x_y of a/b"),
    ],
)
def test_title_of_an_org_file_is_the_one_it_names_else_its_first_heading(
    write: Write, read_all: ReadAll, text: str, title: str
) -> None:
    (document,), _ = read_all(write("notes.org", text))
    assert (document.title, document.text) == (title, text)


@pytest.mark.parametrize(
    ("content", "byte"),
    [
        (b"abc\xe9", 3),
        (b"\xef\xbb\xbfab\xff", 5),
        (b"\xff\xfea", 0),
        (b"a\xc3", 1),
        (b"\xed\xa0\x80", 0),
    ],
)
def test_text_file_that_is_not_utf8_names_file_and_byte(
    write: Write, read_all: ReadAll, content: bytes, byte: int
) -> None:
    """Latin-1, with a byte-order mark, UTF-16 cut off, cut within a character, an encoded surrogate."""
    path = write("a.txt", content)
    assert read_all(path)[1] == [
        f"{path}: not UTF-8 at byte {byte}; convert it, or leave it out: --on-error skip"
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.rst", "a.org"])
def test_zeros_at_the_end_are_no_text(write: Write, read_all: ReadAll, name: str) -> None:
    (document,), errors = read_all(write(name, b"The mule is Bess.\n" + bytes(20_000)))
    assert (document.text, errors) == ("The mule is Bess.\n", [])


def test_a_text_with_many_zeros_is_none(write: Write, read_all: ReadAll) -> None:
    content = b"The mule\0 is Bess." + bytes(8) + b"And"
    path = write("a.txt", content)
    problem = "not text: it holds 9 zero bytes; write it again, or leave it out: --on-error skip"
    assert read_all(path) == ([], [f"{path}: {problem}"])
    (document,), _ = read_all(write("b.txt", content.replace(b"mule\0", b"mule")))
    assert document.text == "The mule is Bess.\0\0\0\0\0\0\0\0And"


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("# First\n# Second", "First"),
        ("intro\n\n# Later  \n", "Later"),
        ("## Second level\n# First level", "Second level"),
        ("\ufeff# After the mark", "After the mark"),
        ("# \r\n# Not empty\r\n", "Not empty"),
        ("  #\tIndented", "Indented"),
        ("```sh\n# a comment\n```\n# Outside", "Outside"),
        ("~~~\n# a comment\n~~~", "notes"),
        ("    # code\n#hashtag\n####### seven", "notes"),
        ("# About C#", "About C#"),
        ("Title\n=====\n", "Title"),
        ('<h1 align="center">Name</h1>\n', "Name"),
        ("<!--\n# a note\n-->\n# Outside", "Outside"),
        ("# Head **bold** [link](http://x) `code`", "Head bold link code"),
        ("no heading", "notes"),
        ("It swims.\n\n## License\n\nFree.", "notes"),
        ("It swims.\n\n## License\n\n# Otters\n", "Otters"),
        ("License\n---\n", "License"),
        ("<h1>\n<img src='x.svg' width=300>\n</h1>\n\nIt swims.\n\n## License", "notes"),
        ("<h1>\n<img src='x.svg' alt='Otter'>\n</h1>\n\nIt swims.\n\n## License", "Otter"),
        ("<p><img src='x.png' alt='Otter'></p>\n\n__Otters__ swim.\n\n## License", "notes"),
        ("![a cat](x.png)\n[![CI](ci.svg)](http://ci)\n<!-- note -->\n\n### Otters\n", "Otters"),
        ("[![CI][ci]][run]\n\n[ci]: ci.svg\n[run]: http://ci\n\n## Otters\n", "Otters"),
        ("```\nswim()\n```\n## License\n", "notes"),
    ],
)
def test_title_is_the_first_markdown_heading_else_the_name(
    write: Write, read_all: ReadAll, markdown: str, title: str
) -> None:
    (document,), _ = read_all(write("notes.md", markdown))
    assert document.title == title


def test_data_of_pictures_in_markdown_are_left_out(write: Write, read_all: ReadAll) -> None:
    """Editors write the whole of a picture into the line that shows it, or to the end of the file."""
    data = "data:image/png;base64," + "iVBORw0KGgo" * 5000
    text = f"# Pump\n\n![a valve]({data}) turns.\n\n![][image1]\n![a hen](hen.png)\n"
    (document,), errors = read_all(write("notes/pump.md", f"{text}\n[image1]: <{data}>\n").parent)
    assert (document.text, errors) == ("# Pump\n\na valve turns.\n\n\n![a hen](hen.png)\n\n", [])
    path = write("b.md", f"![]({data})\n")
    problem = "shows pictures, but holds no text: what they show is not read; say it in words"
    assert read_all(path) == ([], [f"{path}: {problem}, or leave it out: --on-error skip"])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Title\n=====\n\nText", "Title"),
        ("=====\nTitle\n=====\n", "Title"),
        ("\ufeff=======\r\n Title\r\n=======\r\n", "Title"),
        ("A paragraph\nof two lines\n\nLater\n-----\n", "Later"),
        (".. comment\n   ========\n\nTitle\n~~~~~\n", "Title"),
        (".. _label:\n\nTitle\n``````\n", "Title"),
        ("The longer title\n====\n", "The longer title"),
        ("Go\n==\n", "Go"),
        ("Title with ``code_x`` and *it*\n====\n", "Title with code_x and it"),
        (":doc:`The mill <mill>` and `more`_ *args\n====\n", "The mill and more *args"),
        ("Title\n===\n\nSecond\n------\n", "Second"),
        ("====\nToo long over\n====\n\nSecond\n------\n", "Second"),
        ("Text\n\n----\n\nMore\n", "notes"),
        ("Code::\n\n    Title\n    =====\n", "notes"),
        ("two lines\nof text\n=======\n", "notes"),
        ("=====  =====\nA      B\n=====  =====\n", "notes"),
        ("=-=-=\n", "notes"),
        ("日本語\n======\n", "日本語"),
        ("Last\n====", "Last"),
    ],
)
def test_title_is_the_first_rst_heading_else_the_name(
    write: Write, read_all: ReadAll, text: str, title: str
) -> None:
    (document,), _ = read_all(write("notes.rst", text))
    assert (document.title, document.text) == (title, text.removeprefix("\ufeff").replace("\r\n", "\n"))


@pytest.mark.parametrize("name", ["guide.mdx", "report.qmd", "Report.Rmd"])
def test_markdown_of_other_tools_is_markdown(write: Write, read_all: ReadAll, name: str) -> None:
    path = write(f"notes/{name}", "---\ntags: [a]\n---\n# The *mill*\n\nIt turns.\n")
    (document,), errors = read_all(path.parent)
    assert (document.text, document.title, errors) == ("# The *mill*\n\nIt turns.\n", "The mill", [])
    assert [found.title for found in headings(document.text, source=document.source)] == ["The mill"]


def test_plain_text_has_no_headings(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("v1.2 notes.txt", "# not a heading"))
    assert document.title == "v1.2 notes"


def test_heading_of_any_shape_is_found_in_linear_time(write: Write, read_all: ReadAll) -> None:
    for name, text_of in (
        ("a.md", lambda n: "# x" + " #" * n + "y"),
        ("b.md", lambda n: "#" * n + " " * n),
        ("d.md", lambda n: "![[<!--<" * n + "\n## x"),
        ("e.md", lambda n: "# <img alt=" + "<img alt= " * n),
        ("c.rst", lambda n: "=" * n + "-\n" + "-" * n + "\n" + "=" * n),
    ):
        assert_linear(lambda n, name=name, text_of=text_of: read_all(write(name, text_of(n))), 10_000)
