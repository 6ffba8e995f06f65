"""Text that nobody reads is left out of folders, and prose of any form is not."""

import base64
import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from openbook.errors import SourceError
from openbook.text import Document, read_documents
from openbook.text.no_prose import why_no_prose
from openbook.text.omissions import Omissions
from openbook.text.readers.registry import READERS
from openbook.text.readers.source_file import Keys, SourceFile

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

BYTES = random.Random(7).randbytes(6000)
SCRIPT = '!function(e,t){"object"==typeof module?module.exports=t():e.x=t()}(this,function(){return 1});' * 90
STYLE = ".a{margin:0 auto}.b>c:hover{color:#fff;background:url(x.png)}" * 90
LICENSE = "/* This is free software.\n * You may do with it what you like. */\n"
BASE64 = base64.b64encode(BYTES).decode()
PICTURE = f"data:image/png;base64,{BASE64 * 30}"
DUMP = "".join(
    f"{place:08x}: {BYTES[place : place + 16].hex(' ', 2)}  ................\n" for place in range(0, 800, 16)
)
JUNK = {
    "script": (SCRIPT, "a line of 8,460 characters with hardly a space"),
    "script with a license": (LICENSE + SCRIPT, "a line of 8,460 characters with hardly a space"),
    "style": (STYLE, "a line of"),
    "base64": (BASE64, "a line of 8,000 characters with hardly a space"),
    "base64 in lines": (base64.encodebytes(BYTES).decode(), "lines of base64, hexadecimal or the like"),
    "hexadecimal": (BYTES.hex(), "a line of 12,000 characters with hardly a space"),
    "hexadecimal in lines": ("\r\n".join(BYTES[at : at + 30].hex() for at in range(0, 6000, 30)), "lines of"),
    "a dump": (DUMP, "a dump of bytes"),
    "numbers": (",".join(map(str, range(3000))), "a line of 13,889 characters with hardly a space"),
    "a font in a style": (f"{STYLE}.d{{src:url(data:font/woff2;base64,{BASE64})}}", "a line of"),
}
PROSE = {
    "English": "The miller of the low mill keeps two geese and a very old boat. " * 500,
    "Greenlandic": "Inuit inunngorput nammineersinnaassuseqarlutik assigiimmillu pisinnaasut. " * 300,
    "Chinese": "人人生而自由、在尊严和权利上一律平等。他们赋有理性和良心、并应以兄弟关系的精神相对待。" * 300,
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" * 300,
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ" * 300,
    "Chinese with names": "他在GitHub上读了README、然后运行了pytest。" * 500,
    "a picture's data": f"# Otters\n\nThey swim.\n\n![An otter]({PICTURE})\n\nAnd sleep.",
    "a picture's data by a label": f"They swim: ![An otter][1]\n\n[1]: <{PICTURE}>\n",
    "a script in a text": f"{'A page of prose about a script. ' * 400}\n{SCRIPT * 100}",
    "code": "def grind(grain: float) -> float:\n    return grain * 0.9\n\n\n" * 300,
    "a table": "".join(f"{day} 1204 0533 9120 7745\n" for day in range(20240101, 20240131)),
    "links": "".join(f"https://example.org/{number}/a/long/way/to/all/the/mills\n" for number in range(99)),
    "rules": f"{'=' * 80}\nPart one\n{'-' * 80}\nShort.\n" * 50,
    "a short script": SCRIPT[:1000],
    "a short line of base64": BASE64[:1000],
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), JUNK.values(), ids=JUNK)
def test_text_that_nobody_reads_is_known(text: str, reason: str) -> None:
    assert why_no_prose(text).startswith(reason)


@pytest.mark.parametrize("text", PROSE.values(), ids=PROSE)
def test_what_may_be_prose_is_prose(text: str) -> None:
    assert why_no_prose(text) == ""


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.rst", "a.org", "a.txt.gz", "a.js"])
def test_it_is_left_out_of_a_folder_with_its_reason(
    write: Write, read_all: ReadAll, tmp_path: Path, name: str
) -> None:
    path = write(f"docs/{name}", gzip.compress(SCRIPT.encode()) if name.endswith(".gz") else SCRIPT)
    reason = "a line of 8,460 characters with hardly a space"
    documents, errors = read_all(tmp_path / "docs", any_text=True)
    problem = f"minified or encoded, no prose: {reason}; to read it, name it itself"
    assert (documents, errors) == ([], [f"{path}: {problem}"]), "nothing else is there"
    write("docs/b.txt", "good")
    left_out = Omissions()
    (document,) = read_documents(str(tmp_path / "docs"), any_text=True, omissions=left_out)
    assert document.id == "docs/b.txt"
    assert left_out.lines() == [
        f"1 minified or encoded file is left out (to read it, name it): docs/{name} ({reason})"
    ]
    assert left_out.counts() == {"minified or encoded file": 1}
    origin = f"{tmp_path.resolve()}/docs/{name}"
    assert (left_out.unread, [*left_out.blank]) == ({origin}, [origin]), "what is stored of it stays"
    (named,), _ = read_all(path, any_text=True)
    assert named.text == SCRIPT


def test_many_are_said_in_one_line(write: Write, tmp_path: Path) -> None:
    for number in range(10):
        write(f"docs/{number}.txt", BASE64)
    write("docs/good.txt", "good")
    left_out = Omissions()
    assert len(list(read_documents(str(tmp_path / "docs"), omissions=left_out))) == 1
    (line,) = left_out.lines()
    assert line.startswith(
        "10 minified or encoded files are left out (to read them, name them): docs/0.txt (a "
    )
    assert line.endswith(", and 2 files more")
    assert left_out.lines(most=None)[0].count("hardly") == 10


def test_a_file_that_somebody_sends_is_read() -> None:
    from openbook.serve.uploaded_files import read_upload

    assert len(read_upload("a.txt", SCRIPT.encode()).documents) == 1


def test_a_reader_says_of_a_file_of_a_folder_what_is_wrong(write: Write) -> None:
    import fsspec

    path = write("docs/a.txt", BASE64)
    file = SourceFile(fsspec.filesystem("file"), str(path), "docs/a.txt")
    (error,) = READERS[".txt"](file, Keys(text="text", id="id"))
    assert isinstance(error, SourceError) and error.where == str(path)
