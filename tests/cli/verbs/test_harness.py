"""The verb eval harness: what it prints and writes, and how it refuses."""

import json
from pathlib import Path

import pytest
import yaml

from command_line import OpenBook
from openbook.database import Database


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The last word of two texts."""
    import datasets.config

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    data = tmp_path / "words.jsonl"
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("ba ke li mo", "Number 3. nu ra")))
    file = tmp_path / "words.yaml"
    settings = {
        "task": "words",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(data)}},
        "test_split": "test",
        "output_type": "loglikelihood",
        "doc_to_text": "{{text.split(' ')[:-1]|join(' ')}}",
        "doc_to_target": "{{' '+text.split(' ')[-1]}}",
        "metric_list": [{"metric": "perplexity"}, {"metric": "acc"}],
    }
    file.write_text(yaml.safe_dump(settings))
    return file


def test_prints_a_table(openbook: OpenBook, trained_folder: Path, book: Database, task: Path) -> None:
    result = openbook("eval", "harness", trained_folder, book.path, "--tasks", task)
    assert result.code == 0, result.err
    header, perplexity, accuracy, last = result.out.splitlines()
    assert header.split() == ["task", "metric", "value", "±", "1", "error", "documents", "examples"]
    assert perplexity.split()[:2] == ["words", "perplexity"]
    assert perplexity.split()[-2:] == ["2", "0"]
    assert accuracy.split()[:2] == ["words", "acc"]
    assert last == "retrieval on: 2 different chunks of the questions looked up"


def test_json_and_a_file(
    openbook: OpenBook, trained_folder: Path, book: Database, task: Path, tmp_path: Path
) -> None:
    output = tmp_path / "results.json"
    command = ("eval", "harness", trained_folder, book.path, "--tasks", "words", "--include-path", tmp_path)
    result = openbook(*command, "--no-retrieval", "--limit", 1, "--output", output, "--json")
    assert result.code == 0, result.err
    assert set(result.json) == {"tasks", "retrieval", "chunks_searched"}
    assert result.json["retrieval"] is False
    assert result.json["chunks_searched"] == 0
    words = result.json["tasks"]["words"]
    assert words["documents"] == 1
    assert set(words["metrics"]) == {"perplexity", "acc"}
    written = json.loads(output.read_text())
    (sample,) = written.pop("samples")["words"]
    assert written == result.json
    assert sample["doc"] == {"text": "ba ke li mo"}
    same = ("-k", "1", "--mode", "bm25")  # as the options of those that it is compared with
    assert openbook(*command, "--no-retrieval", "--limit", 1, "--json", *same).json == result.json
    again = openbook(*command, "--output", output)
    assert again.code == 2
    assert str(output) in again.error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--tasks", "nowhere.yaml"), "nowhere.yaml"),
        (("--tasks", ","), "no task"),
        (("--tasks", "words", "--limit", 0), "limit 0"),
        (("--tasks", "words", "--output", "nowhere/results.json"), "nowhere/results.json"),
        (("--tasks", "words", "--output", "DB/results.json"), "lies in the database"),
        (("--tasks", "words", "-k", 0), "k = 0"),
        (("--tasks", "words", "--mode", "dense"), "lexical only"),
        ((), "--tasks"),
    ],
)
def test_mistakes_are_one_line(
    openbook: OpenBook,
    trained_folder: Path,
    book: Database,
    task: Path,
    options: tuple[object, ...],
    message: str,
) -> None:
    extra = ("--include-path", task.parent)
    given = [str(option).replace("DB/", f"{book.path}/") for option in options]
    result = openbook("eval", "harness", trained_folder, book.path, *given, *extra)
    assert result.code == 2
    assert message in result.error
