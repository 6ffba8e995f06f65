import gzip
import json
import lzma
import random
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.errors import SourceError
from openbook.text import Document, read_documents
from openbook.text.readers import READERS, reader_suffix

Write = Callable[[str, str | bytes], Path]
Rows = Callable[..., Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

GOOD = '{"text": "good"}\n'
COMPRESS = {".gz": gzip.compress, ".xz": lzma.compress}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.txt", ".txt"),
        ("A.MD", ".md"),
        ("a.b.txt", ".txt"),
        ("a.jsonl.gz", ".jsonl.gz"),
        ("articles.v1.JSONL.XZ", ".jsonl.xz"),
        ("a.jsonl.txt", ".txt"),
        ("a.txt.gz", ".gz"),
        ("folder.txt/a", ""),
        (".txt", ""),
        ("", ""),
    ],
)
def test_end_of_the_name_decides_the_reader(name: str, suffix: str) -> None:
    assert reader_suffix(name) == suffix


def test_readers_are_found_by_their_own_suffix() -> None:
    assert all(reader_suffix(f"a{suffix}") == suffix for suffix in READERS)


# Text files


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
@pytest.mark.parametrize(
    "text", ["a\r\nb\rc\n", "a\0b", "\0", "no end", "\u2028x\u200b", " x ", "\ufffe", "é😀"]
)
def test_text_file_is_one_document_kept_as_it_is(
    write: Write, read_all: ReadAll, name: str, text: str
) -> None:
    (document,), _ = read_all(write(name, text))
    assert document.text == text


def test_byte_order_mark_is_left_out_once(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.txt", "\ufeffx\ufeffy"))
    assert document.text == "x\ufeffy"


@pytest.mark.parametrize(
    ("content", "byte"),
    [
        (b"abc\xe9", 3),
        (b"\xef\xbb\xbfab\xff", 5),
        ("héllo".encode("utf-16"), 0),
        (b"a\xc3", 1),
        (b"\xed\xa0\x80", 0),
    ],
)
def test_text_file_that_is_not_utf8_names_file_and_byte(
    write: Write, read_all: ReadAll, content: bytes, byte: int
) -> None:
    """Latin-1, with a byte-order mark, UTF-16, cut within a character, an encoded surrogate."""
    path = write("a.txt", content)
    assert read_all(path)[1] == [
        f"{path}: not UTF-8 at byte {byte}; convert it, or go on without it: --on-error skip"
    ]


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
        ("no heading", "notes"),
    ],
)
def test_title_is_the_first_markdown_heading_else_the_name(
    write: Write, read_all: ReadAll, markdown: str, title: str
) -> None:
    (document,), _ = read_all(write("notes.md", markdown))
    assert document.title == title


def test_plain_text_has_no_headings(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("v1.2 notes.txt", "# not a heading"))
    assert document.title == "v1.2 notes"


def test_heading_of_any_shape_is_found_in_linear_time(write: Write, read_all: ReadAll) -> None:
    started = time.process_time()
    read_all(write("a.md", "# x" + " #" * 300_000 + "y"), write("b.md", "#" * 300_000 + " " * 300_000))
    assert time.process_time() - started < 2


