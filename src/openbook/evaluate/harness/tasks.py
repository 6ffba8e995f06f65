"""Finding tasks by their names or files, and loading their data."""

import random
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np

from openbook.errors import MissingExtraError, SettingsError, SourceError, one_line
from openbook.evaluate.harness.harness_options import TaskOptions


def load_tasks(options: TaskOptions) -> Any:
    """Load tasks as the harness' own `simple_evaluate` does.

    Returns:
        A `TaskDict`, for `lm_eval.evaluate`.

    Raises:
        MissingExtraError: lm-evaluation-harness is not installed.
        SettingsError: an unknown task, or one that asks for text in a way unknown here.
        SourceError: data that cannot be loaded.
    """
    manager = find_tasks(options)
    random.seed(options.seed)
    np.random.seed(options.seed)
    try:
        loaded = manager.load(list(options.tasks))
    except Exception as error:  # the harness, data sets and the network each have their own
        names = ", ".join(options.tasks)
        raise SourceError(
            f"tasks {names}: cannot be loaded: {one_line(error)}; correct the task, or leave it out"
        ) from error
    for name, task in loaded["tasks"].items():
        _set_fewshot(task, options)
        _check_generation(name, task)
    return loaded


def _set_fewshot(task: Any, options: TaskOptions) -> None:
    usual = task.get_config("num_fewshot")
    if options.num_fewshot is not None and usual != 0:
        task.set_config(key="num_fewshot", value=options.num_fewshot)
    elif usual is None:
        task.set_config(key="num_fewshot", value=0)
    task.set_fewshot_seed(seed=options.seed)


def _check_generation(name: str, task: Any) -> None:
    """Refuse now what would be refused after hours."""
    if task.get_config("output_type") != "generate_until":
        return
    from openbook.evaluate.harness.stop_criteria import read_generation_kwargs  # loads torch

    try:
        read_generation_kwargs(task.get_config("generation_kwargs") or {}, default=1)
    except SettingsError as error:
        raise SettingsError(f"task {name}: {error}") from error


def find_tasks(options: TaskOptions) -> Any:
    """Find tasks by their names, without loading their data or torch.

    Returns:
        A `TaskManager` that knows them; the harness' own tasks, some ten thousand files, are read only if
        needed.

    Raises:
        MissingExtraError: lm-evaluation-harness is not installed.
        SettingsError: an unknown task, or a file or folder that is not there.
    """
    options.require_files()
    make = _harness()
    named = [name for name in options.tasks if name not in options.files]
    manager = make(include_path=options.include_path, include_defaults=False)
    if set(named) <= set(manager.all_tasks):
        return manager
    manager = _own_tasks() if options.include_path is None else make(include_path=options.include_path)
    for name in named:
        if name not in manager.task_index:
            near = get_close_matches(name, manager.all_tasks, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "they are listed by: lm-eval ls tasks"
            raise SettingsError(f"task {name!r}: unknown; {hint}")
    return manager


@cache
def _own_tasks() -> Any:
    """Know the harness' own tasks; which they are does not change while a program runs."""
    return _harness()()


def _harness() -> Any:
    try:
        import lm_eval.tasks
    except ImportError as error:
        raise MissingExtraError(
            "tasks are those of lm-evaluation-harness; pip install 'openbook[eval]'"
        ) from error
    return lm_eval.tasks.TaskManager
