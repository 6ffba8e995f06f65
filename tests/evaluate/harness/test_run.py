"""Whole tasks of lm-evaluation-harness: their files, their numbers, and what is refused."""

import io
import json
import lzma
import math
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import example, given

from hostile_text import EVIL, assert_harmless, hostile
from openbook.database import Database
from openbook.errors import MissingExtraError, SettingsError, SourceError
from openbook.evaluate.harness import AnswerOptions, HarnessReport, TaskOptions, evaluate_harness, run
from openbook.model import RetroConfig, RetroForCausalLM
from openbook.progress import Progress, silent
from openbook.text import Document, train_tokenizer

LAST_WORD = {
    "output_type": "loglikelihood",
    "doc_to_text": "{{text.split(' ')[:-1]|join(' ')}}",
    "doc_to_target": "{{' '+text.split(' ')[-1]}}",
    "metric_list": [{"metric": "perplexity"}, {"metric": "acc"}],
}
CHOICE = {
    "output_type": "multiple_choice",
    "doc_to_text": "{{text.split(' ')[:-1]|join(' ')}}",
    "doc_to_target": 0,
    "doc_to_choice": "{{[text.split(' ')[-1], 'ba', 'ke li mo nu ra se']}}",
    "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
}
ROLLING = {
    "output_type": "loglikelihood_rolling",
    "doc_to_text": "",
    "doc_to_target": "{{text}}",
    "metric_list": [{"metric": "word_perplexity"}, {"metric": "bits_per_byte"}],
}
WRITING = {
    "output_type": "generate_until",
    "doc_to_text": "{{text}}",
    "doc_to_target": "ba",
    "generation_kwargs": {"until": ["."], "max_gen_toks": 6},
    "metric_list": [{"metric": "exact_match"}],
}
MakeTask = Callable[..., Path]


def run_tasks(
    model: RetroForCausalLM, database: Database, *, progress: Progress = silent, **options: Any
) -> HarnessReport:
    """Options of tasks and of answers are told apart by their names."""
    answers = {name: options.pop(name) for name in ("batch_size", "retrieval") if name in options}
    questions = TaskOptions(**options)
    return evaluate_harness(model, database, questions, AnswerOptions(**answers), progress=progress)


