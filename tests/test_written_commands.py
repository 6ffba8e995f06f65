"""Each command that README, docs and help texts show is one: its verb, options and numbers are right.

`tests/cli/test_written_walks.py` runs those that make something, on what they name.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from command_line import verbs_of
from openbook.cli.app import app
from written_commands import PAGES, ROOT, WrittenCommand, benchmark_of, commands_of, of_openbook, spans_of

ROOT_COMMAND = typer.main.get_command(app)


def parse(words: list[str]) -> list[str]:
    """Read arguments as the command line does, without running anything.

    Returns:
        The words of the verb.
    """
    command: Any = ROOT_COMMAND
    context = command.make_context("openbook", list(words), resilient_parsing=True)
    path: list[str] = []
    rest = list(words)
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, rest)
        path.append(name)
        if hasattr(command, "commands"):
            context = command.make_context(name, rest, parent=context, resilient_parsing=True)
    command.make_context(path[-1], rest, parent=context)
    return path


def options_of(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][-a-z]*(=.*)?", word)]


def shown(page_commands: Any) -> list[WrittenCommand]:
    return [command for page in PAGES for command in page_commands(page) if of_openbook(command) is not None]


@pytest.mark.parametrize("command", shown(commands_of), ids=lambda command: f"{command.page}: {command.line}")
def test_a_command_of_a_block_is_one(command: WrittenCommand) -> None:
    words = of_openbook(command)
    assert words is not None
    assert parse(words)


@pytest.mark.parametrize("command", shown(spans_of), ids=lambda command: f"{command.page}: {command.line}")
def test_a_command_within_a_sentence_is_one(command: WrittenCommand) -> None:
    """A verb alone, or with some of its options, stands for the verb: then its options must be there."""
    words = of_openbook(command)
    assert words is not None
    verbs = {tuple(verb.split()) for verb in verbs_of(app)}
    path = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in verbs), None)
    if path is None:
        assert words[0].startswith("-") or any(verb[0] == words[0] for verb in verbs)
        return
    found: Any = ROOT_COMMAND
    for name in path:
        found = found.commands[name]
    known = {option for parameter in found.params for option in [*parameter.opts, *parameter.secondary_opts]}
    options = options_of(words[len(path) :])
    assert [option for option in options if option not in known and option != "--help"] == []


@pytest.mark.parametrize("verb", verbs_of(app))
def test_the_examples_of_help_texts_are_commands(verb: str) -> None:
    found: Any = ROOT_COMMAND
    for name in verb.split():
        found = found.commands[name]
    examples = re.findall(r"^\s*(?:Example: )?openbook (\S.*?)\s*$", found.help or "", re.MULTILINE)
    assert examples
    for example in examples:
        assert parse(WrittenCommand("help", f"openbook {example}").words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_the_scripts_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"(?:benchmarks|tests|src)/[\w/.-]+\.(?:py|sh|yaml)", page.read_text("utf-8"))
    assert sorted(name for name in set(named) if not (ROOT / name).is_file()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_the_options_of_benchmarks_are_there(page: Path) -> None:
    unknown = []
    for command in [*commands_of(page), *spans_of(page)]:
        script = benchmark_of(command)
        if script is not None and script.suffix == ".py":
            source = script.read_text("utf-8")
            unknown += [
                (script.name, name) for name in options_of(command.words) if f'"{name}"' not in source
            ]
    assert unknown == []
