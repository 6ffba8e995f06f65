"""The terminal: nothing that a text holds is obeyed by it, and it need not be UTF-8."""

import io
import json
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from command_line import LEXICAL, OpenBook
from hostile_text import EVIL, assert_harmless, hostile
from openbook.cli import bars, console, output, text_output
from openbook.database import Database, Exclusion, Hit, Problem, VerifyReport
from openbook.errors import OpenbookWarning
from openbook.escapes import visible
from openbook.generation.citations import Citation, CitedNeighbor
from openbook.generation.copied_spans import CopiedSpan
from openbook.generation.generator import Generation
from openbook.generation.question import Answer
from openbook.generation.text_request import SpanRead, TextPiece
from openbook.text import Document, train_tokenizer


def printed(work: Callable[..., object], *arguments: Any, **options: Any) -> tuple[list[str], list[str]]:
    """The lines that something prints on stdout and on stderr."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        work(*arguments, **options)
    for stream in (out, err):
        assert not stream.getvalue() or stream.getvalue().endswith("\n")
    lines = [stream.getvalue().split("\n")[:-1] for stream in (out, err)]
    for line in lines[0] + lines[1]:
        assert_harmless(line)
    return lines[0], lines[1]


@given(hostile)
@example(EVIL)
def test_a_line_stays_one_line_whatever_is_in_it(text: str) -> None:
    assert len(printed(console.print_line, text)[0]) == 1
    assert len(printed(console.note, text)[1]) == 1
    (error,) = printed(console.print_error, text)[1]
    assert error.startswith("openbook: error: ")


@given(hostile, hostile, hostile)
@example(EVIL, EVIL, EVIL)
def test_hits_have_three_lines_each(title: str, source: str, text: str) -> None:
    hit = Hit(
        document_id="evil", chunk_id=3, score=0.5, text=text, continuation="", title=title, source=source
    )
    lines, _ = printed(output.print_hits, [hit, hit], json=False)
    assert len(lines) == 6
    assert [line[:2] for line in lines] == ["1.", "  ", "  ", "2.", "  ", "  "]


@given(hostile, hostile)
@example(EVIL, EVIL)
def test_lists_have_a_line_for_each(name: str, other: str) -> None:
    excluded = Exclusion(name, name, "similar", other)
    assert len(printed(output.print_excluded, [excluded], json=False)[0]) == 1
    assert len(printed(output.note_copies, [excluded], Path("db"))[1]) == 2
    report = VerifyReport(ok=False, problems=[Problem(name, other)])
    assert len(printed(output.print_problems, report, json=False)[0]) == 1


@given(hostile, hostile)
@example(EVIL, EVIL)
@example("[bold]:smile:", "[/bold] [link=x]")
def test_a_tree_has_a_line_for_each_leaf(title: str, leaf: str) -> None:
    lines, _ = printed(console.print_tree, title, {"text": [leaf, leaf]})
    assert len(lines) == 4
    assert lines[0].rstrip() == visible(title).rstrip()
    assert lines[2].rstrip().endswith(visible(leaf).rstrip())


@given(hostile, hostile)
@example(EVIL, "one\n\ttwo\r\nthree")
def test_a_title_forges_no_citation(title: str, text: str) -> None:
    neighbor = CitedNeighbor(
        document_id="evil",
        chunk_id=3,
        title=title,
        source=title,
        text="",
        continuation="",
        score=0.5,
        attention=0.25,
    )
    citations = [Citation(0, len(text), [neighbor])]
    result = Generation(text, citations, prompt="prompt ", seed=0, tokens=9, finish_reason="length")
    lines, _ = printed(text_output.print_generation, "prompt ", result)
    assert len(lines) == text.count("\n") + 2, "the text keeps its lines, the citation has one"
    assert lines[-1].startswith("[1]  25% ")


@given(hostile, hostile, st.booleans())
@example(EVIL, EVIL, False)
def test_an_answer_and_its_sources_are_harmless(title: str, text: str, told: bool) -> None:
    neighbor = CitedNeighbor(
        document_id=title,
        chunk_id=3,
        title=title,
        source=title,
        text=text,
        continuation=text,
        score=0.5,
        attention=None,
    )
    citation = Citation(0, len(text), [neighbor])
    answer = Answer(text, [citation], "stop", 3, 4)

    def show() -> None:
        if not told:
            text_output.print_answer(answer, json=False)
            return
        marked = text_output.MarkedText()
        for event in (TextPiece(text, ()), SpanRead(citation)):
            marked(event)
        marked.end(answer)

    lines, _ = printed(show)
    stands_nowhere = answer.stands_in_sources is False
    assert len(lines) == text.count("\n") + 2 + stands_nowhere
    assert ("These words stand in nothing that was read:" in lines) == stands_nowhere
    assert lines[-1].startswith("[1] in the prompt ")
    lines, _ = printed(lambda: (console.print_piece(text), console.print_piece("\n")))
    assert len(lines) == text.count("\n") + 1


@given(hostile)
@example("one\n\ttwo\r\nthree")
def test_what_was_copied_is_one_line(text: str) -> None:
    text = f"word {text}"
    span = CopiedSpan(
        0, len(text), document_id="d", chunk_id=3, source_start=7, source_end=7 + len(text), share=0.9
    )
    citations = [Citation(0, len(text), [], [span])]
    result = Generation(text, citations, prompt="prompt ", seed=0, tokens=9, finish_reason="length")
    lines, _ = printed(text_output.print_generation, "prompt ", result)
    assert len(lines) == text.count("\n") + 2
    assert lines[-1].startswith("[1] copied from chunk 3: ")


def test_words_that_are_the_same_are_not_called_copied() -> None:
    text = "Imre Voss built it"
    span = CopiedSpan(
        0, 9, document_id="d", chunk_id=3, source_start=7, source_end=16, share=None, by="match"
    )
    result = Generation(
        text, [Citation(0, 18, [], [span])], prompt="", seed=0, tokens=9, finish_reason="stop"
    )
    lines, _ = printed(text_output.print_generation, "", result)
    assert lines[-1] == "[1] the same words as in chunk 3: Imre Voss"


def test_a_copied_comma_is_not_worth_a_line() -> None:
    span = CopiedSpan(0, 2, document_id="d", chunk_id=3, source_start=7, source_end=9, share=0.9)
    citations = [Citation(0, 2, [], [span])]
    result = Generation(", ", citations, prompt="p", seed=0, tokens=1, finish_reason="length")
    lines, _ = printed(text_output.print_generation, "p", result)
    assert lines == ["p, [1]"]


@given(st.dictionaries(st.text(), hostile), st.sampled_from(["utf-8", "cp1252", "ascii"]))
@example({"title": EVIL}, "cp1252")
def test_json_is_the_same_value_in_every_encoding(value: dict[str, str], encoding: str) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with redirect_stdout(out):
        console.print_json(value)
    out.flush()
    same = json.loads(json.dumps(value))  # two lone halves that meet are one character in JSON
    assert json.loads(out.buffer.getvalue().decode(encoding)) == same  # type: ignore[attr-defined]


def test_json_is_escaped_only_where_it_must_be(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"title": "Café \u202e \x9b"})
    assert capsys.readouterr().out == '{\n  "title": "Café \u202e \x9b"\n}\n'


class Terminal(io.StringIO):
    """What is printed on it is shown to people."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@given(st.dictionaries(st.text(), hostile))
