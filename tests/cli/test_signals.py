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