# JSON lines


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_json_lines_are_documents(write: Write, read_all: ReadAll, suffix: str) -> None:
    rows = [
        {"text": "one", "id": "a", "title": "T", "source": "https://example.org/a"},
        {"text": "two", "id": 7, "more": [1, {"x": None}]},
        {"text": "three", "id": None, "title": None, "source": None},
        {"text": "four", "id": ""},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path = write(f"rows.jsonl{suffix}", COMPRESS[suffix](lines) if suffix else lines)
    assert read_all(path) == (
        [
            Document(text="one", id="a", title="T", source="https://example.org/a"),
            Document(text="two", id="7", source=f"{path}:2"),
            Document(text="three", source=f"{path}:3"),
            Document(text="four", source=f"{path}:4"),
        ],
        [],
    )


def test_same_text_without_id_is_the_same_document(write: Write, read_all: ReadAll) -> None:
    documents, _ = read_all(write("a.jsonl", GOOD), write("b.jsonl", "\n" + GOOD))
    assert documents[0].id == documents[1].id == "sha256:770e607624d68926"


def test_lines_end_as_on_any_system_and_empty_ones_are_left_out(write: Write, read_all: ReadAll) -> None:
    path = write("a.jsonl", b'\xef\xbb\xbf{"text": "a\\r\\nb"}\r\n\r\n \n{"text": "c"}')
    documents, errors = read_all(path)
    assert [document.text for document in documents] == ["a\r\nb", "c"]
    assert [document.source for document in documents] == [f"{path}:1", f"{path}:4"]
    assert errors == []


def test_line_separators_within_a_text_are_text(write: Write, read_all: ReadAll) -> None:
    text = "a\u2028b\u0085c\x0bd"
    (document,), _ = read_all(write("a.jsonl", json.dumps({"text": text}, ensure_ascii=False)))
    assert document.text == text


@settings(deadline=None, max_examples=50)
@given(text=st.text(st.characters(codec="utf-8")).filter(str.strip), ascii_only=st.booleans())
def test_json_text_is_kept_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, text: str, ascii_only: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text(json.dumps({"text": text}, ensure_ascii=ascii_only) + "\n", encoding="utf-8", newline="")
    assert [document.text for document in read_documents([str(path)])] == [text]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"nope", "not JSON: Expecting value"),
        (b'{"text": "a"', "not JSON"),
        (b'{"text": "a"}}', "not JSON: Extra data"),
        (b'{"text": "a\x00b"}', "not JSON: Invalid control character"),
        (b"[" * 100_000, "not JSON: maximum recursion depth"),
        (b'{"text": ' + b"9" * 5000 + b"}", "not JSON: Exceeds the limit"),
        (b'{"text": "\xff"}', "not UTF-8 at byte 10 of the line"),
        (b'\xef\xbb\xbf{"text": "\xff"}', "not UTF-8 at byte 13 of the line"),
        (b'["text"]', "a JSON list where an object with a 'text' is expected"),
        (b'"text"', "a JSON str where"),
        (b"3", "a JSON int where"),
        (b"null", "a JSON NoneType where"),
        (b"{}", "no text: 'text' is missing; choose another key with --text-key"),
        (b'{"Text": "x"}', "no text: 'text' is missing"),
        (b'{"text": null}', "no text: 'text' is None"),
        (b'{"text": 3}', "no text: 'text' is 3"),
        (b'{"text": NaN}', "no text: 'text' is nan"),
        (b'{"text": ["a"]}', "no text: 'text' is ['a']"),
        (b'{"text": ""}', "no text: 'text' is empty"),
        (b'{"text": " \\n"}', "no text: 'text' is empty"),
        (b'{"text": "ab\\ud800"}', "the text holds a lone surrogate at character 2, which is no text"),
        (b'{"text": "\\udc00\\ud800"}', "the text holds a lone surrogate at character 0"),
        (b'{"text": "a", "id": "\\ud800"}', "the id holds a lone surrogate at character 0"),
        (b'{"text": "a", "title": "\\ud800"}', "the title holds a lone surrogate"),
        (b'{"text": "\\ud800", "source": "x\\ny"}', "x\\ny: the text holds a lone surrogate"),
        (b'{"text": "a", "id": 1.5}', "the id 1.5 is neither text nor a whole number"),
        (b'{"text": "a", "id": true}', "the id True is neither text nor a whole number"),
        (b'{"text": "a", "id": ["x"]}', "the id ['x'] is neither text nor a whole number"),
    ],
)
def test_bad_line_names_file_and_line_and_the_next_is_read(
    write: Write, read_all: ReadAll, line: bytes, problem: str
) -> None:
    path = write("a.jsonl", b'{"text": "before"}\n' + line + b'\n{"text": "after"}\n')
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["before", "after"]
    assert error.startswith(f"{path}:2: {problem}")


