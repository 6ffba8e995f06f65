"""Writing a report: file by file, each complete or as it was before."""

import json
from pathlib import Path
from tempfile import NamedTemporaryFile

from openbook.database.storage.database_folder import is_database, require_outside_databases
from openbook.durable import naming_errors, replace_file
from openbook.errors import OutputError
from openbook.evaluate.report.markdown import page
from openbook.evaluate.report.plots import draw, drawing_advice
from openbook.evaluate.report.results import Evaluation

PLOTS = ("modes", "leakage", "growing", "positions", "recall")
"""Of the files' names, which end in .png."""
_RESULTS, _PAGE = "results.json", "report.md"
_FILES = (_RESULTS, _PAGE, *(f"{name}.png" for name in PLOTS))


def prepare_report(folder: Path, *, overwrite: bool = False) -> None:
    """Make the folder, and see that a report can be written there: before hours of evaluation, not after.

    Args:
        folder: of the report.
        overwrite: it may hold an earlier one, which will be replaced.

    Raises:
        OutputError: a report is there that is not to be replaced, a database, or files that are no report's
            but have their names; the folder cannot be written to.
    """
    with naming_errors(folder, OutputError):
        if is_database(folder):
            raise OutputError(f"{folder}: is a database; choose another --report")
        require_outside_databases(folder, OutputError)
        there = [name for name in _FILES if (folder / name).exists()]
        if there and not _is_report(folder):
            raise OutputError(f"{folder}: holds {there[0]}, which is no report's; choose another --report")
        if there and not overwrite:
            raise OutputError(
                f"{folder}: holds a report already ({there[0]}); choose another --report, or --overwrite "
                "replaces it"
            )
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder):
            pass


def _is_report(folder: Path) -> bool:
    """Whether its results.json, the file of a report that is written first, is one of ours."""
    try:
        results = json.loads((folder / _RESULTS).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return False
    return isinstance(results, dict) and {"modes", "sequences", "growing"} <= results.keys()


def write_report(folder: Path, evaluation: Evaluation, *, overwrite: bool = False) -> list[Path]:
    """Write results.json, report.md and the plots of what was measured, where matplotlib is installed.

    With `overwrite`, files of an earlier report are replaced, and its other plots deleted; files that are no
    report's are left alone.

    Args:
        folder: made where it is missing.
        evaluation: what was measured.
        overwrite: an earlier report may be there.

    Returns:
        The files written.

    Raises:
        OutputError: see `prepare_report`; or a file cannot be written.
    """
    prepare_report(folder, overwrite=overwrite)
    advice = drawing_advice()
    plots = {} if advice else draw(evaluation)
    results = json.dumps(evaluation.to_json(), ensure_ascii=False, indent=2)
    contents = {
        # What is not text in the name of a folder becomes an escape of JSON, \udcff.
        _RESULTS: f"{results}\n".encode("utf-8", "backslashreplace"),
        **{f"{name}.png": png for name, png in plots.items()},
        _PAGE: page(evaluation, plots, advice=advice).encode(),
    }
    for name, content in contents.items():
        with naming_errors(folder / name, OutputError):
            replace_file(folder / name, content)
    for name in PLOTS:
        path = folder / f"{name}.png"
        if name not in plots:
            with naming_errors(path, OutputError):
                path.unlink(missing_ok=True)
    return [folder / name for name in contents]
