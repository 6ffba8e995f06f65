"""Finding tasks by their names or files, and loading their data."""

import random
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from openbook.errors import SettingsError, SourceError
from openbook.evaluate.harness.stop_criteria import Writing


def load_tasks(names: Sequence[str], *, include_path: Path | None, num_fewshot: int | None, seed: int) -> Any:
    """Load tasks as the harness' own `simple_evaluate` does.

    Args:
        names: of tasks, groups or tags, or YAML files.
        include_path: a folder of further tasks.
        num_fewshot: examples before each question, where the task itself does not insist on none.
        seed: of the choice of examples, and of random and numpy, which some tasks draw with.

    Returns:
        A `TaskDict`, for `lm_eval.evaluate`.

    Raises:
        SettingsError: no task, an unknown one, or one that asks for writing in a way unknown here.
        SourceError: data that cannot be loaded.
    """
    if not names:
        raise SettingsError("no task: name one or more of the harness, or give a YAML file")
    manager = _manager(names, include_path)
    random.seed(seed)
    np.random.seed(seed)
    try:
        loaded = manager.load(list(names))
    except Exception as error:  # the harness, data sets and the network each have their own
        problem = " ".join(str(error).split()) or type(error).__name__
        raise SourceError(f"tasks {', '.join(names)}: cannot be loaded: {problem}") from error
    for name, task in loaded["tasks"].items():
        usual = task.get_config("num_fewshot")
        if num_fewshot is not None and usual != 0:
            task.set_config(key="num_fewshot", value=num_fewshot)
        elif usual is None:
            task.set_config(key="num_fewshot", value=0)
        task.set_fewshot_seed(seed=seed)
        if task.get_config("output_type") == "generate_until":
            try:
                Writing.of(task.get_config("generation_kwargs") or {}, default=1)
            except SettingsError as error:  # now, not after hours
                raise SettingsError(f"task {name}: {error}") from error
    return loaded


def _manager(names: Sequence[str], include_path: Path | None) -> Any:
    """Knows all names; the harness' own tasks, some ten thousand files, are read only if needed."""
    from lm_eval.tasks import TaskManager

    if include_path is not None and not include_path.is_dir():
        raise SettingsError(f"include path {include_path}: is no folder")
    files = [name for name in names if name.endswith((".yaml", ".yml"))]
    for name in files:
        if not Path(name).is_file():
            raise SettingsError(f"task {name}: there is no such file")
    named = [name for name in names if name not in files]
    manager = TaskManager(include_path=include_path, include_defaults=False)
    if set(named) <= set(manager.all_tasks):
        return manager
    manager = TaskManager(include_path=include_path)
    for name in named:
        if name not in manager.task_index:
            near = get_close_matches(name, manager.all_tasks, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "they are listed by: lm-eval ls tasks"
            raise SettingsError(f"task {name!r}: unknown; {hint}")
    return manager