@example({"title": EVIL})
def test_json_on_a_terminal_is_the_same_value_and_harmless(value: dict[str, str]) -> None:
    out = Terminal()
    with redirect_stdout(out):
        console.print_json(value)
    for line in out.getvalue().split("\n"):
        assert_harmless(line)
    assert json.loads(out.getvalue()) == json.loads(json.dumps(value))


@given(hostile)
@example(EVIL)
def test_a_warning_of_ours_is_a_line_and_one_of_others_is_harmless(text: str) -> None:
    def warn() -> None:
        with console.warnings_as_notes():
            warnings.simplefilter("always")
            warnings.warn(text, OpenbookWarning, stacklevel=1)

    def warn_as_others() -> None:
        with warnings.catch_warnings():
            warnings.showwarning = show_as_python_does
            with console.warnings_as_notes():
                warnings.simplefilter("always")
                warnings.warn(text, UserWarning, stacklevel=1)

    assert len(printed(warn)[1]) == 1
    lines = printed(warn_as_others)[1]
    assert "UserWarning" in lines[0]


def show_as_python_does(
    message: Any, category: type[Warning], filename: str, lineno: int, *more: Any
) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))


@given(hostile)
@example(EVIL)
def test_a_log_record_and_a_traceback_are_harmless(text: str) -> None:
    def fail() -> None:
        try:
            raise ValueError(text)
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)

    before = sys.excepthook, logging.lastResort
    factory = logging.getLogRecordFactory()
    try:
        logging.lastResort = logging._StderrHandler(logging.WARNING)  # type: ignore[attr-defined]
        console.hold_back_control_characters()
        record = logging.LogRecord("pdf", logging.WARNING, "", 0, "odd object: %s", (text,), None)
        assert printed(logging.lastResort.handle, record)[1]
        lines = printed(fail)[1]
    finally:
        sys.excepthook, logging.lastResort = before
        logging.setLogRecordFactory(factory)
    assert lines[0].startswith("Traceback")


