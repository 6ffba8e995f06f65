"""Running tasks by their names or files, and what came out."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openbook.database import Database, Version
from openbook.escapes import VisibleStream
from openbook.evaluate.harness.harness_options import AnswerOptions, TaskOptions
from openbook.evaluate.harness.tasks import find_tasks, load_tasks
from openbook.progress import Progress, silent

if TYPE_CHECKING:
    from openbook.model import RetroForCausalLM

_BOOTSTRAP = 1000
"""Samples that standard errors of what is not a mean are estimated by."""
_ERROR = "_stderr"
_NO_PROCESSES = "DISABLE_MULTIPROC"
"""The harness' own switch."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task, or a group of them."""

    metrics: dict[str, float]
    """By the metric's name; with `,` and the filter's name where the task filters answers."""
    standard_errors: dict[str, float]
    """Of those metrics that have one."""
    documents: int
    num_fewshot: int | None
    """None where the tasks of a group differ."""


@dataclass(frozen=True, slots=True)
class HarnessReport:
    """What `openbook eval harness` prints."""

    tasks: dict[str, TaskResult]
    retrieval: bool
    chunks_searched: int
    """Different chunks of questions that were looked up."""
    samples: dict[str, list[dict[str, Any]]]
    """By task, each document with requests and answers as the harness logs them; empty unless asked for."""


def evaluate_harness(
    model: "RetroForCausalLM",
    database: Database | Version,
    tasks: TaskOptions,
    answers: AnswerOptions | None = None,
    *,
    progress: Progress = silent,
) -> HarnessReport:
    """Run tasks of lm-evaluation-harness.

    Args:
        model: trained with the database's tokenizer and chunk length; it is left in the mode it was in.
        database: to look things up in; without retrieval only its tokenizer is used.
        tasks: which questions are asked.
        answers: how they are answered.
        progress: called with how many requests of each kind are done, and of how many.

    Raises:
        MissingExtraError: lm-evaluation-harness is not installed.
        SettingsError: an unknown task, or a number out of its range.
        SourceError: a task whose data cannot be loaded.
        MismatchError: model and database do not belong together.
        DatabaseError: there is nothing to look up.
    """
    find_tasks(tasks)
    from lm_eval import evaluate

    from openbook.evaluate.harness.lm import OpenbookLM

    answers = answers or AnswerOptions()
    lm = OpenbookLM(model, database, answers, progress=progress)
    with _as_one_process():
        found = evaluate(
            lm=lm,
            task_dict=load_tasks(tasks),
            limit=tasks.limit,
            log_samples=tasks.log_samples,
            bootstrap_iters=_BOOTSTRAP,
        )
    return HarnessReport(
        tasks={name: _result(values, found["n-shot"].get(name)) for name, values in found["results"].items()},
        retrieval=answers.retrieval,
        chunks_searched=lm.chunks_searched,
        samples=found["samples"] if tasks.log_samples else {},
    )


@contextmanager
def _as_one_process() -> Iterator[None]:
    """Where the harness estimates errors, it starts processes, which forks threads.

    It also prints on stdout, and what it prints may quote a task's documents.
    """
    before = os.environ.get(_NO_PROCESSES)
    os.environ[_NO_PROCESSES] = "1"
    try:
        with redirect_stdout(VisibleStream(sys.stderr)):
            yield
    finally:
        del os.environ[_NO_PROCESSES]
        if before is not None:
            os.environ[_NO_PROCESSES] = before


def _result(values: Mapping[str, Any], num_fewshot: int | None) -> TaskResult:
    """From the harness' `metric,filter` and `metric_stderr,filter`; the filter `none` goes without saying."""
    metrics: dict[str, float] = {}
    errors: dict[str, float] = {}
    for key, value in values.items():
        metric, comma, chosen = key.partition(",")
        if not comma or not isinstance(value, int | float):
            continue
        kept = errors if metric.endswith(_ERROR) else metrics
        kept[metric.removesuffix(_ERROR) + ("" if chosen == "none" else f",{chosen}")] = float(value)
    return TaskResult(metrics, errors, int(values.get("sample_len", 0)), num_fewshot)
