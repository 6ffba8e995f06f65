"""The command `openbook`: all verbs, and what a user sees when something goes wrong."""

import gc
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from openbook import __version__
from openbook.cli.console import (
    accept_any_encoding,
    hold_back_control_characters,
    note,
    print_error,
    print_line,
    quiet_libraries,
    replace_closed_streams,
    warnings_as_notes,
)
from openbook.cli.inputs import require_text
from openbook.cli.options.shared_options import advice_for
from openbook.cli.signals import INTERRUPTED, StoppedInOrderError
from openbook.cli.verbs import (
    add,
    ask,
    build,
    chat,
    demo,
    evaluate,
    exam,
    generate,
    harness,
    maintain,
    mcp,
    plan,
    qa,
    rank,
    retokenize,
    retrofit,
    search,
    serve,
    train,
)
from openbook.errors import OpenbookError, memory_shortage

app = typer.Typer(
    name="openbook",
    help="A language model that looks things up while it writes (RETRO): text, database, training, "
    "evaluation, generation with sources. New here? Run: openbook demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
evaluations = typer.Typer(help="Evaluate a model or a database.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(evaluations, name="eval")

app.command()(build.build)
app.command()(add.add)
app.command()(add.remove)
app.command()(maintain.compact)
app.command()(maintain.verify)
app.command()(maintain.info)
app.command("list")(maintain.list_documents)
app.command()(maintain.show)
app.command()(retokenize.retokenize)
app.command()(search.search)
app.command()(search.neighbors)
app.command()(train.train)
app.command()(retrofit.retrofit)
app.command()(retrofit.merge)
evaluations.command()(evaluate.perplexity)
evaluations.command()(evaluate.retrieval)
evaluations.command()(harness.harness)
app.command()(ask.ask)
app.command()(chat.chat)
evaluations.command()(qa.qa)
app.command()(rank.rank)
app.command()(generate.generate)
app.command()(serve.serve)
app.command()(mcp.mcp)
app.command()(exam.exam)
app.command()(plan.plan)
app.command()(demo.demo)

_MORE_MEMORY = (
    "take less at a time (smaller batches, shorter texts, fewer neighbors) or a smaller model, or close "
    "other programs"
)
"""What to do where memory ran out, whichever verb it was."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print_line(__version__)
        raise typer.Exit


@app.callback()
def _options(
    debug: bool = typer.Option(
        False, "--debug", help="Show the traceback of an error; works after a verb too."
    ),
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
    ),
) -> None:
    """Options of all verbs."""


def main() -> None:
    """The entry point of the command `openbook`."""
    hold_back_control_characters()
    code = run(sys.argv[1:])
    gc.freeze()  # the interpreter's end would look through all objects again: seconds, where torch is loaded
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        The exit code: 0 done, 1 a fault of ours, 2 the user's input, 130 interrupted.
    """
    debug = "--debug" in arguments
    replace_closed_streams()
    accept_any_encoding()
    quiet_libraries()
    try:
        require_text(arguments)
        with warnings_as_notes():
            code = typer.main.get_command(app)(
                [a for a in arguments if a != "--debug"], standalone_mode=False
            )
    except StoppedInOrderError as stopped:
        return stopped.exit_code
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):  # of which typer makes it, with another code
            raise
        return _report(ended.__context__, arguments)
    except Exception as error:
        if debug:
            raise
        return _report(error, arguments)
    if code == INTERRUPTED:  # typer makes it of a KeyboardInterrupt
        print_error("interrupted")
    return code if isinstance(code, int) else 0


def _report(error: Exception, arguments: Sequence[str]) -> int:
    """Print an error of a command line in one line; returns the exit code."""
    if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, typer.TyperException):
        _report_command_line(error)
        return 2
    if isinstance(error, OpenbookError | OSError):
        print_error(advice_for(str(error), _options_of(arguments)))
        return 2
    if shortage := memory_shortage(error):
        print_error(f"{shortage}; {_MORE_MEMORY}")
        return 2
    print_error(f"a fault in openbook: {type(error).__name__}: {error}; run again with --debug and report it")
    return 1


def _options_of(arguments: Sequence[str]) -> set[str]:
    """The options that the verb of a command line takes."""
    command: Any = typer.main.get_command(app)
    for argument in arguments:
        command = getattr(command, "commands", {}).get(argument, command)
    return {name for parameter in command.params for name in parameter.opts}


def _report_command_line(error: typer.TyperException) -> None:
    """Print what is wrong with the command line itself, and where its help is."""
    message = getattr(error, "format_message", lambda: str(error))()
    if message.startswith("Usage:"):  # a verb without its arguments raises its help text
        for line in message.splitlines():
            note(line)
        return
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "openbook"
    print_error(f"{message} (see: {command} --help)")
