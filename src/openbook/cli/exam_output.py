"""What the exam prints: where a world is, or a table of its rounds."""

from pathlib import Path

from openbook.cli.console import note, print_json, print_line


def print_world(folder: Path, *, documents: int, questions: int, json: bool) -> None:
    """Print where a world was written."""
    note(f"{documents:,} documents, {questions:,} questions")
    if json:
        print_json({"folder": str(folder), "documents": documents, "questions": questions})
    else:
        print_line(str(folder))
