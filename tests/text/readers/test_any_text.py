"""Files of no known kind: text is told from what is none."""

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from openbook.errors import SourceError
from openbook.text import Document, read_documents
from openbook.text.omissions import Omissions
from openbook.text.readers.any_text import is_text
from openbook.text.readers.source_file import SourceFile

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]


def zipped(**members: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, text in members.items():
            file.writestr(name, text)
    return archive.getvalue()


TEXTS = {
    "Makefile": b"all:\n\tcc x.c\n",
    "LICENSE": "Größe und Länge".encode(),
    "x.py": b"\xef\xbb\xbfprint(1)\n",
    "utf16.cfg": "a = Größe\n".encode("utf-16"),
    "bare.cfg": "a = 1, b = 2\n".encode("utf-16-le"),
    "color.log": b"\x1b[31mred\x1b[0m\x07\n",
    "x.tex.gz": gzip.compress(b"\\title{x}"),
    "x.log.bz2": bz2.compress(b"begun"),
    "dos.bat": b"echo x\r\n\x1a",
}
NO_TEXTS = {
    "empty.py": b"",
    "blank.py": b" \n\n",
    "zeros.dat": b"abc\x00def",
    "numbers.dat": bytes(range(32)),
    "latin.dat": "Größe".encode("latin-1") + b"\x01",
    "two.zip": zipped(first="The first file.", second="The second file."),
    "one.log.ZIP": zipped(only="The only file."),
    "x.tar.gz": gzip.compress(b"a.txt" + bytes(507)),
}
NOT_UTF8 = {
    "latin.srt": ("Größe".encode("latin-1"), 2),
    "late.c": (b"a" * 5_000 + b"\xff", 5_000),
    "very late.c": (b"a " * 1_000_000 + b"\xe4", 2_000_000),
    "cut": ("ö".encode()[:1], 0),
    "japanese.log": ("表示".encode("shift-jis"), 0),
    "old.tex.gz": (gzip.compress("Grüße".encode("latin-1")), 2),
}


def file(path: Path) -> SourceFile:
    return SourceFile(fsspec.filesystem("file"), str(path), path.name)


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_read_as_it_is(write: Write, name: str) -> None:
    path = write(f"docs/{name}", TEXTS[name])
    assert is_text(file(path))
    for source in (path, path.parent):
        (document,) = read_documents(str(source), any_text=True)
        assert document.id.endswith(name)


@pytest.mark.parametrize("name", NO_TEXTS)
def test_what_is_no_text_is_left_out_and_counted(write: Write, name: str) -> None:
    path = write(f"docs/{name}", NO_TEXTS[name])
    write("docs/good.txt", "good")
    assert not is_text(file(path))
    omissions = Omissions()
    (document,) = read_documents(str(path.parent), any_text=True, omissions=omissions)
    assert (document.id, omissions.files.total()) == ("docs/good.txt", 1)
    assert "for holding no text" in omissions.files_line()
    with pytest.raises(SourceError, match=f"{name}: is not text, or empty"):
        list(read_documents(str(path), any_text=True))


@pytest.mark.parametrize("name", NOT_UTF8)
def test_text_in_another_encoding_is_an_error_and_not_left_out(
    write: Write, read_all: ReadAll, name: str
) -> None:
    content, byte = NOT_UTF8[name]
    path = write(f"docs/{name}", content)
    write("docs/good.txt", "good")
    problem = f"{path}: not UTF-8 at byte {byte}; convert it, or leave it out: --on-error skip"
    documents, errors = read_all(path.parent, any_text=True)
    assert ([document.text for document in documents], errors) == (["good"], [problem])
    omissions = Omissions()
    list(read_documents(str(path.parent), any_text=True, on_error=print, omissions=omissions))
    assert omissions.files_line() == ""


def test_settings_and_figures_are_text_too_unless_a_pattern_makes_rows_of_them(write: Write) -> None:
    path = write("docs/x.json", '[{"text": "one"}, {"text": "two"}]')
    (whole,) = read_documents(str(path.parent), any_text=True)
    assert whole.id == "docs/x.json"
    assert len(list(read_documents(str(path.parent), any_text=True, glob="*.json"))) == 2
    assert len(list(read_documents(str(path), any_text=True))) == 2


def test_the_data_of_megatron_are_no_text(write: Write) -> None:
    assert not is_text(file(write("tokens.bin", b"abcd")))


def test_a_file_that_cannot_be_opened_is_its_readers_concern(tmp_path: Path) -> None:
    assert is_text(file(tmp_path / "missing"))
