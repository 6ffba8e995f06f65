"""Parquet: rows as documents, and what is wrong with some."""

import random
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from openbook.text import Document

Write = Callable[[str, str | bytes], Path]
Rows = Callable[..., Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

GOOD = '{"text": "good"}\n'


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
    assert errors == [f"{path}:2101: no text: 'text' is None; fill it, or leave it out: --on-error skip"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"text": [""]}, ":1: no text: 'text' is empty"),
        ({"text": [3]}, ":1: no text: 'text' is 3"),
        ({"text": [b"bytes"]}, ":1: no text: 'text' is b'bytes'"),
        ({"text": ["a"], "id": [1.5]}, ":1: the id 1.5 is neither text nor a whole number"),
        ({"text": ["a"], "id": [Decimal("1.5")]}, ":1: the id Decimal('1.5') is neither text nor a whole"),
        ({"text": ["a"], "id": [False]}, ":1: the id False is neither text nor a whole number"),
        (
            {"body": ["a"], "new\nline": ["b"]},
            ": no column 'text'; its columns: body, new\\nline (choose: --text-key)",
        ),
        ({"text": pa.array([], pa.string())}, ": holds no document"),
    ],
)
def test_bad_parquet_rows_are_reported(
    write_parquet: Rows, read_all: ReadAll, columns: dict[str, list[object]], problem: str
) -> None:
    path = write_parquet(columns)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}{problem}")


def test_a_table_that_pandas_wrote_has_ids_and_titles_that_are_missing(
    write_parquet: Rows, read_all: ReadAll
) -> None:
    """With a missing value its whole numbers are floats, and missing titles NaN."""
    path = write_parquet(
        {
            "text": ["one", "two", "three"],
            "id": pa.array([1.0, float("nan"), None]),
            "title": pa.array([float("nan"), 3.5, None]),
        }
    )
    documents, errors = read_all(path)
    unnamed = [Document(text="two").id, Document(text="three").id]
    assert [document.id for document in documents] == ["1", *unnamed]
    assert ([document.title for document in documents], errors) == (["", "3.5", ""], [])


@pytest.mark.parametrize(
    ("value", "identity"),
    [
        (Decimal("12.00"), "12"),
        (Decimal("-3"), "-3"),
        (Decimal("12345678901234567890"), "12345678901234567890"),
        (date(2024, 1, 31), "2024-01-31"),
        (datetime(2024, 1, 31, 12, 30), "2024-01-31T12:30:00"),
        (time(12, 30), "12:30:00"),
    ],
)
def test_ids_may_be_whole_decimals_and_dates(
    write_parquet: Rows, read_all: ReadAll, value: object, identity: str
) -> None:
    documents, errors = read_all(write_parquet({"text": ["a", "b"], "id": [value, None]}))
    assert [document.id for document in documents] == [identity, Document(text="b").id]
    assert errors == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.0, "0.0"),
        (False, "False"),
        (True, "True"),
        (Decimal("0.00"), "0.00"),
        (date(2024, 1, 31), "2024-01-31"),
        (datetime(2024, 1, 31, 12, 30), "2024-01-31T12:30:00"),
        ([datetime(2024, 1, 31, 12, 30)], '["2024-01-31T12:30:00"]'),
        ([0], "[0]"),
        ([], ""),
        (b"", ""),
    ],
)
def test_titles_that_are_nothing_to_python_are_text(
    write_parquet: Rows, read_all: ReadAll, value: object, shown: str
) -> None:
    path = write_parquet({"text": ["one"], "title": [value], "source": [value]})
    (document,), _ = read_all(path)
    assert (document.title, document.source) == (shown, shown or f"{path}:1")


def test_titles_of_any_type_are_text(write_parquet: Rows, read_all: ReadAll) -> None:
    path = write_parquet({"text": ["one"], "title": [["a", "é"]], "source": [b"bytes"]})
    (document,), _ = read_all(path)
    assert (document.title, document.source) == ('["a", "é"]', "bytes")


def test_empty_parts_are_passed_over(write_parquet: Rows, read_all: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    empty = pa.array([], pa.string())
    for number in (0, 2):
        write_parquet({"text": empty}, name=f"parts/{number}.parquet")
    assert read_all(tmp_path / "parts") == (
        [],
        [f"{tmp_path}/parts/0.parquet: holds no document; fill it or remove it"],
    )
    write_parquet({"text": ["hello"]}, name="parts/1.parquet")
    (document,), errors = read_all(tmp_path / "parts")
    assert (document.text, errors) == ("hello", [])
    write_parquet({"body": empty}, name="parts/3.parquet")
    assert "no column 'text'" in read_all(tmp_path / "parts")[1][0]


def test_parquet_text_that_is_not_utf8_is_reported_by_row(write_parquet: Rows, read_all: ReadAll) -> None:
    raw = pa.array([b"before", b"\xff\xfe", b"after"], pa.binary())
    path = write_parquet({"text": pa.Array.from_buffers(pa.string(), 3, raw.buffers())})
    documents, (error,) = read_all(path)
    assert [document.text for document in documents] == ["before", "after"]
    assert error.startswith(f"{path}:2: cannot be read: 'utf-8' codec can't decode byte 0xff")


def test_parquet_column_name_that_is_not_utf8_is_reported(write_parquet: Rows, read_all: ReadAll) -> None:
    path = write_parquet({"text": ["a"], "title": ["b"]}, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"title", b"\xff\xfetle"))
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}: not readable as Parquet")


def test_damaged_parquet_is_one_line_and_the_others_are_read(
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
