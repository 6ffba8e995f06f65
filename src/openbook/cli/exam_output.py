"""What the exam prints: where a world is, or a table of its rounds."""

from pathlib import Path
from typing import TYPE_CHECKING

from openbook.cli.console import note, print_json, print_line
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.evaluate.exam import ExamReport


def print_world(folder: Path, *, documents: int, questions: int, json: bool) -> None:
    """Print where a world was written."""
    note(f"{counted(documents, 'document')}, {counted(questions, 'question')}")
    if json:
        print_json({"folder": str(folder), "documents": documents, "questions": questions})
    else:
        print_line(str(folder))


def print_exam(report: "ExamReport", *, json: bool) -> None:
    """Print a table of modes, then what edits, removal and questions without an answer made of it."""
    if json:
        print_json(report)
        return
    print_line(
        f"{counted(report.questions, 'question')} about a book of {counted(report.documents, 'document')}, "
        f"k = {report.k}, {report.search_mode} search"
    )
    print_line(f"{'mode':12}{'exact match':>12}{'F1':>8}")
    for mode, scores in report.modes.items():
        print_line(f"{mode:12}{scores.exact_match:>12.1%}{scores.f1:>8.1%}")
    print_line()
    for label, share in _shares(report):
        print_line(f"{label:58}{_percent(share):>8}")


def _shares(report: "ExamReport") -> list[tuple[str, float | None]]:
    """What else was measured, with words for it."""
    edit, removal, unanswerable = report.after_edit, report.after_removal, report.unanswerable
    return [
        ("the answer stands in a neighbor", report.retrieved),
        ("  answered rightly then", report.right_when_retrieved),
        ("every fact edited: the new answer", edit.new),
        ("  the old answer", edit.old),
        ("  other facts of these documents answered as before", edit.neighbors_unchanged),
        ("documents removed: still answered", removal.exact_match),
        ("  the answer stands in no neighbor", removal.leaked),
        ("  it stands in another document", removal.found_elsewhere),
        ("  it stands in a document about a look-alike", removal.near_match),
        ("  refused", removal.refused),
        ("no answer in the book: refused", unanswerable.refused),
        ("  the document does not say it", unanswerable.unsaid_refused),
        ("  there is no such person, place, work or thing", unanswerable.unknown_refused),
        ("refused although the book answers", unanswerable.answerable_refused),
        ("right answers whose first cited neighbor holds them", report.citation_precision),
        ("right answers whose most attended neighbor holds them", report.attended_precision),
        ("right answers copied most from a neighbor that holds them", report.copied_precision),
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
