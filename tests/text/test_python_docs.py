"""The documentation that comes with Python, as documents."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from openbook.text import python_docs, read_documents
from openbook.text.python_docs import write_python_docs


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "docs.jsonl"
    write_python_docs(path)
    return path


@pytest.fixture(scope="module")
def rows(corpus: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in corpus.read_text("utf-8").splitlines()]


def test_documents_can_be_read(corpus: Path, rows: list[dict[str, Any]]) -> None:
    documents = list(read_documents([str(corpus)]))
    assert [document.id for document in documents] == [row["id"] for row in rows]
    assert all(len(document.text) >= 300 for document in documents)
    assert all(document.title == f"module {document.id}" for document in documents)
    assert all(document.source for document in documents)


def test_ids_are_unique_and_sorted(rows: list[dict[str, Any]]) -> None:
    ids = [row["id"] for row in rows]
    assert len(ids) > 100
    assert ids == sorted(set(ids))


def test_no_two_documents_are_the_same(rows: list[dict[str, Any]]) -> None:
    assert len({row["text"] for row in rows}) == len(rows)


def test_tests_and_private_modules_are_left_out(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        parts = row["id"].split(".")
        assert not {"test", "tests", "idlelib", "site-packages"} & set(parts)
        assert not any(part.startswith("_") for part in parts)


def test_modules_of_python_and_of_c_are_there(rows: list[dict[str, Any]]) -> None:
    texts = {row["id"]: row["text"] for row in rows}
    assert "math.sqrt" in texts["math"]
    assert "square root" in texts["math"]
    assert "shutil.copytree(src, dst" in texts["shutil"]
    assert "json" in texts


@pytest.fixture
def few_modules(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every tenth document; the other modules are not read again."""
    few = rows[::10]
    others = sys.stdlib_module_names - {row["id"] for row in few}
    monkeypatch.setattr(python_docs, "_LEFT_OUT", others)
    monkeypatch.setattr(python_docs, "_NOT_IMPORTED", others)
    return few


def test_writing_again_writes_the_same(
    corpus: Path, tmp_path: Path, few_modules: list[dict[str, Any]]
) -> None:
    write_python_docs(tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes().splitlines() == corpus.read_bytes().splitlines()[::10]
    assert len(few_modules) > 10


def test_max_documents_takes_the_longest(tmp_path: Path, few_modules: list[dict[str, Any]]) -> None:
    path = tmp_path / "few.jsonl"
    assert write_python_docs(path, max_documents=5) == 5
    few = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    longest = sorted(few_modules, key=lambda row: -len(row["text"]))[:5]
    assert few == sorted(longest, key=lambda row: row["id"])
