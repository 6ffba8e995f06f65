"""Signals: the first is a request, the second ends the program."""

import os
import signal

import pytest

from openbook.cli.signals import stop_on_signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_a_request_and_handlers_come_back(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
        assert stop.exit_code == code
        assert signal.getsignal(number) == before, "a second one ends the program"
    assert signal.getsignal(number) == before


def test_the_first_signal_is_answered_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "several processes")  # a second one is a request, too
    told: list[str] = []
    with stop_on_signals(told.append):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert told == ["finishing this step, then saving"]
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    with stop_on_signals(told.append):
        os.kill(os.getpid(), signal.SIGINT)
    assert told[1:] == ["finishing this step, then saving; again to stop at once"]
