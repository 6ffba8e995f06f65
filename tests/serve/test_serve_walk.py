"""The walk of docs/serve.md: its commands are run, on a tiny base in place of the model that it names."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import openbook
from command_line import LEXICAL
from tiny_base import write_base

ROOT = Path(openbook.__file__).parents[2]
GUIDE = ROOT / "docs" / "serve.md"
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
ADDRESS = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    """The blocks of code of the walk."""
    if not GUIDE.is_file():
        pytest.skip(f"{GUIDE} is not there: this is an installed package")
    section = GUIDE.read_text("utf-8").split("## A walk\n")[1].split("\n## ")[0]
    found = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [text for kind, text in found if kind == language]


def commands() -> list[str]:
    """What is typed after `$`, continued lines joined."""
    lines = "".join(blocks("")).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write_base(tmp_path / "base")
    yield tmp_path


def test_the_walk(folder: Path) -> None:
    if shutil.which("curl") is None or shutil.which("sed") is None:
        pytest.skip("curl or sed is not installed")
    environment = os.environ | {"no_proxy": "*", "PYTHONPATH": str(ROOT / "src")}
    running: list[subprocess.Popen[str]] = []
    url = ""
    answers: list[Any] = []

    def shell(command: str) -> str:
        command = command.replace(MODEL, "base").replace(ADDRESS, url)
        command = re.sub(r"^openbook ", f"{shlex.quote(sys.executable)} -m openbook ", command)
        if " build " in command:
            command += " " + " ".join(LEXICAL)
        done = subprocess.run(
            command, check=False, shell=True, cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        for command in commands():
            if command.startswith("openbook serve "):
                words = [sys.executable, "-m", *command.replace(MODEL, "base").split(), "--port", "0"]
                words += ["--max-tokens", "8"]
                process = subprocess.Popen(
                    words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
                )
                running.append(process)
                assert process.stderr is not None
                lines = iter(process.stderr.readline, "")
                url = next(found[1] for line in lines if (found := re.search(r" at (http://\S+) ", line)))
                Thread(target=process.stderr.read, daemon=True).start()
            elif command.startswith("curl "):
                answers.append(json.loads(shell(f"{command} --max-time 120")))
                (program,) = blocks("python")
                shell(f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}")
            else:
                shell(command)
        (curl,) = [command for command in commands() if command.startswith("curl ")]
        answers.append(json.loads(shell(curl)))
    finally:
        for process in running:
            process.terminate()
            process.wait(60)
    first = [answer["openbook"]["citations"][0]["neighbors"][0] for answer in answers]
    read = [near["text"] + near["continuation"] for near in first]
    assert "Odo Fenwick" in read[0]
    assert "Lena Brandt" in read[1]
