"""Help, and how little is loaded to give it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import openbook as package

VERBS = [
    "build",
    "add",
    "remove",
    "compact",
    "verify",
    "info",
    "retokenize",
    "search",
    "neighbors",
    "train",
    "eval perplexity",
    "eval retrieval",
    "eval harness",
    "generate",
    "demo",
]
HEAVY = ("torch", "transformers", "faiss", "sentence_transformers", "tantivy", "pyarrow")


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python as another process."""
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False, **options
    )


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_an_example(openbook: Any, verb: str) -> None:
    result = openbook(*verb.split(), "--help")
    assert result.code == 0
    assert f"Example: openbook {verb}" in " ".join(result.out.split())
    assert result.err == ""


def test_the_help_lists_all_verbs(openbook: Any) -> None:
    words = openbook("--help").out.split()
    assert {verb.split()[0] for verb in VERBS} <= set(words)


def test_the_version_is_printed(openbook: Any) -> None:
    assert openbook("--version").out == f"{package.__version__}\n"


def test_without_a_verb_the_help_is_shown(openbook: Any) -> None:
    result = openbook()
    assert result.code == 2
    assert "Usage:" in result.err + result.out


@pytest.mark.parametrize("module", ["openbook", "openbook.cli.app"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    assert python("-c", code).stdout == "[]\n"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from openbook.cli.app import run; code = run(['train', '--help']);"
        f"print(code, [name for name in {HEAVY} if name in sys.modules])"
    )
    assert python("-c", code).stdout.splitlines()[-1] == "0 []"


def command(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command `openbook` as a process."""
    return python("-c", "from openbook.cli import main; main()", *map(str, arguments), **options)


def test_the_command_searches(database: Path) -> None:
    result = command("search", database, "quokka", "-k", "1", "--json")
    assert result.returncode == 0
    assert '"document_id": "row1"' in result.stdout
    assert result.stderr == ""


def test_the_command_reports_an_error(tmp_path: Path) -> None:
    result = command("info", tmp_path / "none")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("openbook: error: ")
    assert len(result.stderr.splitlines()) == 1


def test_debug_prints_the_traceback(tmp_path: Path) -> None:
    result = command("info", tmp_path / "none", "--debug")
    assert result.returncode != 0
    assert "Traceback" in result.stderr
    assert "DatabaseError" in result.stderr


def test_a_reader_that_has_seen_enough_is_no_error(database: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    code = "from openbook.cli import main; main()"
    process = subprocess.run(
        [sys.executable, "-c", code, "search", str(database), "apples"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(write)
    assert process.stderr == ""
