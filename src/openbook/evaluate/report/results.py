"""All that was measured of one model, and of what: the content of results.json."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from openbook.database import Version
from openbook.evaluate.evaluator import Evaluator
from openbook.evaluate.growing_book import GrowingRow
from openbook.evaluate.perplexity import PerplexityReport
from openbook.evaluate.search_effort import EffortRow

_PACKAGES = ("openbook", "torch", "transformers", "numpy", "faiss-cpu", "tantivy")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a report shows."""

    perplexity: PerplexityReport
    growing: list[GrowingRow] = field(default_factory=list)
    """Empty: not measured."""
    recall: list[EffortRow] | None = None
    """Empty: search is exact; None: not measured."""
    about: dict[str, Any] = field(default_factory=dict)
    """What `describe` says."""

    def to_json(self) -> dict[str, Any]:
        """As in results.json, and what `openbook eval perplexity --json` prints."""
        values = asdict(self)
        found: dict[str, Any] = values.pop("perplexity")
        return found | {name: value for name, value in values.items() if name != "about" or value}


def describe(evaluator: Evaluator, *, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what was evaluated, and with which versions.

    Args:
        evaluator: that measured it.
        arguments: of the command, or whatever makes the evaluation again; values that JSON knows.
    """
    database, book, corpus = evaluator.database, evaluator.book, evaluator.windows.corpus
    described = {"database": _database(database)}
    if book != database:
        described["book"] = _database(book)
    if corpus != database:
        info = corpus.info()
        described["text"] = {"documents": info.documents, "chunks": info.chunks, "bytes": info.bytes}
    return {
        "arguments": dict(arguments),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {"parameters": sum(p.numel() for p in evaluator.model.parameters())},
        **described,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
    }


def _database(database: Version) -> dict[str, Any]:
    values = {"path": str(database.path)} | asdict(database.info())
    del values["disk"]
    return values | {"retrievable_chunks": int(database.layout.retrievable.sum())}
