import gzip
import json
import lzma
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pytest
import zstandard
from fsspec.implementations.local import LocalFileSystem

from epub_file import epub_of
from openbook.errors import SourceError
from openbook.text import AnyDocument, Document, read_documents
from openbook.text.omissions import Omissions
from slides_file import pptx, slide
from word_file import docx

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

ROW = '{"text": "from a row"}\n'
ODD_NAMES = [
    "a b", "it's", 'q"', "a#b", "a?b", "a%20b", "a::b", "memory::b", "a:b", "a[1]", "a*b", "{x}", "~", "-x",
    "$HOME", "a\\b", "new\nline", "ü", "日本",
]  # fmt: skip


def ids(*sources: object) -> list[str]:
    return [document.id for document in read_documents(str(source) for source in sources)]


@pytest.fixture
def corpus(write: Write, tmp_path: Path) -> Path:
    """A folder with a file of each kind, and files that are no documents."""
    write("corpus/b.txt", "plain")
    write("corpus/a.md", "# Heading\n\nbody")
    write("corpus/sub/deep/rows.jsonl", ROW)
    write("corpus/sub/rows.jsonl.gz", gzip.compress(b'{"text": "gz", "id": "gz"}\n'))
    write("corpus/sub/rows.jsonl.xz", lzma.compress(b'{"text": "xz", "id": 7}\n'))
    write("corpus/sub/ignored.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    write("corpus/.hidden.txt", "hidden")
    write("corpus/.git/config.txt", "hidden")
    write("corpus/sub/.cache/deep/x.txt", "hidden")
    return tmp_path / "corpus"


def test_folder_is_read_recursively_in_order_without_hidden_files(corpus: Path) -> None:
    expected = ["corpus/a.md", "corpus/b.txt", Document(text="from a row").id, "gz", "7"]
    assert ids(corpus) == expected


def test_documents_say_where_they_came_from(corpus: Path) -> None:
    assert [document.source for document in read_documents([str(corpus)])] == [
        f"{corpus}/a.md",
        f"{corpus}/b.txt",
        f"{corpus}/sub/deep/rows.jsonl:1",
        f"{corpus}/sub/rows.jsonl.gz:1",
        f"{corpus}/sub/rows.jsonl.xz:1",
    ]


def test_order_is_of_names_level_by_level(write: Write, tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a-b.txt", "a.txt", "B.txt", "a/b/c.txt", "10.txt", "9.txt"):
        write(f"docs/{name}", name)
    texts = [document.text for document in read_documents([str(tmp_path / "docs")])]
    assert texts == ["10.txt", "9.txt", "B.txt", "a/b/c.txt", "a/z.txt", "a-b.txt", "a.txt", "b.txt"]


def test_sources_are_read_in_the_order_given(write: Write) -> None:
    assert ids(write("z.txt", "z"), write("a.txt", "a")) == ["z.txt", "a.txt"]


def test_no_sources_are_no_documents() -> None:
    assert ids() == []


def test_one_source_may_be_given_as_text(write: Write) -> None:
    """Not letter by letter: "/" would read the whole machine."""
    assert [document.text for document in read_documents(str(write("a.txt", "one")))] == ["one"]


def test_reading_is_lazy(write: Write, tmp_path: Path) -> None:
    documents = read_documents([str(write("a.txt", "first")), str(tmp_path / "missing.txt")])
    assert next(documents).text == "first"
    with pytest.raises(SourceError):
        next(documents)


@pytest.mark.parametrize("spelling", ["{}", "{}/", "{}//", "file://{}", "{}/.", "{}/sub/..", "{}/../corpus"])
def test_id_does_not_depend_on_how_the_folder_is_spelled(corpus: Path, spelling: str) -> None:
    assert ids(spelling.format(corpus))[:2] == ["corpus/a.md", "corpus/b.txt"]


@pytest.mark.parametrize(
    ("source", "first"),
    [
        (".", "corpus/a.md"),
        ("./", "corpus/a.md"),
        ("../corpus", "corpus/a.md"),
        ("sub/..", "corpus/a.md"),
        ("sub/deep/../..", "corpus/a.md"),
        ("a.md", "a.md"),
        ("./a.md", "a.md"),
        ("sub/../a.md", "a.md"),
    ],
)
def test_relative_sources_have_sensible_ids(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, source: str, first: str
) -> None:
    monkeypatch.chdir(corpus)
    document = next(read_documents([source]))
    assert (document.id, document.source) == (first, f"{corpus}/a.md")


def test_parent_of_the_working_folder_is_named(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(corpus / "sub")
    assert ids("..")[:2] == ["corpus/a.md", "corpus/b.txt"]


def test_parent_of_a_linked_folder_is_where_the_link_leads(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link").symlink_to(corpus / "sub")
    assert ids(tmp_path / "elsewhere" / "link" / "..")[0] == "corpus/a.md"


def test_home_folder_is_expanded(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(corpus.parent))
    assert ids("~/corpus")[0] == "corpus/a.md"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_file_names_are_names(write: Write, read_all: ReadAll, tmp_path: Path, name: str) -> None:
    path = write(f"docs/{name}.txt", "hello")
    (named,), _ = read_all(path)
    (below,), _ = read_all(tmp_path / "docs")
    assert (named.id, named.title, named.source) == (f"{name}.txt", name, str(path))
    assert below.id == f"docs/{name}.txt"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_folder_names_are_names(write: Write, read_all: ReadAll, tmp_path: Path, name: str) -> None:
    write(f"{name}/x.txt", "hello")
    (document,), _ = read_all(tmp_path / name)
    assert document.id == f"{name}/x.txt"


@pytest.mark.parametrize("name", ["a::b.txt", "a?b.txt", "a#b.txt", "[1].txt", "C:x.txt"])
def test_odd_relative_names_are_names(write: Write, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(write(name, "hello").parent)
    assert ids(name) == [name]


@pytest.mark.parametrize("name", ["X.TXT", "X.Md", "X.JSONL", "v1.2.txt", "a.jsonl.txt"])
def test_kind_is_the_end_of_the_name_in_any_case(write: Write, name: str) -> None:
    assert len(ids(write(name, '{"text": "hello"}'))) == 1


def test_hidden_files_and_folders_are_read_when_named(write: Write) -> None:
    path = write(".notes/x.txt", "hello")
    write(".notes/.y.txt", "hello")
    assert ids(path.parent) == [".notes/x.txt"]
    assert ids(path.parent / ".y.txt") == [".y.txt"]


def test_folder_may_be_named_like_a_file(write: Write, read_all: ReadAll, tmp_path: Path) -> None:
    write("docs/x.txt/y.txt", "inside")
    write("docs/z.txt", "beside")
    (tmp_path / "docs" / "empty.parquet").mkdir()
    documents, errors = read_all(tmp_path / "docs")
    assert ([document.id for document in documents], errors) == (["docs/x.txt/y.txt", "docs/z.txt"], [])


def test_link_to_a_file_is_read(write: Write, tmp_path: Path) -> None:
    target = write("elsewhere/a.txt", "linked")
    write("docs/b.txt", "hello")
    (tmp_path / "docs" / "a.txt").symlink_to(target)
    assert ids(tmp_path / "docs") == ["docs/a.txt", "docs/b.txt"]


def test_named_link_to_a_folder_is_read_under_its_own_name(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(corpus)
    assert ids(tmp_path / "latest")[0] == "latest/a.md"


def test_links_to_folders_below_are_not_followed(corpus: Path) -> None:
    before = ids(corpus)
    (corpus / "loop").symlink_to(corpus)
    (corpus / "sub" / "up").symlink_to("..")
    assert ids(corpus) == before


@pytest.mark.parametrize("target", ["a.txt", "gone.txt"])
def test_broken_link_is_reported(write: Write, read_all: ReadAll, tmp_path: Path, target: str) -> None:
    """A link to itself, and one to a file that is gone."""
    write("docs/b.txt", "hello")
    (tmp_path / "docs" / "a.txt").symlink_to(target)
    documents, (error,) = read_all(tmp_path / "docs")
    assert [document.id for document in documents] == ["docs/b.txt"]
    assert error == (
        f"{tmp_path}/docs/a.txt: cannot be read: it is a link that leads nowhere, or in a circle; repair or "
        "remove it, or leave it out: --on-error skip"
    )


@pytest.mark.parametrize("any_text", [False, True])
def test_links_to_folders_are_said_whatever_they_are_called(corpus: Path, any_text: bool) -> None:
    """One that is called like a file that is read, too; folders beyond a link are not looked into."""
    (corpus / "c.txt").symlink_to("sub")
    (corpus / "sub" / "linked").symlink_to("deep")
    omissions = Omissions()
    documents = list(read_documents(str(corpus), any_text=any_text, omissions=omissions))
    assert len(documents) == 5
    assert omissions.linked_folders == ["corpus/c.txt", "corpus/sub/linked"]
    assert "2 links to folders are not followed: corpus/c.txt, corpus/sub/linked" in omissions.lines()
    assert omissions.counts()["link to a folder"] == 2
    assert not omissions.files[""] and not omissions.files[".txt"]


def test_a_link_to_a_folder_that_a_pattern_leaves_out_is_not_said(corpus: Path) -> None:
    (corpus / "c.txt").symlink_to("sub")
    omissions = Omissions()
    list(read_documents(str(corpus), exclude=["c.txt"], omissions=omissions))
    assert (omissions.linked_folders, omissions.excluded) == ([], {"c.txt": 1})


def test_a_broken_link_of_another_kind_is_counted(corpus: Path) -> None:
    """It names no text that is missing; one that is called like a file that is read stops."""
    (corpus / "current").symlink_to("gone")
    (corpus / "loop").symlink_to("loop")
    omissions = Omissions()
    assert len(list(read_documents(str(corpus), omissions=omissions))) == 5
    assert omissions.others["broken link"] == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
def test_hidden_files_and_pipes_are_counted(corpus: Path, write: Write) -> None:
    """`corpus` holds .git/, sub/.cache/ and .hidden.txt."""
    os.mkfifo(corpus / "sub" / "a.txt")
    (corpus / "null.md").symlink_to("/dev/null")
    write("corpus/~$report.docx", b"\x05Otto")
    omissions = Omissions()
    assert len(list(read_documents(str(corpus), omissions=omissions))) == 5
    assert omissions.lines() == [
        "1 file is left out, of kinds that are not read: 1 .png",
        "1 device, 1 hidden file, 2 hidden folders, 1 lock file, 1 pipe are left out",
    ]
    expected = {
        "hidden folder": 2, ".png": 1, "hidden file": 1, "lock file": 1, "pipe": 1, "device": 1,
    }  # fmt: skip
    assert omissions.counts() == expected


def test_installed_packages_are_read_only_where_they_are_named(corpus: Path, write: Write) -> None:
    write("corpus/web/node_modules/semver/README.md", "# semver\nOf another project.")
    write("corpus/env/pyvenv.cfg", "home = /usr/bin")
    write("corpus/env/lib/top_level.txt", "numpy")
    omissions = Omissions()
    assert len(list(read_documents(str(corpus), omissions=omissions))) == 5
    assert omissions.others["package folder"] == 2
    for folder in ("web/node_modules", "env"):
        assert len(list(read_documents(str(corpus / folder)))) == 1


def test_hidden_files_that_a_pattern_leaves_out_are_not_counted(corpus: Path) -> None:
    omissions = Omissions()
    list(read_documents(str(corpus), glob="*.md", exclude=[".git"], omissions=omissions))
    assert (omissions.others, omissions.excluded) == ({"hidden folder": 1}, {".git": 1})


def test_all_links_and_kinds_are_said_where_that_is_asked(corpus: Path) -> None:
    for number in range(10):
        (corpus / f"link{number}").symlink_to("sub")
        (corpus / f"x.kind{number}").touch()
    omissions = Omissions()
    list(read_documents(str(corpus), omissions=omissions))
    files, _, links = omissions.lines()
    assert (files.endswith(", and 3 kinds more"), links.endswith(", and 2 links more")) == (True, True)
    files, _, links = omissions.lines(most=None)
    assert (files.count(" .kind"), links.count("corpus/link")) == (10, 10)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
def test_pipes_and_devices_in_folders_are_left_out_unopened(
    write: Write, read_all: ReadAll, tmp_path: Path
) -> None:
    write("docs/b.txt", "hello")
    os.mkfifo(tmp_path / "docs" / "a.txt")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "docs" / "c.txt").symlink_to(tmp_path / "pipe")
    (tmp_path / "docs" / "d.txt").symlink_to("/dev/zero")
    documents, errors = read_all(tmp_path / "docs")
    assert ([document.id for document in documents], errors) == (["docs/b.txt"], [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
def test_pipe_that_is_named_is_reported_unopened(tmp_path: Path, read_all: ReadAll) -> None:
    os.mkfifo(tmp_path / "a.txt")
    _, (error,) = read_all(tmp_path / "a.txt")
    assert error.startswith(f"{tmp_path}/a.txt: a pipe or device, which gives its text only once")


def test_unreadable_folder_is_reported_and_the_others_are_read(
    corpus: Path, read_all: ReadAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions do not bind root, so the listing is made to fail."""
    listing = LocalFileSystem.ls

    def refuse(self: LocalFileSystem, path: str, *args: Any, **kwargs: Any) -> Any:
        if str(path).endswith("/deep"):
            raise PermissionError(13, "Permission denied", path)
        return listing(self, path, *args, **kwargs)

    monkeypatch.setattr(LocalFileSystem, "ls", refuse)
    left_out = Omissions()
    list(read_documents(str(corpus), on_error=lambda error: None, omissions=left_out))
    assert left_out.unread == {f"{corpus.resolve()}/sub/deep"}
    documents, (error,) = read_all(corpus)
    assert [document.text for document in documents][2:] == ["gz", "xz"]
    assert error.startswith(f"{corpus}/sub/deep: cannot be read")
    assert "Permission denied" in error


def test_file_name_that_is_no_text_is_reported(write: Write, read_all: ReadAll, tmp_path: Path) -> None:
    write("docs/z.txt", "hello")
    with open(os.fsencode(tmp_path / "docs") + b"/\xff.txt", "wb") as file:  # noqa: PTH123
        file.write(b"hello")
    documents, (error,) = read_all(tmp_path / "docs")
    assert [document.id for document in documents] == ["docs/z.txt"]
    assert error.startswith(f"{tmp_path}/docs/\\udcff.txt: the id holds a lone surrogate")
    assert error.endswith("; rename the file")


@pytest.mark.parametrize(
    "source",
    [
        "missing.txt", "missing/", "", " ", "\0", "a\0b.txt", "a\nb.txt", "a::b", "x" * 300 + ".txt",
        "~/no/such", "file:///no/such.txt", "memory://no/such.txt",
    ],
)  # fmt: skip
def test_missing_source_stops_always(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    (tmp_path / "here.txt").write_text("the working folder is not read instead")
    monkeypatch.chdir(tmp_path)
    errors: list[SourceError] = []
    with pytest.raises(SourceError, match="no such file or folder") as error:
        list(read_documents([source], on_error=errors.append))
    assert str(error.value).isprintable()
    assert errors == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("nope://x", "Protocol not known: nope"),
        ("zip://a.txt::/no/such.zip", "No such file"),
        ("reference://", "missing"),
    ],
)
def test_source_that_cannot_be_reached_says_why(source: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as error:
        list(read_documents([source]))
    assert str(error.value).startswith(source)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["x.png", "README", "x.png.gz", "x.docm", ".txt", "x.gz", "x.txt~"])
def test_unknown_kind_of_file_names_the_known_ones(write: Write, read_all: ReadAll, name: str) -> None:
    path = write(name, "hello")
    documents, (error,) = read_all(path, write("good.txt", "good"))
    assert [document.id for document in documents] == ["good.txt"]
    known = (
        ".txt, .md, .markdown, .mdx, .qmd, .rmd, .rst, .org, .html, .htm, .xhtml, .ipynb, .srt, .vtt, .eml, "
        ".mbox, .csv, .tsv, .jsonl, .ndjson, .json (each also with .gz, .xz, .zst), .pdf, .docx, .odt, "
        ".pptx, .odp, .xlsx, .xlsm, .xls, .xlsb, .ods, .epub, .parquet, PREFIX.idx with its PREFIX.bin, "
        "or a folder of them; --any-text reads it if it is text"
    )
    assert error == f"{path}: unknown kind of file; known: {known}"


@pytest.mark.parametrize(
    ("name", "kinds"), [("a.rtf", ".docx or .odt"), ("a.DOC", ".docx or .odt"), ("a.ppt", ".pptx or .odp")]
)
@pytest.mark.parametrize("any_text", [False, True])
def test_files_of_office_programs_that_are_not_read_say_as_what_to_save_them(
    write: Write, name: str, kinds: str, any_text: bool
) -> None:
    path = write(name, r"{\rtf1\ansi The mill.}")
    with pytest.raises(SourceError) as error:
        list(read_documents([str(path)], any_text=any_text))
    assert str(error.value) == f"{path}: {path.suffix.lower()} files are not read; save it as {kinds}"


COMPRESS = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress, ".zst": zstandard.compress}


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("x.txt", "hello", "x"),
        ("x.md", "hello", "x"),
        ("x.markdown", "# Head\nhello", "Head"),
        ("x.rst", "hello", "x"),
        ("x.org", "#+TITLE: Head\nhello", "Head"),
        ("x.html", "<p>hello", "x"),
        ("x.xhtml", "<p>hello</p>", "x"),
        ("x.ipynb", '{"cells": [{"cell_type": "raw", "source": "hello"}]}', "x"),
        ("x.srt", "1\n00:00:01,000 --> 00:00:02,000\nhello", "x"),
        ("x.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nhello", "x"),
        ("x.eml", "From: a@example.org\n\nhello", "x"),
        ("x.mbox", "From a\nFrom: a@example.org\n\nhello", "x"),
        ("x.csv", "text\nhello", ""),
        ("x.tsv", "id\ttext\nx\thello", ""),
        ("x.jsonl", '{"text": "hello"}', ""),
        ("x.ndjson", '{"text": "hello"}', ""),
        ("x.json", '[{"text": "hello"}]', ""),
    ],
)
def test_all_text_may_be_compressed(
    write: Write, read_all: ReadAll, name: str, content: str, title: str, compression: str
) -> None:
    path = write(f"{name}{compression}", COMPRESS[compression](content.encode()))
    (document,), errors = read_all(path)
    assert (document.text.endswith("hello"), document.title, errors) == (True, title, [])
    assert document.source.startswith(str(path))


def test_files_of_other_kinds_are_counted_by_the_ends_of_their_names(write: Write, tmp_path: Path) -> None:
    names = ["a.txt", "b.PNG", "sub/c.png", "sub/d", "e.json", "f.tsv.gz", "g.docm"]
    for name in (*names, ".hidden.png", "~$report.docx"):
        write(f"docs/{name}", "hello")
    omissions = Omissions()
    documents = list(read_documents(str(tmp_path / "docs"), omissions=omissions))
    assert [document.id for document in documents] == ["docs/a.txt"]
    assert omissions.files == {".png": 2, "": 1, ".json": 1, ".gz": 1, ".docm": 1}
    assert omissions.files_line().startswith("6 files are left out, of kinds that are not read: 2 .png, ")
    assert "1 without an ending" in omissions.files_line() and "--glob '*.json'" in omissions.files_line()
    assert Omissions().files_line() == ""


def test_what_a_pattern_leaves_out_is_not_counted(write: Write, tmp_path: Path) -> None:
    for name in ("a.txt", "b.png", "c.json", "d.tsv"):
        write(f"docs/{name}", '{"text": "hello"}')
    omissions = Omissions()
    documents = list(read_documents(str(tmp_path / "docs"), glob="*.json", omissions=omissions))
    assert [document.text for document in documents] == ["hello"]
    assert not omissions.files


def test_many_kinds_are_one_line_still(write: Write, tmp_path: Path) -> None:
    for number in range(20):
        write(f"docs/x.kind{number}", "hello")
    write("docs/a.txt", "hello")
    omissions = Omissions()
    list(read_documents(str(tmp_path / "docs"), omissions=omissions))
    assert omissions.files_line().endswith(", and 12 kinds more")


def test_a_lock_file_of_an_office_program_is_left_out(
    write: Write, read_all: ReadAll, tmp_path: Path
) -> None:
    write("docs/a.txt", "hello")
    write("docs/~$report.docx", b"\x05Otto")
    (document,), errors = read_all(tmp_path / "docs")
    assert (document.id, errors) == ("docs/a.txt", [])


def test_folders_may_be_nested_deeper_than_the_stack(write: Write, tmp_path: Path) -> None:
    """Made one by one, for a path may not be that long at once on every system."""
    write("docs/a.txt", "top")
    place = os.open(tmp_path / "docs", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    file = os.open("z.txt", os.O_WRONLY | os.O_CREAT, dir_fd=place)
    os.write(file, b"bottom")
    os.close(file)
    os.close(place)
    try:
        assert [document.text for document in read_documents(str(tmp_path / "docs"))] == ["top", "bottom"]
    finally:  # pytest could not delete it
        outermost = tmp_path / "docs" / "d"
        while (outermost / "d").exists():  # from outside in: rmtree is recursive itself
            (outermost / "d").rename(tmp_path / "docs" / "next")
            outermost.rmdir()
            (tmp_path / "docs" / "next").rename(outermost)


@pytest.mark.parametrize("inside", [None, "x.png", ".hidden.txt", ".git/x.txt"])
def test_folder_without_documents_is_reported(
    write: Write, read_all: ReadAll, tmp_path: Path, inside: str | None
) -> None:
    (tmp_path / "empty").mkdir()
    if inside:
        write(f"empty/{inside}", "hello")
    documents, (error,) = read_all(tmp_path / "empty", write("good.txt", "good"))
    assert [document.id for document in documents] == ["good.txt"]
    assert error.startswith(f"{tmp_path}/empty: holds no document")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b""),
        ("a.txt", b"\xef\xbb\xbf"),
        ("a.md", b" \r\n"),
        ("a.jsonl", b""),
        ("a.jsonl", b"\n \r\n"),
        ("a.jsonl.gz", b""),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0)),
        ("a.jsonl.xz", b""),
        ("a.jsonl.xz", lzma.compress(b"")),
        ("a.parquet", b""),
        ("a.rst", b"\n"),
        ("a.html", b""),
        ("a.csv", b""),
        ("a.jsonl.zst", b""),
        ("a.jsonl.zst", zstandard.compress(b"")),
        ("a.idx", b""),
        ("a.pdf", b""),
        ("a.docx", b""),
        ("a.html", b" \n"),
        ("a.txt", "\n".encode("utf-16")),
        ("a.html", b"<script>x</script>"),
        ("a.ipynb", b'{"cells": []}'),
        ("Untitled.ipynb", b'{"cells": [{"cell_type": "code", "source": [], "outputs": []}]}'),
        ("a.epub", epub_of(" ")),
        ("a.docx", docx("")),
        ("a.pptx", pptx(slide())),
    ],
    ids=range(26),
)
def test_empty_file_of_a_folder_is_passed_over_and_counted(
    write: Write, read_all: ReadAll, tmp_path: Path, name: str, content: bytes
) -> None:
    path = write(f"docs/{name}", content)
    write("docs/a.bin", b"")
    documents, (error,) = read_all(tmp_path / "docs")
    assert (documents, error.startswith(f"{path}: ")) == ([], True), "nothing else is there"
    write("docs/b.txt", "good")
    left_out = Omissions()
    (document,) = read_documents(str(tmp_path / "docs"), omissions=left_out)
    assert document.id == "docs/b.txt"
    assert "1 empty file is left out" in left_out.lines()
    assert left_out.counts()["empty file"] == 1
    origin = f"{tmp_path.resolve()}/docs/{name}"
    assert (left_out.unread, [*left_out.blank]) == ({origin}, [origin])
    assert read_all(path, tmp_path / "docs" / "b.txt") == ([document_named("b.txt", document)], [error]), (
        "it was named itself"
    )


def document_named(name: str, document: AnyDocument) -> AnyDocument:
    return replace(document, id=name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"\0\0"),
        ("a.jsonl", b'{"text": ""}'),
        ("a.txt.gz", gzip.compress(b"text", mtime=0)[:-4]),
    ],
)
def test_a_file_with_something_in_it_that_is_no_text_is_an_error(
    write: Write, read_all: ReadAll, tmp_path: Path, name: str, content: bytes
) -> None:
    path = write(f"docs/{name}", content)
    write("docs/b.txt", "good")
    (document,), (error,) = read_all(tmp_path / "docs")
    assert (document.id, error.startswith(str(path))) == ("docs/b.txt", True)


def test_what_could_not_be_read_is_noted_by_its_origin(write: Write, tmp_path: Path) -> None:
    write("docs/rows.jsonl", f"nope\n{ROW}")
    write("docs/sub/latin.txt", b"\xff")
    write("docs/empty.csv", "id,text\n")
    (tmp_path / "docs" / "gone.md").symlink_to("nowhere")
    (tmp_path / "hollow").mkdir()
    left_out = Omissions()
    sources = [str(tmp_path / "docs"), str(tmp_path / "hollow")]
    (document,) = read_documents(sources, on_error=lambda error: None, omissions=left_out)
    assert isinstance(document, Document) and document.text == "from a row"
    place = tmp_path.resolve()
    unread = ("docs/rows.jsonl", "docs/sub/latin.txt", "docs/gone.md", "hollow")
    assert left_out.unread == {f"{place}/{name}" for name in unread}
    assert left_out.empty == {f"{place}/docs/empty.csv"}


def test_skipped_documents_are_reported_once_in_order(
    write: Write, read_all: ReadAll, tmp_path: Path
) -> None:
    write("docs/a.txt", b"\xff")
    write("docs/b.jsonl", f'nope\n{ROW}{{"text": 3}}\n')
    write("docs/c.parquet", b"PAR1")
    write("docs/d.txt", "good")
    documents, errors = read_all(tmp_path / "docs")
    assert [document.text for document in documents] == ["from a row", "good"]
    assert [error.split(": ")[0] for error in errors] == [
        f"{tmp_path}/docs/a.txt",
        f"{tmp_path}/docs/b.jsonl:1",
        f"{tmp_path}/docs/b.jsonl:3",
        f"{tmp_path}/docs/c.parquet",
    ]


def test_error_raised_by_on_error_stops_reading(write: Write) -> None:
    def too_many(error: SourceError) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        list(read_documents([str(write("a.jsonl", f"nope\n{ROW}"))], on_error=too_many))


def test_keys_choose_text_and_id(write: Write, read_all: ReadAll) -> None:
    path = write("a.jsonl", json.dumps({"body": "hello", "key": "k1", "text": "no", "id": "no"}))
    (document,), _ = read_all(path, text_key="body", id_key="key")
    assert (document.text, document.id) == ("hello", "k1")


@pytest.fixture
def memory() -> Iterator[Any]:
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe({"/corpus/a.txt": b"A", "/corpus/sub/b.jsonl.gz": gzip.compress(ROW.encode())})
    yield filesystem
    filesystem.rm("/corpus", recursive=True)


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("source", ["memory://corpus", "memory://corpus/"])
def test_folder_on_another_file_system_is_read(source: str) -> None:
    documents = list(read_documents([source]))
    assert [document.text for document in documents] == ["A", "from a row"]
    assert documents[0].id == "corpus/a.txt"


@pytest.mark.usefixtures("memory")
def test_file_on_another_file_system_is_read() -> None:
    assert ids("memory://corpus/a.txt") == ["a.txt"]


def test_archive_is_read_through_its_url(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "docs.zip", "w") as archive:
        archive.writestr("a.txt", "A")
        archive.writestr("sub/b.txt", "B")
        archive.writestr(".hidden/c.txt", "C")
    assert ids(f"zip://::{tmp_path}/docs.zip") == ["a.txt", "sub/b.txt"]
    assert ids(f"zip://sub::{tmp_path}/docs.zip") == ["sub/b.txt"]