@given(hostile)
@example(EVIL)
def test_a_library_with_a_log_format_of_its_own_is_harmless(text: str) -> None:
    def log() -> None:
        logger = logging.Logger("harness")
        logger.addHandler(handler := logging.StreamHandler(sys.stderr))
        handler.setFormatter(logging.Formatter("%(name)s | %(message)s"))
        logger.warning("task %s: document %r", text, text)
        try:
            raise ValueError(text)
        except ValueError:
            logger.exception(text.replace("%", "%%"))

    before = sys.excepthook, logging.lastResort, logging.getLogRecordFactory()
    try:
        logging.lastResort = None
        console.hold_back_control_characters()
        lines = printed(log)[1]
    finally:
        sys.excepthook, logging.lastResort = before[:2]
        logging.setLogRecordFactory(before[2])
    assert lines[0].startswith("harness | task ")
    assert any(line.startswith("Traceback") for line in lines)


@given(hostile)
@example(EVIL)
def test_a_bar_shows_its_names(text: str) -> None:
    def draw() -> None:
        with bars.bar(text, 2) as progress:
            progress.stage(text)(1, 2)

    printed(draw)


@pytest.fixture
def evil(openbook: OpenBook, tmp_path: Path) -> Path:
    """A database of documents that want to be obeyed, one of them excluded; its texts are not all Latin."""
    text = EVIL.replace("\udc9b", "") + " 日本語 naïve otters swim in the river."
    rows = [
        {"id": f"evil{number}\x1b[31m", "title": text, "source": f"http://x/{text}", "text": f"{text} " * 9}
        for number in range(2)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = (*LEXICAL, "--deduplicate")
    result = openbook("build", tmp_path / "evil", tmp_path / "rows.jsonl", *options)
    assert result.code == 0, result.err
    for line in (result.out + result.err).splitlines():
        assert_harmless(line)
    return tmp_path / "evil"


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize(("redirection", "output"), [("| head -1", 1), (">&-", 0), (">&- 2>&-", 0)])
def test_nobody_may_read_what_is_printed(tmp_path: Path, redirection: str, output: int) -> None:
    """A list that is cut, and streams that are closed, as those of a job at night may be."""
    tokenizer = train_tokenizer(["otter"], vocab_size=300)
    database = Database.create(tmp_path / "db", tokenizer=tokenizer, embedder=None)
    database.add(Document(id=f"{number}/{'long' * 50}", text="otter") for number in range(500))
    command = f"'{sys.executable}' -m openbook list '{tmp_path / 'db'}' {redirection}"
    script = f"set -o pipefail; {command}; echo $? > '{tmp_path / 'code'}'"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=120)
    assert (tmp_path / "code").read_text() == "0\n"
    assert len(done.stdout.splitlines()) == output
    assert b"error" not in done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=lambda environment: " ".join(f"{name}={value}" for name, value in environment.items()),
)
def test_a_terminal_that_is_not_utf8(evil: Path, environment: dict[str, str]) -> None:
    program = f"""
import sys
from openbook.cli.app import run
for command in (["search", {str(evil)!r}, "otters"], ["info", {str(evil)!r}],
                ["info", {str(evil)!r}, "--excluded"], ["verify", {str(evil)!r}],
                ["search", {str(evil)!r}, "otters", "--json"], ["eval", "harness", "--help"]):
    code = run(command)
    print(code, file=sys.stderr)
"""
    kept = {name: value for name, value in os.environ.items() if name not in ("LC_ALL", "PYTHONIOENCODING")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, timeout=120, env=kept | environment
    )
    codes = [line for line in done.stderr.decode("latin-1").splitlines() if line.isdecimal()]
    assert codes == ["0"] * 6, done.stderr
    plain, _, described = done.stdout.decode("latin-1").partition("\n[\n")
    assert "\x1b" not in plain and "\r" not in plain
    hits = json.loads("[\n" + described.partition("\n]\n")[0] + "\n]")
    assert hits[0]["title"].startswith("Report\x1b[2J")


def test_pieces_of_a_text_keep_its_lines_and_obey_nothing() -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        for piece in ("The fox\r\n", "\tsays \x1b[2J", " yes"):
            console.print_piece(piece)
    assert out.getvalue() == "The fox\n        says \\x1b[2J yes"
