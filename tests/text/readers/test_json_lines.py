"""JSON lines: rows as documents, what is wrong with some, and archives of them."""

import gzip
import json
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.text import Document, read_documents

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

GOOD = '{"text": "good"}\n'


def compress_zstd(content: bytes) -> bytes:
    """Several frames, as `pzstd` and appending write them."""
    size = max(1, len(content) // 5)
    return b"".join(zstandard.compress(content[at : at + size]) for at in range(0, len(content), size))


COMPRESS = {".gz": gzip.compress, ".xz": lzma.compress, ".zst": compress_zstd}


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
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
        (b'{"text": null}', "no text: 'text' is None; fill it, or leave it out: --on-error skip"),
        (b'{"text": 3}', "no text: 'text' is 3; choose another key with --text-key"),
        (b'{"text": NaN}', "no text: 'text' is nan; fill it, or leave it out: --on-error skip"),
        (b'{"text": ["a"]}', "no text: 'text' is ['a']"),
        (b'{"text": ""}', "no text: 'text' is empty; fill it, or leave it out: --on-error skip"),
        (b'{"text": " \\n"}', "no text: 'text' is empty"),
        (b'{"text": "ab\\ud800"}', "the text holds a lone surrogate at character 2, which is not text"),
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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("null", ""),
        ("NaN", ""),
        ("Infinity", ""),
        ("-1e999", ""),
        ('""', ""),
        ("3", "3"),
        ("3.5", "3.5"),
        ("0", "0"),
        ("false", "False"),
        ("true", "True"),
        ("{}", ""),
        ('{"en": "Ö"}', '{"en": "Ö"}'),
        ('["a", "b"]', '["a", "b"]'),
        ("[]", ""),
    ],
)
def test_titles_and_sources_of_any_type_are_text(
    write: Write, read_all: ReadAll, value: str, shown: str
) -> None:
    path = write("a.jsonl", f'{{"text": "a", "title": {value}, "source": {value}}}')
    (document,), _ = read_all(path)
    assert (document.title, document.source) == (shown, shown or f"{path}:1")


@pytest.mark.parametrize(("value", "identity"), [("7.0", "7"), ("-0.0", "0"), ("NaN", None), ("1e3", "1000")])
def test_ids_may_be_whole_numbers_of_any_type(
    write: Write, read_all: ReadAll, value: str, identity: str | None
) -> None:
    (document,), _ = read_all(write("a.jsonl", f'{{"text": "a", "id": {value}}}'))
    assert document.id == (identity or Document(text="a").id)


@pytest.mark.parametrize("number", ["Infinity", "1e400"])
def test_an_infinite_id_is_refused(write: Write, read_all: ReadAll, number: str) -> None:
    _, (error,) = read_all(write("a.jsonl", f'{{"text": "a", "id": {number}}}'))
    assert "the id inf is neither text nor a whole number" in error


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_lines_may_be_in_utf16(write: Write, read_all: ReadAll, name: str, encoding: str) -> None:
    """Of Ċ (U+010A) one byte is that of a line's end."""
    text = '{"text": "Größe"}\r\n\r\nnope\n{"text": "\u010a"}\n'
    path = write(name, text.encode(encoding))
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["Größe", "\u010a"]
    assert error.startswith(f"{path}:3: not JSON")


def test_utf16_that_is_cut_off_gives_what_it_holds_and_says_so(write: Write, read_all: ReadAll) -> None:
    path = write("a.jsonl", '{"text": "one"}\n{"text": "two"}\n'.encode("utf-16")[:-9])
    documents, errors = read_all(path)
    assert [document.text for document in documents] == ["one"]
    assert len(errors) == 1 and errors[0].startswith(f"{path}:2: ")


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


@pytest.mark.parametrize("suffix", COMPRESS)
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


@pytest.mark.parametrize("suffix", COMPRESS)
def test_archive_that_is_none_is_reported(write: Write, read_all: ReadAll, suffix: str) -> None:
    path = write(f"a.jsonl{suffix}", GOOD)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}:1: cannot be read further")


@pytest.mark.parametrize("suffix", COMPRESS)
def test_damaged_archive_is_reported_and_the_others_are_read(
    write: Write, read_all: ReadAll, suffix: str
) -> None:
    content = COMPRESS[suffix](GOOD.encode() * 1000)
    path = write(f"a.jsonl{suffix}", content[:24] + b"\xff" * 40 + content[64:])
    documents, errors = read_all(path, write("good.jsonl", GOOD))
    assert documents[-1].source.endswith("good.jsonl:1")
    assert len(documents) < 1001
    assert "cannot be read further" in errors[-1]


def test_zstd_frames_that_hold_no_text_are_left_out(write: Write, read_all: ReadAll) -> None:
    note = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    content = note + zstandard.compress(b"") + zstandard.compress(GOOD.encode()) + note
    documents, errors = read_all(write("a.jsonl.zst", content))
    assert ([document.text for document in documents], errors) == (["good"], [])


def test_zstd_archive_with_something_behind_it_is_reported(write: Write, read_all: ReadAll) -> None:
    path = write("a.jsonl.zst", zstandard.compress(GOOD.encode()) + b"junkjunk")
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["good"]
    assert error.startswith(f"{path}:2: cannot be read further: zstd")


def test_zstd_archive_with_a_huge_window_is_read(write: Write, read_all: ReadAll) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    path = write("a.jsonl.zst", compressor.compress(GOOD.encode()) + compressor.flush())
    assert len(read_all(path)[0]) == 1


def test_a_title_or_source_of_white_space_is_none(write: Write, read_all: ReadAll) -> None:
    path = write("a.jsonl", '{"text": "a", "id": "i", "title": " ", "source": "\\n", "language": "\\t"}')
    assert read_all(path) == ([Document(text="a", id="i", source=f"{path}:1")], [])
