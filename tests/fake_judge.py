"""A judge that says the same of all passages, in place of the one that is loaded."""

from threading import current_thread
from typing import Any

import pytest

from openbook.errors import SettingsError
from openbook.generation import PassageJudge


class FakeJudge:
    """Says whether they answer as it was told, and notes what it was asked."""

    def __init__(self, *, finds: bool) -> None:
        self.finds = finds
        self.asked: list[tuple[str, list[str]]] = []
        self.threads: list[str] = []

    def to(self, device: Any) -> "FakeJudge":
        return self

    def finds_answer(self, question: str, passages: list[str]) -> bool:
        assert passages
        self.asked.append((question, list(passages)))
        self.threads.append(current_thread().name)
        return self.finds


def judge_with(monkeypatch: pytest.MonkeyPatch, *, finds: bool) -> FakeJudge:
    """Have what loads a judge give this one."""
    judge = FakeJudge(finds=finds)
    monkeypatch.setattr(PassageJudge, "load", lambda: judge)
    return judge


def judge_not_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what loads a judge find no encoder."""

    def load() -> Any:
        raise SettingsError("encoder: is nowhere; or do without: --x")

    monkeypatch.setattr(PassageJudge, "load", load)