def test_surrogate_pairs_in_json_are_one_character(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.jsonl", r'{"text": "\ud83d\ude00"}'))
    assert document.text == "😀"


def test_escaped_nul_is_text(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.jsonl", r'{"text": "a\u0000b"}'))
    assert document.text == "a\0b"


def test_long_wrong_values_are_shown_short(write: Write, read_all: ReadAll) -> None:
    rows = [{"text": ["x" * 10_000]}, {"text": "a", "id": ["x" * 10_000]}]
    _, errors = read_all(write("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert len(errors) == 2
    assert all(len(error) < 300 for error in errors)


def test_very_long_line_is_read(write: Write) -> None:
    text = "x" * 5_000_000
    path = write("a.jsonl", json.dumps({"text": text}))
    assert [document.text for document in read_documents([str(path)])] == [text]


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("cut", [0.5, -1])
def test_cut_off_archive_gives_what_it_holds_and_says_so(
    write: Write, read_all: ReadAll, suffix: str, cut: float
) -> None:
    digits = random.Random(0).randbytes(50_000).hex()
    lines = "".join(f'{{"text": "{digits[i : i + 100]}"}}\n' for i in range(0, len(digits), 100))
    content = COMPRESS[suffix](lines.encode())
    path = write(f"a.jsonl{suffix}", content[: int(len(content) * cut) if cut > 0 else -1])
    documents, (error,) = read_all(path, write("good.jsonl", GOOD))
    assert documents[-1].text == "good"
    assert 100 < len(documents) <= 1001
    assert error.startswith(f"{path}:{len(documents)}: cannot be read further: Compressed file ended")


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_archive_that_is_none_is_told(write: Write, read_all: ReadAll, suffix: str) -> None:
    path = write(f"a.jsonl{suffix}", GOOD)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}:1: cannot be read further")


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_damaged_archive_is_told_and_the_others_are_read(
    write: Write, read_all: ReadAll, suffix: str
) -> None:
    content = COMPRESS[suffix](GOOD.encode() * 1000)
    path = write(f"a.jsonl{suffix}", content[:24] + b"\xff" * 40 + content[64:])
    documents, errors = read_all(path, write("good.jsonl", GOOD))
    assert documents[-1].source.endswith("good.jsonl:1")
    assert len(documents) < 1001
    assert "cannot be read further" in errors[-1]


# Parquet


def test_parquet_rows_are_documents(write_parquet: Rows, read_all: ReadAll) -> None:
    path = write_parquet(
        {
            "text": ["one", "two", "three"],
            "id": [1, 2, None],
            "title": ["T", None, ""],
            "source": ["https://example.org", None, None],
            "unused": [[1], [2], [3]],
        }
    )
    assert read_all(path) == (
        [
            Document(text="one", id="1", title="T", source="https://example.org"),
            Document(text="two", id="2", source=f"{path}:2"),
            Document(text="three", source=f"{path}:3"),
        ],
        [],
    )


def test_parquet_keys_choose_columns(write_parquet: Rows, read_all: ReadAll) -> None:
    path = write_parquet({"body": ["hello"], "key": ["k1"], "id": ["no"]})
    (document,), _ = read_all(path, text_key="body", id_key="key")
    assert (document.text, document.id) == ("hello", "k1")


@pytest.mark.parametrize(
    "column",
    [pa.array(["a", "b"], pa.large_string()), pa.array(["a", "b"]).dictionary_encode()],
    ids=["large", "dictionary"],
)
def test_parquet_text_may_be_stored_in_other_ways(
    write_parquet: Rows, read_all: ReadAll, column: pa.Array
) -> None:
    documents, _ = read_all(write_parquet({"text": column}))
    assert [document.text for document in documents] == ["a", "b"]


def test_parquet_rows_are_counted_over_all_groups(write_parquet: Rows, read_all: ReadAll) -> None:
    texts: list[str | None] = [f"text {i}" for i in range(2500)]
    texts[2100] = None
    path = write_parquet({"text": texts}, row_group_size=700)
    documents, errors = read_all(path)
    assert [document.text for document in documents] == [text for text in texts if text]
    assert documents[-1].source == f"{path}:2500"
    assert errors == [f"{path}:2101: no text: 'text' is None; choose another key with --text-key"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"text": [""]}, ":1: no text: 'text' is empty"),
        ({"text": [3]}, ":1: no text: 'text' is 3"),
        ({"text": [b"bytes"]}, ":1: no text: 'text' is b'bytes'"),
        ({"text": ["a"], "id": [1.5]}, ":1: the id 1.5 is neither text nor a whole number"),
        (
            {"body": ["a"], "new\nline": ["b"]},
            ": no column 'text'; its columns: body, new\\nline (choose: --text-key)",
        ),
        ({"text": pa.array([], pa.string())}, ": holds no document"),
    ],
)
def test_bad_parquet_rows_are_told(
    write_parquet: Rows, read_all: ReadAll, columns: dict[str, list[object]], problem: str
) -> None:
    path = write_parquet(columns)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}{problem}")


def test_parquet_text_that_is_not_utf8_is_told_by_row(write_parquet: Rows, read_all: ReadAll) -> None:
    raw = pa.array([b"before", b"\xff\xfe", b"after"], pa.binary())
    path = write_parquet({"text": pa.Array.from_buffers(pa.string(), 3, raw.buffers())})
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["before", "after"]
    assert error.startswith(f"{path}:2: cannot be read: 'utf-8' codec can't decode byte 0xff")


def test_parquet_column_name_that_is_not_utf8_is_told(write_parquet: Rows, read_all: ReadAll) -> None:
    path = write_parquet({"text": ["a"], "title": ["b"]}, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"title", b"\xff\xfetle"))
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}: not readable as Parquet")


def test_damaged_parquet_is_told_in_one_line_and_the_others_are_read(
    write: Write, write_parquet: Rows, read_all: ReadAll
) -> None:
    """Cut off, no Parquet at all, and 150 times with bytes changed at random."""
    columns = {"text": ["alpha", "béta"] * 20, "id": list(range(40)), "title": ["x"] * 40}
    content = write_parquet(columns, use_dictionary=False, compression="none").read_bytes()
    damaged = [content[:100], content[:-5], b"PAR1", b"hello", content[:-8] + b"\xff\xff\xff\x7fPAR1"]
    for damage in damaged:
        documents, errors = read_all(write("a.parquet", damage), write("good.jsonl", GOOD))
        assert ([document.text for document in documents], len(errors)) == (["good"], 1)
    rng = random.Random(0)
    for _ in range(150):
        changed = bytearray(content)
        for _ in range(rng.choice([1, 3, 30])):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        documents, _ = read_all(write("a.parquet", bytes(changed)), write("good.jsonl", GOOD))
        assert documents[-1].text == "good"


@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".jsonl.gz", ".jsonl.xz", ".parquet"])
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
