"""The command `openbook`: its verbs and their help, what little it loads, and how it ends."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import openbook as package
from command_line import LEXICAL, OpenBook, verbs_of
from openbook.cli.app import app, run
from openbook.database import Version
from openbook.errors import DatabaseError

README = Path(__file__).parents[2] / "README.md"
HEAVY = ("torch", "transformers", "faiss", "sentence_transformers", "tantivy", "pyarrow")


VERBS = verbs_of(app)


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python as another process."""
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False, **options
    )


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_an_example(openbook: OpenBook, verb: str) -> None:
    result = openbook(*verb.split(), "--help")
    assert result.code == 0
    example = " ".join(result.out.split()).partition("Example: ")[2]
    assert f"openbook {verb}" in example
    assert result.err == ""


def test_the_help_lists_all_verbs(openbook: OpenBook) -> None:
    words = openbook("--help").out.split()
    assert {verb.split()[0] for verb in VERBS} <= set(words)
    assert {"build", "eval harness", "merge", "retrofit"} <= set(VERBS), "the walk finds nested ones too"


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_stands_in_the_readme(verb: str) -> None:
    rows = [line for line in README.read_text("utf-8").splitlines() if line.startswith("| `openbook ")]
    assert len([row for row in rows if re.match(rf"\| `openbook {verb}[ `]", row)]) == 1


def test_the_readme_names_no_verb_that_is_not_there() -> None:
    named = re.findall(r"^\| `openbook ((?:eval )?[a-z]+)", README.read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == VERBS


def test_the_version_is_printed(openbook: OpenBook) -> None:
    assert openbook("--version").out == f"{package.__version__}\n"


def test_without_a_verb_the_help_is_shown(openbook: OpenBook) -> None:
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
    assert result.stderr.startswith("1 of 14 documents is held out or near-copies, and not searched")
    assert len(result.stderr.splitlines()) == 1


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
    assert "error" not in process.stderr and "Traceback" not in process.stderr
    assert process.stderr.startswith("1 of 14 documents is held out") and process.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("info", "db", "--color"), "--color"),
        (("serach", "db", "text"), "serach"),
        (("eval", "perplexty"), "perplexty"),
        (("search", "db", "text", "-k", "many"), "-k"),
        (("search", "db", "text", "--mode", "fuzzy"), "fuzzy"),
        (("info", "db", "another"), "another"),
        (("search", "db"), "TEXT"),
        (("--color",), "--color"),
    ],
)
def test_a_wrong_command_line(openbook: OpenBook, arguments: tuple[str, ...], message: str) -> None:
    result = openbook(*arguments)
    assert result.code == 2
    assert message in result.error
    assert "--help" in result.error
    assert result.out == ""
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("info", "DB"),
        ("list", "DB"),
        ("search", "DB", "text"),
        ("neighbors", "DB"),
        ("add", "DB", "SOURCE"),
        ("remove", "DB", "x"),
        ("compact", "DB"),
        ("verify", "DB"),
        ("verify", "DB", "--repair"),
        ("eval", "retrieval", "DB"),
        ("train", "tiny", "--database", "DB", "--output", "OUT"),
    ],
)
def test_a_folder_without_a_database(
    openbook: OpenBook, texts: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    places = {"DB": tmp_path / "none", "SOURCE": texts, "OUT": tmp_path / "out"}
    result = openbook(*[places.get(word, word) for word in command])
    assert result.code == 2
    assert str(tmp_path / "none") in result.error and "openbook build" in result.error
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", [0, 99])
def test_debug_gives_the_traceback(tmp_path: Path, place: int) -> None:
    arguments = ["info", str(tmp_path / "none")]
    arguments.insert(place, "--debug")
    with pytest.raises(DatabaseError):
        run(arguments)


def test_a_fault_of_ours_has_another_code(
    openbook: OpenBook, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Version, "info", lambda self: 1 / 0)
    result = openbook("info", database)
    assert result.code == 1
    assert "a fault in openbook: ZeroDivisionError" in result.error
    assert "--debug" in result.error


def test_memory_that_ran_out_is_no_fault_of_ours(
    openbook: OpenBook, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Version, "info", lambda self: torch.empty(2**60, dtype=torch.uint8))
    result = openbook("info", database)
    assert result.code == 2
    assert "out of memory (1152921504.6 GB more were wanted); take less at a time" in result.error
    assert "fault" not in result.err and "report" not in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.skipif(os.name == "nt", reason="arguments are text there")
@pytest.mark.parametrize("place", range(4))
def test_bytes_that_are_not_utf8_are_one_clear_line(place: int) -> None:
    arguments = [b"search", b"db", b"text", b"--json"]
    arguments[place] += b"\xff\xc3"
    program = "from openbook.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"openbook: error: argument {place + 1}, ")
    assert r"\xff\xc3" in line and "UTF-8" in line


@pytest.mark.parametrize("name", ["file:x", "file:x?mode=ro", "a?b#c%20d", "file:///x", "~$x", ":memory:"])
def test_a_database_may_have_any_name(
    openbook: OpenBook, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if os.name == "nt" and set(name) & set(':?"'):
        pytest.skip("no name of a file there")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    built = openbook("build", name, texts, *LEXICAL)
    assert built.code == 0, built.err
    assert openbook("search", name, "quokka", "--json").json[0]["document_id"] == "row1"
    assert openbook("neighbors", name).code == 0
    assert openbook("remove", name, "row1").code == 0
    assert openbook("compact", name).code == 0
    next(Path(name).rglob("meta.json")).write_text("")
    assert openbook("verify", name).code == 1
    assert openbook("verify", name, "--repair").code == 0
    assert openbook("verify", name).code == 0
    assert len(list(Path().iterdir())) == 1, "nothing stands beside it"


def test_its_end_does_not_look_through_all_objects_again() -> None:
    """Which takes seconds where torch is loaded; what is frozen the interpreter leaves alone."""
    says = "import atexit, gc, sys; atexit.register(lambda: print(gc.get_freeze_count() > 1000)); "
    run = "sys.argv[1:] = ['--version']; from openbook.cli import main; main()"
    done = python("-c", says + run)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "True"
