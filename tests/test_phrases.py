"""Counts of one are singular; a suggested command gives its paths back, whatever the folder is called."""

import os
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import openbook as package
from openbook.cli.console import print_error
from openbook.database import Version
from openbook.errors import DatabaseError
from openbook.phrases import agreeing, command, counted, part_of

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")) | st.just(" "), min_size=1
)
"""Of folders, such as a terminal shows as they are."""


def test_a_verb_agrees_with_how_many_do_it() -> None:
    assert [agreeing(number, "are") for number in (0, 1, 2)] == ["are", "is", "are"]
    assert part_of(1, 1, "question", "name") == "1 of 1 question names"
    assert part_of(1, 1200, "chunk", "have") == "1 of 1,200 chunks has"
    assert part_of(3, 3, "copy", "keep") == "3 of 3 copies keep"


@pytest.mark.parametrize(
    ("number", "noun", "written"),
    [
        (0, "chunk", "0 chunks"),
        (1, "chunk", "1 chunk"),
        (2, "copy", "2 copies"),
        (3, "reply day", "3 reply days"),
        (1234567, "predicted token", "1,234,567 predicted tokens"),
    ],
)
def test_one_is_singular(number: int, noun: str, written: str) -> None:
    assert counted(number, noun) == written


def test_no_message_writes_a_count_before_a_bare_plural() -> None:
    """`{count} documents` would say "1 documents"; `3 of {count}` and numbers that are never one may."""
    nouns = "documents|chunks|questions|files|texts|sequences|characters|samples|rows"
    found = re.compile(
        r"(?<! of )\{(?:len\([^{}]*\)|[a-z_.]*(?:count|documents|chunks|questions|moved))(?::,)?\} "
        rf"(?:{nouns})\b"
    )
    folder = Path(package.__file__).parent / "cli"
    lines = [
        f"{path.name}:{number}: {line.strip()}"
        for path in folder.rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if found.search(line)
    ]
    assert lines == []


@pytest.mark.skipif(os.name == "nt", reason="another shell's quotes")
@given(name=NAMES)
def test_a_suggested_command_gives_the_path_back(name: str) -> None:
    assert shlex.split(command("verify", f"/x/{name}", "--repair")) == [
        "openbook",
        "verify",
        f"/x/{name}",
        "--repair",
    ]


@pytest.mark.skipif(os.name == "nt", reason="another shell's quotes")
@pytest.mark.parametrize("name", ["my book", "two  spaces", "it's", "$HOME", 'a"b', "semi;colon", "münchen"])
def test_so_does_the_line_of_an_error(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DatabaseError) as refused:
        Version.open(tmp_path / name)
    print_error(str(refused.value))
    (line,) = capsys.readouterr().err.splitlines()
    suggested = line.partition("make one: ")[2]
    assert shlex.split(suggested) == ["openbook", "build", str(tmp_path / name), "SOURCE"]