@pytest.fixture(autouse=True)
def _no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks of local files need none; what is cached goes where it is cleared away."""
    import datasets.config

    def connect(*_: Any) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def texts(book_documents: list[Document]) -> list[str]:
    return [document.text for document in book_documents[:6]]


@pytest.fixture
def make_task(tmp_path: Path, texts: list[str]) -> MakeTask:
    """A YAML file of a task over these texts."""

    def make(name: str, settings: dict[str, Any], texts: list[str] = texts) -> Path:
        data = tmp_path / f"{name}.jsonl"
        data.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        task = tmp_path / "tasks" / f"{name}.yaml"
        task.parent.mkdir(exist_ok=True)
        source = {"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(data)}}}
        task.write_text(yaml.safe_dump({"task": name, "test_split": "test", **source, **settings}))
        return task

    return make


@pytest.mark.parametrize("retrieval", [True, False])
def test_the_last_word(
    trained: RetroForCausalLM, book: Database, make_task: MakeTask, texts: list[str], retrieval: bool
) -> None:
    from openbook.evaluate.harness.lm import OpenbookLM

    report = run_tasks(
        trained, book, tasks=[str(make_task("words", LAST_WORD))], retrieval=retrieval, log_samples=True
    )
    result = report.tasks["words"]
    lm = OpenbookLM(trained, book, AnswerOptions(retrieval=retrieval))
    pairs = [(text.rpartition(" ")[0], " " + text.rpartition(" ")[2]) for text in texts]
    requests = [(pair, *lm._encode_pair(*pair)) for pair in pairs]
    expected = lm._loglikelihood_tokens(requests)
    mean = sum(score for score, _ in expected) / len(texts)
    assert result.metrics["perplexity"] == pytest.approx(math.exp(-mean), rel=1e-5)
    assert result.metrics["acc"] == pytest.approx(sum(greedy for _, greedy in expected) / len(texts))
    assert set(result.standard_errors) == {"perplexity", "acc"}
    assert (result.documents, result.num_fewshot) == (len(texts), 0)
    assert report.retrieval is retrieval
    assert (report.chunks_searched > 0) is retrieval
    assert [sample["doc"]["text"] for sample in report.samples["words"]] == texts


def test_tasks_of_all_kinds_by_name(trained: RetroForCausalLM, book: Database, make_task: MakeTask) -> None:
    folder = make_task("choice", CHOICE).parent
    make_task("rolling", ROLLING)
    make_task("writing", WRITING)
    stages: list[str] = []

    class Spy:
        def __call__(self, done: int, total: int | None) -> None:
            assert total is not None and 0 < done <= total

        def stage(self, name: str) -> "Spy":
            stages.append(name)
            return self

    report = run_tasks(
        trained,
        book,
        tasks=["choice", "rolling", "writing"],
        include_path=folder,
        limit=4,
        progress=Spy(),
    )
    assert set(report.tasks) == {"choice", "rolling", "writing"}
    assert {result.documents for result in report.tasks.values()} == {4}
    assert set(report.tasks["choice"].metrics) == {"acc", "acc_norm"}
    assert 0 < report.tasks["rolling"].metrics["bits_per_byte"] < 20
    assert set(report.tasks["writing"].metrics) == {"exact_match"}
    assert report.samples == {}
    assert stages == ["loglikelihood", "loglikelihood_rolling", "generate_until"]


def test_batches_do_not_matter(trained: RetroForCausalLM, book: Database, make_task: MakeTask) -> None:
    task = str(make_task("choice", CHOICE))
    one, many = (
        run_tasks(trained, book, tasks=[task], batch_size=size, log_samples=True).samples["choice"]
        for size in (1, 100)
    )
    for alone, together in zip(one, many, strict=True):
        pairs = zip(alone["filtered_resps"], together["filtered_resps"], strict=True)
        assert all(score == pytest.approx(too, rel=1e-5) for (score, _), (too, _) in pairs)


@pytest.mark.parametrize("count", [None, 2])
def test_examples_come_before_questions(
    trained: RetroForCausalLM, book: Database, make_task: MakeTask, count: int | None
) -> None:
    task = make_task("words", LAST_WORD | {"fewshot_split": "test", "fewshot_delimiter": "\n@@\n"})
    report = run_tasks(trained, book, tasks=[str(task)], limit=2, num_fewshot=count, seed=3, log_samples=True)
    prompts = [sample["arguments"][0][0] for sample in report.samples["words"]]
    assert [prompt.count("@@") for prompt in prompts] == [count or 0] * 2
    assert report.tasks["words"].num_fewshot == (count or 0)
    again = run_tasks(trained, book, tasks=[str(task)], limit=2, num_fewshot=count, seed=3, log_samples=True)
    assert [sample["arguments"][0][0] for sample in again.samples["words"]] == prompts


def test_others_may_run_the_model_themselves(
    trained: RetroForCausalLM, book: Database, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lm_eval
    from lm_eval import evaluator
    from lm_eval.tasks import TaskManager

    from openbook.evaluate.harness.lm import OpenbookLM

    monkeypatch.setattr(evaluator, "add_env_info", lambda results: None)  # takes seconds
    task = str(make_task("rolling", ROLLING))
    found = lm_eval.simple_evaluate(
        OpenbookLM(trained, book), tasks=[task], task_manager=TaskManager(include_defaults=False)
    )
    ours = run_tasks(trained, book, tasks=[task]).tasks["rolling"].metrics["bits_per_byte"]
    assert found["results"]["rolling"]["bits_per_byte,none"] == pytest.approx(ours)


def test_nothing_is_printed(
    trained: RetroForCausalLM, book: Database, make_task: MakeTask, capsys: pytest.CaptureFixture[str]
) -> None:
    run_tasks(trained, book, tasks=[str(make_task("words", LAST_WORD))])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tasks": []}, "no task"),
        ({"tasks": ["words.yaml"]}, "task words.yaml: there is no such file"),
        ({"limit": 0}, "limit 0"),
        ({"num_fewshot": -1}, "num fewshot -1"),
        ({"include_path": Path("nowhere")}, "include path nowhere"),
        ({"batch_size": 0}, "batch size 0"),
    ],
)
def test_refuses_wrong_settings(
    trained: RetroForCausalLM, book: Database, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        run_tasks(trained, book, **({"tasks": ["words"]} | options))


def test_an_unknown_task_is_refused_with_the_nearest_name(
    trained: RetroForCausalLM, book: Database, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_task("words", LAST_WORD).parent
    _only_local(monkeypatch)
    with pytest.raises(SettingsError, match="task 'wrods': unknown; did you mean 'words'"):
        run_tasks(trained, book, tasks=["words", "wrods"], include_path=folder)
    with pytest.raises(SettingsError, match="listed by: lm-eval ls tasks"):
        run_tasks(trained, book, tasks=["zzz"], include_path=folder)


def _only_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness' own tasks take ten seconds to be read."""
    from lm_eval import tasks

    manager = tasks.TaskManager
    monkeypatch.setattr(
        tasks,
        "TaskManager",
        lambda include_path, **_: manager(include_path=include_path, include_defaults=False),
    )


