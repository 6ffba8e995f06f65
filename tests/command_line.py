"""What the tests of the command line share: its results, its options for something small, its sources."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from breaking import documents_of

LEXICAL = ("--embedder", "none", "--tokenizer", "train:300", "--chunk-size", "16")
"""Options of `build` for a database that needs no weights."""
INFO = {
    "documents",
    "chunks",
    "version",
    "tokenizer",
    "embedder",
    "chunk_size",
    "holdout_documents",
    "dense_index",
    "recall_at_10",
    "excluded_documents",
    "removed_chunks",
    "neighbors",
    "disk",
}
"""Keys that `info --json` has at least."""
HIT = {"document_id", "chunk_id", "score", "text", "continuation", "title", "source"}
"""Keys of what `search --json` finds."""
TINY = (
    "model.hidden_size=32",
    "model.encoder_hidden_size=32",
    "data.sequence_length=32",
    "train.batch_size=2",
    "train.max_steps=2",
    "train.warmup_steps=1",
    "train.eval_every=0",
)
"""Settings of a model that is made quickly."""


@dataclass(frozen=True)
class Result:
    """What came out of one command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which must hold one JSON value and nothing else."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line that says what is wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("openbook: error:")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


def without_done(described: dict[str, Any]) -> dict[str, Any]:
    """What `--json` says of a database, without what a verb did to it."""
    of_the_verb = ("done", "skipped_files", "left_out")
    return {name: value for name, value in described.items() if name not in of_the_verb}


OpenBook = Callable[..., Result]
Contents = Callable[[Path], dict[str, bytes]]


def sets(*settings: str) -> list[str]:
    """Settings as `train` and `retrofit` take them."""
    return [part for setting in settings for part in ("--set", setting)]


def write_rows(path: Path, revisions: dict[str, int]) -> Path:
    """Documents by id, each in this revision, as JSON lines."""
    rows = [{"id": document.id, "text": document.text} for document in documents_of(revisions)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def write_copies(path: Path, names: list[str]) -> Path:
    """A source in which each document stands twice, the second time under the name `copy of …`."""
    rows = []
    for name in names:
        text = f"{name} " + " ".join(f"{name}{number}" for number in range(40))
        rows += [{"id": name, "text": text}, {"id": f"copy of {name}", "text": text}]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def verbs_of(app: Any) -> list[str]:
    """All verbs of the command, as they are typed, sorted."""
    return sorted(_below(typer.main.get_command(app)))


def _below(command: Any, *before: str) -> Iterator[str]:
    for name, below in command.commands.items():
        if hasattr(below, "commands"):
            yield from _below(below, *before, name)
        else:
            yield " ".join([*before, name])
