"""What is asked of lm-evaluation-harness, and how the model answers; both without the extra `eval`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openbook.errors import SettingsError
from openbook.generation.request import check_k


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """Which questions are asked.

    Raises:
        SettingsError: no task, or a number out of its range.
    """

    tasks: Sequence[str]
    """Names of tasks, groups or tags, or YAML files."""
    include_path: Path | None = None
    """A folder of further tasks; the harness' own are read only if a name is not there."""
    limit: int | None = None
    """So many documents of each task at most; None: all."""
    num_fewshot: int | None = None
    """Examples before each question, unless the task insists on none; None: as the task says."""
    seed: int = 0
    """Of the choice of examples, and of random and numpy, which some tasks draw with."""
    log_samples: bool = False
    """Return each document with its requests and answers."""

    def __post_init__(self) -> None:
        if not self.tasks:
            raise SettingsError("no task: name one or more of the harness, or give a YAML file")
        if self.limit is not None and self.limit < 1:
            raise SettingsError(f"limit {self.limit}: must be at least 1")
        if self.num_fewshot is not None and self.num_fewshot < 0:
            raise SettingsError(f"num fewshot {self.num_fewshot}: must be at least 0")

    @property
    def files(self) -> list[str]:
        """The tasks that are files."""
        return [name for name in self.tasks if name.endswith((".yaml", ".yml"))]

    def require_files(self) -> None:
        """Refuse a file or folder that is not there.

        Raises:
            SettingsError: naming it.
        """
        if self.include_path is not None and not self.include_path.is_dir():
            raise SettingsError(f"include path {self.include_path}: is not a folder; give one of YAML files")
        for name in self.files:
            if not Path(name).is_file():
                raise SettingsError(f"task {name}: there is no such file; give one that is there")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions:
    """How questions are answered.

    Raises:
        SettingsError: a number out of its range.
    """

    k: int | None = None
    """Neighbors of each chunk; None: as in training."""
    mode: str | None = None
    """Of search: dense, bm25 or hybrid; None: the database's default."""
    retrieval: bool = True
    """False answers without looking anything up."""
    max_length: int | None = None
    """Tokens read at once; None: as in training."""
    batch_size: int = 8
    """Rows at a time."""
    seed: int = 0
    """Of the draws, where a task asks for them; each request has its own."""
    borders: Literal["context", "text"] = "context"
    """Where chunk borders are counted from: the end of the context, as where text is generated; or the
    beginning of the text, as over HTTP, where nobody says what of it is the context."""

    def __post_init__(self) -> None:
        if self.borders not in ("context", "text"):
            raise SettingsError(f"borders {self.borders!r}: must be context or text")
        if self.batch_size < 1:
            raise SettingsError(f"batch size {self.batch_size}: must be at least 1")
        check_k(self.k)