def test_data_that_is_not_there_is_named(
    trained: RetroForCausalLM, book: Database, make_task: MakeTask
) -> None:
    task = make_task("words", LAST_WORD)
    (task.parents[1] / "words.jsonl").unlink()
    with pytest.raises(SourceError, match=r"words\.yaml: cannot be loaded: .*words\.jsonl"):
        run_tasks(trained, book, tasks=[str(task)])


def test_writing_in_an_unknown_way_is_refused_before_anything_runs(
    trained: RetroForCausalLM, book: Database, make_task: MakeTask
) -> None:
    task = make_task("writing", WRITING | {"generation_kwargs": {"num_beams": 4, "until": ["."]}})
    with pytest.raises(SettingsError, match="task writing: generation_kwargs: unknown name 'num_beams'"):
        run_tasks(trained, book, tasks=[str(task)])


def test_the_missing_extra_is_named(
    trained: RetroForCausalLM, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'openbook\[eval\]'"):
        run_tasks(trained, book, tasks=["words"])


def test_real_passages(
    shared_data: Path, trained: RetroForCausalLM, make_task: MakeTask, tmp_path: Path
) -> None:
    with lzma.open(shared_data / "lm/lambada/lambada_test.jsonl.xz", "rt", encoding="utf-8") as lines:
        passages = [json.loads(line)["text"] for _, line in zip(range(120), lines, strict=False)]
    asked, others = passages[:16], passages[16:]
    tokenizer = train_tokenizer(others, vocab_size=600)
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None, chunk_size=16)
    database.add(Document(id=str(number), text=text) for number, text in enumerate(others))
    sizes = {"vocab_size": tokenizer.vocab_size, "tokenizer_fingerprint": tokenizer.fingerprint}
    torch.manual_seed(0)
    model = RetroForCausalLM(RetroConfig(**trained.config.to_diff_dict() | sizes))
    task = str(make_task("lambada", LAST_WORD, asked))
    on, off = (run_tasks(model, database, tasks=[task], retrieval=way) for way in (True, False))
    assert on.tasks["lambada"].documents == off.tasks["lambada"].documents == 16
    perplexities = [report.tasks["lambada"].metrics["perplexity"] for report in (on, off)]
    assert all(math.isfinite(value) for value in perplexities)
    assert perplexities[0] != pytest.approx(perplexities[1], rel=1e-4)
    assert on.chunks_searched >= 3 * 16
    assert off.chunks_searched == 0


@given(hostile)
@example(EVIL)
def test_what_the_harness_prints_is_harmless(text: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), run._as_one_process():
        sys.stdout.write(f"bootstrapping {text}\n")
        sys.stdout.write(text)
    assert out.getvalue() == ""
    assert err.getvalue().startswith("bootstrapping ")
    for line in err.getvalue().split("\n"):
        assert_harmless(line)
