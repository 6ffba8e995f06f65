"""Data sets: hf:// with a local folder, and what is handed to the library."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from openbook.errors import MissingExtraError, SettingsError, SourceError
from openbook.text import Document, read_documents
from openbook.text.readers import hub
from openbook.text.readers.hub import is_dataset

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(hub, "is_hub_out_of_reach", lambda: False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = {
        "train": [
            {"text": "one", "id": 1, "title": "T", "body": "b1"},
            {"text": "two", "id": 2, "title": None, "body": "b2"},
        ],
        "test": [{"text": "held out", "id": 3, "title": "", "body": "b3"}],
    }
    (tmp_path / "set").mkdir()
    for split, lines in rows.items():
        path = tmp_path / "set" / f"{split}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path / "set"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("hf://squad", True),
        ("hf://owner/name", True),
        ("hf://owner/name/", True),
        ("hf://owner/name?split=test&config=a/b/c", True),
        ("hf:///local/folder/deep", True),
        ("hf://datasets/owner/name/file.jsonl", False),
        ("hf://models/name", False),
        ("hf://owner/name/file.txt", False),
        ("owner/name", False),
        ("https://owner/name", False),
        ("x?split=hf://owner", False),
    ],
)
def test_urls_of_data_sets(source: str, expected: bool) -> None:
    assert is_dataset(source) is expected


def test_rows_of_the_train_split_are_documents(folder: Path, read_all: Any) -> None:
    source = f"hf://{folder}"
    assert read_all(source) == (
        [
            Document(text="one", id="1", title="T", source=f"{source}:1"),
            Document(text="two", id="2", source=f"{source}:2"),
        ],
        [],
    )


def test_options_and_keys_choose(folder: Path) -> None:
    source = f"hf://{folder}?split=test&config=default"
    (document,) = read_documents(source, text_key="body", id_key="none")
    assert document == Document(text="b3", source=f"{source}:1")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("?split=nope", "Bad split: nope. Available splits: ['train', 'test']"),
        ("?config=nope", "BuilderConfig 'nope' not found. Available: ['default']"),
        ("/gone", "Couldn't find any data file"),
    ],
)
def test_data_set_that_cannot_be_opened_stops_always(folder: Path, query: str, problem: str) -> None:
    with pytest.raises(SourceError) as error:
        list(read_documents(f"hf://{folder}{query}", on_error=lambda error: None))
    assert str(error.value).startswith(f"hf://{folder}{query}: {problem}")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("source", ["hf://", "hf:///", "hf://?split=train"])
def test_data_set_without_name_is_refused(source: str) -> None:
    with pytest.raises(SourceError, match="names no data set; write hf://OWNER/NAME"):
        list(read_documents(source))


@pytest.mark.parametrize(
    ("query", "hint"),
    [("?spilt=test", "did you mean 'split'"), ("?streaming", "known names: config, revision, split")],
)
def test_unknown_options_are_refused(folder: Path, query: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=hint):
        list(read_documents(f"hf://{folder}{query}"))


def test_rows_without_text_are_reported_by_number(folder: Path, read_all: Any) -> None:
    lines = ['{"text": "a", "id": 1}', '{"text": null, "id": 2}', '{"text": "c", "id": 3}']
    (folder / "train.jsonl").write_text("\n".join(lines))
    documents, (error,) = read_all(f"hf://{folder}")
    assert [document.id for document in documents] == ["1", "3"]
    assert error.startswith(f"hf://{folder}:2: no text: 'text' is None")


def test_missing_text_column_is_reported_once(folder: Path, read_all: Any) -> None:
    documents, (error,) = read_all(f"hf://{folder}", text_key="content")
    assert documents == []
    assert (
        error
        == f"hf://{folder}: no column 'content'; its columns: text, id, title, body (choose: --text-key)"
    )


def test_damaged_data_are_one_line(folder: Path, read_all: Any, tmp_path: Path) -> None:
    (folder / "train.jsonl").write_text('{"text": "a"}\nnope\n')
    (tmp_path / "good.txt").write_text("good")
    documents, (error,) = read_all(f"hf://{folder}", tmp_path / "good.txt")
    assert [document.id for document in documents] == ["good.txt"]
    assert error.startswith(f"hf://{folder}:1: cannot be read further: ")


def test_library_is_asked_to_stream_and_runs_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def load(*args: Any, **options: Any) -> Any:
        asked.append((args, options))
        return datasets.IterableDataset.from_generator(lambda: iter([{"text": "a"}]))

    monkeypatch.setattr(datasets, "load_dataset", load)
    sources = ["hf://owner/name", "hf://name/?config=en&revision=v1&split=test"]
    assert [document.source for document in read_documents(sources)] == [f"{name}:1" for name in sources]
    assert asked == [
        (("owner/name", None), {"split": "train", "revision": None, "streaming": True}),
        (("name", "en"), {"split": "test", "revision": "v1", "streaming": True}),
    ]


def test_hub_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*args: Any, **options: Any) -> None:
        raise ConnectionError("Couldn't reach 'owner/name'\non the Hub")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(SourceError, match="hf://owner/name: Couldn't reach 'owner/name' on the Hub"):
        list(read_documents("hf://owner/name"))


def test_a_hub_out_of_reach_is_not_asked_by_the_library(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "is_hub_out_of_reach", lambda: True)
    assert len(list(read_documents(f"hf://{folder}"))) == 2, "a folder needs no hub"
    monkeypatch.setattr(datasets, "load_dataset", lambda *args, **options: pytest.fail("asked again"))
    with pytest.raises(SourceError, match=r"hf://owner/name: the hub is out of reach; .*hf:///FOLDER"):
        list(read_documents("hf://owner/name"))


def test_connection_that_breaks_is_reported_with_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Any:
        yield {"text": "a"}
        raise ConnectionError("gone")

    monkeypatch.setattr(
        datasets, "load_dataset", lambda *args, **options: datasets.IterableDataset.from_generator(rows)
    )
    errors: list[SourceError] = []
    assert len(list(read_documents("hf://owner/name", on_error=errors.append))) == 1
    assert [str(error) for error in errors] == ["hf://owner/name:2: cannot be read further: gone"]


def test_missing_library_is_reported_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'openbook\[datasets\]'"):
        list(read_documents("hf://owner/name", on_error=lambda error: None))
